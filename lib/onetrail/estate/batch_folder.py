"""Where jobs of S3 Batch Operations read their manifests and write their reports."""

from onetrail.settings import Settings


def folder_of_run(settings: Settings) -> str:
    """Where manifests and reports of this run are in the work bucket, with a slash at its end."""
    return f"batch/{settings.run_name}/"
