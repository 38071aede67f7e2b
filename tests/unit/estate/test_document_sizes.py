"""A document that AWS would refuse for its size is a finding before anything is sent, and its plan is not proposed."""

import json
import re
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest

from docs import pages
from onetrail.change import (
    After,
    Change,
    CheckKind,
    Document,
    EarlierResult,
    FindingState,
    Plan,
    RequiredCheck,
)
from onetrail.estate.archive import archive_of
from onetrail.estate.freeze import held_policy
from onetrail.estate.guardrails import OrganizationGuardrail
from onetrail.estate.old_estate import OldBucket, OldEstate
from onetrail.estate.policy_documents.printed import documents
from onetrail.estate.policy_documents.sizes import sized, within_limits
from onetrail.iam import build
from onetrail.iam.limits import LIMITS, DocumentKind, size
from onetrail.settings import Settings
from onetrail.show import plan as shown
from onetrail.steps import account_lockdown, bucket_creation, copy_history, trail_cutover, verification
from onetrail.steps.start_here.documents_ahead import kind_of
from onetrail.steps.start_here.preflight import rows
from onetrail.steps.start_here.preflight_seen import PreflightFacts
from tests.unit.steps.given_log_account import given_a_fresh_log_account, given_an_old_bucket
from tests.unit.steps.given_sources import OWNER
from tests.unit.steps.test_bucket_creation import given_nothing_made_yet
from tests.unit.steps.test_copy_history import SETTINGS, given_a_backlog, given_a_bucket
from tests.unit.steps.test_copy_history import given as given_the_copy
from tests.unit.steps.test_trail_cutover import given as given_the_cutover
from tests.unit.steps.test_verification import GOOD
from tests.unit.steps.test_verification import given as given_the_verification

KINDS = [
    # kind, call, parameters beside the document, the one that holds it
    (DocumentKind.BUCKET, "PutBucketPolicy", {"Bucket": "b"}, "Policy"),
    (DocumentKind.TRUST, "CreateRole", {"RoleName": "r"}, "AssumeRolePolicyDocument"),
    (DocumentKind.TRUST, "UpdateAssumeRolePolicy", {"RoleName": "r"}, "PolicyDocument"),
    (DocumentKind.ROLE, "PutRolePolicy", {"RoleName": "r", "PolicyName": "p"}, "PolicyDocument"),
    (DocumentKind.KEY, "CreateKey", {}, "Policy"),
    (DocumentKind.KEY, "PutKeyPolicy", {"KeyId": "k"}, "Policy"),
    (DocumentKind.SCP, "CreatePolicy", {"Type": "SERVICE_CONTROL_POLICY"}, "Content"),
    (DocumentKind.SCP, "UpdatePolicy", {"PolicyId": "p-1"}, "Content"),
    (DocumentKind.RCP, "CreatePolicy", {"Type": "RESOURCE_CONTROL_POLICY"}, "Content"),
]
MOST = {
    # written out, from AWS's pages: S3, IAM, KMS, Organizations
    DocumentKind.BUCKET: 20_480,
    DocumentKind.TRUST: 2_048,
    DocumentKind.ROLE: 10_240,
    DocumentKind.KEY: 32_768,
    DocumentKind.SCP: 10_240,
    DocumentKind.RCP: 5_120,
}


def document(size: int) -> Document:
    """A document of that many bytes as it is sent."""
    empty = {"Version": "2012-10-17", "Statement": [{"Sid": ""}]}
    spare = size - len(json.dumps(empty, separators=(",", ":")))
    return Document({**empty, "Statement": [{"Sid": "x" * spare}]})


def change(call: str, part: str, sent: Document, key: str = "one", **parameters: Any) -> Change:
    return Change(
        key=key,
        account="111122223333",
        region="us-east-1",
        service="x",
        call=call,
        parameters={**parameters, part: sent},
        resource="the thing",
        before=None,
        reason="",
        undo="",
    )


def plan(*changes: Change) -> Plan:
    return Plan("03", "practice", ("111122223333",), changes, ends_with=RequiredCheck(CheckKind.GRANT_REVOKED))


@pytest.mark.parametrize(("kind", "call", "parameters", "part"), KINDS, ids=lambda one: str(one))
def test_a_plan_with_a_document_that_is_too_large_is_not_proposed(
    kind: DocumentKind, call: str, parameters: dict[str, Any], part: str
) -> None:
    """It names document, size and limit. Twin: one byte less, and the plan is as it was."""
    fits = plan(change(call, part, document(MOST[kind]), **parameters))
    assert within_limits(fits) is fits
    refused = within_limits(plan(change(call, part, document(MOST[kind] + 1), **parameters)))
    assert (refused.empty, refused.ends_with) == (True, None)
    assert refused.why.startswith(
        f"the thing would have {MOST[kind] + 1:,} {LIMITS[kind].unit} as {kind}, and AWS takes {MOST[kind]:,}: "
    )


def test_the_inline_policies_of_a_role_count_together() -> None:
    """Those of the plan and those that stand; one that is replaced counts once."""

    def put(name: str, size: int, key: str) -> Change:
        return change("PutRolePolicy", "PolicyDocument", document(size), key=key, RoleName="r", PolicyName=name)

    both = plan(put("a", 5_000, "a"), put("b", 5_241, "b"))
    assert within_limits(both).empty
    assert not within_limits(plan(put("a", 5_000, "a"), put("b", 5_240, "b"))).empty
    standing = {"r": {"c": document(241).value, "a": document(9_000).value}}
    assert within_limits(plan(put("a", 10_000, "a")), standing).empty
    assert not within_limits(plan(put("a", 10_000, "a")), {"other": standing["r"]}).empty
    assert not within_limits(plan(put("a", 9_999, "a")), standing).empty


def test_what_is_filled_in_when_it_is_sent_counts_as_sent() -> None:
    """An expiry is shown as a duration and sent as an instant; a key that is still to be made has a long ARN."""
    sent = Document({"Statement": [{"Until": After("PT6H"), "Key": EarlierResult("key", "Arn")}]})
    (one,) = sized([change("PutBucketPolicy", "Policy", sent)])
    longest = "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-" + "0" * 32
    as_sent = {"Statement": [{"Until": "2026-01-12T15:00:00Z", "Key": longest}]}
    assert one.taken == len(json.dumps(as_sent, separators=(",", ":")))


def test_what_closes_a_grant_is_never_kept_back() -> None:
    """A closing takes statements out of what is there, so a large one fits or was there before. Twin: the same as an
    opening."""
    opening = change("PutBucketPolicy", "Policy", document(900), key="open")
    closing = replace(change("PutBucketPolicy", "Policy", document(30_000), key="close"), closes="open")
    whole = plan(opening, closing)
    assert within_limits(whole) is whole
    assert within_limits(plan(opening, replace(closing, closes=""))).empty


def test_every_document_is_named_once() -> None:
    """The reason names the first and counts the rest; other calls are none of its business."""
    many = [change("PutBucketPolicy", "Policy", document(30_000), key=key) for key in ("a", "b", "c")]
    other = change("PutBucketTagging", "Tagging", document(30_000), key="d")
    assert within_limits(plan(*many, other)).why.endswith("(and 2 more)")
    assert within_limits(plan(other)) == plan(other)


# --- In each step that puts documents


def accounts(number: int) -> list[dict[str, str]]:
    """So many source accounts, the practice estate's first."""
    found = [f"{111122223333 + n}" for n in range(number)]
    return [{"account_id": one, "role_arn": f"arn:aws:iam::{one}:role/TrailConsolidation"} for one in found]


def states(found: Any, name: str) -> list[FindingState]:
    return [one.state for one in found if one.id == name]


def grown(number: int) -> Settings:
    return SETTINGS.with_values(source_accounts=accounts(number))


def test_02_is_not_planned_where_the_copiers_policy_is_too_large() -> None:
    """The role is still reported as planned, not as fine. Twin: one bucket."""
    many = [given_an_old_bucket(name=f"acme-audit-{n:03}-with-a-long-name") for n in range(200)]
    for buckets, empty in ((many, True), (many[:1], False)):
        seen = given_a_fresh_log_account(*buckets)
        assert account_lockdown.propose(SETTINGS, seen).empty is empty
        found = account_lockdown.check(SETTINGS, seen)
        assert states(found, "02.document-size") == ([FindingState.FINDING] if empty else [])
        assert FindingState.PLANNED in states(found, "02.role")


def test_03_is_not_planned_where_the_archives_policy_is_too_large() -> None:
    """And the step is not done. Twin: few accounts."""
    for settings, empty in ((grown(105), True), (grown(3), False)):
        seen = given_nothing_made_yet(settings)
        assert bucket_creation.propose(settings, seen).empty is empty
        found = bucket_creation.check(settings, seen)
        assert bool(states(found, "03.document-size")) is empty


def test_04_is_not_planned_where_the_guardrail_is_too_large() -> None:
    """Nothing is stopped before the guardrail could stand. Twin: few accounts."""
    guardrail = OrganizationGuardrail(
        "onetrail-trail-rail", management="999988887777", root="r-1", enabled=True, region="us-east-1"
    )
    for settings, empty in ((grown(400), True), (grown(3), False)):
        regions = {account: () for account in settings.source_account_ids}
        seen = replace(given_the_cutover(), guardrail=guardrail, regions=regions)
        assert trail_cutover.propose(settings, seen).empty is empty
        assert bool(states(trail_cutover.check(settings, seen), "04.document-size")) is empty


def test_05_opens_nothing_where_the_archives_policy_would_be_too_large_and_closes_what_is_open() -> None:
    """Push from many accounts. Twin: from one."""
    settings = grown(50)
    due = [
        given_a_backlog(OldBucket(f"b{n}", account, "us-east-1"), direction="push")
        for n, account in enumerate(settings.source_account_ids)
    ]
    left = given_a_backlog(given_a_bucket("left", grant_open=True), 0)
    seen = given_the_copy(*due, left, central=build.central_bucket(archive_of(settings)))
    seen = replace(seen, source_copiers={account: () for account in settings.source_account_ids})
    plan = copy_history.propose(settings, seen)
    assert [change.key for change in plan.changes] == ["close-left"]
    assert "as bucket policy, and AWS takes 20,480" in plan.why
    assert FindingState.FINDING in states(copy_history.check(settings, seen), "05.document-size")
    few = copy_history.propose(settings, replace(seen, backlogs=(due[0], left)))
    assert few.why == "" and len(few.changes) > 5


def test_06_is_not_planned_where_the_guardrail_is_too_large() -> None:
    """Twin: a guardrail of ordinary names."""
    guardrail = OrganizationGuardrail(
        "onetrail-archive-rail", management="999988887777", root="r-1", enabled=True, region="us-east-1"
    )
    seen = given_the_verification(GOOD, guardrail=guardrail)
    assert not verification.propose(SETTINGS, seen).empty
    assert states(verification.check(SETTINGS, seen), "06.document-size") == []
    with pytest.MonkeyPatch.context() as patch:
        module = import_module("onetrail.steps.verification.propose")
        patch.setattr(module, "guardrail_document", lambda *_: document(10_241).value)
        assert verification.propose(SETTINGS, seen).empty
        assert states(verification.check(SETTINGS, seen), "06.document-size") == [FindingState.FINDING]


def test_a_plan_that_is_held_back_does_not_say_that_everything_is_done() -> None:
    """The line below the plan has the reason."""
    held = within_limits(plan(change("PutBucketPolicy", "Policy", document(30_000))))
    assert "nothing is planned: the thing would have 30,000 bytes" in shown(held).text


# --- Before the move begins


def given_the_preflight(*buckets: OldBucket) -> Any:
    return PreflightFacts(OldEstate((), (), buckets))


def sizes(settings: Settings, seen: Any, open_steps: tuple[str, ...] = ("02",)) -> dict[str, Any]:
    return {f.resource: f for f in rows(settings, seen, open_steps) if f.id == "00.document-size"}


def test_00_says_how_many_accounts_fit_and_that_number_is_right() -> None:
    """What is put in any case is a finding once it is too large; what depends on the copies' direction is a note. Twin:
    few accounts."""
    few = sizes(grown(3), given_the_preflight())
    assert [one.state for one in few.values()] == [FindingState.OK]
    many = sizes(grown(105), given_the_preflight())
    assert many["central_bucket"].state is FindingState.FINDING
    assert many["central_bucket_open_push"].state is FindingState.NOTE
    assert many["central_bucket_open_push"].evidence.startswith("if logs are pushed: would have ")
    for name in ("central_bucket", "central_bucket_open_push"):
        fit = int(re.search(r"room for (\d+) source account", many[name].evidence)[1])  # type: ignore[index]
        assert size(DocumentKind.BUCKET, documents(grown(fit))[name]) <= 20_480
        assert size(DocumentKind.BUCKET, documents(grown(fit + 1))[name]) > 20_480


def test_00_says_how_many_old_buckets_fit() -> None:
    """In the copier's own policy, which names each of them."""
    buckets = [OldBucket(f"acme-audit-logs-of-the-whole-estate-{n:04}", "111122223333", "us-east-1") for n in range(70)]
    said = sizes(SETTINGS, given_the_preflight(*buckets))["role_copier"]
    assert said.state is FindingState.NOTE
    more = int(re.search(r"room for (\d+) more old bucket", said.evidence)[1])  # type: ignore[index]
    names = [bucket.name for bucket in buckets] + [
        f"acme-audit-logs-of-the-whole-estate-{n:04}-2" for n in range(more + 1)
    ]
    assert size(DocumentKind.ROLE, documents(SETTINGS, old_buckets=names[:-1])["role_copier"]) <= 10_240
    assert size(DocumentKind.ROLE, documents(SETTINGS, old_buckets=names)["role_copier"]) > 10_240


def test_00_names_an_old_bucket_whose_own_policy_leaves_no_room() -> None:
    """Before 02 freezes it and 05 opens it. Twin: a short policy, an emptied bucket, and steps that are done."""
    longer = given_an_old_bucket(name="crowded", policy=document(20_300).value)
    found = sizes(SETTINGS, given_the_preflight(longer))["crowded"]
    assert (found.state, found.account) == (FindingState.FINDING, longer.account)
    assert "let the bucket's owner shorten it, or leave the bucket out by overrides" in found.evidence
    long = given_an_old_bucket(name="crowded", policy=document(19_500).value)
    pushed = sizes(SETTINGS, given_the_preflight(long))["crowded"]
    assert pushed.state is FindingState.NOTE
    assert re.match(
        r"if the log account's copier reads it: would have 2\d,\d{3} bytes as bucket policy, and AWS takes 20,480: 05"
        " pushes its logs instead",
        pushed.evidence,
    )
    pulled = sizes(SETTINGS.with_values(copy_direction="pull"), given_the_preflight(long))["crowded"]
    assert pulled.state is FindingState.FINDING
    assert ": set its direction to auto or push, or let the bucket's owner shorten it" in pulled.evidence
    assert "crowded" not in sizes(SETTINGS, given_the_preflight(replace(long, policy=None)))
    emptied = replace(long, policy=build.old_bucket_emptied("aws", "crowded", [long.account]))
    assert "crowded" not in sizes(SETTINGS, given_the_preflight(emptied))
    assert sizes(SETTINGS, given_the_preflight(long), ("07",)) == {}


@pytest.mark.parametrize("name", [*documents(SETTINGS.with_values(kms_key="create"))])
def test_every_printed_document_is_measured_by_the_limit_of_its_kind(name: str) -> None:
    """By what its name says, written out here once more."""
    wanted = DocumentKind.BUCKET
    if name.startswith(("role_", "identity_")):
        wanted = DocumentKind.TRUST if "trust" in name else DocumentKind.ROLE
    wanted = {
        "trail_rail": DocumentKind.SCP,
        "archive_rail": DocumentKind.SCP,
        "kms_key": DocumentKind.KEY,
        "kms_key_open": DocumentKind.KEY,
        "old_key_open": DocumentKind.KEY,
    }.get(name, wanted)
    if name not in ("scp", "rcp"):
        assert kind_of(name) is wanted


def test_the_page_says_how_many_accounts_fit() -> None:
    """That many do, and one more does not."""
    reported = re.findall(r"^\| `(\w+)`: .* \| (\d+) \|$", pages.how_many_accounts_fit(), re.MULTILINE)
    assert len(reported) == 6
    for name, number in reported:
        most = LIMITS[kind_of(name)].most
        assert pages.sizes_with(int(number))[name] <= most < pages.sizes_with(int(number) + 1)[name], name


def test_02_leaves_a_policy_alone_that_would_be_too_large_when_it_is_frozen() -> None:
    """And says so, with the rest of the plan as it is. Twin: one byte less."""
    empty = given_an_old_bucket(policy=document(0).value)
    spare = MOST[DocumentKind.BUCKET] - size(DocumentKind.BUCKET, held_policy("aws", empty, (OWNER,)))
    for more, state in ((0, FindingState.PLANNED), (1, FindingState.FINDING)):
        bucket = given_an_old_bucket(
            policy=document(spare + more + size(DocumentKind.BUCKET, empty.policy or {})).value
        )
        seen = given_a_fresh_log_account(bucket)
        assert states(account_lockdown.check(SETTINGS, seen), "02.held") == [state]
        held = f"{bucket.name}: policy" in [c.key for c in account_lockdown.propose(SETTINGS, seen).changes]
        assert held is (state is FindingState.PLANNED)
