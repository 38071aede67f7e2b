"""Nobody comes to the archive's logs over one change that he may make first, but where the security model says so.

The judge is the second evaluator, over S3, IAM, STS, KMS and CloudTrail. What each attacker reaches is written out
here.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from onetrail.iam import Archive, build, without_sids
from tests.unit.iam.conftest import LOG, SOURCE, an_archive, role_arn
from tests.unit.iam.outside import ANYTHING, Estate, Policy, Role, Who

KEY = f"arn:aws:kms:us-east-1:{LOG}:key/1"
LEAD = "arn:aws:iam::999988887777:role/SecurityLead"
ENGINEER = "arn:aws:iam::999988887777:role/PlatformEngineer"
UNTIL, OLD = "2026-01-12T15:00:00Z", "acme-audit-us-east-1"
ARCHIVE, WORK, ACCESS = "arn:aws:s3:::acme-archive", "arn:aws:s3:::acme-work", "arn:aws:s3:::acme-access-logs"
LOGS = f"{ARCHIVE}/AWSLogs/{SOURCE}/CloudTrail/us-east-1/2026/01/12/log.json.gz"
BREAK_GLASS, OPERATOR, READER, SEALER, GRANT_KEEPER, COPIER = (
    role_arn(f"onetrail-{name}") for name in ("break-glass", "operator", "reader", "sealer", "grant-keeper", "copier")
)
PUSHER = role_arn("onetrail-copier", SOURCE)
STRANGER = "222233334444"
EVERYTHING: Policy = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}


def archive() -> Archive:
    return an_archive(kms_key_arn=KEY)


def given(*, guarded: bool, state: str = "steady") -> Estate:
    """The log account as the steps leave it, and the source account with the trail."""
    found = archive()
    central = {
        "steady": lambda: build.central_bucket(found),
        "open": lambda: build.central_bucket_open(found, [COPIER], [OLD], UNTIL),
        "pushed": lambda: build.central_bucket_open(found, [PUSHER], [OLD], UNTIL),
        "expired": lambda: build.central_bucket_open(found, [COPIER], [OLD], UNTIL),
    }[state]()
    pushed = {PUSHER: Role(build.trust([ENGINEER]), (build.source_copier_policy(found, [OLD], UNTIL),))}
    guardrails = (build.archive_guardrail(found), build.trail_guardrail(found))
    return Estate(
        roles={
            BREAK_GLASS: Role(build.trust([LEAD]), (ANYTHING,)),
            OPERATOR: Role(build.trust([ENGINEER]), (build.operator_policy(found),)),
            READER: Role(build.trust([ENGINEER]), (build.reader_policy(found),)),
            SEALER: Role(build.trust([LEAD]), (build.sealer_policy(found),)),
            GRANT_KEEPER: Role(build.trust([OPERATOR]), (build.grant_keeper_policy(found),)),
            COPIER: Role(build.trust([OPERATOR]), (build.copier_policy(found, [OLD]),)),
            **(pushed if state == "pushed" else {}),
        },
        owners={ARCHIVE: LOG, WORK: LOG, ACCESS: LOG, KEY: LOG},
        resource_policies={
            ARCHIVE: central,
            WORK: build.work_bucket(found),
            ACCESS: build.access_log_bucket(found),
            KEY: build.kms_key(found, [PUSHER], UNTIL) if state == "pushed" else build.kms_key(found),
        },
        controls={LOG: guardrails, SOURCE: guardrails} if guarded else {},
        now=UNTIL if state == "expired" else "2026-01-12T14:00:00Z",
    )


def who(arn: str) -> Who:
    return Who(arn, f"arn:aws:sts::{arn.split(':')[4]}:assumed-role/{arn.rsplit('/', 1)[-1]}/s")


ADMIN, SOURCE_ADMIN = who(role_arn("administrator")), who(role_arn("administrator", SOURCE))
ROOT = Who(f"arn:aws:iam::{LOG}:root")
ATTACKERS = {
    "an administrator of the log account": ADMIN,
    "root of the log account": ROOT,
    "an administrator of the source account": SOURCE_ADMIN,
    "an administrator of a stranger's account": who(role_arn("administrator", STRANGER)),
    "the operator": who(OPERATOR),
    "the reader": who(READER),
    "the sealer": who(SEALER),
    "the copier": who(COPIER),
    "the grant-keeper": who(GRANT_KEEPER),
}


class Step(NamedTuple):
    """One change that an attacker may try first, and what it makes of the estate."""

    name: str
    actions: tuple[str, ...]
    resource: str
    change: Callable[[Estate], Any]


def steps(attacker: Who) -> Iterator[Step]:
    """Every change of a role, a policy or a key that could help."""
    own = build.trust([attacker.arn])
    for role in (BREAK_GLASS, OPERATOR, READER, SEALER, GRANT_KEEPER, COPIER):
        short = role.rsplit("/onetrail-", 1)[-1]
        yield Step(f"trust of {short}", ("iam:UpdateAssumeRolePolicy",), role, lambda e, r=role: _trusts(e, r, own))
        for action in ("iam:PutRolePolicy", "iam:AttachRolePolicy"):
            yield Step(f"policy of {short}", (action,), role, lambda e, r=role: _allows(e, r, (ANYTHING,)))
        yield Step(f"no policy of {short}", ("iam:DeleteRolePolicy",), role, lambda e, r=role: _allows(e, r, ()))
        anew = ("iam:DeleteRole", "iam:CreateRole")
        yield Step(f"{short} made anew", anew, role, lambda e, r=role: e.roles.update({r: Role(own, (ANYTHING,))}))
    if attacker.account != LOG:
        made, copier = (
            ("iam:CreateRole", "iam:UpdateAssumeRolePolicy"),
            role_arn("onetrail-copier", attacker.account),
        )
        anew = Role(own, (ANYTHING,))
        yield Step("a copier of its own", made, copier, lambda e: e.roles.update({copier: anew}))
    for name, bucket in (("archive", ARCHIVE), ("work bucket", WORK), ("access logs", ACCESS)):
        for action, policy in (("s3:PutBucketPolicy", EVERYTHING), ("s3:DeleteBucketPolicy", None)):
            yield Step(
                f"policy of the {name}",
                (action,),
                bucket,
                lambda e, b=bucket, p=policy: e.resource_policies.update({b: p}),
            )
    yield Step("policy of the key", ("kms:PutKeyPolicy",), KEY, lambda e: e.resource_policies.update({KEY: EVERYTHING}))


def _trusts(estate: Estate, role: str, trust: Policy) -> None:
    estate.roles[role] = replace(estate.roles[role], trust=trust)


def _allows(estate: Estate, role: str, policies: tuple[Policy, ...]) -> None:
    estate.roles[role] = replace(estate.roles[role], policies=policies)


HARM: dict[str, tuple[Any, ...]] = {
    # what nobody but break-glass may ever do, and some of it not even break-glass
    "forge a log": ("s3:PutObject", LOGS),
    "copy a log": ("s3:PutObject", LOGS, {"s3:x-amz-copy-source": f"{OLD}/AWSLogs/log.json.gz"}),
    "re-key a log": ("s3:UpdateObjectEncryption", LOGS),
    "annotate a log": ("s3:PutObjectAnnotation", LOGS),
    "delete a log": ("s3:DeleteObjectVersion", LOGS),
    "lift governance": ("s3:BypassGovernanceRetention", LOGS),
    "lock for ever": ("s3:PutObjectRetention", LOGS),
    "expire logs": ("s3:PutLifecycleConfiguration", ARCHIVE),
    "stop versions": ("s3:PutBucketVersioning", ARCHIVE),
    "replicate": ("s3:PutReplicationConfiguration", ARCHIVE),
    "delete the archive": ("s3:DeleteBucket", ARCHIVE),
    "set its policy": ("s3:PutBucketPolicy", ARCHIVE),
    "delete a head": ("s3:DeleteObjectVersion", f"{WORK}/records/r/head-1.json"),
    "seal a record": ("s3:PutObject", f"{WORK}/records/r/sealed/06.json"),
    "delete an access log": ("s3:DeleteObject", f"{ACCESS}/archive/1"),
    "delete the key": ("kms:ScheduleKeyDeletion", KEY),
    "disable the key": ("kms:DisableKey", KEY),
    "set the key's policy": ("kms:PutKeyPolicy", KEY),
    "stop the trail": ("cloudtrail:StopLogging", f"arn:aws:cloudtrail:us-east-1:{SOURCE}:trail/acme"),
}
SENT = {
    "s3:PutObject": {"s3:if-none-match": "*", "s3:x-amz-acl": "bucket-owner-full-control"},
    "s3:PutObjectRetention": {"s3:object-lock-mode": "COMPLIANCE", "s3:object-lock-remaining-retention-days": "36500"},
}
"""What a caller also sends, of its own choice; no copy source, since a forger has bytes of its own."""


def harm(estate: Estate, attacker: Who) -> set[str]:
    """What the attacker, or a role that it can become, may do."""
    return {
        name
        for name, (action, resource, *besides) in HARM.items()
        for one in estate.everybody(attacker)
        if estate.may(one, action, resource, **SENT.get(action, {}), **dict(*besides))
        and not (action.startswith("cloudtrail") and one.account != SOURCE)
    }


def reached(estate: Estate, attacker: Who) -> dict[str, set[str]]:
    """First step -> what it opens beyond what is open already; what is open already stands under ''."""
    before = harm(estate, attacker)
    found = {"": before} if before else {}
    for step in steps(attacker):
        for one in estate.everybody(attacker):
            if all(estate.may(one, action, step.resource) for action in step.actions):
                after = estate.copy()
                step.change(after)
                more = harm(after, attacker) - before
                if more:
                    found[step.name] = found.get(step.name, set()) | more
    return found


BREAK_GLASS_MAY = {
    "delete a log",
    "lift governance",
    "lock for ever",
    "expire logs",
    "stop versions",
    "replicate",
    "delete the archive",
    "set its policy",
    "delete a head",
    "delete an access log",
    "delete the key",
    "disable the key",
    "set the key's policy",
}
"""At once; with a changed policy everything, but that is a third step."""
POLICY_GONE = {
    "forge a log",
    "copy a log",
    "re-key a log",
    "annotate a log",
    "delete a log",
    "lift governance",
    "lock for ever",
    "expire logs",
    "stop versions",
    "replicate",
    "delete the archive",
}
"""Of the archive alone."""
AS_BREAK_GLASS = {
    "trust of break-glass": BREAK_GLASS_MAY,
    "break-glass made anew": BREAK_GLASS_MAY,
    "trust of sealer": {"seal a record"},
    "sealer made anew": {"seal a record"},
}
AS_ROOT = {
    "": {"set its policy"},
    "policy of the archive": POLICY_GONE,
    "policy of the work bucket": {"delete a head", "seal a record"},
    "policy of the access logs": {"delete an access log"},
}
WINDOW = {"": {"set its policy"}, "policy of the archive": POLICY_GONE}
COPIES = {"": {"copy a log"}}
WINDOW_OF_OPERATOR = {
    "": {"set its policy", "copy a log"},
    "policy of the archive": POLICY_GONE - {"copy a log"},
}
"""The window of a copy: the grant-keeper could set any policy until the expiry."""
AS_COPIER = {"forge a log", "lock for ever"}
"""What the guardrail leaves of that: the copier writes, and its policy bound it alone."""
BECOMES = {
    f"{how}{name}{end}": opens
    for name, opens in (
        ("operator", {"set its policy", "copy a log"}),
        ("grant-keeper", {"set its policy"}),
        ("copier", {"copy a log"}),
    )
    for how, end in (("trust of ", ""), ("", " made anew"))
}
SEALS = {"": {"seal a record"}}
"""That is its work."""
LOG_ADMIN, LOG_ROOT, FOREIGN = list(ATTACKERS)[:3]
REACHED = [
    # guardrails, state, what is reached by whom; a principal that is not named reaches nothing
    (True, "steady", {"the sealer": SEALS}),
    (
        True,
        "open",
        {
            "the sealer": SEALS,
            "the copier": COPIES,
            "the operator": {
                "": {"set its policy", "copy a log"},
                "policy of the archive": AS_COPIER,
            },  # as the copier, with any bytes
            "the grant-keeper": {"": {"set its policy"}},
        },
    ),
    (
        True,
        "pushed",
        {
            FOREIGN: {"a copier of its own": {"copy a log"}},  # copies of what was granted, and nothing else
            "the sealer": SEALS,
            "the operator": {"": {"set its policy"}, "policy of the archive": {*AS_COPIER, "copy a log"}},
            "the grant-keeper": {"": {"set its policy"}},
        },
    ),
    (True, "expired", {"the sealer": SEALS}),
    (
        False,
        "steady",
        {LOG_ADMIN: AS_BREAK_GLASS, LOG_ROOT: AS_ROOT, FOREIGN: {"": {"stop the trail"}}, "the sealer": SEALS},
    ),
    (
        False,
        "open",
        {
            LOG_ADMIN: AS_BREAK_GLASS | BECOMES,
            LOG_ROOT: AS_ROOT,
            FOREIGN: {"": {"stop the trail"}},
            "the sealer": SEALS,
            "the copier": COPIES,
            "the operator": WINDOW_OF_OPERATOR,
            "the grant-keeper": WINDOW,
        },
    ),
    (
        False,
        "expired",
        {LOG_ADMIN: AS_BREAK_GLASS, LOG_ROOT: AS_ROOT, FOREIGN: {"": {"stop the trail"}}, "the sealer": SEALS},
    ),
]


@pytest.mark.parametrize("attacker", ATTACKERS)
@pytest.mark.parametrize(
    ("guarded", "state", "wanted"), REACHED, ids=[f"{'guardrail' if g else 'no guardrail'} {s}" for g, s, _ in REACHED]
)
def test_what_one_change_first_opens_to_whom(guarded: bool, state: str, wanted: Any, attacker: str) -> None:
    """An administrator of the log account over the trust of break-glass is refused by the guardrail, and possible
    without an organization."""
    assert reached(given(guarded=guarded, state=state), ATTACKERS[attacker]) == wanted.get(attacker, {})


@pytest.mark.parametrize(
    ("left_out", "attacker", "first"),
    [
        ("OurRolesStay", LOG_ADMIN, "trust of break-glass"),
        ("ArchivePolicyStays", LOG_ROOT, ""),
        ("ArchiveStays", LOG_ROOT, "policy of the work bucket"),
    ],
)
def test_a_guardrail_without_one_of_its_parts_is_found_out(left_out: str, attacker: str, first: str) -> None:
    """The twin of the first rows: what each part holds back is reached without it."""
    guardrail = without_sids(build.archive_guardrail(archive()), {left_out})
    assert guardrail is not None
    estate = replace(given(guarded=True), controls={LOG: (guardrail,)})
    assert first in reached(estate, ATTACKERS[attacker])


def test_the_security_model_says_what_is_possible() -> None:
    """Each access path that is open by design is reported where people look."""
    text = (Path(__file__).parents[3] / "docs" / "security-model.md").read_text(encoding="utf-8")
    for said in (
        (
            "make themselves break-glass by changing that role's trust policy | refused by the guardrail; **possible"
            " without an organization**"
        ),
        "stop, delete or narrow the new trail | refused by the guardrail; **possible without an organization**",
        "**Root of the log account** can always get, put and delete the bucket policy",
        "Within the window it could set any policy",
        "The guardrail still denies deletion, settings and re-keying",
    ):
        assert said in text, said
