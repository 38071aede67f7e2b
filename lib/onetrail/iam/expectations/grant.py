"""What a grant lets its copiers do while it is open, and what it never lets them do. Each verdict is written out
here."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from onetrail.iam.builders.archive_facts import account_of, is_of_jobs
from onetrail.iam.builders.documents import Opening
from onetrail.iam.expectations.ask import OWNER_ACL, Ask, Expectation
from onetrail.iam.expectations.universe import OF_BUCKETS, OF_OBJECTS
from onetrail.iam.request import role

_Deed = tuple[str, str, str, bool, Mapping[str, str]]
"""Name, action, resource, wanted, context."""
_COPIES: Final = frozenset({"s3:PutObject", "s3:PutObjectAcl", "s3:PutObjectRetention", "s3:PutObjectTagging"})
"""What one CopyObject takes: the object, its ACL header, its lock, its tags."""


def granted(ask: Ask, opening: Opening, is_open: bool) -> list[Expectation]:
    """Rows of every copier of the opening, from every old bucket for the first of them; after expiry each wanted
    verdict is no."""
    first = replace(opening, old_buckets=opening.old_buckets[:1])
    return [
        found
        for number, arn in enumerate(opening.copiers)
        for found in _of(ask, arn, opening if not number else first, is_open)
    ]


def _of(ask: Ask, arn: str, opening: Opening, is_open: bool) -> list[Expectation]:
    home = account_of(arn) == ask.archive.log_account
    name = "the copier" if home else f"the copier of {account_of(arn)}"
    jobs = is_of_jobs(arn)
    name = "the jobs' role" if jobs else name
    asks_not = is_open and (jobs or not opening.conditional)
    deeds = [
        *_copies(ask, opening, is_open),
        ("a copy over what is there", "s3:PutObject", ask.log(), asks_not, _unasked(opening.old_buckets[0])),
        *_never(ask, opening),
        *_everything(ask, opening, is_open, home),
        *_own(ask, home),
        *([] if home else _foreign(ask, opening)),
    ]
    rows = [ask.row(f"{name}: {what}", role(arn), action, on, wanted, keys) for what, action, on, wanted, keys in deeds]
    lookalike = role(arn + "-lookalike")
    return [
        *rows,
        ask.row(
            f"a role named like {name}",
            lookalike,
            "s3:PutObject",
            ask.log(),
            False,
            _copy(opening.old_buckets[0]),
        ),
    ]


def _copies(ask: Ask, opening: Opening, is_open: bool) -> list[_Deed]:
    log, beside, copy = ask.log(), ask.conflict, _copy(opening.old_buckets[0])
    governed = {**copy, "s3:object-lock-mode": "GOVERNANCE"}
    longest = {**governed, "s3:object-lock-remaining-retention-days": f"{ask.archive.copy_lock_days}"}
    return [
        *((f"a copy from {old}", "s3:PutObject", log, is_open, _copy(old)) for old in opening.old_buckets),
        *(
            (f"a copy from {old}, named with a slash", "s3:PutObject", log, is_open, _slashed(_copy(old)))
            for old in opening.old_buckets
        ),
        ("a copy with its lock", "s3:PutObject", log, is_open, governed),
        ("a copy with the longest lock", "s3:PutObject", log, is_open, longest),
        ("the lock of the copy", "s3:PutObjectRetention", log, is_open, governed),
        ("the longest lock of the copy", "s3:PutObjectRetention", log, is_open, longest),
        *((f"{_verb(a)} below the conflicts folder", a, beside, is_open, copy) for a in sorted(_COPIES)),
    ]


def _everything(ask: Ask, opening: Opening, is_open: bool, home: bool) -> list[_Deed]:
    """Every write that AWS lists, as a copy out of a granted bucket."""
    copy = _copy(opening.old_buckets[0])
    may = (_COPIES if is_open else frozenset()) | ({"s3:RestoreObject"} if home else set())
    return [
        *((f"{_verb(a)} on a log", a, ask.log(), a in may, copy) for a in OF_OBJECTS),
        *((f"{_verb(a)} on the bucket", a, ask.archive.bucket_arn, False, copy) for a in OF_BUCKETS),
    ]


def _own(ask: Ask, home: bool) -> list[_Deed]:
    """A role of the log account reads what its account lets it read, whatever the grant says."""
    log, bucket = ask.log(), ask.archive.bucket_arn
    return [
        ("reads a log", "s3:GetObject", log, home, {}),
        ("lists the archive", "s3:ListBucket", bucket, home, {}),
        ("restores a log", "s3:RestoreObject", log, home, {}),
    ]


def _never(ask: Ask, opening: Opening) -> list[_Deed]:
    log, away, copy = ask.log(), ask.elsewhere, _copy(opening.old_buckets[0])
    for_ever = {**copy, "s3:object-lock-mode": "COMPLIANCE"}
    too_long = {**copy, "s3:object-lock-remaining-retention-days": f"{ask.archive.copy_lock_days + 1}"}
    put, lock = "s3:PutObject", "s3:PutObjectRetention"
    return [
        ("an invented object", put, log, False, OWNER_ACL),
        ("a copy from elsewhere", put, log, False, _copy(opening.old_buckets[0] + "-not")),
        *((f"{_verb(a)} outside AWSLogs", a, away, False, copy) for a in sorted(_COPIES)),
        ("a copy locked for ever", put, log, False, for_ever),
        ("a lock for ever", lock, log, False, for_ever),
        ("a copy locked for too long", put, log, False, too_long),
        ("a lock for too long", lock, log, False, too_long),
        ("a copy with an event hold", put, log, False, {**copy, "s3:object-lock-event-hold": "ON"}),
        ("an event hold", lock, log, False, {**copy, "s3:object-lock-event-hold": "ON"}),
        ("a copy without TLS", put, log, False, {**copy, "aws:SecureTransport": "false"}),
    ]


def _foreign(ask: Ask, opening: Opening) -> list[_Deed]:
    source = {name: value for name, value in _copy(opening.old_buckets[0]).items() if name not in OWNER_ACL}
    return [
        ("a copy that gives no ownership", "s3:PutObject", ask.log(), False, source),
        ("an ACL that gives no ownership", "s3:PutObjectAcl", ask.log(), False, {"s3:x-amz-acl": "private"}),
    ]


def _copy(bucket: str) -> dict[str, str]:
    return {**_unasked(bucket), "s3:if-none-match": "*"}


def _slashed(context: Mapping[str, str]) -> dict[str, str]:
    return {**context, "s3:x-amz-copy-source": f"/{context['s3:x-amz-copy-source']}"}


def _unasked(bucket: str) -> dict[str, str]:
    """A copy that does not ask S3 to refuse it where something is there."""
    return {**OWNER_ACL, "s3:x-amz-copy-source": f"{bucket}/AWSLogs/log.json.gz"}


def _verb(action: str) -> str:
    return action.removeprefix("s3:")
