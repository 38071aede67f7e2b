"""Calls that must be refused once a grant is closed, and that could not write even if they were let in."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from onetrail.aws.actors import COPIER
from onetrail.change import Change, CheckKind, ExpectedAnswer, RequiredCheck
from onetrail.estate.backlog.backlog import Backlog
from onetrail.estate.backlog.direction import Direction
from onetrail.settings import Settings
from onetrail.steps.copy_history.no_object import NO_ETAG

PROBE_MD5: Final = "AAAAAAAAAAAAAAAAAAAAAA=="
"""An MD5 that is not the probe's: one that was allowed would be refused as damaged, so it can write nothing."""
ROUNDS: Final = 3
"""How often each probe must be refused."""
APART: Final = "PT2M"
"""Between two rounds: longer than a new policy usually takes to be seen everywhere, short enough to sit out."""
TRIES: Final = 5
"""How often a probe of the first round is sent while it is still allowed."""


def probes(
    settings: Settings, prefix: str, accounts: Sequence[str], due: Sequence[Backlog], conditional: bool
) -> list[Change]:
    """The calls of each account's copier, in rounds with a while between them; `prefix` is the archive's key prefix.

    `conditional`: they carry If-None-Match as the copies did, so that it is the end of the grant which refuses them.

    Before each round the copier is refused on every old bucket that was opened, too. One that is allowed at first
    is sent again a few times, since a policy takes time to propagate; once refused it must stay so.
    """
    calls = [change for account in accounts for change in _calls(settings, prefix, account, due, conditional)]
    found = []
    for number in range(ROUNDS):
        for place, change in enumerate(calls):
            key = f"{change.key}-{number + 1}" if number else change.key
            mine = replace(change, key=key, tries=1 if number else TRIES)
            if not place:
                mine = replace(mine, requires=RequiredCheck(CheckKind.READS_REFUSED), after=APART if number else "")
            found.append(mine)
    return found


def _calls(settings: Settings, prefix: str, account: str, due: Sequence[Backlog], conditional: bool) -> list[Change]:
    log_account = settings.log_account.account_id
    pull = account == log_account
    sample = next(
        b for b in due if (b.direction == Direction.PULL) == pull and account in (log_account, b.bucket.account)
    )
    written: dict[str, Any] = {
        "Bucket": settings.bucket_name,
        "ExpectedBucketOwner": log_account,
        "Key": f"{prefix}AWSLogs/onetrail-canary",
        **({"IfNoneMatch": "*"} if conditional else {}),
    }
    acl = {} if pull else {"ACL": "bucket-owner-full-control"}
    put = {**written, "Body": b"", "ContentMD5": PROBE_MD5, **acl}
    copy = {
        **written,
        "CopySource": f"{sample.bucket.name}/{sample.pilot[0]}",
        "ExpectedSourceBucketOwner": sample.bucket.account,
        "CopySourceIfMatch": NO_ETAG,
        **acl,
    }
    return [_probe(settings, account, "PutObject", put), _probe(settings, account, "CopyObject", copy)]


def _probe(settings: Settings, account: str, call: str, parameters: Mapping[str, Any]) -> Change:
    return Change(
        key=f"canary-{call}-{account}",
        account=account,
        region=settings.home_region,
        service="s3",
        call=call,
        parameters=parameters,
        resource=settings.bucket_name,
        before=None,
        reason="the copier is refused now; the call could not write even if it were allowed",
        undo="nothing to undo",
        actor=COPIER,
        expects=ExpectedAnswer.REFUSED,
    )
