"""Every policy document of the move, by the name it is known under: what the steps put and what `onetrail policies` prints."""

from collections.abc import Sequence
from typing import Any, Final

from onetrail.iam import Opening, all_documents
from onetrail.settings import Settings
from onetrail.steps.archive import archive_of

LONG_AGO: Final = "2000-01-01T00:00:00Z"
"""Expiry in printed grants, where none is open: who puts such a document as it is opens nothing."""
AN_OLD_BUCKET: Final = "name-of-the-old-bucket"
"""Stands for an old bucket where none is named."""
STAND_IN_KEY: Final = "key/id-of-the-key"


def documents(
    settings: Settings, *, old_buckets: Sequence[str] = (), expires: str = LONG_AGO, kms_key_arn: str = ""
) -> dict[str, dict[str, Any]]:
    """Name -> document. Old buckets default to those of `overrides`; a key still to be made has a stand-in ARN."""
    account, region = settings.log_account.account_id, settings.home_region
    stand_in = f"arn:{settings.partition}:kms:{region}:{account}:{STAND_IN_KEY}"
    stated = {"none": "", "create": stand_in}.get(settings.kms_key, settings.kms_key)
    archive = archive_of(settings, kms_key_arn=kms_key_arn or stated)
    buckets = named_buckets(settings, old_buckets)
    keepers = [named.role_arn for named in settings.source_accounts if named.role_arn]
    return all_documents(
        archive,
        Opening((archive.copier_arn,), buckets, expires),
        break_glass_principals=settings.break_glass_principals,
        operator_principals=settings.operator_principals,
        reader_principals=settings.reader_principals,
        old_bucket_keepers=keepers[:1],
    )


def named_buckets(settings: Settings, old_buckets: Sequence[str] = ()) -> tuple[str, ...]:
    """The old buckets that documents are printed for: those given, else those of `overrides`, else a stand-in."""
    return tuple(sorted(old_buckets or settings.overrides or (AN_OLD_BUCKET,)))
