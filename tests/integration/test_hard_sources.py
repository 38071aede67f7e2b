"""05 on buckets that are hard to move: archived below a prefix, versioned and tampered with, under a key of their own
account.

The tests follow one another on one estate, as a person's runs do.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from onetrail.aws import Clients
from onetrail.aws.actors import BREAK_GLASS
from onetrail.aws.gate import open_gate
from onetrail.change import Clock, FindingState, Outcome, Plan
from onetrail.change.clock import SHORT_WAIT_SECONDS
from onetrail.change.values import iso
from onetrail.errors import NotYet
from onetrail.s3.ledger import parts as ledger
from onetrail.steps import account_lockdown, bucket_creation, trail_cutover
from onetrail.steps import copy_history as step
from onetrail.steps.copy_history.local import pilot
from onetrail.steps.copy_history.local.pilot import PilotDiffers
from tests.integration.by_hand import by_hand, carried_out, planned, run
from tests.integration.conftest import Estate

pytestmark = [pytest.mark.slow, pytest.mark.estate]

LOG, SOURCE = "044455556666", "111122223333"
CENTRAL = "onetrail-archive-044455556666"
ARCHIVED, VERSIONED, KEYED = "acme-audit-eu-west-1", "acme-audit-sa-east-1", "acme-audit-us-east-1"


class AsOnAws:
    """The estate's clock, as patient as the one on AWS: a short wait is sat out, a long one ends the step."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.now = clock, clock.now

    def wait_until(self, moment: datetime, why: str, say: Callable[[str], None]) -> None:
        if (moment - self.now()).total_seconds() > SHORT_WAIT_SECONDS:
            raise NotYet(f"not yet: {why}: run this step again after {iso(moment)}")
        self.clock.wait_until(moment, why, say)


@pytest.fixture(scope="module")
def scenario() -> str:
    return "hard"


@pytest.fixture(scope="module")
def ready(estate: Estate) -> Estate:
    """Steps 02 to 04 are done."""
    carried_out(estate, (account_lockdown, bucket_creation, trail_cutover))
    return estate


@pytest.fixture
def clients(ready: Estate) -> Clients:
    """A kernel that was just started, in which no wait is waited out."""
    found = ready.clients()
    found.clock = AsOnAws(found.clock)
    return found


def key_policy(clients: Clients) -> Any:
    kms = by_hand(clients, "kms", SOURCE)
    (key,) = (
        k["KeyId"] for k in kms.list_keys()["Keys"] if kms.describe_key(KeyId=k["KeyId"])["KeyMetadata"]["Description"]
    )
    return json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])


def policies(clients: Clients) -> list[Any]:
    """Everything that a grant opens, as it stands now."""
    buckets = [
        clients.client("s3", SOURCE, name[11:]).get_bucket_policy(Bucket=name, ExpectedBucketOwner=SOURCE)["Policy"]
        for name in (ARCHIVED, VERSIONED, KEYED)
    ]
    central = clients.client("s3", LOG).get_bucket_policy(Bucket=CENTRAL, ExpectedBucketOwner=LOG)["Policy"]
    return [json.loads(one) for one in (*buckets, central)] + [key_policy(clients)]


def applied(clients: Clients, plan: Plan) -> Outcome:
    with open_gate(clients, "any") as gate:
        return step.apply(plan, gate, clients)


def rows(estate: Estate, action: str) -> list[dict[str, Any]]:
    found = ledger.read(estate.settings().run_folder / "ledger").to_pylist()
    return [row for row in found if row["action"] == action]


def test_restores_are_asked_for_once_and_waited_for_with_nothing_open(ready: Estate, clients: Clients) -> None:
    """The first run asks and ends with the time to come back; the second changes nothing; then the plan is the one that
    was foretold."""
    before, plan = policies(clients), planned(clients, step)
    notes = " ".join(plan.notes)
    assert "cloudtrail/AWSLogs/o-practice01/ begin with AWSLogs/o-practice01/ in the archive" in notes
    assert "1 log or digest file was deleted there" in notes and "1 older version may differ from the newest" in notes
    assert "data events of copies and deletions: about $" in notes
    mark = ready.mark()
    outcome = applied(clients, plan)
    assert (outcome.state, outcome.exit_code) == ("not_yet", 4) and "again after 2026-01-14T" in outcome.line
    asked = rows(ready, "restore")
    assert {(row["source_bucket"], row["outcome"]) for row in asked} == {(ARCHIVED, "requested")}
    assert {row["source_class"] for row in asked} == {"GLACIER", "DEEP_ARCHIVE"}
    assert len([line for line in ready.mutating(mark) if "RestoreObject" in line]) == len(asked)
    assert policies(clients) == before

    mark, again = ready.mark(), planned(clients, step)
    assert again.empty and again.why == f"{len(asked)} objects are being restored in {ARCHIVED}"
    assert applied(clients, again).exit_code == 4 and not ready.mutating(mark)

    ready.wait(48 * 3600)
    rest = planned(clients, step)
    assert f"plan {rest.id}" in notes and "RestoreObject" not in {change.call for change in rest.changes}


def test_a_pilot_that_differs_stops_the_step_and_closes_what_was_opened(
    ready: Estate, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another lock than planned: side by side in the error, two objects copied, every policy as it was."""
    before = policies(clients)
    monkeypatch.setattr(pilot, "LOCK_MODE", "COMPLIANCE")
    with pytest.raises(PilotDiffers, match="lock: planned COMPLIANCE, seen GOVERNANCE"):
        applied(clients, planned(clients, step))
    assert [row["outcome"] for row in rows(ready, "copy")].count("copied") == 2
    assert policies(clients) == before


def test_all_of_it_is_copied_and_closed(ready: Estate, clients: Clients) -> None:
    """Restored logs, the deleted one by its version, those under the key; then nothing is left to do, and the key is as
    before."""
    before = policies(clients)
    outcome = run(clients, step)
    assert (outcome.state, policies(clients)) == ("applied", before)
    read = [row for done in outcome.done for row in done.result.get("read_back", ())]
    assert len(read) and all(planned_ == seen for *_, planned_, seen in read)
    copied = [row for row in rows(ready, "copy") if row["outcome"] == "copied"]
    classes = {row["source_class"] for row in copied if row["source_bucket"] == ARCHIVED}
    assert classes == {"STANDARD", "GLACIER", "DEEP_ARCHIVE"}
    assert all(row["source_version_id"] for row in copied if row["source_bucket"] == VERSIONED)
    moved = {row["destination_key"] for row in copied if row["source_bucket"] == ARCHIVED}
    assert {key.split("/")[1] for key in moved} == {SOURCE, "o-practice01"}
    listed = by_hand(clients, "s3", SOURCE, region="sa-east-1").list_object_versions(Bucket=VERSIONED)
    (marker,) = listed["DeleteMarkers"]
    assert marker["Key"] in {row["key"] for row in copied}

    seen = step.observe(clients.settings, clients)
    assert step.propose(clients.settings, seen).empty and step.done(clients.settings, clients).done
    found = {f.id: f.state for f in step.check(clients.settings, seen)}
    assert {name: state for name, state in found.items() if state is not FindingState.OK} == {
        "05.overwritten": FindingState.FINDING,
        "05.deleted": FindingState.NOTE,
        "05.versions": FindingState.NOTE,
        "05.compare": FindingState.NOTE,
    }


def test_what_a_listener_or_a_writer_does_to_the_plan(ready: Estate, clients: Clients) -> None:
    """A notification of the archive and another writer of an old bucket are seen; with something to copy they stop it.

    What is left out for that is told as left out, and has its row in the ledger.
    """
    s3 = by_hand(clients, "s3", SOURCE, region="sa-east-1")
    policy = json.loads(s3.get_bucket_policy(Bucket=VERSIONED)["Policy"])
    writer = {
        "Sid": "config",
        "Effect": "Allow",
        "Principal": {"Service": "config.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{VERSIONED}/*",
    }
    s3.put_bucket_policy(Bucket=VERSIONED, Policy=json.dumps({**policy, "Statement": [*policy["Statement"], writer]}))
    s3.put_bucket_request_payment(Bucket=VERSIONED, RequestPaymentConfiguration={"Payer": "Requester"})
    late = f"AWSLogs/{SOURCE}/CloudTrail/sa-east-1/2021/12/24/{SOURCE}_CloudTrail_sa-east-1_20211224T0000Z_AAAAAAAAAAAAAAAA.json.gz"  # noqa: E501
    s3.put_object(Bucket=VERSIONED, Key=late, Body=b"late")
    by_hand(clients, "s3", LOG, BREAK_GLASS).put_bucket_notification_configuration(
        Bucket=CENTRAL, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    seen = step.observe(clients.settings, clients)
    assert step.propose(clients.settings, seen).empty
    found = {f.id: f.evidence for f in step.check(clients.settings, seen) if f.state is FindingState.FINDING}
    assert {"05.copied", "05.moving", "05.requester-pays", "05.notification"} <= set(found)
    assert "config.amazonaws.com" in found["05.moving"]
    outcome = run(clients, step)
    assert outcome.state == "withheld"
    assert outcome.line.startswith("Nothing is planned: 1 object is still to be copied; fix this first")
    assert [row["outcome"] for row in rows(ready, "copy") if row["key"] == late] == ["not_tried"]
