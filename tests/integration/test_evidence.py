"""08 against the estate: it changes nothing, says plainly what is not done yet, and names what was tampered with."""

import json
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from click.testing import CliRunner

from onetrail.aws import Clients
from onetrail.aws.gate import open_gate
from onetrail.change import Finding, FindingState, Outcome, entries, verdict
from onetrail.change.run_record.heads import RecordHead
from onetrail.cli import main
from onetrail.policies.calls import touches_policy
from onetrail.settings import Settings
from onetrail.show.report import page
from onetrail.steps import (
    account_lockdown,
    bucket_creation,
    copy_history,
    retirement,
    trail_cutover,
    verification,
)
from onetrail.steps import evidence as step
from onetrail.steps.evidence import EvidenceObservation
from tests.integration.aws_cli import environment
from tests.integration.by_hand import carried_out
from tests.integration.conftest import Estate
from tests.unit.change.given import given_a_fresh_chain

pytestmark = pytest.mark.estate

BUCKET, SOURCE = "acme-audit-eu-west-1", "111122223333"
BAD = (FindingState.FINDING, FindingState.COULD_NOT_LOOK)


def run(clients: Clients, module: Any, approve: str = "any") -> Outcome:
    settings = clients.settings
    plan = module.propose(settings, module.observe(settings, clients))
    with open_gate(clients, approve) as gate:
        return module.apply(plan, gate, clients)


def seen(clients: Clients, earlier: EvidenceObservation | None = None) -> tuple[EvidenceObservation, list[Finding]]:
    """A look and what it says; after an earlier look no file of the archive is read again that is listed as it was."""
    observation = step.observe(clients.settings, clients, earlier)
    return observation, step.check(clients.settings, observation)


def states(found: list[Finding], name: str) -> set[FindingState]:
    return {one.state for one in found if one.id == name}


def bad(found: list[Finding]) -> set[str]:
    return {one.id for one in found if one.state in BAD}


def by_hand(clients: Clients, account: str, region: str) -> Any:
    """S3 without our guard: what somebody else does to the estate."""
    assert clients.estate
    return clients._sessions.session(account).client(
        "s3",
        region_name=region,
        endpoint_url=clients.estate.endpoint,
        config=Config(s3={"addressing_style": "path"}),
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the snapshots and run folders of the stages are kept."""
    return tmp_path_factory.mktemp("stages")


@pytest.fixture(scope="module")
def half_way(estate: Estate, runs: Path) -> str:
    """The estate after step 03."""
    carried_out(estate, (account_lockdown, bucket_creation))
    return _kept(estate, runs, "half")


@pytest.fixture(scope="module")
def ended(estate: Estate, runs: Path, half_way: str) -> str:
    """The estate after step 07."""
    _restored(estate, runs, half_way)
    carried_out(estate, (trail_cutover, copy_history, verification, retirement))
    return _kept(estate, runs, "end")


@pytest.fixture(scope="module")
def at_the_end(estate: Estate, runs: Path, ended: str) -> EvidenceObservation:
    """A look at the estate after step 07."""
    _restored(estate, runs, ended)
    clients = estate.clients()
    return step.observe(clients.settings, clients)


def _kept(estate: Estate, runs: Path, name: str) -> str:
    estate.snapshot(runs / name)
    shutil.copytree(estate.settings().run_folder, runs / f"{name}-run")
    return name


def _restored(estate: Estate, runs: Path, name: str) -> None:
    """The estate and its run folder as they were kept."""
    estate.restore(runs / name)
    folder = estate.settings().run_folder
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(runs / f"{name}-run", folder)


@pytest.fixture
def at(estate: Estate, runs: Path) -> Callable[[str], Clients]:
    """`at(stage)` puts the estate there and gives fresh clients."""

    def put(name: str) -> Clients:
        _restored(estate, runs, name)
        return estate.clients()

    return put


def test_on_a_fresh_estate_nothing_is_ok_that_is_not_done(fresh_estate: Estate) -> None:
    """Steps that wait are planned, there is no record, and the plan-only run still ends with 0."""
    clients = fresh_estate.clients(run_name="fresh")
    mark = fresh_estate.mark()
    observation, found = seen(clients)
    assert fresh_estate.mutating(mark) == []
    assert verdict(found).exit_code == 0
    for name in ("03", "04", "05", "06", "07"):
        assert {f.state for f in found if f.id.startswith(name)} == {FindingState.PLANNED}, name
    assert states(found, "08.record") == {FindingState.NOTE}
    text = page(clients.settings, observation)
    assert "The move is not finished" in text
    assert "There is no record" in text


def test_half_way_it_says_what_is_done_and_what_is_not(at: Callable[[str], Clients], half_way: str) -> None:
    """The archive stands, nothing was moved."""
    clients = at(half_way)
    observation, found = seen(clients)
    assert bad(found) == set()
    assert states(found, "03.bucket") == {FindingState.OK}
    assert FindingState.PLANNED in {f.state for f in found if f.id.startswith("04")}
    assert states(found, "08.record") == states(found, "08.anchors") == {FindingState.OK}
    text = page(clients.settings, observation)
    assert "No old bucket was compared with the archive: waiting for" in text


def test_at_the_end_everything_is_as_promised_and_the_page_is_bound(
    estate: Estate, at: Callable[[str], Clients], ended: str
) -> None:
    """No call that changes anything is sent but that which puts the record's head; the same state gives the same page;
    its hash is in the record."""
    clients = at(ended)
    mark, settings = estate.mark(), clients.settings
    observation, found = seen(clients)
    assert [f for f in found if f.state not in (FindingState.OK, FindingState.NOTE)] == []
    text = page(settings, observation)
    assert text == page(settings, step.observe(settings, clients, observation))
    assert "Everything is as planned, with " in text
    with open_gate(clients, "any") as gate:
        saved = step.save(settings, text, observation.custody.check.lines, gate.record)
        outcome = step.apply(step.propose(settings, observation), gate, clients)
    assert outcome.state == "nothing"
    assert estate.mutating(mark) == []
    custody = observation.custody
    who = {(one.plan, one.account, one.actor) for one in custody.entered}
    of_aws = {
        (one.plan, one.account, one.actor.replace("named role", ""))
        for one in custody.sent
        if one.service != "onetrail"
    }
    assert of_aws <= who, "each change says who sent it"
    assert all(one.arn.startswith(f"arn:aws:sts::{one.account}:") or one.way for one in custody.entered)
    assert any(one.actor == "break-glass" and "onetrail-break-glass" in one.arn for one in custody.entered)
    assert "Who sent the changes" in text
    assert {one.ended for one in custody.approvals} == {"applied"}
    assert all(one.sums == (one.changes, 0, 0, 0) and one.counted == one.changes for one in custody.approvals)
    assert all(one.callers for one in custody.approvals)
    _sums_of_the_whole_run(text, observation, len(found))
    _one_count(observation)
    code, lines = _verified(estate, settings)
    assert (code, lines[0].startswith("The record of practice is whole.")) == (0, True), lines
    assert lines[1].endswith("stored outside this folder.")
    (head,) = estate.mutating(mark, heads=True)
    assert head.startswith(f"s3:PutObject arn:aws:s3:::{settings.work_bucket}/records/practice/head-")
    under, after = seen(clients, observation)
    assert under.custody.check.behind == ""
    assert max(under.anchors.heads) > under.custody.reports[-1].line, "the page is under a head"
    assert (settings.run_folder / saved.name).read_text() == text
    assert states(after, "08.report") == states(after, "08.record") == {FindingState.OK}
    assert f"and ends with {len(after)} checks" in text.replace(",", "")
    for said in ("onetrail-copier", BUCKET, "compliance", observation.custody.approvals[0].plan):
        assert said in text


def _sums_of_the_whole_run(text: str, observation: EvidenceObservation, checks: int) -> None:
    """Of the scenario tiny, written out: what was moved, deleted and left."""
    notes = text.split("<h1>")[1].split("Everything is as planned, with ")[1].split(" notes")[0]
    said = re.findall(r"<li>(.*?)</li>", text.split('<section id="summary">')[1].split("</section>")[0])
    sizes = re.findall(r"[\d,]+(?= bytes)", " ".join(said))
    assert sizes == [f"{sum(one.size for one in observation.verified.buckets):,}"] * 2
    assert [one.replace(sizes[0], "ALL") for one in said] == [
        (
            "Moved: of 3 old buckets with 150 objects (ALL bytes), 144 of 144 logs and digests of the old buckets"
            " are in the archive with equal bytes; none is missing, none differs."
        ),
        (
            "Proven: 23 of 23 chains are whole: 1,096 valid digests, 426 logs with the hash in a signed digest; 6 moved"
            " logs are not named by a digest; 3 old buckets have a receipt of what was proven."
        ),
        "Removed: 3 old trails, 150 objects of old buckets (ALL bytes) and 0 old buckets were deleted.",
        (
            "Left: 0 old trails and 3 old buckets, 3 of them emptied and closed; 0 temporary permissions not shown as"
            " closed; 0 things still to be done."
        ),
        f"Verdict: Everything is as planned, with {notes} notes: none of {checks} checks needs attention.",
    ]
    assert "not recorded: its owner has to say" not in text, "each note has its reason"
    assert observation.record is not None
    assert f"{observation.record.size:,}" in text


def _one_count(observation: EvidenceObservation) -> None:
    """Objects and bytes are the same wherever the report and 08 count them: as the old buckets held them, as their
    receipts bind them, as the ledger has them, and as the record says that they were copied and deleted."""
    sent, buckets = observation.custody.sent, observation.verified.buckets if observation.verified else ()
    receipts = observation.receipts.held.values()

    def of_record(call: str, word: str) -> tuple[int, int]:
        mine = [one for one in sent if one.call == call]
        return sum(one.objects.get(word, 0) for one in mine), sum(one.size for one in mine)

    def of_ledger(action: str, outcome: str) -> tuple[int, int]:
        mine = [one for one in observation.ledger if (one.action, one.outcome) == (action, outcome)]
        return sum(one.objects for one in mine), sum(one.size for one in mine)

    held = (sum(one.objects for one in buckets), sum(one.size for one in buckets))
    assert held[0] > 0
    assert held == (sum(one.objects for one in receipts), sum(one.size for one in receipts))
    assert held == of_ledger("delete", "deleted") == of_record("DeleteObjects", "deleted")
    copied = of_ledger("copy", "copied")
    assert copied == of_record("CopyObject", "copied"), "the pilot's objects and bytes are among them"
    equal = sum(one.equal for one in buckets)
    assert copied[0] == equal == sum(one.logs_and_digests for one in buckets)
    starts = observation.custody.approvals
    assert len(sent) == sum(one.changes for one in starts) == sum(one.sums.done for one in starts)
    assert len({one.resource for one in sent if one.call == "DeleteTrail"}) == len(buckets)


def test_every_permission_of_the_move_is_there_with_its_closing(
    estate: Estate, at_the_end: EvidenceObservation
) -> None:
    """The openings of each old bucket and of the archive, and the temporary role where one was needed."""
    custody = at_the_end.custody
    found = step.check(estate.settings(), at_the_end)
    openings = {
        one.key
        for one in custody.sent
        if one.step == "05" and one.key.startswith(("open-", "window-", "CreateRole", "PutRole"))
    }
    assert {one.opened.key for one in custody.permissions} == openings
    assert {"open-central", "window-central"} < openings
    assert custody.left_open == ()
    assert states(found, "08.permission") == {FindingState.OK}
    assert all(one.opened.request_id and one.closed.request_id for one in custody.permissions)


def test_every_policy_of_the_move_has_its_text_of_before_and_of_after(
    estate: Estate, at: Callable[[str], Clients], ended: str
) -> None:
    """The first text of an old bucket is what AWS held when nothing was done yet, and each text of after is that of the
    next before."""
    clients = at(ended)
    folder = clients.settings.run_folder
    lines = list(entries(folder))
    ends = {line["intent"]: line for line in lines if line["kind"] == "done"}
    policies = [one for one in lines if one["kind"] == "intent" and touches_policy(one["service"], one["call"])]
    assert {one["call"] for one in policies} >= {
        "PutBucketPolicy",
        "CreateRole",
        "PutRolePolicy",
        "CreatePolicy",
    }
    standing: dict[str, bytes | None] = {}
    first: bytes | None = None
    for one in policies:
        before, after = (_text(folder, said) for said in (one["replaces"], ends[one["hash"]]["puts"]))
        name = one["resource"].rsplit(":", 1)[-1]
        if one["service"] == "s3":
            assert standing.get(name, before) == before, one["n"]
            standing[name] = after
        first = before if name == BUCKET and first is None else first
    texts_named = {
        said["file"] for line in lines for said in (line.get("replaces", {}), line.get("puts", {})) if "file" in said
    }
    assert {f"policies/{path.name}" for path in (folder / "policies").iterdir()} == texts_named
    estate.restore()
    held = by_hand(estate.clients(run_name="untouched"), SOURCE, "eu-west-1").get_bucket_policy(Bucket=BUCKET)["Policy"]
    assert first == held.encode()


def _verified(estate: Estate, settings: Settings) -> tuple[int, list[str]]:
    """`onetrail record verify` beside the heads in the work bucket, with the reader's credentials."""
    reader = f"arn:aws:iam::{settings.log_account.account_id}:role/onetrail-reader"
    said = CliRunner().invoke(
        main,
        ["record", "verify", str(settings.run_folder), "--heads", f"s3://{settings.work_bucket}"],
        env=environment(estate.door.endpoint, reader),
    )
    return said.exit_code, said.stdout.splitlines()


def _text(folder: Path, said: dict[str, Any]) -> bytes | None:
    return None if said.get("absent") else (folder / said["file"]).read_bytes()


def _changed_line(clients: Clients) -> None:
    path = clients.settings.run_folder / "record.jsonl"
    path.write_text(path.read_text().replace('"actor":"break-glass"', '"actor":"nobody"', 1))


def _rewritten_record(clients: Clients) -> None:
    """The whole chain made anew with one line left out and other approvals, and five objects put beside the heads with
    the operator's rights."""
    settings = clients.settings
    folder, account = settings.run_folder, settings.log_account.account_id
    lines = [line | ({"approve": "p-1"} if line["kind"] == "plan" else {}) for line in entries(folder)]
    given_a_fresh_chain(folder, lines[:3] + lines[4:])
    s3 = by_hand(clients, account, settings.home_region)
    last = list(entries(folder))[-1]
    body = RecordHead("practice", last["n"], last["hash"], last["at"]).body()
    put = partial(s3.put_object, Bucket=settings.work_bucket, Body=body, ContentMD5=_md5(body), IfNoneMatch="*")
    for name in ("head-9.json", "head-x", "head-000001.json", "head-000002.json", "head-999999.json"):
        put(Key=f"records/practice/{name}")
    with pytest.raises(ClientError, match="PreconditionFailed"):  # the last head's own key
        put(Key=f"records/practice/head-{last['n']:06d}.json")


def _ledger_changed(clients: Clients) -> None:
    next((clients.settings.run_folder / "ledger").glob("copy-*.parquet")).write_bytes(b"PAR1")


def _policy_changed(clients: Clients) -> None:
    path = next((clients.settings.run_folder / "policies").glob(f"*-before-{BUCKET}.json"))
    path.write_bytes(path.read_bytes() + b" ")


def _receipt_forged(clients: Clients) -> None:
    path = clients.settings.run_folder / "receipts" / f"{BUCKET}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "at": "2020-01-01T00:00:00Z"}))


def _head_planted(clients: Clients) -> None:
    """An object beside the stored heads, which the operator may put; what is there is overwritten by nobody."""
    account, bucket = clients.settings.log_account.account_id, clients.settings.work_bucket
    s3 = by_hand(clients, account, clients.settings.home_region)
    body, key = b'{"line": 1, "head": "0"}', "records/practice/head-1.json"
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentMD5=_md5(body), IfNoneMatch="*")
    there = s3.list_objects_v2(Bucket=bucket, Prefix="records/practice/head-0")["Contents"][0]["Key"]
    with pytest.raises(ClientError, match=r"AccessDenied|PreconditionFailed"):
        s3.put_object(Bucket=bucket, Key=there, Body=body, ContentMD5=_md5(body))


def _md5(body: bytes) -> str:
    import base64
    import hashlib

    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def _everything_beside_the_record(clients: Clients) -> None:
    for harm in (_ledger_changed, _receipt_forged, _head_planted):
        harm(clients)


@pytest.mark.parametrize(
    ("harm", "names"),
    [
        (_changed_line, {"08.record"}),
        (_policy_changed, {"08.file"}),
        (_rewritten_record, {"08.record", "08.anchors"}),
        (_everything_beside_the_record, {"08.file", "08.receipt", "08.anchors"}),
    ],
)
def test_what_was_tampered_with_comes_first_and_ends_with_3(
    at: Callable[[str], Clients],
    ended: str,
    at_the_end: EvidenceObservation,
    harm: Callable[[Clients], None],
    names: set[str],
) -> None:
    """The twin without harm is the test of the end; each harm alone is in the unit tests."""
    clients = at(ended)
    harm(clients)
    observation, found = seen(clients, at_the_end)
    assert names <= bad(found)
    assert verdict(found).exit_code == 3
    head, first = page(clients.settings, observation).split('<section id="steps">')[0].split("<nav")
    assert "attention" in head
    assert all(name in first for name in names)


def test_a_permission_left_open_is_named_and_once_closed_no_finding(
    estate: Estate, at: Callable[[str], Clients], half_way: str
) -> None:
    """The run dies while it copies: the record shows no closing, and AWS shows the grant. The next run closes it."""
    at(half_way)
    assert run(estate.clients(), trail_cutover).state == "applied"
    clients = estate.clients()
    settings = clients.settings
    plan = copy_history.propose(settings, copy_history.observe(settings, clients))

    class Killed(BaseException):
        pass

    def dies(*_: Any, **__: Any) -> Any:
        raise Killed

    with pytest.raises(Killed), open_gate(clients, "any") as gate:
        append, closing = gate.record.append, {c.key for c in plan.changes if c.closes}
        first = next(c.key for c in plan.changes if c.bulk)

        def until_the_copy(kind: str, **fields: Any) -> str:
            if kind == "intent" and (fields["key"] == first or fields["key"] in closing):
                raise Killed
            return append(kind, **fields)

        gate.record.append = until_the_copy  # type: ignore[method-assign]
        copy_history.apply(plan, gate, clients)
    observation, found = seen(estate.clients())
    left = {one.what for one in observation.custody.left_open}
    assert {settings.bucket_name} < left
    assert states(found, "08.permission") == {FindingState.FINDING}
    assert f"are not shown as closed: {min(left)}" in page(settings, observation)
    assert run(estate.clients(), copy_history).state == "applied"
    _, after = seen(estate.clients())
    assert states(after, "08.permission") == {FindingState.OK}


def test_a_step_that_cannot_be_looked_at_is_reported_and_the_others_are_looked_at(
    estate: Estate, at: Callable[[str], Clients], ended: str, at_the_end: EvidenceObservation
) -> None:
    """It is never taken for nothing there."""
    clients = at(ended)
    work = clients.settings.work_bucket
    estate.fault("denied", service="s3", operation="GetObject", bucket=work, key="records/", count=50)
    _, found = seen(clients, at_the_end)
    estate.fault("clear")
    assert states(found, "08.anchors") == {FindingState.COULD_NOT_LOOK}
    assert states(found, "08.record") == {FindingState.OK}
    assert FindingState.OK in states(found, "06.bucket")
