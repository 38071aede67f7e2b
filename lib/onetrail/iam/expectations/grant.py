"""What a grant lets its copiers do while it is open, and what it never lets them do."""

from collections.abc import Mapping

from onetrail.iam.builders.actions import PUTS, REPLICATES
from onetrail.iam.builders.archive import account_of, is_of_jobs
from onetrail.iam.builders.documents import Opening
from onetrail.iam.expectations.ask import OWNER_ACL, Ask, Expectation
from onetrail.iam.request import role

_Deed = tuple[str, str, str, bool, Mapping[str, str]]
"""Name, action, resource, wanted, context."""


def granted(ask: Ask, opening: Opening, is_open: bool) -> list[Expectation]:
    """Rows of every copier of the opening; after expiry each wanted verdict is no."""
    return [found for arn in opening.copiers for found in _of(ask, arn, opening, is_open)]


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
        *_marks(ask, is_open and home),
        *([] if home else _foreign(ask, opening)),
    ]
    rows = [
        ask.row(f"{name}: {what}", role(arn), action, on, wanted, keys)
        for what, action, on, wanted, keys in deeds
    ]
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
    log, copy = ask.log(), _copy(opening.old_buckets[0])
    governed = {**copy, "s3:object-lock-mode": "GOVERNANCE"}
    return [
        *((f"a copy from {old}", "s3:PutObject", log, is_open, _copy(old)) for old in opening.old_buckets),
        ("a copy with its lock", "s3:PutObject", log, is_open, governed),
        ("the lock of the copy", "s3:PutObjectRetention", log, is_open, governed),
        ("the ACL of the copy", "s3:PutObjectAcl", log, is_open, copy),
        ("the tags of the copy", "s3:PutObjectTagging", log, is_open, copy),
    ]


def _marks(ask: Ask, wanted: bool) -> list[_Deed]:
    """What the archive's own copier could also do to a version; its identity policy gives none of it."""
    actions = ("s3:PutObjectVersionAcl", "s3:PutObjectVersionTagging")
    return [
        (f"{action.removeprefix('s3:')} on a version", action, ask.log(), wanted, {}) for action in actions
    ]


def _never(ask: Ask, opening: Opening) -> list[_Deed]:
    log, away, copy = ask.log(), ask.elsewhere, _copy(opening.old_buckets[0])
    for_ever = {**copy, "s3:object-lock-mode": "COMPLIANCE"}
    put, lock = "s3:PutObject", "s3:PutObjectRetention"
    return [
        ("an invented object", put, log, False, OWNER_ACL),
        ("a copy from elsewhere", put, log, False, _copy(opening.old_buckets[0] + "-not")),
        ("a copy outside AWSLogs", put, away, False, copy),
        ("a lock outside AWSLogs", lock, away, False, copy),
        *((f"{a.removeprefix('s3:')} outside AWSLogs", a, away, False, copy) for a in PUTS if a != put),
        ("a copy locked for ever", put, log, False, for_ever),
        ("a lock for ever", lock, log, False, for_ever),
        ("a copy without TLS", put, log, False, {**copy, "aws:SecureTransport": "false"}),
        *(
            (f"{action.removeprefix('s3:')} of an invented object", action, log, False, {})
            for action in REPLICATES
        ),
        ("a replica's delete", "s3:ReplicateDelete", log, False, {}),
        ("a delete", "s3:DeleteObject", log, False, {}),
        ("a delete of a version", "s3:DeleteObjectVersion", log, False, {}),
        ("a lock bypassed", "s3:BypassGovernanceRetention", log, False, {}),
    ]


def _foreign(ask: Ask, opening: Opening) -> list[_Deed]:
    source = {name: value for name, value in _copy(opening.old_buckets[0]).items() if name not in OWNER_ACL}
    return [
        ("a copy that gives no ownership", "s3:PutObject", ask.log(), False, source),
        ("an ACL that gives no ownership", "s3:PutObjectAcl", ask.log(), False, {"s3:x-amz-acl": "private"}),
        ("a read of the archive", "s3:GetObject", ask.log(), False, {}),
    ]


def _copy(bucket: str) -> dict[str, str]:
    return {**_unasked(bucket), "s3:if-none-match": "*"}


def _unasked(bucket: str) -> dict[str, str]:
    """A copy that does not ask S3 to refuse it where something is there."""
    return {**OWNER_ACL, "s3:x-amz-copy-source": f"{bucket}/AWSLogs/log.json.gz"}
