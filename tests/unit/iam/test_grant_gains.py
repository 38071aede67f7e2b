"""Who gains what by a grant: every principal, deed and place before, while and after, as the difference of two sets."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from typing import Any, NamedTuple

import pytest

from onetrail.iam import (
    ANONYMOUS,
    Policies,
    Principal,
    Request,
    evaluate,
    prepared,
    role,
    root,
    service,
    statements,
    with_statements,
)
from onetrail.iam.build import (
    central_bucket,
    central_bucket_open,
    copier_policy,
    kms_key,
    old_bucket_frozen,
    old_bucket_open,
    source_copier_policy,
)
from onetrail.iam.expectations.universe import OF_BUCKETS, OF_OBJECTS
from tests.unit.iam.conftest import LOG, SOURCE, an_archive, role_arn

pytestmark = pytest.mark.slow

OLD, OTHER = "acme-audit-us-east-1", "acme-audit-not-in-the-grant"
STRANGER = "222233334444"
MINUTE_BEFORE, AT, LATER = "2026-01-12T14:59:00Z", "2026-01-12T15:00:00Z", "2026-03-01T00:00:00Z"
ARCHIVE_KEY = f"arn:aws:kms:us-east-1:{LOG}:key/1"
ARCHIVE = an_archive(kms_key_arn=ARCHIVE_KEY)
TRAIL = ARCHIVE.trail_arns[0]
ADMINISTRATOR = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
PULLER, PUSHER = ARCHIVE.copier_arn, role_arn("onetrail-copier", SOURCE)

LOGS, ELSEWHERE = f"{ARCHIVE.bucket_arn}/AWSLogs/{SOURCE}/k", f"{ARCHIVE.bucket_arn}/elsewhere/k"
BESIDE = f"{ARCHIVE.bucket_arn}/onetrail-conflicts/{OLD}/AWSLogs/k"
OLD_ARN, OTHER_ARN = f"arn:aws:s3:::{OLD}", f"arn:aws:s3:::{OTHER}"
SET_POLICY = "s3:PutBucketPolicy"
SOURCE_LIST = ("s3:ListBucket", "s3:ListBucketVersions")
SOURCE_READ = ("s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion", "s3:GetObjectVersionTagging")
PUTS = ("s3:PutObject", "s3:PutObjectAcl", "s3:PutObjectTagging")
LOCK = "s3:PutObjectRetention"
BUCKETS = {ARCHIVE.bucket_arn: LOG, OLD_ARN: SOURCE, OTHER_ARN: SOURCE}
OBJECTS = {
    LOGS: LOG,
    BESIDE: LOG,
    ELSEWHERE: LOG,
    f"{OLD_ARN}/AWSLogs/k": SOURCE,
    f"{OLD_ARN}/secret/k": SOURCE,
    f"{OTHER_ARN}/AWSLogs/k": SOURCE,
}
_OF_OBJECTS = {
    *OF_OBJECTS,
    *SOURCE_READ,
    "s3:GetObjectAcl",
    "s3:GetObjectRetention",
    "s3:ListMultipartUploadParts",
}
_OF_BUCKETS = {*OF_BUCKETS, *SOURCE_LIST, "s3:GetBucketPolicy", "s3:GetLifecycleConfiguration"}
_OF_KEYS = {
    *(
        "kms:Decrypt",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
        "kms:DescribeKey",
    ),
    *("kms:CreateGrant", "kms:PutKeyPolicy", "kms:DisableKey", "kms:ScheduleKeyDeletion"),
}

OWNED = {"s3:x-amz-acl": "bucket-owner-full-control", "s3:object-lock-mode": "GOVERNANCE"}
COPY = {**OWNED, "s3:x-amz-copy-source": f"{OLD}/AWSLogs/k", "s3:if-none-match": "*"}
TOO_LONG = {"s3:object-lock-remaining-retention-days": f"{ARCHIVE.copy_lock_days + 1}"}
HOW: dict[str, Mapping[str, str]] = {
    "a copy": COPY,
    "a copy without TLS": {**COPY, "aws:SecureTransport": "false"},
    "invented bytes, or a part of an upload": OWNED,
    "a copy over what is there": {k: v for k, v in COPY.items() if k != "s3:if-none-match"},
    "a copy from another bucket": {**COPY, "s3:x-amz-copy-source": f"{OTHER}/AWSLogs/k"},
    "a copy from a bucket with a longer name": {**COPY, "s3:x-amz-copy-source": f"{OLD}-2/AWSLogs/k"},
    "a copy that gives no ownership": {k: v for k, v in COPY.items() if k != "s3:x-amz-acl"},
    "a copy locked for ever": {**COPY, "s3:object-lock-mode": "COMPLIANCE"},
    "a copy locked for longer than any log is kept": {**COPY, **TOO_LONG},
    "a copy held for an event": {**COPY, "s3:object-lock-event-hold": "ON"},
    "a copy without a lock": {k: v for k, v in COPY.items() if k != "s3:object-lock-mode"},
}
LISTS: dict[str, Mapping[str, str]] = {
    "the logs": {"s3:prefix": "AWSLogs/"},
    "what is no log": {"s3:prefix": "secret/"},
    "everything": {},
    "without TLS": {"s3:prefix": "AWSLogs/", "aws:SecureTransport": "false"},
}
PLAIN: dict[str, Mapping[str, str]] = {"": {}, "without TLS": {"aws:SecureTransport": "false"}}
FROM_THE_TRAIL = {"aws:SourceArn": TRAIL, "kms:EncryptionContext:aws:cloudtrail:arn": TRAIL}


class Ask(NamedTuple):
    """One question: who, does what, where, and how."""

    who: str
    action: str
    where: str
    how: str


class World(NamedTuple):
    """Every policy there is at one moment. `own` has the identity policies of those who are no administrators."""

    archive: Mapping[str, Any]
    old: Mapping[str, Any]
    key: Mapping[str, Any]
    own: Mapping[str, Mapping[str, Any]]
    now: str


WHO: dict[str, Principal] = {
    "the copier": role(PULLER),
    "the copier, made an administrator": role(PULLER),
    "the source copier": role(PUSHER),
    "the source copier, made an administrator": role(PUSHER),
    "a role named like the copier": role(PULLER + "-2"),
    "the operator": role(ARCHIVE.operator_arn),
    "the grant-keeper": role(ARCHIVE.grant_keeper_arn),
    "break-glass": role(ARCHIVE.break_glass_arn),
    "the reader": role(ARCHIVE.reader_arn),
    "CloudTrail": service("cloudtrail.amazonaws.com"),
    "another service": service("config.amazonaws.com"),
    "an administrator of the source account": role(role_arn("administrator", SOURCE)),
    "root of the source account": root(SOURCE),
    "an administrator of the log account": role(role_arn("administrator", LOG)),
    "root of the log account": root(LOG),
    "an administrator of a stranger's account": role(role_arn("administrator", STRANGER)),
    "the copier of a stranger's account": role(role_arn("onetrail-copier", STRANGER)),
    "anybody": ANONYMOUS,
}
NOT_ADMINISTRATORS = ("the copier", "the source copier")


@cache
def places() -> tuple[tuple[str, str, str, str, Mapping[str, str]], ...]:
    """Every deed in every place and way: action, where, whose, how, context.

    A replication names no copy source: it carries no such key (Service Authorization Reference, Amazon S3).
    """
    found = [
        (action, where, whose, how, context)
        for (where, whose), action in product(BUCKETS.items(), sorted(_OF_BUCKETS))
        for how, context in (LISTS if action in SOURCE_LIST else PLAIN).items()
    ]
    found += [
        (action, where, whose, how, context)
        for (where, whose), action in product(OBJECTS.items(), sorted(_OF_OBJECTS))
        for how, context in (HOW if action in (*PUTS, LOCK) else PLAIN).items()
    ]
    return (*found, *((action, ARCHIVE_KEY, LOG, "", {}) for action in sorted(_OF_KEYS)))


def may(world: World, only: str = "", who: tuple[str, ...] = tuple(WHO)) -> set[Ask]:
    """Everything that anybody may do in this world; `only` asks of the places that begin so."""
    return {ask for ask, allowed in answers(world, only, who) if allowed}


def answers(world: World, only: str, who: tuple[str, ...]) -> Iterator[tuple[Ask, bool]]:
    """Each question with its answer in this world."""
    policies = {
        ARCHIVE.bucket_arn: prepared(world.archive),
        OLD_ARN: prepared(world.old),
        ARCHIVE_KEY: prepared(world.key),
    }
    own = {name: (prepared(document),) for name, document in world.own.items()}
    everything = (prepared(ADMINISTRATOR),)
    for name in who:
        identity = own.get(name, () if name in NOT_ADMINISTRATORS else everything)
        more = FROM_THE_TRAIL if name == "CloudTrail" else {}
        for action, where, whose, how, context in places():
            if not where.startswith(only):
                continue
            given = {"aws:SecureTransport": "true", "aws:CurrentTime": world.now, **more, **context}
            resource = policies.get(where.partition("/")[0] if ":s3:" in where else where)
            request = Request(WHO[name], action, where, whose, given)
            said = evaluate(request, Policies(identity=identity, resource=resource))
            yield Ask(name, action, where, how), said.allowed


def an_old_policy(*more: Mapping[str, Any]) -> dict[str, Any]:
    """What 02 left of an old bucket's policy."""
    held = old_bucket_frozen("aws", OLD, [role_arn("TrailConsolidation", SOURCE)])
    delivers = {
        "Sid": "AWSCloudTrailWrite",
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"{OLD_ARN}/*",
    }
    return with_statements(None, [delivers, *more, *held])


LET_IN = {
    "Sid": "AuditorsRead",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{LOG}:root"},
    "Action": ["s3:GetObject", "s3:ListBucket"],
    "Resource": [OLD_ARN, f"{OLD_ARN}/*"],
}


def before(direction: str, *more: Mapping[str, Any], now: str = MINUTE_BEFORE) -> World:
    """Nothing is open: in a push the source copier is not there yet."""
    own = {"the copier": copier_policy(ARCHIVE, [OLD])} if direction == "pull" else {}
    return World(central_bucket(ARCHIVE), an_old_policy(*more), kms_key(ARCHIVE), own, now)


def opened(direction: str, *more: Mapping[str, Any], now: str = MINUTE_BEFORE) -> World:
    """The grant as step 05 opens it."""
    world = before(direction, *more, now=now)
    if direction == "pull":
        read = old_bucket_open("aws", OLD, PULLER, ["AWSLogs/"], AT)
        return world._replace(
            archive=central_bucket_open(ARCHIVE, [PULLER], [OLD], AT), old=with_statements(world.old, read)
        )
    return world._replace(
        archive=central_bucket_open(ARCHIVE, [PUSHER], [OLD], AT),
        key=kms_key(ARCHIVE, [PUSHER], AT),
        own={"the source copier": source_copier_policy(ARCHIVE, [OLD], AT)},
    )


GRANT_KEEPERS = Ask("the grant-keeper", SET_POLICY, ARCHIVE.bucket_arn, "")
"""All that anybody but a copier gains, while the window stands."""


def wanted(direction: str) -> set[Ask]:
    """What a grant is for, in the words of its contract: copies out of the old bucket, below AWSLogs/, owned, under
    governance."""
    name = "the copier" if direction == "pull" else "the source copier"
    names = (name, f"{name}, made an administrator")
    return {GRANT_KEEPERS} | {
        Ask(name, action, where, how)
        for name in names
        for action, where, _, how, _ in places()
        if _for(direction, name, action, where, how)
    }


def _for(direction: str, name: str, action: str, where: str, how: str) -> bool:
    if where in (LOGS, BESIDE) and "without TLS" not in how:
        if action == "s3:PutObject":
            pulled = direction == "pull" and how == "a copy that gives no ownership"
            return pulled or how in ("a copy", "a copy without a lock")
        if action == LOCK:
            return how not in (
                "a copy locked for ever",
                "a copy locked for longer than any log is kept",
                "a copy held for an event",
            )
        if action == "s3:PutObjectAcl":
            if direction == "pull":
                return name == "the copier, made an administrator"
            return how != "a copy that gives no ownership"
        return action == "s3:PutObjectTagging"
    if name == "the source copier, made an administrator" and where.startswith(OLD_ARN):
        return False  # who makes it one has all that in its own account, before and after
    if where == OLD_ARN:
        own = direction == "push"  # the role's own account lets it in, whatever prefix it lists
        return action in SOURCE_LIST and (own or how in ("the logs", "without TLS"))
    if where.startswith(f"{OLD_ARN}/"):
        return action in SOURCE_READ and (direction == "push" or where == f"{OLD_ARN}/AWSLogs/k")
    return where == ARCHIVE_KEY and direction == "push" and action in ("kms:Decrypt", "kms:GenerateDataKey")


@pytest.mark.parametrize("direction", ["pull", "push"])
def test_nobody_but_the_copier_gains_anything_and_nobody_loses_anything(direction: str) -> None:
    """Over the whole product; twins: every mutation below."""
    was, now = may(before(direction)), may(opened(direction))
    assert len(places()) * len(WHO) > 7000
    assert now - was == wanted(direction)
    assert was - now == set()
    deeds = {ask.action for ask in now - was} - {SET_POLICY}
    assert deeds <= {*PUTS, LOCK, *SOURCE_LIST, *SOURCE_READ, "kms:Decrypt", "kms:GenerateDataKey"}


@pytest.mark.parametrize("direction", ["pull", "push"])
@pytest.mark.parametrize(
    ("now", "more"), [(AT, ()), (LATER, (LET_IN,))], ids=["", "the old bucket lets the log account in itself"]
)
def test_after_the_expiry_the_copier_is_refused_on_both_buckets_though_nobody_closed_anything(
    direction: str, now: str, more: tuple[Mapping[str, Any], ...]
) -> None:
    """Nobody has anything left of it; a copier may read or write nothing, even where the old bucket's own policy let it
    read."""
    was, left = may(before(direction, *more, now=now)), may(opened(direction, *more, now=now))
    assert left - was == set()
    if direction == "pull":
        assert not [
            ask
            for ask in left
            if ask.who.startswith("the copier") and ask.where.startswith(OLD_ARN) and "stranger" not in ask.who
        ]
        assert {ask.who for ask in was - left} == (
            {"the copier", "the copier, made an administrator"} if more else set()
        )
    else:
        assert not [ask for ask in left if ask.who == "the source copier"]


def parts(document: Mapping[str, Any], ours: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The document without one of our statements, or without one of their conditions."""
    for number, statement in enumerate(statements(document)):
        if statement["Sid"] not in ours:
            continue
        left = json.loads(json.dumps(document))
        del left["Statement"][number]
        yield statement["Sid"], left
        for operator, block in statement.get("Condition", {}).items():
            for key in block:
                left = json.loads(json.dumps(document))
                del left["Statement"][number]["Condition"][operator][key]
                yield f"{statement['Sid']} {operator} {key}", left


def added(prior: Mapping[str, Any], document: Mapping[str, Any]) -> set[str]:
    """The Sids of what the grant adds or alters."""
    there = [json.dumps(s, sort_keys=True) for s in statements(prior)]
    return {s["Sid"] for s in statements(document) if json.dumps(s, sort_keys=True) not in there}


def without(sid: str, document: Mapping[str, Any]) -> dict[str, Any]:
    return {**document, "Statement": [s for s in statements(document) if s["Sid"] != sid]}


WHOLE = [
    # which policy, in a pull or push, and which of two bounds is left out, so that the other stands alone
    ("archive", "pull", ""),
    ("old", "pull", ""),
    ("old", "pull", "OnetrailCopyExpires"),
    ("key", "push", ""),
    ("own", "push", ""),
]
TWICE = {
    # bound by Allow and by Deny at once: each is judged where it stands alone
    ("old", "pull", ""): {
        "OnetrailCopyList DateLessThan aws:CurrentTime",
        "OnetrailCopyRead DateLessThan aws:CurrentTime",
    },
}


@pytest.mark.parametrize(("which", "direction", "less"), WHOLE)
def test_no_statement_and_no_condition_of_the_grant_can_be_taken_out_unnoticed(
    which: str, direction: str, less: str
) -> None:
    """The promise of both tests above, broken by each part in turn; the archive's two bounds of a source copier:
    test_central_bucket."""
    more = () if less else (LET_IN,)
    who = (
        "the copier, made an administrator",
        "the source copier",
        "the source copier, made an administrator",
        "CloudTrail",
        "the grant-keeper",
        "an administrator of the log account",
        "break-glass",
    )
    who = ("the source copier",) if which == "own" else who
    only = {"archive": ARCHIVE.bucket_arn, "old": OLD_ARN, "key": ARCHIVE_KEY, "own": ""}[which]
    name = "the source copier"

    def get(world: World) -> Mapping[str, Any]:
        return world.own.get(name, {"Statement": []}) if which == "own" else getattr(world, which)

    def put(world: World, document: Mapping[str, Any]) -> World:
        return world._replace(own={name: document}) if which == "own" else world._replace(**{which: document})

    def worlds(document: Mapping[str, Any]) -> list[World]:
        return [put(opened(direction, *more, now=now), document) for now in (MINUTE_BEFORE, LATER)]

    prior, whole = get(before(direction, *more)), get(opened(direction, *more))
    whole = without(less, whole) if less else whole
    right = [may(world, only, who) for world in worlds(whole)]

    def unnoticed(document: Mapping[str, Any]) -> bool:
        return all(
            allowed == (ask in good)
            for world, good in zip(worlds(document), right, strict=True)
            for ask, allowed in answers(world, only, who)
        )

    idle = {part for part, left in parts(whole, added(prior, whole)) if unnoticed(left)}
    assert idle == TWICE.get((which, direction, less), set())
    assert added(prior, whole)


def test_break_glass_can_end_a_grant_at_any_moment() -> None:
    """Never a Deny that the break-glass role cannot undo; twin: the operator, who cannot."""
    for now in (MINUTE_BEFORE, LATER):
        may_do = may(opened("pull", now=now), ARCHIVE.bucket_arn, ("break-glass", "the operator"))
        assert Ask("break-glass", SET_POLICY, ARCHIVE.bucket_arn, "") in may_do
        assert Ask("the operator", SET_POLICY, ARCHIVE.bucket_arn, "") not in may_do
