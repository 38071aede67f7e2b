"""A closing puts back what was there before, byte for byte, and never over what somebody else changed meanwhile."""

import json
from hashlib import sha256

import pytest

from onetrail.change import Document, entries, run_plan
from onetrail.iam import canonical, parse
from onetrail.looked import Absent, There, Unread
from onetrail.policies import PolicyStore, Restores, Texts
from onetrail.policies.restore import KeptText, restored
from tests.unit.change.given import Estate, given_a_change, given_a_gate, given_a_plan

OURS, THEIRS, MORE = (
    {"Sid": sid, "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    for sid in ("OnetrailCopyRead", "Auditors", "Added")
)
LONGER = {**OURS, "Condition": {"DateLessThan": {"aws:CurrentTime": "2099-01-01T00:00:00Z"}}}
STEADY, OPEN = ({**OURS, "Sid": sid, "Effect": "Deny"} for sid in ("OnlyTls", "CopierExpires"))
ANOTHER = {**STEADY, "Action": "s3:PutObject"}
SOURCE = Restores(frozenset({"OnetrailCopyRead"}))
CENTRAL = Restores(frozenset({"OnlyTls", "CopierExpires"}), (STEADY,))


def policy(*statements):
    """A document as a text; without statements there is none."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=1) if statements else None


PRIOR = policy(THEIRS)


def kept(when, text):
    return when, KeptText(text, "policies/1.json" if text else "")


BEFORE, OPENED = kept("before", PRIOR), kept("after", policy(THEIRS, OURS))
CASES = [
    # how, what is there now, what the record has -> text put back, where from, what others changed
    (SOURCE, policy(THEIRS, OURS), [BEFORE, OPENED], PRIOR, "policies/1.json", []),
    (SOURCE, policy(OURS, THEIRS), [BEFORE, OPENED], PRIOR, "policies/1.json", []),  # order says nothing
    (SOURCE, policy(OURS), [kept("before", None), kept("after", policy(OURS))], None, "absent", []),
    (SOURCE, None, [kept("before", None), kept("after", policy(OURS))], None, "absent", []),
    (SOURCE, PRIOR, [BEFORE, OPENED], PRIOR, "policies/1.json", []),  # closed, and the answer was lost
    (SOURCE, PRIOR, [BEFORE], PRIOR, "policies/1.json", []),  # the opening never arrived
    (SOURCE, policy(THEIRS, LONGER), [BEFORE, OPENED], PRIOR, "policies/1.json", ["changed OnetrailCopyRead"]),
    (SOURCE, policy(THEIRS, OURS, MORE), [BEFORE, OPENED], policy(THEIRS, MORE), "", ["added Added"]),
    (SOURCE, policy(OURS), [BEFORE, OPENED], None, "", ["removed Auditors"]),
    (SOURCE, policy(THEIRS, OURS), [], PRIOR, "", []),  # another run folder: nothing to compare with
    (SOURCE, policy(THEIRS, OURS), [BEFORE], PRIOR, "policies/1.json", []),  # the opening's answer was lost
    (SOURCE, policy(THEIRS, OURS, MORE), [BEFORE], policy(THEIRS, MORE), "", ["added Added"]),
    (
        CENTRAL,
        policy(STEADY, OPEN),
        [kept("before", policy(STEADY)), kept("after", policy(STEADY, OPEN))],
        policy(STEADY),
        "policies/1.json",
        [],
    ),
    (
        CENTRAL,
        policy(STEADY, OPEN, MORE),
        [kept("before", policy(STEADY)), kept("after", policy(STEADY, OPEN))],
        policy(STEADY, MORE),
        "",
        ["added Added"],
    ),
    (
        CENTRAL,
        policy(ANOTHER, OPEN),
        [kept("before", policy(STEADY)), kept("after", policy(STEADY, OPEN))],
        policy(STEADY),
        "policies/1.json",
        ["changed OnlyTls"],
    ),  # ours is ours again, and it is told
]


@pytest.mark.parametrize(("how", "now", "record", "text", "source", "foreign"), CASES)
def test_what_is_put_back(how, now, record, text, source, foreign):
    """Where nobody else was there the bytes of before; twins: each row in which somebody was."""
    found = restored(how, now, record)
    assert found.prior == source
    assert [line.split(":")[0] for line in found.foreign] == foreign
    if source:
        assert found.text == text, "byte for byte"
    same = (parse(t) if t else None for t in (found.text, text))
    assert canonical(next(same)) == canonical(next(same))
    assert ("byte for byte" in found.line) is (source.startswith("policies"))
    assert ("someone else changed it" in found.line) is bool(foreign)


class Bucket(Estate):
    """An estate that holds one policy, which somebody may change right after it was opened."""

    policy = PRIOR
    meanwhile = staticmethod(lambda text: text)

    def texts(self, change, parameters):
        now = Absent() if self.policy is None else There(self.policy)
        return Texts(now, parameters.get("Policy"))

    def send(self, change, parameters):
        answer = super().send(change, parameters)
        self.policy = parameters.get("Policy")
        if change.key == "open":
            self.policy = self.meanwhile(self.policy)
        return answer


def given_a_grant(folder, prior, meanwhile=lambda text: text):
    gate, _ = given_a_gate(folder)
    bucket = Bucket(gate.guard)
    bucket.policy, bucket.meanwhile, gate.sender = prior, meanwhile, bucket
    gate.texts = PolicyStore(folder, bucket.texts)
    statements = [THEIRS] if prior else []
    opening = given_a_change("open", parameters={"Bucket": "old", "Policy": Document(parse(policy(*statements, OURS)))})
    closing = given_a_change(
        "close",
        call="PutBucketPolicy" if prior else "DeleteBucketPolicy",
        parameters={"Bucket": "old", **({"Policy": Document(parse(prior))} if prior else {})},
        closes="open",
        restores=SOURCE,
    )
    return gate, bucket, given_a_plan(opening, closing)


def add(text):
    return json.dumps({"Version": "2012-10-17", "Statement": [*json.loads(text)["Statement"], MORE]})


def test_a_grant_leaves_the_bytes_of_before(tmp_path):
    """Spaces and all, from the run folder; twin: the next test."""
    gate, bucket, plan = given_a_grant(tmp_path, PRIOR)
    outcome = run_plan(plan, gate)
    assert bucket.policy == PRIOR
    assert outcome.line.endswith("1 policy is restored byte for byte.")
    last = [line for line in entries(tmp_path) if line["kind"] == "intent"][-1]
    assert last["restores"]["changed_by_others"] == []
    assert (tmp_path / last["restores"]["prior"]).read_text() == PRIOR


def test_what_somebody_added_meanwhile_stays_and_is_told(tmp_path):
    """In the outcome and in the record."""
    gate, bucket, plan = given_a_grant(tmp_path, PRIOR, add)
    outcome = run_plan(plan, gate)
    assert canonical(parse(bucket.policy)) == canonical(parse(policy(THEIRS, MORE)))
    assert "Someone else changed the policy of old meanwhile, and the change is kept: added Added" in outcome.line
    last = [line for line in entries(tmp_path) if line["kind"] == "intent"][-1]
    assert last["restores"]["prior"] == ""
    assert [line.split(":")[0] for line in last["restores"]["changed_by_others"]] == ["added Added"]


def test_a_bucket_without_a_policy_has_none_afterwards_unless_somebody_gave_it_one(tmp_path):
    """Removed, not emptied; twin: what somebody added meanwhile is put by the same change."""
    gate, bucket, plan = given_a_grant(tmp_path / "alone", None)
    run_plan(plan, gate)
    assert bucket.policy is None
    gate, bucket, plan = given_a_grant(tmp_path / "not alone", None, add)
    done = run_plan(plan, gate).done
    assert canonical(parse(bucket.policy)) == canonical(parse(policy(MORE)))
    assert [one.change.call for one in done] == ["PutBucketPolicy", "PutBucketPolicy"]


def test_a_text_of_the_run_folder_that_was_changed_is_not_put_back(tmp_path):
    """The record binds it by its hash. Twin: the first test."""
    gate, bucket, plan = given_a_grant(tmp_path, PRIOR)
    send = bucket.send

    def spoils(change, parameters):
        for path in (tmp_path / "policies").glob("*before*"):
            path.write_text(policy(MORE))
        return send(change, parameters)

    bucket.send = spoils
    run_plan(plan, gate)
    assert canonical(parse(bucket.policy)) == canonical(parse(PRIOR))
    last = [line for line in entries(tmp_path) if line["kind"] == "intent"][-1]
    assert last["restores"]["prior"] == ""


def test_the_plan_id_does_not_depend_on_what_others_do(tmp_path):
    """What is approved is whose statements go; twin: other statements are another plan."""
    change = given_a_change("close", restores=SOURCE)
    assert given_a_plan(change).id == given_a_plan(given_a_change("close", restores=SOURCE)).id
    assert given_a_plan(change).id != given_a_plan(given_a_change("close", restores=CENTRAL)).id


FIXED = [
    # what was there, what others do -> plan id, head of the record, SHA-256 of its bytes, the files kept
    (
        PRIOR,
        None,
        "p-56dfa5e14a13",
        "3a95caeecd8ad29b424fbf14f95c23c15f230aae31d344acc6c8060fef5db4a6",
        "c5e93e4800288ad13552d6fe4aa2012a7bcaa0db6a500cf9356b74fb69834e56",
        {
            "000002-after-old.json": "1b7bbcb35c619d96",
            "000002-before-old.json": "42361a874e04c083",
            "000004-after-old.json": "42361a874e04c083",
            "000004-before-old.json": "1b7bbcb35c619d96",
        },
    ),
    (
        PRIOR,
        add,
        "p-56dfa5e14a13",
        "5f79e7dd0dcbb4d0deb7bec2d5ddfee5bb77c0a814b5a693b9043f125f81883b",
        "ae8fd80ce063d987f3a5becd2c0b15bf89fc23b73c6aa469dad118c9b03fffc3",
        {
            "000002-after-old.json": "1b7bbcb35c619d96",
            "000002-before-old.json": "42361a874e04c083",
            "000004-after-old.json": "af62b6709f5d4ead",
            "000004-before-old.json": "2ee95e3fe6cc5e5d",
        },
    ),
    (
        None,
        None,
        "p-2a00e5cf26db",
        "65e24cb4f57ea4870a9ac8ae53a5c0128ed8c8aa9146cab8a6df68891f94f1a4",
        "f2e523dd7c188546ef319a8c35d77db4044b38b1b9be111b6bfb217e2d3580a7",
        {"000002-after-old.json": "edf3a2c06ae06312", "000004-before-old.json": "edf3a2c06ae06312"},
    ),
]


@pytest.mark.parametrize(("prior", "meanwhile", "id_", "head", "record", "files"), FIXED)
def test_plan_ids_record_and_run_folder_stay_what_they_were(tmp_path, prior, meanwhile, id_, head, record, files):
    """Approvals that were given, records that were begun and files that were kept hold on; twins: each row differs from
    the others."""
    gate, _, plan = given_a_grant(tmp_path, prior, meanwhile or (lambda text: text))
    run_plan(plan, gate)
    assert (plan.id, gate.record.lines, gate.record.head) == (id_, 6, head)
    assert sha256((tmp_path / "record.jsonl").read_bytes()).hexdigest() == record
    kept = {path.name: path.read_bytes() for path in (tmp_path / "policies").iterdir()}
    assert {name: sha256(content).hexdigest()[:16] for name, content in kept.items()} == files


def test_the_id_of_a_plan_that_puts_a_policy_back_stays_what_it_was():
    """Whose statements go and which are put are part of it."""
    ids = [given_a_plan(given_a_change("close", restores=how)).id for how in (SOURCE, CENTRAL)]
    assert ids == ["p-f0be1912042f", "p-4650bd70083b"]


@pytest.mark.parametrize(("removes_by", "call"), [("DeleteBucketPolicy", "DeleteBucketPolicy"), ("", "PutKeyPolicy")])
def test_a_policy_of_which_nothing_is_left_is_taken_away_where_that_can_be(tmp_path, removes_by, call):
    """A key always has one, so that there the call that puts it is sent, and AWS says what is wrong."""
    how = Restores(frozenset({"OnetrailCopyRead"}), puts_by="PutKeyPolicy", removes_by=removes_by)
    closing = given_a_change("close", restores=how)
    sent = PolicyStore(tmp_path, lambda *_: Texts(There(policy(OURS)), PRIOR)).of(closing, {"Policy": PRIOR, "A": 1})
    assert (sent.change.call, sent.texts.after, sent.put_back.whole) == (call, None, False)
    assert sent.parameters == ({"A": 1} if removes_by else {"A": 1, "Policy": None})


def test_a_closing_whose_policy_could_not_be_read_is_sent_as_reviewed(tmp_path):
    """So is a change that puts nothing back. Twin: read, it is made of what is there."""
    closing = given_a_change("close", closes="open", restores=SOURCE)
    for change, before in (
        (closing, Unread("AccessDenied")),
        (given_a_change("put"), There(policy(THEIRS, OURS))),
    ):
        sent = PolicyStore(tmp_path, lambda *_, held=before: Texts(held, PRIOR)).of(change, {"Policy": PRIOR})
        assert (sent.change, sent.parameters, sent.put_back) == (change, {"Policy": PRIOR}, None)
    read = PolicyStore(tmp_path, lambda *_: Texts(There(policy(THEIRS, OURS)), PRIOR)).of(closing, {"Policy": "{}"})
    assert canonical(parse(read.parameters["Policy"])) == canonical(parse(PRIOR))
