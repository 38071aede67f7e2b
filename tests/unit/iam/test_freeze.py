"""A frozen old bucket loses and changes nothing, goes on taking what was delivered to it, and no part of the freeze is
idle."""

import pytest

from onetrail.estate.freeze import writers_of
from onetrail.iam import (
    Policies,
    Request,
    canonical,
    evaluate,
    role,
    root,
    service,
    with_statements,
    without_sids,
)
from onetrail.iam.build import Writers, old_bucket_frozen
from onetrail.iam.expectations.universe import OF_BUCKETS, OF_OBJECTS
from tests.unit.iam.conftest import SOURCE, role_arn
from tests.unit.iam.test_central_bucket import without_conditions, without_statements, without_values

OLD, PARTNER, STRANGER = "acme-audit-us-east-1", "222233334444", "333344445555"
ARN, KEY = f"arn:aws:s3:::{OLD}", f"arn:aws:s3:::{OLD}/AWSLogs/k"
OWNER = role(role_arn("TrailConsolidation", SOURCE))
ADMIN, APP = role(role_arn("administrator", SOURCE)), role(role_arn("app", SOURCE))
FULL = {
    "Version": "2012-10-17",
    "Statement": {"Sid": "Full", "Effect": "Allow", "Action": "*", "Resource": "*"},
}
DELIVERS = {
    "Sid": "Services",
    "Effect": "Allow",
    "Principal": {"Service": ["cloudtrail.amazonaws.com", "delivery.logs.amazonaws.com"]},
    "Action": ["s3:PutObject", "s3:GetBucketAcl"],
    "Resource": [ARN, f"{ARN}/*"],
}
PUTS = {
    "Sid": "Writers",
    "Effect": "Allow",
    "Principal": {"AWS": [APP.arn, f"arn:aws:iam::{PARTNER}:root"]},
    "Action": "s3:*",
    "Resource": [ARN, f"{ARN}/*"],
}
READS = {
    "Sid": "Readers",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{STRANGER}:root"},
    "Action": "s3:*",
    "Resource": [ARN, f"{ARN}/*"],
}
BEFORE = {"Version": "2012-10-17", "Statement": [DELIVERS, PUTS]}
DELIVERY = {
    "s3:AbortMultipartUpload",
    "s3:ObjectOwnerOverrideToBucketOwner",
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectTagging",
    "s3:ReplicateObject",
    "s3:ReplicateTags",
}
"""What putting or replicating an object takes."""
RESTORES = {"s3:RestoreObject"}
WHO = {
    # who, and which writes are theirs while the bucket is frozen
    "the identity that retires it": (OWNER, {*OF_OBJECTS, *OF_BUCKETS}),
    "an administrator of the account": (ADMIN, RESTORES),
    "root of the account": (root(SOURCE), {*RESTORES, "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"}),
    "a role that the policy lets write": (APP, DELIVERY | RESTORES),
    "an account that the policy lets write": (role(role_arn("any", PARTNER)), DELIVERY | RESTORES),
    "CloudTrail": (service("cloudtrail.amazonaws.com"), {"s3:PutObject"}),
    "log delivery": (service("delivery.logs.amazonaws.com"), {"s3:PutObject"}),
    "another service": (service("config.amazonaws.com"), set()),
}


WRITING = Writers((APP.arn,), (PARTNER,))


def frozen(more=None, writers=WRITING):
    policy = {**BEFORE, "Statement": [*BEFORE["Statement"], *([more] if more else [])]}
    return with_statements(policy, old_bucket_frozen("aws", OLD, [OWNER.arn], writers))


def broken(document):
    """Every write that AWS lists by everybody above, and a few reads, that is not decided as it must be."""
    found = []
    for name, (who, may) in WHO.items():
        identity = () if who.kind == "service" else (FULL,)
        asks = [(a, KEY, a in may) for a in OF_OBJECTS] + [(a, ARN, a in may) for a in OF_BUCKETS]
        if who.kind != "service":
            asks += [
                ("s3:GetObject", KEY, True),
                ("s3:ListBucket", ARN, True),
                ("s3:ListMultipartUploadParts", KEY, True),
            ]
        for action, where, wanted in asks:
            request = Request(who, action, where, SOURCE, {"aws:SecureTransport": "true"})
            if evaluate(request, Policies(identity=identity, resource=document)).allowed != wanted:
                found.append(f"{name}: {action}")
    return found


def test_a_frozen_bucket_is_read_and_delivered_to_and_nothing_else() -> None:
    """Re-keying an object in place included; twin: without the freeze an administrator does everything."""
    assert broken(frozen()) == []
    before = broken(BEFORE)
    assert {f"an administrator of the account: {a}" for a in (*OF_OBJECTS, *OF_BUCKETS) if a not in RESTORES} <= set(
        before
    )
    assert canonical(without_sids(frozen(), "Onetrail")) == canonical(BEFORE)


@pytest.mark.parametrize("cut", [without_statements, without_conditions, without_values])
def test_nothing_of_the_freeze_can_be_taken_out_unnoticed(cut) -> None:
    ours = [part for part, left in cut(frozen()) if part.startswith("OnetrailHoldStill") and not broken(left)]
    assert ours == []


WRITERS = [
    # the policy's statements besides, who is spared
    ([DELIVERS], Writers()),  # services are spared without being named
    ([PUTS], Writers((APP.arn,), (PARTNER,))),
    ([{**PUTS, "Action": "s3:GetObject"}], Writers()),
    ([{**PUTS, "Effect": "Deny"}], Writers()),
    ([{**PUTS, "Principal": {"AWS": f"arn:aws:iam::{SOURCE}:root"}}], Writers()),  # names no role of the account
    ([{**PUTS, "Principal": {"AWS": PARTNER}}], Writers((), (PARTNER,))),
    (
        [{**PUTS, "Principal": {"AWS": f"arn:aws:sts::{PARTNER}:assumed-role/app/s"}}],
        Writers((role_arn("app", PARTNER),)),
    ),
    ([{**PUTS, "Principal": "*"}], Writers(unnamed=True)),
    (
        [{**PUTS, "Principal": {"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}}],
        Writers(unnamed=True),
    ),
    (
        [{**{k: v for k, v in PUTS.items() if k != "Principal"}, "NotPrincipal": {"AWS": APP.arn}}],
        Writers(unnamed=True),
    ),
    ([{**{k: v for k, v in PUTS.items() if k != "Action"}, "NotAction": "s3:Get*"}], Writers((APP.arn,), (PARTNER,))),
    ([{**PUTS, "Sid": "OnetrailCopyRead"}], Writers()),  # a statement of ours
]


@pytest.mark.parametrize(("statements", "writers"), WRITERS)
def test_who_may_write_by_the_policy_goes_on(statements, writers) -> None:
    """Exactly those that an Allow of the bucket's own policy names."""
    assert writers_of({"Version": "2012-10-17", "Statement": statements}, SOURCE) == writers


def test_where_a_writer_cannot_be_named_putting_stays_as_the_policy_has_it() -> None:
    """Everything else is refused all the same; twin: where all can be named, an administrator puts nothing."""
    open_to_all = frozen({**PUTS, "Sid": "All", "Principal": "*"}, Writers(unnamed=True))
    assert {said.split(": ")[1] for said in broken(open_to_all) if said.startswith("an administrator")} == DELIVERY
    assert not [said for said in broken(frozen()) if said.startswith("an administrator")]
