"""A grant opens what has something to copy, and closes whatever is found open."""

import importlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from onetrail.change import BulkAction, CheckKind, Document, RequiredCheck, RunRecord, WallClock
from onetrail.change.values import plain
from onetrail.estate.archive import archive_of
from onetrail.estate.backlog.backlog import NOT_COPIED
from onetrail.estate.backlog.obstacles import Obstacle
from onetrail.estate.copier_role import RolePart, standing_parts
from onetrail.estate.history.old_objects import NoncurrentCounts
from onetrail.estate.history.pairing import ObjectPair
from onetrail.estate.old_estate import OldBucket, OldEstate
from onetrail.estate.status import Status, StepStage
from onetrail.iam import build, with_statements
from onetrail.looked import There
from onetrail.s3.decisions.decide import DecisionKind, ObjectDecision
from onetrail.s3.ledger import keys as ledger_keys
from onetrail.s3.ledger.parts import LedgerPart
from onetrail.s3.rows import ObjectRow
from onetrail.settings import Settings
from onetrail.steps.copy_history import Backlog, CopyObservation, propose
from onetrail.steps.copy_history.check import check, closed
from onetrail.steps.copy_history.local.conditional import conditional_copies
from onetrail.steps.copy_history.local.tasks import OUTCOMES, row_of
from onetrail.steps.copy_history.local.unwritten import interrupted

SETTINGS = Settings.from_file(Path(__file__).parents[3] / "parameters" / "practice.yaml")
ARCHIVE = archive_of(SETTINGS)
SOURCE = "111122223333"
DONE = (Status("02", StepStage.DONE, ""), Status("04", StepStage.DONE, ""))


def given_a_bucket(name, *, grant_open=False):
    opened = build.old_bucket_open("aws", name, ARCHIVE.copier_arn, ["AWSLogs/"], "2026-01-12T15:00:00Z")
    policy = {"Version": "2012-10-17", "Statement": opened} if grant_open else None
    return OldBucket(name, SOURCE, "eu-west-1", policy=policy)


def given(*backlogs, copier_left=(), prerequisites=DONE, central=None, **key):
    return CopyObservation(
        prerequisites,
        OldEstate((), (), tuple(backlog.bucket for backlog in backlogs)),
        backlogs,
        central or build.central_bucket(ARCHIVE),
        {SOURCE: copier_left},
        datetime(2026, 1, 12, 9, tzinfo=UTC),
        **key,
    )


def given_a_backlog(bucket, objects=2, direction="pull"):
    counts = {DecisionKind.COPY: objects, DecisionKind.PRESENT: 5}
    return Backlog(
        bucket,
        direction,
        "because",
        counts,
        {DecisionKind.COPY: 100},
        pilot=("log", "digest") if objects else (),
        pilot_size=30 if objects else 0,
    )


def keys(plan):
    return [change.key for change in plan.changes]


def test_every_opening_has_its_closing():
    """Pull and push: what the plan opens, the plan closes, and the roles go last."""
    pull, push = given_a_backlog(given_a_bucket("a")), given_a_backlog(given_a_bucket("b"), direction="push")
    plan = propose(SETTINGS, given(pull, push))
    closings = {change.closes for change in plan.changes if change.closes}
    openings = {
        change.key for change in plan.changes if change.key.startswith(("open-", "window-", "CreateRole", "PutRole"))
    }
    assert openings == closings
    assert keys(plan)[-1].startswith("DeleteRole-")
    assert plan.ends_with == RequiredCheck(CheckKind.GRANT_REVOKED)


def test_no_object_is_counted_twice_in_the_rules():
    """The pilot copies two of the ten, its rule counts those, and the rule after it the others: they add up to what
    lacks. Twin: together with a bucket of which all is copied, still so."""
    ten, none = given_a_backlog(given_a_bucket("a"), 10), given_a_backlog(given_a_bucket("b"), 0)
    rules = {
        change.bulk.deed: change.bulk.estimate for change in propose(SETTINGS, given(ten, none)).changes if change.bulk
    }
    assert rules == {
        BulkAction.PILOT: {"objects": 2, "bytes": 30},
        BulkAction.COPY: {"objects": 8, "bytes": 70},
    }


def test_nothing_to_copy_and_nothing_open_is_nothing_to_do():
    """A second run proposes nothing."""
    assert propose(SETTINGS, given(given_a_backlog(given_a_bucket("a"), objects=0))).empty


@pytest.mark.parametrize("objects", [0, 2])
def test_a_grant_left_open_elsewhere_is_closed_whether_there_is_work_or_not(objects):
    """A bucket that is already copied keeps no temporary statement because another one is still to be copied."""
    work, left = (
        given_a_backlog(given_a_bucket("a"), objects),
        given_a_backlog(given_a_bucket("b", grant_open=True), 0),
    )
    plan = propose(SETTINGS, given(work, left))
    assert "close-b" in keys(plan)
    assert next(change for change in plan.changes if change.key == "close-b").call == "DeleteBucketPolicy"


@pytest.mark.parametrize("objects", [0, 2])
def test_a_copier_role_left_behind_goes_whether_there_is_work_or_not(objects):
    """The role of an interrupted push is removed, after its policy. Twin: the policy is gone already, or was never
    put."""
    whole = given(given_a_backlog(given_a_bucket("a"), objects), copier_left=tuple(RolePart))
    assert keys(propose(SETTINGS, whole))[-2:] == [f"DeleteRolePolicy-{SOURCE}", f"DeleteRole-{SOURCE}"]
    bare = given(given_a_backlog(given_a_bucket("a"), objects), copier_left=(RolePart.ROLE,))
    assert [key for key in keys(propose(SETTINGS, bare)) if key.startswith("DeleteRole")] == [f"DeleteRole-{SOURCE}"]


def test_the_role_is_looked_at_part_by_part():
    """And a part that cannot be read is not a part that is gone."""
    nothing, refused = _error("NoSuchEntity"), _error("AccessDenied")
    for role, policy, parts in (
        (None, None, (RolePart.POLICY, RolePart.ROLE)),
        (None, nothing, (RolePart.ROLE,)),
        (nothing, nothing, ()),
        (None, refused, None),
        (refused, None, None),
    ):
        iam = SimpleNamespace(get_role=_says(role), get_role_policy=_says(policy))
        seen = standing_parts(SimpleNamespace(client=lambda *_, iam=iam: iam), SOURCE)
        assert (seen.value if isinstance(seen, There) else None) == parts


def _error(code):
    return ClientError({"Error": {"Code": code, "Message": ""}}, "GetRole")


def _says(error):
    def call(**_):
        if error:
            raise error
        return {}

    return call


def test_a_bucket_that_is_reopened_is_closed_once():
    """An expired grant in a bucket with work left is replaced by a new one, with one closing."""
    plan = propose(SETTINGS, given(given_a_backlog(given_a_bucket("a", grant_open=True))))
    assert keys(plan).count("close-a") == 1


def test_an_archive_policy_left_open_is_put_back():
    """The steady policy comes back by break-glass."""
    plan = propose(SETTINGS, given(central=build.central_bucket_window(ARCHIVE)))
    assert [(change.key, change.actor) for change in plan.changes] == [("close-central", "break-glass")]


def test_an_expiry_is_a_duration_in_the_plan():
    """Read again an hour later, the plan has the same id."""
    plan = propose(SETTINGS, given(given_a_backlog(given_a_bucket("a"))))
    meaning = str([change.meaning() for change in plan.changes])
    assert "PT6H" in meaning
    assert "2000-01-01" not in meaning


KEY = f"arn:aws:kms:us-east-1:044455556666:key/{'1' * 8}-1111-4111-8111-{'1' * 12}"
KEYED = SETTINGS.with_values(kms_key="create")
KEY_POLICY = build.kms_key(archive_of(KEYED, kms_key_arn=KEY))


def test_a_pushing_copier_may_use_the_archives_key_until_the_expiry():
    """Opened after the role is made and closed after the archive is; twins: where all is pulled, or the key is not
    ours, it stays shut."""
    push = given_a_backlog(given_a_bucket("b"), direction="push")
    seen = {"kms_key": KEY, "key_policy": KEY_POLICY}
    plan = propose(KEYED, given(push, **seen))
    order = [key for key in keys(plan) if key.endswith(("-key", "-central")) or "Role-" in key]
    assert order.index("CreateRole-111122223333") < order.index("open-key") < order.index("open-central")
    assert order.index("close-central") < order.index("close-key") < order.index("DeleteRole-111122223333")
    opening, closing = (change for change in plan.changes if change.call == "PutKeyPolicy")
    assert (opening.parameters["KeyId"], closing.closes) == (KEY, opening.key)
    assert "CopierEncrypts" in str(opening.parameters["Policy"])
    assert "after PT6H" in str(plain(opening.parameters["Policy"]))
    assert closing.parameters["Policy"] == Document(KEY_POLICY)
    pull = given_a_backlog(given_a_bucket("a"))
    assert "open-key" not in keys(propose(KEYED, given(pull, **seen)))
    theirs = propose(SETTINGS.with_values(kms_key=KEY), given(push, kms_key=KEY))
    assert "open-key" not in keys(theirs)
    assert any("must let the copier roles" in note for note in theirs.notes)


def test_a_key_left_open_is_closed_and_until_then_the_step_is_not_done():
    """An interrupted push leaves nothing behind. Twin: a key policy as 03 put it is left alone."""
    archive = archive_of(KEYED, kms_key_arn=KEY)
    opened = build.kms_key(archive, [f"arn:aws:iam::{SOURCE}:role/onetrail-copier"], "2026-01-12T15:00:00Z")
    rest = given_a_backlog(given_a_bucket("a"), objects=0)
    left = given(rest, kms_key=KEY, key_policy=opened)
    assert keys(propose(KEYED, left)) == ["close-key"]
    assert not closed(KEYED, left)
    steady = given(rest, kms_key=KEY, key_policy=KEY_POLICY)
    assert propose(KEYED, steady).empty
    assert closed(KEYED, steady)


def test_without_its_prerequisites_nothing_is_opened():
    """02 and 04 come first."""
    open_ = (Status("02", StepStage.DONE, ""), Status("04", StepStage.OPEN, "delivery is missing"))
    plan = propose(SETTINGS, given(given_a_backlog(given_a_bucket("a")), prerequisites=open_))
    assert (plan.empty, plan.waiting_for) == (True, "04")


def test_only_a_copy_without_its_end_is_looked_at_again(tmp_path):
    """A ledger that is complete costs no look at any object. Twins: a copy that was killed, one that failed, and one
    that was made good."""
    clock = SimpleNamespace(now=lambda: datetime(2026, 1, 12, tzinfo=UTC))
    with RunRecord(tmp_path, "practice", clock) as record:

        def begun(key, **more):
            return record.append("intent", step="05", key=key, **more)

        assert interrupted(tmp_path) == set()
        record.append("done", key="pilot-a", intent=begun("pilot-a"))
        record.append("done", key="copy-a", intent=begun("copy-a"))
        begun("open-c")
        assert interrupted(tmp_path) == set()
        record.append("failed", key="copy-b-1", intent=begun("copy-b-1"))
        begun("pilot-d")
        assert interrupted(tmp_path) == {"b-1", "d"}
        record.append("rows", step="05", bucket="d", rows=2)
        assert interrupted(tmp_path) == {"b-1"}
        begun("copy-d")
        assert interrupted(tmp_path) == {"b-1", "d"}


def test_every_closing_of_a_policy_is_made_of_what_is_there_and_roles_go_last():
    """Whoever changed a policy meanwhile keeps that. Twin: openings and copies, which are sent as they were
    reviewed."""
    push, pull = given_a_backlog(given_a_bucket("b"), direction="push"), given_a_backlog(given_a_bucket("a"))
    left = given_a_backlog(given_a_bucket("c", grant_open=True), 0)
    plan = propose(KEYED, given(pull, push, left, kms_key=KEY, key_policy=KEY_POLICY))
    policies = [change for change in plan.changes if change.call.endswith(("BucketPolicy", "KeyPolicy"))]
    closings = [change for change in policies if change.closes or change.key == "close-c"]
    assert len(closings) == 5
    assert all(change.restores for change in closings)
    assert not [change.key for change in plan.changes if change.restores and change not in closings]
    assert {c.requires for c in plan.changes if c.call.startswith("DeleteRole")} == {
        RequiredCheck(CheckKind.POLICIES_BACK)
    }
    steady = build.central_bucket(ARCHIVE)
    back = next(change for change in closings if change.key == "no-window-central").restores
    assert back.without_ours(build.central_bucket_window(ARCHIVE)) == steady
    foreign = with_statements(steady, [{**steady["Statement"][0], "Sid": "SomebodyElse"}])
    assert propose(SETTINGS, given(given_a_backlog(given_a_bucket("a"), 0), central=foreign)).empty


def given_a_probe(tmp_path, **reported):
    settings = SETTINGS.with_values(runs_dir=str(tmp_path))
    with RunRecord(settings.run_folder, settings.run_name, WallClock()) as record:
        record.append("probe", step="05", **reported)
    return settings


def test_a_condition_that_s3_does_not_take_is_left_out_and_the_plan_says_so(tmp_path):
    """Of the archive's policy and of the probes. Twins: no pilot saw so, and a probe of something else."""
    due = given_a_backlog(given_a_bucket("a"))
    seen = {True: given(due), False: given(due, conditional=False)}
    for conditional, observation in seen.items():
        plan = propose(SETTINGS, observation)
        opened = next(change for change in plan.changes if change.key == "open-central")
        sids = {statement["Sid"] for statement in plain(opened.parameters["Policy"])["Statement"]}
        assert ("CopierNeverOverwrites" in sids) is conditional
        asked = {change.parameters.get("IfNoneMatch") for change in plan.changes if change.expects == "refused"}
        assert asked == ({"*"} if conditional else {None})
        assert any("does not accept If-None-Match" in note for note in plan.notes) is not conditional
    assert propose(SETTINGS, seen[True]).id != propose(SETTINGS, seen[False]).id
    asked = {"asked": "If-None-Match on CopyObject", "taken": False}
    assert conditional_copies(SETTINGS.with_values(runs_dir=str(tmp_path / "none")))
    assert conditional_copies(given_a_probe(tmp_path / "other", asked="another header", taken=False))
    assert not conditional_copies(given_a_probe(tmp_path / "asked", **asked))


def test_every_object_that_is_not_copied_has_an_outcome_of_its_own():
    """Whatever is decided of it. Logs past their retention are copied, so they have none here."""
    assert set(DecisionKind) - set(OUTCOMES) == {DecisionKind.COPY, DecisionKind.PAST_RETENTION}
    bucket, at = given_a_bucket("a"), datetime(2026, 1, 12, tzinfo=UTC)
    row = ObjectRow("k", 3, "e", at, "STANDARD")
    for kind in (*OUTCOMES, DecisionKind.COPY):
        pair = ObjectPair(row, None, "k", "")
        found = row_of(SETTINGS, bucket, pair, ObjectDecision(kind, "because"), at)
        assert found.outcome == ("not_tried" if kind is DecisionKind.COPY else OUTCOMES[kind])
        assert bool(found.destination_key) == (
            kind not in (DecisionKind.COPY, DecisionKind.FOREIGN, DecisionKind.MARKER)
        )


def test_a_bucket_is_laid_beside_its_own_parts_of_the_ledger_and_no_others(tmp_path, monkeypatch):
    """The others may be many, and none of them has a row of it. Twin: an object without a row in them gets one."""
    module = importlib.import_module("onetrail.steps.copy_history.local.unwritten")
    settings, at = SETTINGS.with_values(runs_dir=str(tmp_path)), datetime(2026, 1, 12, tzinfo=UTC)
    row, read, said = ObjectRow("notes.txt", 3, "e", at, "STANDARD"), [], []
    pair = ObjectPair(row, None, row.key, "")

    def keys_in_order(found, *asked):
        read.append({path.name for path in found})
        return ledger_keys.keys_in_order(found, *asked)

    monkeypatch.setattr(module, "keys_in_order", keys_in_order)
    monkeypatch.setattr(module, "pairs", lambda *_: iter([pair]))
    monkeypatch.setattr(module, "hot", lambda *_: SimpleNamespace(run=list))
    for name in ("acme", "acme-eu", "other"):
        written = row_of(settings, given_a_bucket(name), pair, ObjectDecision(DecisionKind.FOREIGN, "because"), at)
        for part in (f"copy-{name}-001", f"pilot-{name}-jobs"):
            with LedgerPart(settings.run_folder / "ledger", part) as ledger:
                ledger.add(written)
    clients = SimpleNamespace(settings=settings, clock=SimpleNamespace(now=lambda: at))
    gate = SimpleNamespace(record=SimpleNamespace(append=lambda *_, **__: None), say=said.append)
    buckets = [given_a_bucket("acme-eu"), given_a_bucket("new")]
    module.write_missing_rows(clients, gate, buckets, also={"acme-eu", "new"})
    own = {"copy-acme-eu-001.parquet", "pilot-acme-eu-jobs.parquet"}
    assert (read, said) == ([own, own, set(), set()], ["new: 1 rows that the ledger lacked are in it now"])


def test_where_every_bucket_is_left_out_the_plan_says_what_keeps_it():
    """Twins: with one bucket that can be copied there is a plan, and with nothing to copy there is nothing to say."""
    stop = Obstacle("05.region", "its region is off", stops=True)
    left_out = replace(given_a_backlog(given_a_bucket("a")), obstacles=(stop,))
    plan = propose(SETTINGS, given(left_out))
    assert (plan.changes, plan.why) == (
        (),
        "2 objects are still to be copied; fix this first: a: its region is off",
    )
    assert propose(SETTINGS, given(left_out, given_a_backlog(given_a_bucket("b")))).changes
    none = propose(SETTINGS, given(replace(left_out, objects={DecisionKind.PRESENT: 5})))
    assert (none.changes, none.why) == ((), "")


def test_names_that_are_not_all_say_how_many_more_there_are():
    """Of objects that need a person, those beside a plain key, hidden and older ones. Twin: five are named without
    more."""
    five = tuple(f"k{n}" for n in range(5))

    def reported(number):
        behind = NoncurrentCounts(hidden=number, other=number, hidden_named=list(five), other_named=list(five))
        backlog = replace(
            given_a_backlog(given_a_bucket("a"), objects=0),
            objects={kind: number for kind in NOT_COPIED},
            named=dict.fromkeys(NOT_COPIED, five),
            beside=number,
            beside_named=five,
            behind=behind,
        )
        observation = given(backlog)
        names = ("05.conflict", "05.too-large", "05.foreign", "05.beside", "05.deleted", "05.overwritten")
        found = [f.evidence for f in check(SETTINGS, observation) if f.id in names]
        return [
            *found,
            *(n for n in propose(SETTINGS, observation).notes if "deleted there" in n or "older version" in n),
        ]

    assert len(reported(7)) == len(reported(5)) == 8
    assert all("k4 and 2 more" in text for text in reported(7))
    assert all("k4" in text and "more" not in text for text in reported(5))


def test_probes_come_in_three_rounds_with_time_between_them():
    """Only those of the first may be sent again; before each round the reads are refused. Twin: the old single round
    would be two calls."""
    plan = propose(SETTINGS, given(given_a_backlog(given_a_bucket("a"))))
    rounds = [(c.call, c.after, c.tries, c.requires) for c in plan.changes if c.expects == "refused"]
    assert rounds == [
        ("PutObject", "", 5, RequiredCheck(CheckKind.READS_REFUSED)),
        ("CopyObject", "", 5, None),
        ("PutObject", "PT2M", 1, RequiredCheck(CheckKind.READS_REFUSED)),
        ("CopyObject", "", 1, None),
        ("PutObject", "PT2M", 1, RequiredCheck(CheckKind.READS_REFUSED)),
        ("CopyObject", "", 1, None),
    ]


def test_a_bucket_that_could_not_be_listed_leaves_the_step_not_evaluated():
    """Nobody knows what it lacks. Twin: where all were listed and nothing is lacking, there is nothing to do."""
    blind = replace(given_a_backlog(given_a_bucket("a"), 0), could_not_look="ListObjectsV2: AccessDenied")
    plan = propose(SETTINGS, given(blind))
    assert (plan.empty, plan.not_evaluated, plan.notes) == (True, True, ("a: ListObjectsV2: AccessDenied",))
    assert not propose(SETTINGS, given(given_a_backlog(given_a_bucket("a"), 0))).not_evaluated
