"""02: the log account is closed without locking anybody out, and old buckets are frozen; drift is put right by one
change."""

import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from onetrail import iam, names
from onetrail.aws.actors import BREAK_GLASS
from onetrail.change import NAMED, CheckKind, FindingState, RequiredCheck, canonical_json
from onetrail.estate.freeze import held_policy, without_dead_principals
from onetrail.estate.log_account.observed import User
from onetrail.estate.old_estate import OldEstate
from onetrail.iam.build import old_bucket_emptied, old_bucket_frozen, trust
from onetrail.looked import Unread
from onetrail.show.steps import account_lockdown as shown
from onetrail.steps import account_lockdown as step
from onetrail.steps.account_lockdown.paths import trusted
from onetrail.steps.account_lockdown.propose import roles_for
from onetrail.steps.account_lockdown.status import log_account_status
from tests.unit.steps.given_log_account import (
    ADMIN,
    DELIVERY,
    MANAGEMENT,
    given_a_closed_log_account,
    given_a_fresh_log_account,
    given_a_held_bucket,
    given_an_old_bucket,
)
from tests.unit.steps.given_sources import BUCKET_PARTS, DENIED, LOG, OWNER, SETTINGS, SOURCE

EXPIRES = {"ID": "expire", "Filter": {"Prefix": ""}, "Status": "Enabled", "Expiration": {"Days": 400}}


EARLIER = json.loads((Path(__file__).parents[1] / "iam" / "earlier" / "practice.json").read_text())
"""The documents of the version before."""


def with_role(seen: step.LockdownObservation, name: str, **parts: Any) -> step.LockdownObservation:
    roles = {**seen.log.roles, name: replace(seen.log.roles[name], **parts)}
    return replace(seen, log=replace(seen.log, roles=roles))


def keys(seen: step.LockdownObservation) -> list[str]:
    return [change.key for change in step.propose(SETTINGS, seen).changes]


def test_a_fresh_account_gets_its_roles_before_the_first_entry_role_is_narrowed_and_buckets_come_last() -> None:
    plan = step.propose(SETTINGS, given_a_fresh_log_account(given_an_old_bucket(lifecycle={"Rules": [EXPIRES]})))
    assert [change.key for change in plan.changes] == [
        "onetrail-break-glass: role",
        "onetrail-break-glass: has AdministratorAccess",
        "onetrail-operator: role",
        "onetrail-operator: policy",
        "onetrail-reader: role",
        "onetrail-reader: policy",
        "onetrail-sealer: role",
        "onetrail-sealer: policy",
        "onetrail-grant-keeper: role",
        "onetrail-grant-keeper: policy",
        "onetrail-copier: role",
        "onetrail-copier: policy",
        "public access",
        "security contact",
        "OrganizationAccountAccessRole: trust",
        "acme-audit-us-east-1: lifecycle",
        "acme-audit-us-east-1: policy",
    ]


def test_the_first_entry_role_is_narrowed_only_after_the_proof_of_the_new_one() -> None:
    plan = step.propose(SETTINGS, given_a_fresh_log_account(given_an_old_bucket()))
    narrowing = next(c for c in plan.changes if c.key == "OrganizationAccountAccessRole: trust")
    assert narrowing.requires == RequiredCheck(CheckKind.NEW_ENTRY_ROLES)
    assert narrowing.before == MANAGEMENT
    assert iam.canonical(narrowing.parameters["PolicyDocument"].value) == iam.canonical(
        trust(["arn:aws:iam::999988887777:role/SecurityLead"])
    )


def test_the_first_role_gets_its_power_from_the_identity_that_made_it_since_it_has_none_itself() -> None:
    changes = {c.key: c for c in step.propose(SETTINGS, given_a_fresh_log_account()).changes}
    assert changes["onetrail-break-glass: has AdministratorAccess"].actor == NAMED
    assert changes["onetrail-operator: role"].actor == BREAK_GLASS
    assert changes["onetrail-operator: role"].requires == RequiredCheck(CheckKind.MAY_ADMINISTER)


def test_what_is_done_proposes_nothing() -> None:
    seen = given_a_closed_log_account(given_a_held_bucket())
    assert keys(seen) == []
    assert {f.state for f in step.check(SETTINGS, seen)} == {FindingState.OK}
    assert log_account_status(SETTINGS, seen.log).done


def test_an_account_without_old_buckets_needs_neither_copier_nor_grant_keeper() -> None:
    made = [k for k in keys(given_a_fresh_log_account()) if k.endswith(": role")]
    assert made == [f"onetrail-{name}: role" for name in ("break-glass", "operator", "reader", "sealer")]


def test_only_break_glass_principals_may_assume_the_sealer() -> None:
    """The operator may not, by either side; twin: the grant-keeper, whom the operator may assume."""
    roles = {role.name: role for role in roles_for(SETTINGS, given_a_fresh_log_account().log, [given_an_old_bucket()])}
    assert trusted(roles[names.SEALER_ROLE].trust) == set(SETTINGS.break_glass_principals)
    operator = iam.Policies(identity=(roles[names.OPERATOR_ROLE].policy,))
    who = iam.role(names.role_arn("aws", LOG, names.OPERATOR_ROLE))
    may = {
        name: iam.evaluate(iam.Request(who, "sts:AssumeRole", names.role_arn("aws", LOG, name), LOG), operator).allowed
        for name in (names.SEALER_ROLE, names.GRANT_KEEPER_ROLE)
    }
    assert may == {names.SEALER_ROLE: False, names.GRANT_KEEPER_ROLE: True}


def test_a_freeze_of_the_version_before_is_renewed_and_counts_as_a_freeze_meanwhile() -> None:
    """One change, with nothing of the owner's taken out; meanwhile the bucket counts as held. Twin: today's freeze."""
    bucket = given_an_old_bucket()
    earlier = iam.with_statements(bucket.policy, EARLIER["old_bucket_hold_still"]["Statement"])
    seen = given_a_closed_log_account(replace(bucket, policy=earlier))
    (change,) = step.propose(SETTINGS, seen).changes
    assert (change.key, change.call) == ("acme-audit-us-east-1: policy", "PutBucketPolicy")
    assert iam.canonical(change.parameters["Policy"].value) == iam.canonical(held_policy("aws", bucket, (OWNER,)))
    assert seen.old.buckets[0].held
    assert keys(given_a_closed_log_account(given_a_held_bucket())) == []


@pytest.mark.parametrize(
    ("owner", "spared"),
    [
        ("arn:aws:iam::111122223333:role/AnotherEngineer", OWNER),
        ("arn:aws:iam::111122223333:root", ""),  # S3 lets it change the policy whatever that says
        (OWNER, ""),
    ],
)
def test_a_bucket_frozen_for_another_identity_is_named_with_it_and_nothing_is_sent_to_be_refused(
    owner: str, spared: str
) -> None:
    """The finding says as whom to run; twins: root of the account, and the identity itself."""
    seen = replace(
        given_a_closed_log_account(given_a_held_bucket(lifecycle={"Rules": [EXPIRES]})),
        owners={SOURCE: owner},
    )
    (held,) = (f for f in step.check(SETTINGS, seen) if f.id == "02.held")
    assert bool(keys(seen)) is not bool(spared)
    assert (f"has a freeze that exempts {spared}" in held.evidence) is bool(spared)
    assert (held.state is FindingState.FINDING) is bool(spared)


OTHER = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


@pytest.mark.parametrize(
    ("role", "parts", "change", "call"),
    [
        # somebody let the whole management account become the operator
        ("onetrail-operator", {"trust": MANAGEMENT}, "onetrail-operator: trust", "UpdateAssumeRolePolicy"),
        # the reader may suddenly do everything in S3
        (
            "onetrail-reader",
            {"inline": {"onetrail-reader": OTHER}},
            "onetrail-reader: policy",
            "PutRolePolicy",
        ),
        # the copier lost its policy
        ("onetrail-copier", {"inline": {}}, "onetrail-copier: policy", "PutRolePolicy"),
        # break-glass cannot undo anything any more
        (
            "onetrail-break-glass",
            {"attached": ()},
            "onetrail-break-glass: has AdministratorAccess",
            "AttachRolePolicy",
        ),
        # the tag by which it is found again is gone
        ("onetrail-reader", {"tags": {}}, "onetrail-reader: tag", "TagRole"),
        # the first entry role is open again
        (
            "OrganizationAccountAccessRole",
            {"trust": MANAGEMENT},
            "OrganizationAccountAccessRole: trust",
            "UpdateAssumeRolePolicy",
        ),
    ],
)
def test_one_thing_that_differs_is_put_right_by_one_change(
    role: str, parts: dict[str, Any], change: str, call: str
) -> None:
    seen = with_role(given_a_closed_log_account(given_a_held_bucket()), role, **parts)
    plan = step.propose(SETTINGS, seen)
    assert [(c.key, c.call) for c in plan.changes] == [(change, call)]
    assert not log_account_status(SETTINGS, seen.log).done or role == "onetrail-copier"


def test_a_further_policy_of_our_role_is_taken_away() -> None:
    seen = given_a_closed_log_account(given_a_held_bucket())
    inline = {**seen.log.roles["onetrail-reader"].inline, "extra": OTHER}
    seen = with_role(seen, "onetrail-reader", inline=inline, attached=(ADMIN,))
    assert keys(seen) == [
        "onetrail-reader: has no AdministratorAccess",
        "onetrail-reader: without policy extra",
    ]


NARROWER = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}


@pytest.mark.parametrize("role", ["onetrail-break-glass", "onetrail-operator", "OrganizationAccountAccessRole"])
def test_what_an_owner_added_to_a_role_and_narrows_it_stays_and_is_named(role: str) -> None:
    seen = given_a_closed_log_account(given_a_held_bucket())
    there = seen.log.roles[role]
    stricter = deepcopy(dict(there.trust))
    stricter["Statement"][0]["Condition"] = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    seen = with_role(seen, role, trust=stricter, inline={**there.inline, "only-here": NARROWER})
    assert keys(seen) == []
    assert log_account_status(SETTINGS, seen.log).done
    (said,) = (f for f in step.check(SETTINGS, seen) if f.resource == role)
    assert said.state is FindingState.OK
    kept = "kept, since it only narrows the role: aws:MultiFactorAuthPresent, only-here"
    assert kept in said.evidence or role == "OrganizationAccountAccessRole"


@pytest.mark.parametrize("further", [[], ["sts:TagSession"]])
def test_a_trust_that_also_lets_a_session_be_tagged_says_so(further: list[str]) -> None:
    seen = given_a_closed_log_account(given_a_held_bucket())
    found = deepcopy(dict(seen.log.roles["onetrail-operator"].trust))
    found["Statement"][0]["Action"] = ["sts:AssumeRole", *further]
    seen = with_role(seen, "onetrail-operator", trust=found)
    (said,) = (f for f in step.check(SETTINGS, seen) if f.resource == "onetrail-operator")
    named = "its trust policy also allows sts:TagSession for sessions" in said.evidence
    assert named is bool(further)


DEMANDED = SETTINGS.with_values(
    role_path="/security/",
    role_boundary="teams/Boundary",
    role_tags={"owner": "log team", "cost-center": "4711"},
    external_id="acme-7",
)
BOUNDARY = f"arn:aws:iam::{LOG}:policy/teams/Boundary"


def test_a_role_is_made_with_the_path_boundary_and_tags_that_an_organization_demands() -> None:
    changes = step.propose(DEMANDED, given_a_fresh_log_account(given_an_old_bucket())).changes
    made = [c for c in changes if c.call == "CreateRole"]
    assert {c.resource.rsplit("/", 1)[-1] for c in made} == set(names.LOG_ACCOUNT_ROLES)
    for change in made:
        assert change.resource.startswith(f"arn:aws:iam::{LOG}:role/security/onetrail-")
        assert change.parameters["Path"] == "/security/"
        assert change.parameters["PermissionsBoundary"] == BOUNDARY
        assert change.parameters["Tags"] == [
            {"Key": "onetrail", "Value": SETTINGS.run_name},
            {"Key": "cost-center", "Value": "4711"},
            {"Key": "owner", "Value": "log team"},
        ]
    plain = step.propose(SETTINGS, given_a_fresh_log_account(given_an_old_bucket())).changes
    assert all(not {"Path", "PermissionsBoundary"} & set(c.parameters) for c in plain)


def test_people_need_the_external_id_and_mfa_and_the_roles_among_themselves_do_not() -> None:
    people = ["arn:aws:iam::999988887777:user/lead"]
    settings = SETTINGS.with_values(
        external_id="acme-7",
        require_mfa=True,
        break_glass_principals=people,
        operator_principals=people,
        reader_principals=people,
    )
    changes = step.propose(settings, given_a_fresh_log_account(given_an_old_bucket())).changes
    asked = {
        c.parameters["RoleName"]: c.parameters["AssumeRolePolicyDocument"].value["Statement"][0].get("Condition")
        for c in changes
        if c.call == "CreateRole"
    }
    both = {
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "StringEquals": {"sts:ExternalId": "acme-7"},
    }
    assert asked == {
        "onetrail-break-glass": both,
        "onetrail-operator": both,
        "onetrail-reader": both,
        "onetrail-sealer": both,
        "onetrail-grant-keeper": None,
        "onetrail-copier": None,
    }


def test_a_boundary_and_tags_that_are_missing_are_put_and_those_of_an_owner_stay() -> None:
    seen = given_a_closed_log_account(given_a_held_bucket())
    theirs = f"arn:aws:iam::{LOG}:policy/Theirs"
    seen = with_role(seen, "onetrail-reader", boundary=theirs, tags={"onetrail": "x", "theirs": "y"})
    assert keys(seen) == []
    wanted = SETTINGS.with_values(role_boundary="teams/Boundary", role_tags={"owner": "log team"})
    changes = [c for c in step.propose(wanted, seen).changes if c.parameters.get("RoleName") == "onetrail-reader"]
    assert [(c.call, c.before) for c in changes] == [
        ("PutRolePermissionsBoundary", theirs),
        ("TagRole", {"onetrail": "x", "theirs": "y"}),
    ]
    assert changes[0].undo == f"put {theirs} again"
    assert changes[1].parameters["Tags"] == [{"Key": "owner", "Value": "log team"}]


def test_roles_under_another_path_stop_the_step_with_the_path_to_write() -> None:
    """Every policy would name roles that are not there; IAM takes no second role of one name."""
    seen = given_a_closed_log_account(given_a_held_bucket())
    wanted = SETTINGS.with_values(role_path="/security/")
    plan = step.propose(wanted, seen)
    assert plan.not_evaluated and not plan.changes
    assert 'role onetrail-copier has the path /, and role_path is /security/: set role_path to "/"' in " ".join(
        plan.notes
    )
    assert not log_account_status(wanted, seen.log).done
    assert {f.id for f in step.check(wanted, seen) if f.state is FindingState.COULD_NOT_LOOK} == {"02.role-path"}
    assert step.propose(SETTINGS, seen).changes == ()


def test_roles_that_could_not_be_read_are_neither_made_nor_changed_and_the_look_fails_the_check() -> None:
    seen = given_a_closed_log_account(given_a_held_bucket())
    blind = replace(
        seen,
        log=replace(seen.log, roles=Unread("AccessDenied: no"), could_not_look=("ListRoles: AccessDenied: no",)),
    )
    assert keys(blind) == []
    assert step.check(SETTINGS, blind)[0].state is FindingState.COULD_NOT_LOOK
    assert not log_account_status(SETTINGS, blind.log).done
    assert step.propose(SETTINGS, blind).not_evaluated and not step.propose(SETTINGS, seen).not_evaluated
    half = with_role(seen, "onetrail-reader", inline={}, could_not_look=("GetRolePolicy: AccessDenied: no",))
    assert keys(half) == []
    assert step.propose(SETTINGS, half).notes[0] == "onetrail-reader: GetRolePolicy: AccessDenied: no"
    assert step.check(SETTINGS, half)[0].state is FindingState.COULD_NOT_LOOK


def test_users_keys_of_root_and_foreign_roles_are_findings_and_nobody_is_removed() -> None:
    seen = given_a_closed_log_account(given_a_held_bucket())
    stranger = step.Role("Backdoor", f"arn:aws:iam::{LOG}:role/Backdoor", "/", MANAGEMENT, attached=(ADMIN,))
    service = step.Role("AWSServiceRoleForSupport", "arn", "/aws-service-role/support.amazonaws.com/", MANAGEMENT)
    log = replace(
        seen.log,
        root={**seen.log.root, "AccountAccessKeysPresent": 1},
        users=(step.User("old-admin", ("AKIA1",)),),
        roles={**seen.log.roles, "Backdoor": stranger, service.name: service},
    )
    found = step.check(SETTINGS, replace(seen, log=log))
    assert [(f.id, f.state) for f in found[:3]] == [
        ("02.foreign-role", FindingState.FINDING),
        ("02.root", FindingState.FINDING),
        ("02.users", FindingState.FINDING),
    ]
    assert keys(replace(seen, log=log)) == []
    assert not any(service.name in f.resource for f in found)


def test_the_paths_into_the_account_show_who_loses_access() -> None:
    ways = step.paths(SETTINGS, given_a_fresh_log_account(given_an_old_bucket()))
    lost = [(way.role, way.principal) for way in ways if way.now and not way.after]
    assert lost == [("OrganizationAccountAccessRole", "arn:aws:iam::999988887777:root")]
    assert ("onetrail-break-glass", "arn:aws:iam::999988887777:role/SecurityLead") in [
        (way.role, way.principal) for way in ways if way.after and not way.now
    ]


def test_freezing_changes_the_status_of_rules_and_nothing_else() -> None:
    abort = {
        "ID": "abort",
        "Filter": {},
        "Status": "Enabled",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }
    off = {**EXPIRES, "ID": "off", "Status": "Disabled"}
    ours = {**EXPIRES, "ID": "onetrail-empty"}
    lifecycle = {
        "Rules": [EXPIRES, abort, off, ours],
        "TransitionDefaultMinimumObjectSize": "varies_by_storage_class",
    }
    plan = step.propose(SETTINGS, given_a_closed_log_account(given_a_held_bucket(lifecycle=lifecycle)))
    (change,) = plan.changes
    assert change.call == "PutBucketLifecycleConfiguration"
    assert change.parameters == {
        "Bucket": "acme-audit-us-east-1",
        "ExpectedBucketOwner": SOURCE,
        "LifecycleConfiguration": {"Rules": [{**EXPIRES, "Status": "Disabled"}, abort, off, ours]},
        "TransitionDefaultMinimumObjectSize": "varies_by_storage_class",
    }
    assert change.before == lifecycle


def test_a_dead_principal_goes_and_the_reason_says_so() -> None:
    dead = "AIDAQ3EGVDNBEXAMPLE01"
    mixed = {
        "Effect": "Allow",
        "Principal": {"AWS": [dead, "arn:aws:iam::111122223333:role/Siem"]},
        "Action": "s3:GetObject",
        "Resource": "*",
    }
    alone = {"Effect": "Allow", "Principal": {"AWS": dead}, "Action": "s3:GetObject", "Resource": "*"}
    bucket = given_an_old_bucket(policy={"Version": "2012-10-17", "Statement": [DELIVERY, mixed, alone]})
    (change,) = step.propose(SETTINGS, given_a_closed_log_account(bucket)).changes
    sent = change.parameters["Policy"].value
    assert sent["Statement"] == [
        DELIVERY,
        {**mixed, "Principal": {"AWS": "arn:aws:iam::111122223333:role/Siem"}},
        *old_bucket_frozen("aws", bucket.name, (OWNER,)),
    ]
    assert dead in change.reason
    assert dead in canonical_json(change.before)


def test_a_dead_principal_in_a_not_principal_is_shown_and_left_alone() -> None:
    odd = {
        "Effect": "Deny",
        "NotPrincipal": {"AWS": "AIDAQ3EGVDNBEXAMPLE01"},
        "Action": "s3:*",
        "Resource": "*",
    }
    bucket = given_an_old_bucket(policy={"Version": "2012-10-17", "Statement": [odd]})
    assert without_dead_principals(bucket.policy) == bucket.policy
    seen = given_a_closed_log_account(bucket)
    assert keys(seen) == []
    worst = step.check(SETTINGS, seen)[0]
    assert (worst.id, worst.state) == ("02.held", FindingState.FINDING)


def test_a_bucket_that_could_not_be_read_is_not_written_over() -> None:
    """Neither its policy nor its rules; twin: the same bucket, read, is frozen by both."""
    why = ("get_bucket_policy: AccessDenied: no",)
    seen = given_a_closed_log_account(given_an_old_bucket(policy=DENIED, lifecycle=DENIED, could_not_look=why))
    assert keys(seen) == []
    assert step.check(SETTINGS, seen)[0].state is FindingState.COULD_NOT_LOOK
    plan = step.propose(SETTINGS, seen)
    assert (plan.not_evaluated, plan.notes[0]) == (True, f"acme-audit-us-east-1: {why[0]}")
    rules = {"Rules": [{"ID": "old", "Status": "Enabled", "Expiration": {"Days": 9}}]}
    read = given_a_closed_log_account(given_an_old_bucket(lifecycle=rules))
    assert len(keys(read)) == 2


@pytest.mark.parametrize("part", BUCKET_PARTS)
def test_whatever_of_a_bucket_is_unread_the_step_can_tell_and_show_it(part: str) -> None:
    """No setting that nobody could look at ends the step, or lets its plan say that all is so; twin: with all of it
    read it does."""
    why = (f"get_{part}: AccessDenied: no",)
    seen = given_a_closed_log_account(given_a_held_bucket(**{part: DENIED}, could_not_look=why))
    plan = step.propose(SETTINGS, seen)
    assert (plan.changes, plan.notes[0]) == ((), f"acme-audit-us-east-1: {why[0]}")
    assert FindingState.COULD_NOT_LOOK in {one.state for one in step.check(SETTINGS, seen)}
    assert not step.propose(SETTINGS, given_a_closed_log_account(given_a_held_bucket())).not_evaluated
    assert ("not evaluated" in shown.old_buckets(seen).text) == (part in ("policy", "lifecycle", "logging"))


def test_the_keys_of_a_user_that_could_not_be_listed_are_not_none() -> None:
    """Neither in the finding nor in the table; twin: a user who has none."""
    for keys, words, cell in (
        (DENIED, "keys that could not be listed", "not evaluated"),
        ((), "0 active keys", "0"),
    ):
        seen = given_a_closed_log_account()
        seen = replace(seen, log=replace(seen.log, users=(User("ann", keys),)))
        assert words in next(one.evidence for one in step.check(SETTINGS, seen) if one.id == "02.users")
        (row,) = (line for line in shown.account(seen).text.splitlines() if "active access keys" in line)
        assert row.split()[-len(cell.split()) :] == cell.split()


@pytest.mark.parametrize(
    ("why", "said"),
    [
        # it was not read, so nothing is said of its rules
        ({"lifecycle": DENIED}, []),
        # another setting was not read, by somebody whose name holds the word
        ({"logging": Unread("AccessDenied: arn:aws:iam::111122223333:role/lifecycle")}, [FindingState.OK]),
    ],
)
def test_which_call_was_refused_decides_and_not_a_word_in_its_refusal(
    why: dict[str, Any], said: list[FindingState]
) -> None:
    """02.frozen is reported where the lifecycle rules were read, and only there."""
    seen = given_a_closed_log_account(given_an_old_bucket(**why, could_not_look=("no",)))
    assert [one.state for one in step.check(SETTINGS, seen) if one.id == "02.frozen"] == said


def test_frozen_means_that_an_administrator_cannot_delete_and_cloudtrail_still_delivers() -> None:
    (change,) = step.propose(SETTINGS, given_a_closed_log_account(given_an_old_bucket())).changes
    sent = change.parameters["Policy"].value
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    log = "arn:aws:s3:::acme-audit-us-east-1/AWSLogs/111122223333/x.json.gz"

    def may(who: iam.Principal, action: str, policy: Any) -> bool:
        identity = () if who.service else (everything,)
        return iam.evaluate(
            iam.Request(who, action, log, SOURCE), iam.Policies(identity=identity, resource=policy)
        ).allowed

    admin, owner = iam.role("arn:aws:iam::111122223333:role/Admin"), iam.role(OWNER)
    assert may(admin, "s3:DeleteObject", given_an_old_bucket().policy)
    assert not may(admin, "s3:DeleteObject", sent)
    assert may(owner, "s3:DeleteObject", sent)
    assert may(iam.service("cloudtrail.amazonaws.com"), "s3:PutObject", sent)


def test_an_emptied_bucket_is_left_as_it_is() -> None:
    emptied = given_an_old_bucket(policy=old_bucket_emptied("aws", "acme-audit-us-east-1", (OWNER,)))
    assert keys(given_a_closed_log_account(emptied)) == []


def given_two_buckets_of_which_one_was_deleted(*gone: str, key: str = "") -> step.LockdownObservation:
    """The roles are those of before; `gone` is what the receipts of this run remember."""
    left = given_an_old_bucket()
    seen = given_a_closed_log_account(left, replace(left, name="acme-gone", kms_key=key))
    return replace(seen, old=OldEstate((), (), (left,)), gone=gone)


def given_only_one(seen: step.LockdownObservation) -> list[str]:
    """What is proposed for the log account beside what the bucket itself still needs."""
    return [one for one in keys(seen) if one.startswith("onetrail-")]


@pytest.mark.parametrize("key", ["", "arn:aws:kms:us-east-1:111122223333:key/1"])
def test_a_bucket_that_07_deleted_stays_named_while_another_is_left(key: str) -> None:
    """Its name and key in the copier's policy are no reason for a change, or 05 to 07 would wait for it; a receipt
    speaks of it."""
    assert given_only_one(given_two_buckets_of_which_one_was_deleted("acme-gone", key=key)) == []


@pytest.mark.parametrize(("emptied", "proposed"), [(True, []), (False, ["onetrail-copier: policy"])])
def test_the_key_of_an_emptied_bucket_stays_named_though_its_trail_is_gone(emptied: bool, proposed: list[str]) -> None:
    """Its trail alone named the key, and 07 deleted it. Twin: while no bucket is emptied, a key that nothing names goes
    from the copier's policy."""
    policy = old_bucket_emptied("aws", "acme-other", (OWNER,)) if emptied else None
    left, other = given_an_old_bucket(), given_an_old_bucket(policy=policy)
    encrypted = replace(other, name="acme-other", trail_keys=("arn:aws:kms:us-east-1:111122223333:key/1",))
    seen = given_a_closed_log_account(left, encrypted)
    after = replace(seen, old=OldEstate((), (), (left, replace(encrypted, trail_keys=()))))
    assert given_only_one(after) == proposed


@pytest.mark.parametrize("gone", [(), ("another",)])
def test_a_bucket_that_no_receipt_speaks_of_is_taken_out_of_the_copiers_policy(gone: tuple[str, ...]) -> None:
    """The twin: what somebody wrote into the policy by hand is not taken for a deleted bucket, and no other name is
    added."""
    seen = given_two_buckets_of_which_one_was_deleted(*gone)
    assert given_only_one(seen) == ["onetrail-copier: policy"]
    wanted = next(
        role for role in roles_for(SETTINGS, seen.log, seen.old.buckets, gone) if role.name == "onetrail-copier"
    )
    assert "another" not in str(wanted.policy)
