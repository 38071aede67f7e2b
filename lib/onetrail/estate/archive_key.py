"""The KMS key of the archive: the one the parameters name, or the one that step 03 made and that its alias leads to."""

from typing import Final

from onetrail.aws import Clients, pages
from onetrail.looked import Absent, Look, There, Unread
from onetrail.settings import Settings

ALIAS: Final = "alias/onetrail-archive"
"""Alias of the key that `kms_key: create` makes, in the log account's home region."""


def archive_key_arn(settings: Settings, clients: Clients) -> Look[str]:
    """ARN of the archive's key; an empty ARN where none is wanted, absent where it is still to be made."""
    if settings.kms_key == "none":
        return There("")
    if settings.kms_key != "create":
        return There(settings.kms_key)
    account = settings.log_account.account_id
    found = pages(clients.client("kms", account), "list_aliases", "Aliases")
    if isinstance(found, Unread):
        return found
    target = next((a.get("TargetKeyId", "") for a in found.value if a["AliasName"] == ALIAS), "")
    if not target:
        return Absent(f"no alias {ALIAS} in {settings.home_region}")
    return There(f"arn:{settings.partition}:kms:{settings.home_region}:{account}:key/{target}")
