"""The log account before 02 and after it, and an old bucket that is frozen or not."""

from dataclasses import replace
from typing import Any

from onetrail import names
from onetrail.estate.freeze import held_policy
from onetrail.estate.log_account.observed import FLAGS, LogAccount, Role
from onetrail.estate.old_estate import OldBucket, OldEstate
from onetrail.iam.build import trust
from onetrail.steps.account_lockdown import LockdownObservation
from onetrail.steps.account_lockdown.propose import roles_for
from tests.unit.steps.given_sources import LOG, OWNER, SETTINGS, SOURCE

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
MANAGEMENT = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::999988887777:root"},
            "Action": "sts:AssumeRole",
        }
    ],
}
DELIVERY = {
    "Sid": "AWSCloudTrailWrite",
    "Effect": "Allow",
    "Principal": {"Service": "cloudtrail.amazonaws.com"},
    "Action": "s3:PutObject",
    "Resource": "arn:aws:s3:::acme-audit-us-east-1/AWSLogs/111122223333/*",
}


def given_an_old_bucket(**parts: Any) -> OldBucket:
    bucket = OldBucket("acme-audit-us-east-1", SOURCE, "us-east-1", logging={"TargetBucket": "x"})
    return replace(bucket, **{"policy": {"Version": "2012-10-17", "Statement": [DELIVERY]}, **parts})


def given_a_held_bucket(**parts: Any) -> OldBucket:
    bucket = given_an_old_bucket()
    return replace(bucket, **{"policy": held_policy("aws", bucket, (OWNER,)), **parts})


def given_a_fresh_log_account(*buckets: OldBucket) -> LockdownObservation:
    first = Role(
        "OrganizationAccountAccessRole",
        f"arn:aws:iam::{LOG}:role/OrganizationAccountAccessRole",
        "/",
        MANAGEMENT,
        attached=(ADMIN,),
    )
    log = LogAccount(
        LOG,
        root={"AccountAccessKeysPresent": 0, "AccountSigningCertificatesPresent": 0, "AccountMFAEnabled": 0},
        users=(),
        roles={first.name: first},
        public_access=dict.fromkeys(FLAGS, False),
        security_contact="",
    )
    return LockdownObservation(log, OldEstate((), (), buckets), {SOURCE: OWNER})


def given_a_closed_log_account(*buckets: OldBucket) -> LockdownObservation:
    fresh = given_a_fresh_log_account(*buckets)
    roles = {
        wanted.name: Role(
            wanted.name,
            names.role_arn("aws", LOG, wanted.name),
            "/",
            wanted.trust,
            inline={wanted.name: wanted.policy} if wanted.policy else {},
            attached=wanted.attached,
            tags={"onetrail": "practice"},
        )
        for wanted in roles_for(SETTINGS, fresh.log, buckets)
    }
    first = replace(fresh.log.roles["OrganizationAccountAccessRole"], trust=trust(SETTINGS.break_glass_principals))
    log = replace(
        fresh.log,
        roles={**roles, first.name: first},
        public_access=dict.fromkeys(FLAGS, True),
        security_contact="security@practice.example",
    )
    return replace(fresh, log=log)
