"""02 against the estate: closed step by step, nobody locked out, every drift put right by the one change it takes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from onetrail.aws import Clients
from onetrail.aws.actors import BREAK_GLASS
from onetrail.aws.gate import open_gate
from onetrail.change import NAMED, FindingState, Outcome, PlanRefused, TextUnread, resolve
from onetrail.iam import parse
from onetrail.settings import Settings
from onetrail.steps import account_lockdown as step
from tests.integration.by_hand import carried_out
from tests.integration.conftest import Estate

pytestmark = pytest.mark.estate

LOG, SOURCE, MANAGEMENT = "044455556666", "111122223333", "999988887777"
ROOT_OF_MANAGEMENT = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::999988887777:root"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def run(clients: Clients, approve: str) -> Outcome:
    settings = clients.settings
    plan = step.propose(settings, step.observe(settings, clients))
    with open_gate(clients, approve) as gate:
        return step.apply(plan, gate, clients)


def pending(clients: Clients) -> list[str]:
    settings = clients.settings
    return [change.key for change in step.propose(settings, step.observe(settings, clients)).changes]


def by_hand(clients: Clients, service: str, account: str, actor: str = NAMED, region: str = "us-east-1") -> Any:
    """A client without our guard: what somebody else does to the estate."""
    return clients._sessions.session(account, actor).client(
        service,
        region_name=region,
        endpoint_url=clients.estate.endpoint if clients.estate else None,
        config=Config(s3={"addressing_style": "path"}, inject_host_prefix=False),
    )


@pytest.fixture(scope="module")
def closed(estate: Estate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot of the estate after step 02."""
    carried_out(estate, (step,))
    path = tmp_path_factory.mktemp("closed") / "snapshot"
    estate.snapshot(path)
    return path


@pytest.fixture
def closed_clients(estate: Estate, closed: Path) -> Clients:
    estate.restore(closed)
    return estate.clients()


def test_without_approval_nothing_is_sent_and_the_clock_stands(fresh_estate: Estate) -> None:
    mark, before = fresh_estate.mark(), fresh_estate.door.control("GET", "clock")
    clients = fresh_estate.clients()
    outcome = run(clients, "")
    assert (outcome.state, outcome.exit_code) == ("planned", 0)
    assert fresh_estate.mutating(mark) == []
    assert fresh_estate.door.control("GET", "clock") == before
    found = step.check(clients.settings, step.observe(clients.settings, clients))
    assert not [f for f in found if f.state in (FindingState.FINDING, FindingState.COULD_NOT_LOOK)]
    assert not step.done(clients.settings, clients).done


def test_another_plans_id_opens_nothing(fresh_estate: Estate) -> None:
    mark = fresh_estate.mark()
    with pytest.raises(PlanRefused):
        run(fresh_estate.clients(), "p-000000000000")
    assert fresh_estate.mutating(mark) == []


def test_after_it_the_step_is_done_and_proposes_nothing(closed_clients: Clients) -> None:
    assert pending(closed_clients) == []
    assert step.done(closed_clients.settings, closed_clients).done
    assert closed_clients.entry(LOG).arn.startswith(f"arn:aws:sts::{LOG}:assumed-role/onetrail-operator/")
    assert closed_clients.entry(LOG, BREAK_GLASS).way == "role onetrail-break-glass by SecurityLead"


def test_the_first_entry_role_is_closed_for_everybody_but_break_glass(estate: Estate, closed: Path) -> None:
    """Twin: on the fresh estate the same call gets in."""
    said = {"RoleArn": f"arn:aws:iam::{LOG}:role/OrganizationAccountAccessRole", "RoleSessionName": "anybody"}
    estate.restore()
    assert by_hand(estate.clients(), "sts", MANAGEMENT).assume_role(**said)["AssumedRoleUser"]
    estate.restore(closed)
    with pytest.raises(ClientError, match="AccessDenied"):
        by_hand(estate.clients(), "sts", MANAGEMENT).assume_role(**said)


def test_the_first_entry_role_stays_open_while_the_new_one_is_not_proven(fresh_estate: Estate) -> None:
    """The operator role trusts somebody else than who runs this: the narrowing is not sent."""
    clients = fresh_estate.clients(operator_principals=["arn:aws:iam::999988887777:role/SecurityLead"])
    outcome = run(clients, "any")
    assert (outcome.state, outcome.exit_code) == ("stopped", 3)
    assert "onetrail-operator" in outcome.line
    assert "OrganizationAccountAccessRole: trust" in pending(clients)
    assert ":assumed-role/OrganizationAccountAccessRole/" in clients.entry(LOG).arn


@pytest.mark.parametrize("sent", [1, 3])
def test_a_run_that_broke_off_goes_on_from_what_is_there(fresh_estate: Estate, sent: int) -> None:
    """After the first role without its power, and after an operator that may nothing yet."""
    clients = fresh_estate.clients()
    plan = step.propose(clients.settings, step.observe(clients.settings, clients))
    for change in plan.changes[:sent]:
        parameters = resolve(change.parameters, clients.clock.now())
        with clients.guard.opened(change, parameters):
            clients.send(change, parameters)
    clients = fresh_estate.clients()
    assert pending(clients) == [change.key for change in plan.changes[sent:]]
    assert run(clients, "any").state == "applied"


OLD = "acme-audit-us-east-1"


def _with_odd_spaces(clients: Clients) -> dict[str, str]:
    """The policy of an old bucket and a role's trust, written as people write them; returns both texts."""
    s3 = by_hand(clients, "s3", SOURCE, region="us-east-1")
    texts = {OLD: json.dumps(json.loads(s3.get_bucket_policy(Bucket=OLD)["Policy"]), indent=3) + "\n \n"}
    texts["role-OrganizationAccountAccessRole"] = json.dumps(ROOT_OF_MANAGEMENT, indent=5) + "\n\t"
    s3.put_bucket_policy(Bucket=OLD, Policy=texts[OLD])
    by_hand(clients, "iam", LOG).update_assume_role_policy(
        RoleName="OrganizationAccountAccessRole", PolicyDocument=texts["role-OrganizationAccountAccessRole"]
    )
    return texts


def test_what_a_policy_replaced_is_kept_as_aws_held_it(fresh_estate: Estate) -> None:
    """Byte for byte, of buckets and of roles, and what was put is what AWS holds afterwards."""
    clients = fresh_estate.clients(run_name="odd-spaces")
    texts = _with_odd_spaces(clients)
    assert run(clients, "any").state == "applied"
    folder = clients.settings.run_folder / "policies"
    for name, text in texts.items():
        (path,) = folder.glob(f"*-before-{name}.json")
        assert path.read_bytes() == text.encode()
        (after,) = folder.glob(f"*-after-{name}.json")
        assert path.name[:6] == after.name[:6]
        if name == OLD:
            now = by_hand(clients, "s3", SOURCE, region="us-east-1").get_bucket_policy(Bucket=OLD)["Policy"]
            assert after.read_bytes() == now.encode()


def test_a_policy_that_cannot_be_read_is_not_replaced(fresh_estate: Estate) -> None:
    """Twin of the above: the run stops with the reason, and the bucket has the policy it had. So it is where the gate
    could still read the policy, and the call no longer can."""
    clients = fresh_estate.clients(run_name="unreadable")
    text = _with_odd_spaces(clients)[OLD]
    plan = step.propose(clients.settings, step.observe(clients.settings, clients))
    fresh_estate.fault("denied", service="s3", operation="GetBucketPolicy", bucket=OLD, count=99)
    at_the_gate = pytest.raises(PlanRefused, match=f"s3:GetBucketPolicy of {OLD} .* cannot be read now: AccessDenied")
    with at_the_gate, open_gate(clients, "any") as gate:
        step.apply(plan, gate, clients)
    at_the_call = pytest.raises(TextUnread, match=rf"s3:PutBucketPolicy on .*{OLD} .*was not sent.*AccessDenied")
    with at_the_call, open_gate(clients, "any") as gate:
        gate.witness = None  # it read the settings again a moment ago
        step.apply(plan, gate, clients)
    fresh_estate.fault("clear")
    assert by_hand(clients, "s3", SOURCE, region="us-east-1").get_bucket_policy(Bucket=OLD)["Policy"] == text


def _reader_may_do_all(clients: Clients) -> None:
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    by_hand(clients, "iam", LOG, BREAK_GLASS).put_role_policy(
        RoleName="onetrail-reader", PolicyName="onetrail-reader", PolicyDocument=json.dumps(everything)
    )


def _operator_raises_locks(clients: Clients) -> None:
    """As onetrail itself let it before break-glass raised them."""
    iam, name = by_hand(clients, "iam", LOG, BREAK_GLASS), "onetrail-operator"
    policy = parse(iam.get_role_policy(RoleName=name, PolicyName=name)["PolicyDocument"])
    more = {
        "Effect": "Allow",
        "Action": "s3:PutObjectRetention",
        "Resource": "arn:aws:s3:::onetrail-archive-044455556666/*",
    }
    iam.put_role_policy(
        RoleName=name,
        PolicyName=name,
        PolicyDocument=json.dumps({**policy, "Statement": [*policy["Statement"], more]}),
    )


def _reader_is_administrator(clients: Clients) -> None:
    by_hand(clients, "iam", LOG, BREAK_GLASS).attach_role_policy(
        RoleName="onetrail-reader", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )


def _old_way_open(clients: Clients) -> None:
    by_hand(clients, "iam", LOG, BREAK_GLASS).update_assume_role_policy(
        RoleName="OrganizationAccountAccessRole", PolicyDocument=json.dumps(ROOT_OF_MANAGEMENT)
    )


def _copier_gone(clients: Clients) -> None:
    iam = by_hand(clients, "iam", LOG, BREAK_GLASS)
    iam.delete_role_policy(RoleName="onetrail-copier", PolicyName="onetrail-copier")


def _bucket_unheld(clients: Clients) -> None:
    by_hand(clients, "s3", SOURCE, region="us-east-1").delete_bucket_policy(Bucket="acme-audit-us-east-1")


def _rules_live(clients: Clients) -> None:
    s3 = by_hand(clients, "s3", SOURCE, region="us-east-1")
    rules = s3.get_bucket_lifecycle_configuration(Bucket="acme-audit-us-east-1")["Rules"]
    s3.put_bucket_lifecycle_configuration(
        Bucket="acme-audit-us-east-1",
        LifecycleConfiguration={"Rules": [{**rule, "Status": "Enabled"} for rule in rules]},
    )


@pytest.mark.parametrize(
    ("deed", "key"),
    [
        (_reader_may_do_all, "onetrail-reader: policy"),
        (_operator_raises_locks, "onetrail-operator: policy"),
        (_reader_is_administrator, "onetrail-reader: has no AdministratorAccess"),
        (_old_way_open, "OrganizationAccountAccessRole: trust"),
        (_copier_gone, "onetrail-copier: policy"),
        (_bucket_unheld, "acme-audit-us-east-1: policy"),
        (_rules_live, "acme-audit-us-east-1: lifecycle"),
    ],
)
def test_one_thing_undone_by_hand_is_one_change(
    closed_clients: Clients, deed: Callable[[Clients], None], key: str
) -> None:
    deed(closed_clients)
    assert pending(closed_clients) == [key]
    assert not step.done(closed_clients.settings, closed_clients).done
    assert run(closed_clients, "any").state == "applied"
    assert pending(closed_clients) == []


def test_a_user_in_the_log_account_is_found_and_left_to_people(closed_clients: Clients) -> None:
    iam = by_hand(closed_clients, "iam", LOG, BREAK_GLASS)
    iam.create_user(UserName="old-admin")
    iam.create_access_key(UserName="old-admin")
    settings = closed_clients.settings
    found = step.check(settings, step.observe(settings, closed_clients))
    assert [(f.id, f.state) for f in found if f.state is FindingState.FINDING] == [("02.users", FindingState.FINDING)]
    assert pending(closed_clients) == []


def test_a_role_that_nobody_named_is_found(closed_clients: Clients) -> None:
    by_hand(closed_clients, "iam", LOG, BREAK_GLASS).create_role(
        RoleName="Backdoor", AssumeRolePolicyDocument=json.dumps(ROOT_OF_MANAGEMENT)
    )
    settings: Settings = closed_clients.settings
    found = step.check(settings, step.observe(settings, closed_clients))
    assert [f.resource for f in found if f.id == "02.foreign-role"] == ["Backdoor"]


def test_the_operator_makes_no_roles(closed_clients: Clients) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        by_hand(closed_clients, "iam", LOG).create_role(
            RoleName="Mine", AssumeRolePolicyDocument=json.dumps(ROOT_OF_MANAGEMENT)
        )


def test_the_plan_is_the_same_the_next_day(fresh_estate: Estate) -> None:
    clients = fresh_estate.clients()
    first = step.propose(clients.settings, step.observe(clients.settings, clients)).id
    fresh_estate.wait(86_400)
    assert step.propose(clients.settings, step.observe(clients.settings, clients)).id == first
