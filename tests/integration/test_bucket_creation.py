"""03 against the estate: buckets built once, drift put right by one change, and a policy that CloudTrail can live
with."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from onetrail.aws import Clients
from onetrail.aws.actors import BREAK_GLASS
from onetrail.aws.gate import open_gate
from onetrail.change import NAMED, ChangeFailed, Document, FindingState, Outcome, entries
from onetrail.estate.archive import archive_of
from onetrail.iam.build import central_bucket
from onetrail.steps import account_lockdown
from onetrail.steps import bucket_creation as step
from tests.integration.by_hand import carried_out
from tests.integration.conftest import Estate

pytestmark = pytest.mark.estate

LOG, SOURCE = "044455556666", "111122223333"
CENTRAL = "onetrail-archive-044455556666"
ACCESS, WORK = "onetrail-access-logs-044455556666", "onetrail-work-044455556666"


def run(clients: Clients, approve: str = "any", module: Any = step) -> Outcome:
    plan = module.propose(clients.settings, module.observe(clients.settings, clients))
    with open_gate(clients, approve) as gate:
        return module.apply(plan, gate, clients)


def pending(clients: Clients) -> list[str]:
    return [c.key for c in step.propose(clients.settings, step.observe(clients.settings, clients)).changes]


def by_hand(clients: Clients, service: str, account: str, actor: str = NAMED) -> Any:
    """A client without our guard: what somebody else does to the estate."""
    return clients._sessions.session(account, actor).client(
        service,
        region_name="us-east-1",
        endpoint_url=clients.estate.endpoint if clients.estate else None,
        config=Config(s3={"addressing_style": "path"}),
    )


@pytest.fixture(scope="module")
def closed(estate: Estate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot of the estate after step 02."""
    carried_out(estate, (account_lockdown,))
    path = tmp_path_factory.mktemp("closed") / "snapshot"
    estate.snapshot(path)
    return path


@pytest.fixture(scope="module")
def built(estate: Estate, closed: Path) -> Path:
    """A snapshot of the estate after step 03."""
    estate.restore(closed)
    carried_out(estate, (step,))
    path = closed.with_name("built")
    estate.snapshot(path)
    return path


@pytest.fixture
def closed_estate(estate: Estate, closed: Path) -> Estate:
    estate.restore(closed)
    return estate


@pytest.fixture
def clients(estate: Estate, built: Path) -> Clients:
    estate.restore(built)
    return estate.clients()


def test_before_02_it_waits_and_sends_nothing(fresh_estate: Estate) -> None:
    mark, clients = fresh_estate.mark(), fresh_estate.clients()
    outcome = run(clients)
    assert (outcome.state, outcome.plan.waiting_for, outcome.exit_code) == ("waiting", "02", 0)
    assert step.check(clients.settings, step.observe(clients.settings, clients)) == []
    assert fresh_estate.mutating(mark) == []


def test_without_approval_nothing_is_sent(closed_estate: Estate) -> None:
    mark, clients = closed_estate.mark(), closed_estate.clients()
    assert run(clients, "").state == "planned"
    assert closed_estate.mutating(mark) == []


def test_after_it_the_step_is_done_and_the_records_head_is_out_of_our_hands(estate: Estate, clients: Clients) -> None:
    assert pending(clients) == []
    assert step.done(clients.settings, clients).done
    assert {f.state for f in step.check(clients.settings, step.observe(clients.settings, clients))} == {FindingState.OK}
    anchors = [line for line in entries(clients.settings.run_folder) if line["kind"] == "anchor"]
    assert anchors[-1]["resource"].startswith(f"{WORK}/records/")


def _public(c: Clients) -> None:
    by_hand(c, "s3", LOG, BREAK_GLASS).delete_public_access_block(Bucket=CENTRAL)


def _unlocked(c: Clients) -> None:
    by_hand(c, "s3", LOG, BREAK_GLASS).put_object_lock_configuration(
        Bucket=CENTRAL, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"}
    )


def _forgetful(c: Clients) -> None:
    by_hand(c, "s3", LOG, BREAK_GLASS).delete_bucket_lifecycle(Bucket=WORK)


def _open_to_all(c: Clients) -> None:
    by_hand(c, "s3", LOG, BREAK_GLASS).delete_bucket_policy(Bucket=CENTRAL)


def _unlogged(c: Clients) -> None:
    by_hand(c, "s3", LOG, BREAK_GLASS).put_bucket_logging(Bucket=CENTRAL, BucketLoggingStatus={})


def _unversioned(c: Clients) -> None:
    by_hand(c, "s3", LOG, BREAK_GLASS).put_bucket_versioning(
        Bucket=ACCESS, VersioningConfiguration={"Status": "Suspended"}
    )


@pytest.mark.parametrize(
    ("deed", "key"),
    [
        (_public, f"{CENTRAL}: public access"),
        (_unlocked, f"{CENTRAL}: lock"),
        (_forgetful, f"{WORK}: lifecycle"),
        (_open_to_all, f"{CENTRAL}: policy"),
        (_unlogged, f"{CENTRAL}: access log"),
        (_unversioned, f"{ACCESS}: versioning"),
    ],
)
def test_one_thing_undone_by_hand_is_one_change(clients: Clients, deed: Callable[[Clients], None], key: str) -> None:
    deed(clients)
    assert pending(clients) == [key]
    assert not step.done(clients.settings, clients).done
    assert run(clients).state == "applied"
    assert pending(clients) == []


def test_the_archive_refuses_the_operator_who_built_it(clients: Clients) -> None:
    s3 = by_hand(clients, "s3", LOG)
    for refused in (
        lambda: s3.delete_bucket_policy(Bucket=CENTRAL),
        lambda: s3.put_bucket_policy(Bucket=CENTRAL, Policy=json.dumps(central_bucket(archive_of(clients.settings)))),
        lambda: s3.delete_bucket_lifecycle(Bucket=CENTRAL),
        lambda: s3.put_object(Bucket=CENTRAL, Key="AWSLogs/111122223333/CloudTrail/invented.json.gz", Body=b"x"),
        lambda: s3.delete_bucket(Bucket=CENTRAL),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            refused()


def test_a_bucket_of_another_account_is_refused_by_name(closed_estate: Estate) -> None:
    clients = closed_estate.clients(bucket_name="acme-audit-us-east-1")
    mark = closed_estate.mark()
    with pytest.raises(step.BucketNotOurs, match="acme-audit-us-east-1 exists in another account"):
        run(clients)
    assert closed_estate.mutating(mark) == []


def test_a_bucket_of_the_log_account_that_holds_something_else_is_refused(closed_estate: Estate) -> None:
    clients = closed_estate.clients()
    s3 = by_hand(clients, "s3", LOG, BREAK_GLASS)
    s3.create_bucket(Bucket=CENTRAL)
    assert f"{CENTRAL}: bucket" not in pending(clients), "an empty one is adopted"
    s3.put_object(Bucket=CENTRAL, Key="holiday.jpg", Body=b"x")
    with pytest.raises(step.BucketNotOurs, match="holds objects"):
        pending(clients)


def test_an_empty_bucket_without_lock_is_adopted_and_comes_to_rest(closed_estate: Estate) -> None:
    clients = closed_estate.clients()
    by_hand(clients, "s3", LOG, BREAK_GLASS).create_bucket(Bucket=CENTRAL)
    assert run(clients).state == "applied"
    assert pending(clients) == []


def test_a_run_that_broke_off_goes_on(closed_estate: Estate) -> None:
    clients = closed_estate.clients()
    plan = step.propose(clients.settings, step.observe(clients.settings, clients))
    by_hand(clients, "s3", LOG).create_bucket(Bucket=ACCESS, ObjectOwnership="BucketOwnerEnforced")
    assert set(pending(clients)) < {change.key for change in plan.changes}
    assert run(clients).state == "applied"
    assert pending(clients) == []


def test_a_deny_that_forgets_cloudtrail_stops_delivery_and_the_verdict_had_said_so(clients: Clients) -> None:
    """Twin: under the policy that this step puts, the same trail is accepted."""
    trail = {"Name": "onetrail", "S3BucketName": CENTRAL, "IsMultiRegionTrail": True}
    document = central_bucket(archive_of(clients.settings))
    for statement in document["Statement"]:
        if statement["Sid"] == "ReadsOnly":
            statement["Condition"] = {
                "ArnNotEquals": {"aws:PrincipalArn": archive_of(clients.settings).break_glass_arn}
            }
    wrong = [v for v in step.verdicts(clients.settings, document) if not v.as_wanted]
    assert any("delivers logs" in v.expectation.name for v in wrong)
    by_hand(clients, "s3", LOG, BREAK_GLASS).put_bucket_policy(Bucket=CENTRAL, Policy=json.dumps(document))
    with pytest.raises(ClientError, match="InsufficientS3BucketPolicyException"):
        by_hand(clients, "cloudtrail", SOURCE).create_trail(**trail)
    assert pending(clients) == [f"{CENTRAL}: policy"]
    assert run(clients).state == "applied"
    assert by_hand(clients, "cloudtrail", SOURCE).create_trail(**trail)["S3BucketName"] == CENTRAL


def _forgetting_cloudtrail(clients: Clients) -> dict[str, Any]:
    """The archive's policy with CloudTrail left out of the exemption of the one Deny that refuses writes."""
    document = central_bucket(archive_of(clients.settings))
    (deny,) = (s for s in document["Statement"] if s["Sid"] == "ReadsOnly")
    assert deny["Condition"].pop("StringNotEquals") == {"aws:PrincipalServiceName": "cloudtrail.amazonaws.com"}
    return document


def test_without_cloudtrail_in_the_exemption_the_step_refuses_the_policy_and_a_trail_cannot_deliver(
    estate: Estate, clients: Clients
) -> None:
    """The must-allow row fails before anything is put; put by hand, GetTrailStatus says AccessDenied. Twin: the same
    trail before and after."""
    wrong = _forgetting_cloudtrail(clients)
    (failed,) = (v for v in step.verdicts(clients.settings, wrong) if not v.as_wanted)
    assert failed.expectation.name == "trail onetrail of 111122223333 delivers logs of 111122223333"
    by_hand(clients, "s3", LOG, BREAK_GLASS).delete_bucket_policy(Bucket=CENTRAL)
    plan = step.propose(clients.settings, step.observe(clients.settings, clients))
    (change,) = plan.changes
    sent = replace(change, parameters={**change.parameters, "Policy": Document(wrong)})
    mark = estate.mark()
    with open_gate(clients, "any") as gate:
        outcome = step.apply(replace(plan, changes=(sent,)), gate, clients)
    assert (outcome.state, outcome.exit_code) == ("stopped", 3)
    assert f"the policy would be wrong: {failed.expectation.name}: cloudtrail.amazonaws.com may not" in outcome.line
    assert estate.mutating(mark) == []
    assert run(clients).state == "applied"

    trails = by_hand(clients, "cloudtrail", SOURCE)
    trails.create_trail(Name="onetrail", S3BucketName=CENTRAL, IsMultiRegionTrail=True, EnableLogFileValidation=True)
    trails.start_logging(Name="onetrail")

    def errors() -> set[tuple[str, str]]:
        estate.wait(7200)
        said = trails.get_trail_status(Name="onetrail")
        return {(name, said[name]) for name in ("LatestDeliveryError", "LatestDigestDeliveryError") if said.get(name)}

    assert errors() == set()
    by_hand(clients, "s3", LOG, BREAK_GLASS).put_bucket_policy(Bucket=CENTRAL, Policy=json.dumps(wrong))
    assert errors() == {
        ("LatestDeliveryError", "AccessDenied"),
        ("LatestDigestDeliveryError", "AccessDenied"),
    }
    assert run(clients).state == "applied"
    assert errors() == set()


def test_a_key_of_its_own_is_made_used_and_found_again(closed_estate: Estate) -> None:
    clients = closed_estate.clients(kms_key="create")
    assert run(clients).state == "applied"
    seen = step.observe(clients.settings, clients)
    assert seen.log.key_arn.startswith("arn:aws:kms:us-east-1:044455556666:key/")
    assert pending(clients) == []
    assert step.done(clients.settings, clients).done
    assert account_lockdown.done(clients.settings, clients).done, "02 knows the key too"


def test_a_reader_of_another_account_is_let_in_by_one_change_and_only_reads(estate: Estate, clients: Clients) -> None:
    """With log_readers 03 is open again. Twins: before it the reader is refused, and one that does not exist is none
    that S3 takes."""
    reader, folder = "arn:aws:iam::999988887777:role/PlatformEngineer", f"AWSLogs/{SOURCE}/"
    theirs = by_hand(clients, "s3", "999988887777")
    with pytest.raises(ClientError, match="AccessDenied"):
        theirs.list_objects_v2(Bucket=CENTRAL, Prefix=folder)
    named = estate.clients(log_readers={reader: folder})
    assert pending(named) == [f"{CENTRAL}: policy"]
    assert run(named).state == "applied"
    assert pending(named) == []
    theirs.list_objects_v2(Bucket=CENTRAL, Prefix=folder)
    for deed, given in (
        (theirs.list_objects_v2, {"Prefix": ""}),
        (theirs.put_object, {"Key": f"{folder}x", "Body": b""}),
        (theirs.get_object, {"Key": "elsewhere"}),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            deed(Bucket=CENTRAL, **given)
    with pytest.raises(ChangeFailed, match="Invalid principal in policy"):
        run(estate.clients(log_readers={"arn:aws:iam::999988887777:role/Nobody": ""}))
