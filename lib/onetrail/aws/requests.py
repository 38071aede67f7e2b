"""What the guard must know of AWS's requests: which only read, and how those about objects name them."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from onetrail.change import RequestShapes


def _copy_source(text: str) -> Mapping[str, Any]:
    """The parts of a copy source that is written as `bucket/key?versionId=version`, encoded (API Reference,
    CopyObject)."""
    bucket, _, rest = text.lstrip("/").partition("/")
    key, _, version = rest.partition("?versionId=")
    return {"Bucket": bucket, "Key": unquote(key), **({"VersionId": version} if version else {})}


AWS_REQUESTS: Final = RequestShapes(
    reading=("Get", "List", "Describe", "Head", "Lookup", "BatchGet", "Simulate", "Search"),
    reading_too=frozenset({("sts", "AssumeRole"), ("iam", "GenerateCredentialReport"), ("kms", "Verify")}),
    texts={"CopySource": _copy_source},
    objects="Delete.Objects",
    object_parts=("Key", "ETag", "VersionId"),
)
"""Sources: the API references of the services that onetrail calls."""
