"""How large the documents of the whole move will be, before it begins, and how many more accounts and buckets they have
room for.

Measured over the documents that `onetrail policies` prints for these parameters and the old buckets that were found.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from onetrail.estate.freeze import without_dead_principals
from onetrail.estate.old_estate import OldBucket
from onetrail.estate.policy_documents.foreseen import frozen_size, opened_size
from onetrail.estate.policy_documents.printed import documents
from onetrail.iam.limits import LIMITS, DocumentKind, size
from onetrail.looked import Unread
from onetrail.settings import Settings

CLOSE: Final = 0.75
"""Share of the limit from which on a document is named."""
_ONE_MORE_ACCOUNT: Final = "999999999999"
_GUARDRAILS: Final = ("trail_rail", "archive_rail")
_PUT_BY_OTHERS: Final = ("scp", "rcp")
"""Printed for the owner of the organization, and put by no step."""
_PULL: Final = "if the log account's copier reads it"
_SHORTEN: Final = "let the bucket's owner shorten it, or leave the bucket out by overrides"
_PUSH_IT: Final = f"set its direction to auto or push, or {_SHORTEN}"
_PUSHED: Final = "05 pushes its logs instead"
_BATCH, _PUSH = "if S3 Batch Operations copies", "if logs are pushed"
_BY_CHOICE: Final = {
    "central_bucket_open_both_batch": "if logs are pushed and pulled, with S3 Batch Operations",
    "central_bucket_open_both": "if logs are pushed and pulled",
    "central_bucket_open_push": _PUSH,
    "central_bucket_open_batch": _BATCH,
    "kms_key_open": _PUSH,
    "role_source_copier": _PUSH,
    "role_batch": _BATCH,
    "work_bucket_open": _BATCH,
}
"""How the name of a printed document begins -> when it is put, which is known once 05 has looked at the old buckets."""


@dataclass(frozen=True)
class PlannedDocument:
    """One document that is still to be put."""

    name: str
    kind: DocumentKind
    taken: int
    when: str = ""
    """In which case it is put; empty for in any case."""
    more_accounts: int | None = None
    """How many source accounts more it has room for, negative where there are too many; None where it does not grow
    with them."""
    more_buckets: int | None = None
    """The same of old buckets."""
    account: str = ""
    """Whose it is; empty for the log account's."""
    cure: str = ""
    """What becomes of it, or what to do, where it is too large; empty for what holds of every document of its kind."""

    @property
    def share(self) -> float:
        """Of what AWS takes."""
        return self.taken / LIMITS[self.kind].most


def ahead(settings: Settings, buckets: Sequence[OldBucket]) -> list[PlannedDocument]:
    """Every document, the one with the largest share first."""
    names = [bucket.name for bucket in buckets if not bucket.emptied]
    return sorted([*_printed(settings, names), *_old_buckets(settings, buckets)], key=lambda a: -a.share)


def _printed(settings: Settings, names: Sequence[str]) -> Iterator[PlannedDocument]:
    account = {
        "account_id": _ONE_MORE_ACCOUNT,
        "role_arn": f"arn:{settings.partition}:iam::{_ONE_MORE_ACCOUNT}:role/TrailConsolidation",
    }
    accounts = [*settings.parameters()["source_accounts"], account]
    now = documents(settings, old_buckets=names)
    wider = documents(settings.with_values(source_accounts=accounts), old_buckets=names)
    longest = max(names, key=len, default="")
    fuller = documents(settings, old_buckets=[*names, f"{longest}-2"] if names else [])
    for name, document in now.items():
        if name.startswith(("old_bucket", "identity_")) or name in _PUT_BY_OTHERS:
            continue
        kind = kind_of(name)
        taken = size(kind, document)
        room = LIMITS[kind].most - taken
        grows = [size(kind, other[name]) - taken for other in (wider, fuller)]
        more_accounts, more_buckets = (room // step if step > 0 else None for step in grows)
        yield PlannedDocument(name, kind, taken, _case(name), more_accounts, more_buckets)


def kind_of(name: str) -> DocumentKind:
    """Where a printed document is put, by its name."""
    if name in _GUARDRAILS:
        return DocumentKind.SCP
    if name.startswith(("role_", "identity_")):
        return DocumentKind.TRUST if "_trust" in name else DocumentKind.ROLE
    return DocumentKind.KEY if "_key_open" in name or name in ("kms_key", "old_key_open") else DocumentKind.BUCKET


def _case(name: str) -> str:
    return next((said for start, said in _BY_CHOICE.items() if name.startswith(start)), "")


def _old_buckets(settings: Settings, buckets: Sequence[OldBucket]) -> Iterator[PlannedDocument]:
    """The policy of each old bucket while it is frozen and open for the copy, with what its owner has in it."""
    for bucket in buckets:
        if bucket.emptied or isinstance(bucket.policy, Unread):
            continue
        living = replace(bucket, policy=without_dead_principals(bucket.policy))
        most, asked = LIMITS[DocumentKind.BUCKET].most, settings.direction_for(bucket.name)
        frozen, opened = frozen_size(settings, living), opened_size(settings, living)
        if asked == "push" or frozen > most:
            yield PlannedDocument(bucket.name, DocumentKind.BUCKET, frozen, account=bucket.account, cure=_SHORTEN)
        else:
            when, cure = (
                ("", f"set its direction to auto or push, or {_SHORTEN}") if asked == "pull" else (_PULL, _PUSHED)
            )
            yield PlannedDocument(bucket.name, DocumentKind.BUCKET, opened, when, account=bucket.account, cure=cure)
