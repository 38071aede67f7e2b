"""What an owner added to a role and only narrows it is kept; what widens it is taken out."""

from copy import deepcopy
from typing import Any

import pytest

from onetrail import iam
from onetrail.estate.log_account.stricter import (
    additions,
    only_denies,
    policy_with_additions,
    sessions_described_by,
    trust_with_additions,
)
from onetrail.iam.build import trust

LEAD, SECOND = "arn:aws:iam::999988887777:role/SecurityLead", "arn:aws:iam::999988887777:role/Deputy"
STRANGER = "arn:aws:iam::666677778888:role/Stranger"
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
OFFICE = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
ID = {"StringEquals": {"sts:ExternalId": "acme-7"}}
NO_TOR = {"Sid": "NoTor", "Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Condition": OFFICE}


def statement(*who: str, condition: Any = None, action: Any = "sts:AssumeRole", sid: str = "Theirs") -> dict[str, Any]:
    said = {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": list(who)}, "Action": action}
    return {**said, **({"Condition": condition} if condition else {})}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


NARROWED = {
    "mfa": (policy(statement(LEAD, condition=MFA)), ["aws:MultiFactorAuthPresent"]),
    "source address": (policy(statement(LEAD, condition=OFFICE)), ["aws:SourceIp"]),
    "external id": (policy(statement(LEAD, condition=ID)), ["sts:ExternalId"]),
    "several": (
        policy(statement(LEAD, condition={**MFA, **OFFICE})),
        ["aws:MultiFactorAuthPresent", "aws:SourceIp"],
    ),
    "a Deny beside": (policy(statement(LEAD), NO_TOR), ["Deny NoTor"]),
    "sessions are described": (policy(statement(LEAD, action=["sts:AssumeRole", "sts:TagSession"])), []),
}


@pytest.mark.parametrize("case", NARROWED)
def test_a_trust_that_is_narrower_than_wanted_stays_as_it_is_and_what_was_added_is_named(case: str) -> None:
    found, named = NARROWED[case]
    assert trust_with_additions(found, trust([LEAD])) == found
    assert additions(found, trust([LEAD])) == named


@pytest.mark.parametrize(
    ("action", "named"),
    [
        ("sts:AssumeRole", []),
        (["sts:AssumeRole", "sts:TagSession"], ["sts:TagSession"]),
        (["sts:TagSession", "sts:SetSourceIdentity", "sts:AssumeRole"], ["sts:SetSourceIdentity", "sts:TagSession"]),
    ],
)
def test_what_a_trust_allows_beside_the_assuming_is_named(action: Any, named: list[str]) -> None:
    assert sessions_described_by(policy(statement(LEAD, action=action), NO_TOR)) == named


def test_two_statements_that_together_let_in_exactly_whom_is_wanted_stay() -> None:
    found = policy(statement(LEAD, condition=MFA), statement(SECOND, sid="Other", condition=OFFICE))
    assert trust_with_additions(found, trust([LEAD, SECOND])) == found


WIDER = {
    "a stranger": (statement(LEAD, STRANGER, condition=MFA), MFA),
    "nobody of ours": (statement(STRANGER, condition=MFA), MFA),
    "one is missing": (statement(SECOND, condition=OFFICE), OFFICE),
    "a service beside": (
        {**statement(LEAD), "Principal": {"AWS": [LEAD], "Service": "ec2.amazonaws.com"}, "Condition": MFA},
        MFA,
    ),
    "everybody": ({**statement(LEAD), "Principal": "*"}, {}),
    "a whole account": (statement("arn:aws:iam::999988887777:root", condition=ID), ID),
    "more than assuming": (statement(LEAD, action=["sts:AssumeRole", "sts:AssumeRoleWithSAML"]), {}),
}


@pytest.mark.parametrize("case", WIDER)
def test_a_trust_that_lets_in_others_is_put_right_and_its_conditions_are_kept(case: str) -> None:
    found, kept = WIDER[case]
    wanted = [LEAD, SECOND] if case == "one is missing" else [LEAD]
    put = trust_with_additions(policy(found, NO_TOR), trust(wanted))
    allowed, denied = put["Statement"]
    assert allowed["Principal"] == {"AWS": wanted if len(wanted) > 1 else LEAD}
    assert allowed.get("Condition", {}) == kept
    assert denied == NO_TOR


def test_a_condition_that_only_one_of_two_statements_has_is_not_spread_over_both() -> None:
    found = policy(statement(LEAD, condition=MFA), statement(STRANGER, sid="Other"))
    assert trust_with_additions(found, trust([LEAD])) == trust([LEAD])


@pytest.mark.parametrize("there", [{}, {"StringEquals": {"sts:ExternalId": "another"}}])
def test_a_condition_that_is_wanted_is_put_where_it_is_missing_or_another(there: dict[str, Any]) -> None:
    wanted = trust([LEAD], external_id="acme-7")
    put = trust_with_additions(policy(statement(LEAD, condition={**OFFICE, **there})), wanted)
    assert put["Statement"][0]["Condition"] == {**OFFICE, **ID}


def test_a_role_without_any_statement_of_its_own_gets_what_is_wanted() -> None:
    assert trust_with_additions(policy(NO_TOR), trust([LEAD]))["Statement"] == [*trust([LEAD])["Statement"], NO_TOR]


@pytest.mark.parametrize(
    ("operator", "key", "value"),
    [
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::999988887777:role/Platform*"),
        ("StringEquals", "aws:principalaccount", "666677778888"),
        ("StringLike", "aws:userid", "AROAEXAMPLEEXAMPLE000:*"),
    ],
)
def test_a_condition_that_says_who_is_let_in_goes_with_the_principals_that_go(
    operator: str, key: str, value: str
) -> None:
    found = policy(statement("arn:aws:iam::999988887777:root", condition={operator: {key: value}, **MFA}))
    assert trust_with_additions(found, trust([LEAD])) == trust([LEAD], mfa=True)
    exact = policy(statement(LEAD, condition={operator: {key: value}}))
    assert trust_with_additions(exact, trust([LEAD])) == exact


def test_a_deny_that_has_the_sid_of_ours_is_kept_without_it_since_iam_takes_each_sid_once() -> None:
    found = policy(statement(STRANGER), {**NO_TOR, "Sid": "NamedPrincipals"})
    kept = {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Condition": OFFICE}
    assert trust_with_additions(found, trust([LEAD]))["Statement"] == [*trust([LEAD])["Statement"], kept]


def test_a_condition_key_is_put_once_in_whatever_case_the_owner_wrote_it() -> None:
    found = policy(statement(LEAD, condition={"Bool": {"aws:multifactorauthpresent": "true"}, **OFFICE}))
    put = trust_with_additions(found, trust([LEAD], mfa=True))
    assert put["Statement"][0]["Condition"] == {**MFA, **OFFICE}


def test_a_statement_that_is_not_a_deny_counts_as_one_that_lets_in() -> None:
    found = policy(statement(LEAD), {**statement(STRANGER, sid="Other"), "Effect": "allow"})
    assert trust_with_additions(found, trust([LEAD])) == trust([LEAD])


DEAD = "AROAEXAMPLEEXAMPLE000"
BURIED: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "it denied that principal alone": ({"Principal": {"AWS": DEAD}}, []),
    "it denies another too": (
        {"Principal": {"AWS": [DEAD, STRANGER]}},
        [{"Effect": "Deny", "Action": "sts:AssumeRole", "Principal": {"AWS": [STRANGER]}}],
    ),
    "it spares another too": (
        {"NotPrincipal": {"AWS": [DEAD, LEAD]}},
        [{"Effect": "Deny", "Action": "sts:AssumeRole", "NotPrincipal": {"AWS": [LEAD]}}],
    ),
    "it spares nobody who is left": (
        {"NotPrincipal": {"AWS": [DEAD]}},
        [{"Effect": "Deny", "Action": "sts:AssumeRole", "Principal": "*"}],
    ),
}


@pytest.mark.parametrize("case", BURIED)
def test_a_deny_is_put_again_without_the_principals_that_were_deleted_and_denies_whom_it_denied(case: str) -> None:
    whom, kept = BURIED[case]
    found = policy(statement(STRANGER), {"Effect": "Deny", "Action": "sts:AssumeRole", **whom})
    put = trust_with_additions(found, trust([LEAD]))
    assert put["Statement"] == [*trust([LEAD])["Statement"], *kept]
    assert (iam.dead_principals(found), iam.dead_principals(put)) == ([DEAD], [])


READ = {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme/*"}
NEVER = {"Sid": "NeverUndo", "Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"}
REGION = {"Sid": "OneRegion", "Effect": "Deny", "NotAction": "iam:*", "Resource": "*", "Condition": OFFICE}
MORE = {"Sid": "More", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}


def test_a_deny_that_was_added_to_a_policy_stays_and_an_allow_goes() -> None:
    found = policy(READ, NEVER, REGION, MORE)
    assert policy_with_additions(found, policy(READ, NEVER)) == policy(READ, NEVER, REGION)


def test_a_deny_of_ours_that_was_changed_is_put_right() -> None:
    changed = {**NEVER, "Action": "s3:DeleteBucket"}
    assert policy_with_additions(policy(READ, changed), policy(READ, NEVER)) == policy(READ, NEVER)


def test_a_policy_that_is_as_wanted_or_not_there_is_what_is_wanted() -> None:
    for found in (policy(READ, NEVER), None):
        assert policy_with_additions(found, policy(READ, NEVER)) == policy(READ, NEVER)


@pytest.mark.parametrize(
    ("document", "wanted"), [(policy(REGION), True), (policy(REGION, MORE), False), (policy(), False)]
)
def test_a_further_policy_that_only_takes_away_is_known(document: dict[str, Any], wanted: bool) -> None:
    assert only_denies(document) is wanted


def test_nothing_that_was_read_is_changed_in_place() -> None:
    found, wanted = policy(statement(LEAD, STRANGER, condition=MFA), NO_TOR), trust([LEAD])
    before = deepcopy((found, wanted))
    put = trust_with_additions(found, wanted)
    assert (found, wanted) == before
    assert iam.canonical(put) != iam.canonical(wanted)
