"""`onetrail policies` against the plans of a whole run: every document that a notebook puts was printed before, and
every printed one is put."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from onetrail import iam, names
from onetrail.aws.gate import open_gate
from onetrail.change import Change, Document, Plan
from onetrail.change.values import plain
from onetrail.estate.freeze import without_dead_principals
from onetrail.estate.policy_documents import printed as policies
from onetrail.policies.calls import touches_policy
from onetrail.settings import Settings
from onetrail.steps import (
    account_lockdown,
    bucket_creation,
    copy_history,
    retirement,
    trail_cutover,
    verification,
)
from tests.integration.conftest import Estate

pytestmark = pytest.mark.estate

STEPS = (account_lockdown, bucket_creation, trail_cutover, copy_history, verification, retirement)
PUTS = {
    "PutBucketPolicy",
    "CreateRole",
    "UpdateAssumeRolePolicy",
    "PutRolePolicy",
    "CreatePolicy",
    "UpdatePolicy",
    "CreateKey",
    "PutKeyPolicy",
}
"""Calls that carry a policy document; one without any would have sent it as text, past this test."""
FOR_OTHERS = {"scp", "rcp", "role_break_glass", "identity_source", "identity_log_first", "identity_management"}
FOR_EXPIRE = {"old_bucket_closed"}
"""Only `old_buckets: expire` closes a bucket before it is empty."""
NEEDS_AN_OLD_KEY = {"old_key_open"}
"""Put where an old bucket's logs are under a key, as in the scenario of test_hard_sources; this estate has none."""
"""Printed, and put by no notebook: for whoever holds the organization, and what the attached AdministratorAccess
says."""
OLD_KEY = f"arn:aws:kms:us-east-1:111122223333:{policies.OLD_KEY}"
PUSHED = "acme-audit-eu-west-1"


class Sent(NamedTuple):
    """A document in a plan, and the change that puts it."""

    change: Change
    document: Mapping[str, Any]


class Run(NamedTuple):
    """What one whole run put, what was printed for its parameters (each document in one form), and which old buckets it
    had."""

    sent: list[Sent]
    printed: dict[str, str]
    old_buckets: frozenset[str]


def in_parameters(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Document):
        yield value.value
    elif isinstance(value, Mapping):
        yield from (found for item in value.values() for found in in_parameters(item))
    elif isinstance(value, list | tuple):
        yield from (found for item in value for found in in_parameters(item))


def given_a_run(
    estate: Estate,
    steps: tuple[Any, ...],
    besides: Callable[[Any, Settings, Any], Iterator[Plan]],
    **changes: Any,
) -> Run:
    """Every plan of these steps, each applied before the next is made; the last is only proposed. `besides` adds plans
    of the same stage."""
    estate.restore()
    sent: list[Sent] = []
    old_buckets: set[str] = set()
    for module in steps:
        clients = estate.clients(run_name=f"policies-{len(changes)}", **changes)
        settings = clients.settings
        observation = module.observe(settings, clients)
        plan = module.propose(settings, observation)
        assert plan.changes, module.__name__
        for one in (plan, *besides(module, settings, observation)):
            sent += [Sent(c, document) for c in one.changes for document in in_parameters(c.parameters)]
            told = {c.key for c in one.changes for _ in in_parameters(c.parameters)}
            assert {c.key for c in one.changes if c.call in PUTS} <= told
        if module is account_lockdown:
            old_buckets = {bucket.name for bucket in observation.old.buckets}
        if module is not steps[-1]:
            with open_gate(clients, "any") as gate:
                outcome = module.apply(plan, gate, clients)
            assert outcome.state == "applied", f"{module.__name__}: {outcome.line}"
    printed = policies.documents(settings, old_buckets=(policies.AN_OLD_BUCKET,))
    in_one_form = {name: iam.canonical(document) for name, document in printed.items()}
    return Run(sent, in_one_form, frozenset(old_buckets))


def ours(run: Run, sent: Sent) -> Mapping[str, Any]:
    """The document without what an old bucket's own policy said before, which must be all that it holds besides."""
    if sent.change.parameters.get("Bucket") not in run.old_buckets:
        return sent.document
    mine, theirs = [], []
    for statement in iam.statements(sent.document):
        (mine if str(statement.get("Sid", "")).startswith(names.SID_PREFIX) else theirs).append(statement)
    prior = without_dead_principals(plain(sent.change.before)) or {"Statement": []}
    assert all(plain(statement) in iam.statements(prior) for statement in theirs), "a statement of nobody's"
    return {**sent.document, "Statement": mine}


def filled(run: Run, document: Mapping[str, Any]) -> str:
    """The document in one form, with stand-ins for what only the estate fills in: expiry, old buckets, the key that is
    still to be made."""
    text = json.dumps(plain(document))
    stand_in = f"arn:aws:kms:us-east-1:044455556666:{policies.PLACEHOLDER_KEY}"
    text = text.replace("after PT6H", policies.LONG_AGO).replace("KeyMetadata.Arn of archive key", stand_in)
    for name in sorted(run.old_buckets, key=len, reverse=True):
        text = text.replace(name, policies.AN_OLD_BUCKET)
    words = {word for word in text.split('"') if word.startswith("arn:aws:kms:us-east-1:044455556666:key/")}
    for word in words:
        text = text.replace(word, stand_in)
    return iam.canonical(json.loads(text))


def printed_as(run: Run, document: Mapping[str, Any]) -> set[str]:
    """The names under which the document was printed."""
    said = filled(run, document)
    return {name for name, one in run.printed.items() if one == said}


def with_old_keys(module: Any, settings: Settings, observation: Any) -> Iterator[Plan]:
    """02 again, where the old buckets have KMS keys."""
    if module is account_lockdown:
        buckets = tuple(replace(bucket, kms_key=OLD_KEY) for bucket in observation.old.buckets)
        yield module.propose(settings, replace(observation, old=replace(observation.old, buckets=buckets)))


def in_every_direction(module: Any, settings: Settings, observation: Any) -> Iterator[Plan]:
    """05 again with every bucket pulled, with every bucket pushed, and by jobs where they can."""
    yield from with_old_keys(module, settings, observation)
    if module is copy_history:
        jobs = settings.with_values(copy_engine="s3-batch")
        yield module.propose(jobs, observation)
        for direction in ("pull", "push"):
            backlogs = tuple(replace(one, direction=direction) for one in observation.backlogs)
            yield module.propose(settings, replace(observation, backlogs=backlogs))
            yield module.propose(jobs, replace(observation, backlogs=backlogs))


@pytest.fixture(scope="module")
def runs(estate: Estate) -> tuple[Run, Run]:
    """02 to 07 with an organization, no key, and one bucket that is pushed; 02 to 05 with a key of its own and no
    organization."""
    mixed = given_a_run(estate, STEPS, in_every_direction, overrides={PUSHED: {"direction": "push"}})
    keyed = given_a_run(estate, STEPS[:4], with_old_keys, kms_key="create", organization_id="")
    return mixed, keyed


def test_whatever_a_plan_puts_was_printed(runs: tuple[Run, Run]) -> None:
    """Each document of each plan from 02 to 07 is among the printed ones. Twin: the next test."""
    for run in runs:
        missing = [sent.change.key for sent in run.sent if not printed_as(run, ours(run, sent))]
        assert missing == []


def test_a_document_that_differs_in_one_statement_is_not_taken_for_a_printed_one(
    runs: tuple[Run, Run],
) -> None:
    """Whichever statement is turned round, left out or widened, the comparison says so."""
    for run in runs:
        for sent in run.sent:
            document = json.loads(json.dumps(plain(ours(run, sent))))
            for number, statement in enumerate(document["Statement"]):
                rest = [one for at, one in enumerate(document["Statement"]) if at != number]
                turned = {**statement, "Effect": "Deny" if statement["Effect"] == "Allow" else "Allow"}
                widened = {**statement, "Action": "*"}
                for altered in ([], [turned], [widened] if statement.get("Action") != "*" else []):
                    changed = {**document, "Statement": [*rest, *altered]}
                    assert not printed_as(run, document) & printed_as(run, changed), sent.change.key


def test_every_call_that_carries_a_policy_is_one_whose_texts_are_kept(runs: tuple[Run, Run]) -> None:
    """A call that puts a document and is not in the table would leave no trace of what it replaced."""
    calls = {(sent.change.service, sent.change.call) for run in runs for sent in run.sent}
    assert {call for _, call in calls} <= PUTS
    assert [call for call in calls if not touches_policy(*call)] == []
    assert not touches_policy("sns", "SetTopicAttributes"), "twin: a call that the table does not know"


def test_every_printed_document_is_put_or_named_as_for_others(runs: tuple[Run, Run]) -> None:
    """Nothing is printed that no notebook puts, but for what others hold. Twin: with one plan's documents left out, its
    names are missing."""
    put = {name for run in runs for sent in run.sent for name in printed_as(run, ours(run, sent))}
    printed = {name for run in runs for name in run.printed}
    assert printed - put == FOR_OTHERS | FOR_EXPIRE | NEEDS_AN_OLD_KEY
    without = {
        name
        for run in runs
        for sent in run.sent
        if sent.change.call != "CreatePolicy"
        for name in printed_as(run, ours(run, sent))
    }
    assert printed - without == {*FOR_OTHERS, *FOR_EXPIRE, *NEEDS_AN_OLD_KEY, "archive_rail", "trail_rail"}
