"""The central bucket's policy allows and refuses what it must in every state, and no part of it is idle."""

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from onetrail.estate.policy_documents.judged import OpeningWrong, judged_opening
from onetrail.iam import (
    Opening,
    PolicyError,
    canonical,
    differences,
    expected,
    judge,
    statements,
    without_sids,
)
from onetrail.iam.build import central_bucket, central_bucket_open, central_bucket_window
from onetrail.iam.expectations import PolicyState
from onetrail.iam.expectations.judge import judged
from onetrail.iam.limits import DocumentKind, size

LOG, SOURCE, MANAGEMENT = "044455556666", "111122223333", "999988887777"
LEAST = {"steady": 19, "window": 19, "open": 32, "expired": 32}


def document_of(archive, state, opening):
    if state in ("open", "expired"):
        return central_bucket_open(archive, opening.copiers, opening.old_buckets, opening.expires)
    return (central_bucket if state == "steady" else central_bucket_window)(archive)


def broken(archive, document, state, opening):
    return [v.expectation.name for v in judge(archive, document, state, opening) if not v.as_wanted]


asked = cache(expected)


def unnoticed(archive, document, state, opening) -> bool:
    """Whether each request is still decided as it must be; stops at the first that is not."""
    return all(v.as_wanted for v in judged(asked(archive, state, opening), document))


def situations(make_archive, partition: str = "aws") -> Iterator[tuple[str, Any, Opening]]:
    role = "arn:{}:iam::{}:role/onetrail-copier".format
    pull, push = role(partition, LOG), role(partition, SOURCE)
    old = tuple(f"acme-audit-{n}" for n in range(20))
    until = "2026-01-12T15:00:00Z"
    plain = make_archive(partition)
    region = plain.trail_arns[0].split(":")[3]
    owner = f"arn:{partition}:cloudtrail:{region}:{MANAGEMENT}:trail/org"
    organization = make_archive(
        partition,
        key_prefix="/logs/",
        organization_id="o-practice01",
        source_accounts=(SOURCE, "012345678901"),
        trail_arns=(owner, plain.trail_arns[0]),
    )
    for name, copiers in (("pull", (pull,)), ("push", (push,)), ("both", (pull, push))):
        yield name, plain, Opening(copiers, old[:2], until)
    yield "organization", organization, Opening((pull, push), old, until)


def test_where_s3_takes_no_condition_that_alone_is_left_out_and_judged_so(archive, pull) -> None:
    """The opening says so; twins: it does not, and the judge names what the copier could do."""
    window, whole = central_bucket_window(archive), document_of(archive, "open", pull)
    bare = central_bucket_open(archive, pull.copiers, pull.old_buckets, pull.expires, conditional=False)
    assert set(differences(window, whole)) - set(differences(window, bare)) == {
        line for line in differences(window, whole) if line.startswith("added CopierNeverOverwrites")
    }
    assert broken(archive, bare, "open", replace(pull, conditional=False)) == []
    assert broken(archive, bare, "open", pull) == ["the copier: a copy over what is there"]
    assert "the copier: a copy over what is there" in broken(archive, whole, "open", replace(pull, conditional=False))


@pytest.mark.parametrize("state", PolicyState)
def test_every_request_gets_its_wanted_verdict(make_archive, any_partition, state) -> None:
    for name, archive, opening in situations(make_archive, any_partition):
        document = document_of(archive, state, opening)
        assert broken(archive, document, state, opening) == [], name
        assert len(expected(archive, state, opening)) >= LEAST[state]
        assert size(DocumentKind.BUCKET, document) < 20 * 1024, name  # S3's limit for a bucket policy


def without_statements(document) -> Iterator[tuple[str, dict[str, Any]]]:
    for index, statement in enumerate(statements(document)):
        left = json.loads(json.dumps(document))
        del left["Statement"][index]
        yield statement["Sid"], left


def without_conditions(document) -> Iterator[tuple[str, dict[str, Any]]]:
    for index, statement in enumerate(statements(document)):
        for operator, block in statement.get("Condition", {}).items():
            for key in block:
                left = json.loads(json.dumps(document))
                del left["Statement"][index]["Condition"][operator][key]
                if not left["Statement"][index]["Condition"][operator]:
                    del left["Statement"][index]["Condition"][operator]
                yield f"{statement['Sid']} {operator} {key}", left


def without_values(document) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each action, resource, principal and condition value that stands in a list, taken out."""

    def lists(value, path):
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from lists(inner, (*path, key))
        elif isinstance(value, list):
            yield path, value

    for index, statement in enumerate(document["Statement"]):
        for path, value in lists(statement, ()):
            for position, word in enumerate(value):
                left = json.loads(json.dumps(document))
                found = left["Statement"][index]
                for step in path:
                    found = found[step]
                del found[position]
                yield f"{statement['Sid']} {path} {word}", left


def bound_once(archive, opening) -> Iterator[tuple[str, dict[str, Any]]]:
    """A foreign copier is bound twice, by Deny and by its own Allow: the policy with each alone."""
    whole = document_of(archive, "open", opening)
    by_allow, by_deny = copy.deepcopy(whole), copy.deepcopy(whole)
    bounds = {"CopierExpires", "CopierOnlyCopies", "CopierOnlyLogs"}
    by_allow["Statement"] = [s for s in whole["Statement"] if s["Sid"] not in bounds]
    for statement in by_deny["Statement"]:
        if statement["Sid"] in ("CopierWrites", "CopierGivesOwnership", "CopierLocks"):
            statement["Resource"] = archive.objects_arn
            for operator in ("DateLessThan", "StringLike"):
                statement["Condition"].pop(operator, None)
    yield "by its Allow", by_allow
    yield "by the Deny", by_deny


@pytest.mark.parametrize("cut", [without_statements, without_conditions, without_values])
def test_each_of_the_two_bounds_of_a_foreign_copier_is_enough_and_whole(archive, push, cut) -> None:
    for name, document in bound_once(archive, push):
        for state in ("open", "expired"):
            assert broken(archive, document, state, push) == [], name
        idle = [
            part for part, left in cut(document) if all(unnoticed(archive, left, s, push) for s in ("open", "expired"))
        ]
        assert idle == [], name


@pytest.mark.parametrize("cut", [without_statements, without_conditions, without_values])
@pytest.mark.parametrize("states", [("steady",), ("window",), ("open", "expired")])
def test_nothing_can_be_taken_out_unnoticed(make_archive, cut, states) -> None:
    for name, archive, opening in situations(make_archive):
        if name == "organization" and cut is without_values:
            continue  # twenty old buckets take long and add nothing
        if states[0] == "open" and name != "pull":
            continue  # a foreign copier is bound twice: the test above
        document = document_of(archive, states[0], opening)
        idle = [
            part for part, left in cut(document) if all(unnoticed(archive, left, state, opening) for state in states)
        ]
        assert idle == [], name


def test_cloudtrail_is_locked_out_when_its_exemption_is_left_out(archive, pull) -> None:
    """The trap: a negated aws:PrincipalArn alone hits CloudTrail too, which has none."""
    whole = document_of(archive, "open", pull)
    trapped = copy.deepcopy(whole)
    (writes,) = (s for s in trapped["Statement"] if s["Sid"] == "ReadsOnly")
    del writes["Condition"]["StringNotEquals"]
    (lost,) = (v for v in judge(archive, trapped, "open", pull) if not v.as_wanted)
    assert "delivers logs" in lost.expectation.name
    assert (lost.decision.sid, lost.decision.reason) == ("ReadsOnly", "explicit_deny")
    assert broken(archive, whole, "open", pull) == []


def test_an_expiring_allow_would_expire_nothing_for_a_copier_of_the_archives_own_account(archive, pull) -> None:
    whole = document_of(archive, "expired", pull)
    soft = copy.deepcopy(whole)
    soft["Statement"] = [s for s in soft["Statement"] if s["Sid"] != "CopierExpires"]
    soft["Statement"].append(
        {
            "Sid": "CopierMay",
            "Effect": "Allow",
            "Principal": {"AWS": archive.copier_arn},
            "Action": "s3:PutObject",
            "Resource": archive.logs_arn,
            "Condition": {"DateLessThan": {"aws:CurrentTime": pull.expires}},
        }
    )
    assert any("a copy from" in name for name in broken(archive, soft, "expired", pull))


SEEN = [
    # the policy of, under the table of, what is not as intended
    ("steady", "window", "the grant-keeper sets the policy"),
    ("window", "steady", "the grant-keeper sets the policy"),
    ("open", "steady", "the grant-keeper sets the policy"),
    ("window", "open", "the copier: a copy with its lock"),
    ("steady", "open", "the copier: a copy with its lock"),
]


@pytest.mark.parametrize(("policy", "state", "says"), SEEN)
def test_the_policy_of_one_state_does_not_pass_for_another(archive, pull, policy, state, says) -> None:
    assert says in broken(archive, document_of(archive, policy, pull), state, pull)


def test_a_closed_grant_and_an_expired_one_refuse_the_same(archive, pull) -> None:
    """But for the grant-keeper, whose window a closing revokes and an expiry ends."""
    assert broken(archive, central_bucket(archive), "expired", pull) == []
    window = broken(archive, central_bucket_window(archive), "expired", pull)
    assert window == ["the grant-keeper sets the policy", "the grant-keeper does PutBucketPolicy"]


def test_opening_and_closing_gives_the_same_policy_back(archive, pull) -> None:
    window, opened = central_bucket_window(archive), document_of(archive, "open", pull)
    assert canonical(opened) != canonical(window)
    assert {line.split(":")[0] for line in differences(window, opened)} == {
        "added CopierCopiesOnly",
        "added CopierExpires",
        "added CopierHoldsNothing",
        "added CopierLocksNoLonger",
        "added CopierNeverOverwrites",
        "added CopierOnlyCopies",
        "added CopierOnlyGovernance",
        "added CopierOnlyLogs",
        "added KeeperExpires",
        "changed ReadsOnly",
    }
    assert canonical(central_bucket_window(archive)) == canonical(window)


@pytest.mark.parametrize("state", PolicyState)
def test_no_policy_says_not_principal_or_shuts_break_glass_out(make_archive, state) -> None:
    for name, archive, opening in situations(make_archive):
        document = document_of(archive, state, opening)
        assert "NotPrincipal" not in json.dumps(document), name
        names = {v.expectation.name: v.decision.allowed for v in judge(archive, document, state, opening)}
        assert names["break-glass sets the policy"], name


def test_a_grant_that_decides_wrongly_comes_into_no_plan(archive, push) -> None:
    """One line names the state and the first request; twin: the whole document."""
    whole = document_of(archive, "open", push)
    assert judged_opening(archive, whole, push) == whole
    with pytest.raises(OpeningWrong, match=r"open: the copier of 111122223333: a copy over what is there"):
        judged_opening(archive, without_sids(whole, {"CopierNeverOverwrites"}), push)


@pytest.mark.parametrize("accounts", [1, 20, 27])
def test_an_opening_for_copiers_of_many_accounts_fits(make_archive, accounts) -> None:
    """What binds copiers names them by one pattern; twin: as many exact names in each statement would not fit."""
    ids = tuple(f"{n:012d}" for n in range(1, accounts + 1))
    trails = tuple(f"arn:aws:cloudtrail:us-east-1:{one}:trail/acme" for one in ids)
    archive = make_archive(source_accounts=ids, trail_arns=trails)
    copiers = tuple(f"arn:aws:iam::{one}:role/onetrail-copier" for one in (LOG, *ids))
    old = tuple(f"acme-audit-logs-of-{one}" for one in ids)
    document = central_bucket_open(archive, copiers, old, "2026-01-12T15:00:00Z")
    assert broken(archive, document, "open", Opening(copiers, old, "2026-01-12T15:00:00Z")) == []
    assert size(DocumentKind.BUCKET, document) < 20 * 1024
    bounds = [s for s in document["Statement"] if s["Sid"].startswith("Copier") and s["Effect"] == "Deny"]
    by_name = sum(accounts * len(f'"{copiers[1]}",') for _ in bounds)
    assert (size(DocumentKind.BUCKET, document) + by_name < 20 * 1024) is (accounts < 20)


WRONG = [
    ((), ("old",), "2026-01-12T15:00:00Z", "copier"),
    (("arn:aws:iam::111122223333:role/*",), ("old",), "2026-01-12T15:00:00Z", "copier"),
    (("arn:aws:iam::111122223333:role/x",), (), "2026-01-12T15:00:00Z", "old bucket"),
    (("arn:aws:iam::111122223333:role/x",), ("acme-*",), "2026-01-12T15:00:00Z", "old bucket"),
    (("arn:aws:iam::111122223333:role/x",), ("old",), "", "instant of expiry"),
    (("arn:aws:iam::111122223333:role/x",), ("old",), "tomorrow", "instant of expiry"),
]


@pytest.mark.parametrize(("copiers", "old", "until", "says"), WRONG)
def test_a_grant_without_its_bounds_is_not_built(archive, copiers, old, until, says) -> None:
    with pytest.raises(PolicyError, match=says):
        central_bucket_open(archive, copiers, old, until)


@pytest.mark.parametrize(
    "changed",
    [
        {"log_account": "44455556666"},  # a lost zero
        {"source_accounts": ("1111222233334",)},
        {"trail_arns": ()},
        {"trail_arns": ("arn:aws:cloudtrail:us-east-1:111122223333:trail/*",)},
        {"break_glass_arn": ""},
    ],
)
def test_an_archive_that_would_be_open_or_locked_for_ever_is_refused(make_archive, changed) -> None:
    with pytest.raises(PolicyError):
        make_archive(**changed)


def test_a_grant_is_judged_only_with_its_opening(archive) -> None:
    with pytest.raises(PolicyError, match="pass its opening"):
        expected(archive, "open")
