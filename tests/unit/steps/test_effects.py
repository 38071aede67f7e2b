"""Every call that any step proposes has its effect in the table, and what cannot be undone says so beside its undo."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import botocore.session
import pytest

from onetrail.change import Change, ExpectedAnswer, Plan, Reversible
from onetrail.change.consequence import CALLS, consequence, effect_of, reversible, sign
from onetrail.estate.copier_role import RolePart
from onetrail.estate.guardrails import OrganizationGuardrail
from onetrail.estate.old_estate import OldBucket
from onetrail.steps import account_lockdown, bucket_creation, copy_history, retirement, trail_cutover, verification
from onetrail.steps.account_lockdown.propose import roles_for
from onetrail.steps.retirement.retiring import Past
from tests.unit.change.given import given_a_change, given_a_plan
from tests.unit.steps import (
    test_account_lockdown as lockdown,
)
from tests.unit.steps import (
    test_batch_jobs as batch,
)
from tests.unit.steps import (
    test_bucket_creation as buckets,
)
from tests.unit.steps import (
    test_copy_history as copying,
)
from tests.unit.steps import (
    test_retirement as retiring,
)
from tests.unit.steps import (
    test_trail_cutover as cutover,
)
from tests.unit.steps import (
    test_verification as verifying,
)

LIBRARY = Path(__file__).parents[3] / "lib" / "onetrail"
OLD_RULES = {"Rules": [{"ID": "old", "Status": "Disabled"}]}
GUARDRAIL = OrganizationGuardrail("onetrail-trail-rail", "o-practice01", "999988887777", "us-east-1", "", "r-1", True)
DEAD = {
    "Version": "2012-10-17",
    "Statement": [lockdown.DELIVERY, {**lockdown.DELIVERY, "Sid": "Dead", "Principal": {"AWS": "AROAEXAMPLE12345678"}}],
}


def _lockdown() -> Iterator[Plan]:
    """02: everything missing, then one thing that differs at a time."""
    held = lockdown.given_a_held_bucket()
    seen = lockdown.given_a_closed_log_account(held)
    extra = {**seen.log.roles["onetrail-reader"].inline, "extra": lockdown.OTHER}
    for observation in (
        lockdown.given_a_fresh_log_account(
            lockdown.given_an_old_bucket(lifecycle={"Rules": [lockdown.EXPIRES]}, policy=DEAD)
        ),
        lockdown.with_role(seen, "onetrail-reader", inline=extra, attached=(lockdown.ADMIN,), tags={}),
        lockdown.with_role(seen, "onetrail-operator", trust=lockdown.MANAGEMENT),
    ):
        yield account_lockdown.propose(lockdown.SETTINGS, observation)
    yield account_lockdown.propose(lockdown.SETTINGS.with_values(role_boundary="Boundary"), seen)


def _buckets() -> Iterator[Plan]:
    """03: with a key and without, from nothing, and with what differs."""
    made = buckets.given_all_made()
    yield bucket_creation.propose(buckets.SETTINGS, buckets.given_nothing_made_yet())
    yield bucket_creation.propose(
        buckets.SETTINGS, buckets.with_bucket(made, buckets.CENTRAL, ownership="ObjectWriter", versioning="Suspended")
    )
    settings = buckets.SETTINGS.with_values(kms_key="create")
    seen = buckets.given_nothing_made_yet(settings)
    roles = {
        w.name: buckets.Role(w.name, "arn", "/", w.trust, inline={w.name: w.policy} if w.policy else {})
        for w in roles_for(settings, seen.log, [OldBucket("old", "1", "r")])
    }
    yield bucket_creation.propose(settings, replace(seen, log=replace(seen.log, roles=roles)))


def _cutover() -> Iterator[Plan]:
    """04: no new trail yet, one that differs, and the guardrail from nothing and with another text."""
    insights = replace(cutover.given_a_trail(), insight_selectors=(("ApiCallRateInsight", ()),))
    for guardrail in (GUARDRAIL, replace(GUARDRAIL, policy_id="p-1", content={"Statement": []})):
        yield trail_cutover.propose(cutover.SETTINGS, replace(cutover.given(old=[insights]), guardrail=guardrail))
    yield trail_cutover.propose(
        cutover.SETTINGS,
        cutover.given(
            new=[cutover.given_the_new_trail(validation=False)], deliveries=cutover.delivered(*cutover.REGIONS)
        ),
    )


def _copies() -> Iterator[Plan]:
    """05: both directions, a key, archived objects, what was left open, and the same by jobs."""
    pull = copying.given_a_backlog(copying.given_a_bucket("a"))
    push = copying.given_a_backlog(copying.given_a_bucket("b"), direction="push")
    away = replace(pull, away={"GLACIER": 2}, away_sizes={"GLACIER": 9})
    yield copy_history.propose(
        copying.KEYED, copying.given(pull, push, kms_key=copying.KEY, key_policy=copying.KEY_POLICY)
    )
    yield copy_history.propose(copying.SETTINGS, copying.given(away, copier_left=(RolePart.POLICY, RolePart.ROLE)))
    jobs = batch.a_backlog("a")
    yield copy_history.propose(batch.SETTINGS, batch.seen(jobs))
    yield copy_history.propose(batch.SETTINGS, batch.seen(batch.a_backlog("a", 0), batch=batch.LEFT))


def _verification() -> Iterator[Plan]:
    """06: one old bucket and the archive's own files, both locks, receipts and the head."""
    own = replace(verifying.GOOD, name=verifying.SETTINGS.bucket_name)
    yield verification.propose(
        verifying.SETTINGS, verifying.given(verifying.GOOD, archive=own, work_lock=verifying.LOCK)
    )


def _retirement() -> Iterator[Plan]:
    """07: kept, released, left to a rule, with objects past retention, and what must stop first."""
    ready, bucket = retiring.READY, retiring.BUCKET
    ruled = replace(bucket, lifecycle={"Rules": [*OLD_RULES["Rules"], *retiring.RULED.lifecycle["Rules"]]})
    for seen in (
        replace(ready, past=Past(2, 200, "e" * 64), held="d" * 64),
        replace(ready, how="delete"),
        replace(ready, how="expire"),
        replace(ready, bucket=retiring.CLOSED),
        replace(ready, how="expire", bucket=ruled, lack="AWSLogs/x: it is gone"),
        replace(ready, how="expire", bucket=retiring.RULED, lack="AWSLogs/x: it is gone"),
    ):
        yield retirement.propose(retiring.SETTINGS, retiring.given(seen, trails=[retiring.TRAIL]))


def proposed() -> list[Change]:
    """The changes of all these plans."""
    found = (_lockdown(), _buckets(), _cutover(), _copies(), _verification(), _retirement())
    return [change for plans in found for plan in plans for change in plan.changes]


PROPOSED = proposed()


def test_every_call_that_a_step_proposes_has_its_effect_in_the_table():
    """And the table holds no call that no step proposes."""
    assert {(change.service, change.call) for change in PROPOSED} == set(CALLS)


def test_a_call_that_the_table_lacks_is_an_error_and_never_a_harmless_change():
    """Twin: a plan with one such call comes to nothing at all, while all others of it are known."""
    strange = given_a_change("strange", call="PutBucketReplication")
    for judge in (effect_of, sign):
        with pytest.raises(ValueError, match=r"s3:PutBucketReplication has no effect in .*CALLS"):
            judge(strange)
    with pytest.raises(ValueError, match="PutBucketReplication"):
        consequence(given_a_plan(given_a_change(), strange))


_MAKING = ("Put", "Create", "Delete", "Update", "Attach", "Enable", "Start", "Stop", "Copy", "Restore", "Tag")


def changing_calls(source: str) -> set[str]:
    """The names of changing operations of the services that plans call, among the strings of a module."""
    session = botocore.session.Session()
    operations = {
        name
        for service in {service for service, _ in CALLS} - {"run-folder"}
        for name in session.get_service_model(service).operation_names
        if name.startswith(_MAKING)
    }
    found = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}
    return {text for text in found if isinstance(text, str) and text in operations}


def test_no_module_that_proposes_names_a_changing_call_that_the_table_lacks():
    """So that a change which no observation above leads to is seen too. Twin: a module that names one more."""
    known = {call for _, call in CALLS}
    modules = [path for folder in ("steps", "estate") for path in sorted((LIBRARY / folder).rglob("*.py"))]
    said = {path.name: changing_calls(text) for path in modules if "Change(" in (text := path.read_text())}
    assert {name: calls - known for name, calls in said.items() if calls - known} == {}
    assert sum(map(len, said.values())) > 40
    assert changing_calls('call = "PutBucketReplication"') - known == {"PutBucketReplication"}


def test_what_has_no_undo_is_marked_as_what_cannot_be_undone():
    """And the other way round: nothing that nobody can undo has an undo that promises something."""
    for change in PROPOSED:
        never = change.undo.startswith("none")
        assert never is (reversible(change) is Reversible.NO), f"{change.key}: {change.undo}"


def test_a_probe_changes_nothing():
    """It must be refused, whatever its call would do."""
    probes = [change for change in PROPOSED if change.expects is ExpectedAnswer.REFUSED]
    assert {change.call for change in probes} == {"PutObject", "CopyObject"}
    assert {sign(change) for change in probes} == {"="}


SIGNS = {
    "PutBucketPolicy": {"+", "~", "~!"},  # a policy where there was none; another one; dead principals leave it
    "PutBucketLifecycleConfiguration": {"+", "~", "-!"},  # by a rule, S3 deletes
    "PutObjectRetention": {"~!"},
    "PutObjectLockConfiguration": {"+", "~!"},
    "DeleteObjects": {"-!"},
    "DeleteBucket": {"-!"},
    "DeleteTrail": {"-!"},
    "CopyObject": {"+", "="},
    "CreateRole": {"+"},
    "DeleteRole": {"-"},
    "StopLogging": {"~"},
    "CreateTrail": {"+"},
    "WriteVerificationReceipt": {"+"},
}


@pytest.mark.parametrize(("call", "signs"), SIGNS.items(), ids=list(SIGNS))
def test_the_signs_of_a_call(call, signs):
    """What a call does depends on what was there, and on what the change itself says of it."""
    assert {sign(change) for change in PROPOSED if change.call == call} == signs
