"""One change on its way: what is written, said and remembered of it, and what each kind of failure becomes."""

from datetime import timedelta

import pytest

from onetrail.change import After, Caller, ChangeFailed, Document, ExpectedAnswer, entries, iso
from onetrail.change.bulk import Bulk, BulkAction
from tests.unit.change.given import (
    NOON,
    Expired,
    Gone,
    MovableClock,
    Refused,
    given_a_change,
    given_a_sending,
)

RULE = Bulk(BulkAction.COPY, calls=("CopyObject",), fixed={}, rule={})
WHO = Caller("arn:aws:iam::111122223333:user/ann", "own credentials")


def lines(folder, *kinds):
    """Without what every line has."""
    return [
        {name: value for name, value in line.items() if name not in ("v", "n", "at", "run", "previous", "hash")}
        for line in entries(folder, *kinds)
    ]


def test_a_change_is_written_in_full_before_and_after_it_is_sent(tmp_path):
    """Who, what, where, with which parameters and why; then with which answer."""
    change = given_a_change(actor="", before={"x": 1})
    sending, estate, reported = given_a_sending(tmp_path, change)
    estate.callers = {("111122223333", ""): WHO}
    sending.send(change)
    plan = sending.plan.id
    caller, intent, done = lines(tmp_path)
    assert caller == {
        "kind": "caller",
        "step": "03",
        "plan": plan,
        "account": "111122223333",
        "actor": "",
        "arn": WHO.arn,
        "way": "own credentials",
    }
    assert intent == {
        "kind": "intent",
        "step": "03",
        "plan": plan,
        "key": "put",
        "account": "111122223333",
        "region": "us-east-1",
        "service": "s3",
        "call": "PutBucketPolicy",
        "actor": "",
        "resource": "old",
        "before": {"x": 1},
        "parameters": {"Bucket": "old", "Policy": "{}"},
        "reason": "because",
    }
    number = next(entries(tmp_path, "intent"))["hash"]
    assert done == {
        "kind": "done",
        "key": "put",
        "intent": number,
        "request_id": "R-put",
        "closes": "",
        "result": {},
    }
    assert reported == ["s3:PutBucketPolicy old"]
    assert [(one.change.key, one.request_id, one.result) for one in sending.done] == [("put", "R-put", {})]
    assert (sending.sent, sending.closed) == ({"put"}, {"put"})


def test_no_actor_is_reported_whose_account_cannot_be_entered(tmp_path):
    """The sending itself says why."""
    change = given_a_change()
    sending, _, _ = given_a_sending(tmp_path, change)
    sending.send(change)
    assert lines(tmp_path, "caller") == []


def test_who_sends_is_written_again_where_another_credential_became_of_it(tmp_path):
    """Twins: the same one is not, nor is one that cannot be entered any more; what is sent then says why."""
    first, second, third, last = (given_a_change(key) for key in ("one", "two", "three", "four"))
    sending, estate, _ = given_a_sending(tmp_path, first, second, third, last)
    other, where = Caller(WHO.arn, "role x"), ("111122223333", "")
    for change, who in ((first, WHO), (second, WHO), (third, other), (last, None)):
        estate.callers = {where: who} if who else {}
        sending.send(change)
    assert [(line["arn"], line["way"]) for line in lines(tmp_path, "caller")] == [WHO, other]


def test_what_was_gone_already_is_done_and_reported(tmp_path):
    """Twin: a call that must be refused proves nothing where its target is gone."""
    change = given_a_change(call="DeleteBucketPolicy")
    sending, _, reported = given_a_sending(tmp_path / "change", change, failing={"put": Gone()})
    sending.send(change)
    assert reported[-1] == "old: was gone already (NoSuchEntity)"
    assert lines(tmp_path / "change", "done")[0]["result"] == {"was_gone_already": "NoSuchEntity"}
    probe = given_a_change(expects=ExpectedAnswer.REFUSED)
    sending, _, _ = given_a_sending(tmp_path / "probe", probe, failing={"put": Gone("x")})
    with pytest.raises(ChangeFailed, match="failed: x"):
        sending.send(probe)
    assert (sending.done, lines(tmp_path / "probe", "done")) == ([], [])


def test_a_probe_that_is_refused_is_done_and_was_not_sent(tmp_path):
    """It says with which code. Twins: one that gets through, and a change that is refused."""
    probe = given_a_change(expects=ExpectedAnswer.REFUSED)
    sending, _, _ = given_a_sending(tmp_path / "refused", probe, failing={"put": Refused()})
    sending.send(probe)
    assert lines(tmp_path / "refused", "done")[0]["result"] == {"refused": "AccessDenied"}
    assert ([one.result for one in sending.done], sending.sent) == ([{"refused": "AccessDenied"}], set())
    sending, _, _ = given_a_sending(tmp_path / "through", probe)
    with pytest.raises(ChangeFailed, match="must be refused but got through"):
        sending.send(probe)
    assert lines(tmp_path / "through", "failed")[0]["error"] == "a call that must be refused got through"
    change = given_a_change()
    sending, _, _ = given_a_sending(tmp_path / "change", change, failing={"put": Refused("no")})
    with pytest.raises(ChangeFailed, match="failed: no"):
        sending.send(change)
    assert (sending.done, sending.sent) == ([], set())


@pytest.mark.parametrize(
    ("error", "waits"),
    [(ValueError("slow"), 2), (Expired("over"), 0)],
)
def test_a_probe_that_fails_is_sent_again_after_a_while_unless_that_cannot_help(tmp_path, error, waits):
    """As often as it may be; with credentials that are over it is not asked again."""
    clock = MovableClock()
    probe = given_a_change(expects=ExpectedAnswer.REFUSED, tries=3)
    sending, _, _ = given_a_sending(tmp_path, probe, failing={"put": error}, clock=clock)
    with pytest.raises(ChangeFailed):
        sending.send(probe)
    assert clock.now() - NOON == timedelta(seconds=30) * waits
    assert len(lines(tmp_path, "failed")) == waits + 1


def test_the_cure_of_credentials_that_are_over_is_to_sign_in(tmp_path):
    """Any other failure has its own cause to be seen to."""
    for error, cure in ((Expired("over"), "sign in again"), (ValueError("wrong"), "fix the cause")):
        change = given_a_change()
        sending, _, _ = given_a_sending(tmp_path / str(error), change, failing={"put": error})
        with pytest.raises(ChangeFailed, match=f"failed: {error}; {cure} and run this step again") as failed:
            sending.send(change)
        assert ("sign in again" in str(failed.value)) is (cure == "sign in again")
        assert "None" not in str(failed.value)
        assert lines(tmp_path / str(error), "failed")[0]["step"] == "03"


def test_what_bulk_work_brought_back_before_it_failed_is_kept(tmp_path):
    """Its ledger parts are evidence."""
    change = given_a_change(bulk=RULE)

    def fails(_):
        raise ChangeFailed("no space", {"ledger": ["a"]})

    sending, _, _ = given_a_sending(tmp_path, change, bulk=fails)
    with pytest.raises(ChangeFailed, match="no space"):
        sending.send(change)
    assert lines(tmp_path, "failed")[0]["result"] == {"ledger": ["a"]}


def test_a_rule_is_carried_out_by_who_does_bulk_work_and_a_single_call_is_sent(tmp_path):
    """Where nobody does bulk work, a rule is sent as it is."""
    rule, single = given_a_change("rule", bulk=RULE), given_a_change("single")
    sending, estate, _ = given_a_sending(
        tmp_path / "a", rule, single, bulk=lambda change: {"RequestId": "B", "did": change.key}
    )
    sending.send(rule)
    sending.send(single)
    assert [key for key, _ in estate.sent] == ["single"]
    assert [(one.request_id, one.result) for one in sending.done] == [
        ("B", {"did": "rule"}),
        ("R-single", {}),
    ]
    assert [line["result"] for line in lines(tmp_path / "a", "done")] == [{"did": "rule"}, {}]
    plain = given_a_change("rule", bulk=None)
    sending, estate, _ = given_a_sending(tmp_path / "b", plain)
    sending.send(plain)
    assert [key for key, _ in estate.sent] == ["rule"]


@pytest.mark.parametrize(
    ("parameters", "hours"),
    [
        ({"Bucket": "old", "Policy": "{}"}, None),
        ({"a": After("PT6H")}, 6),
        ({"a": [After("PT6H"), After("PT9H")], "b": (After("PT1H"),)}, 9),
        ({"Policy": Document({"Statement": [{"Condition": {"x": After("PT2H")}}]})}, 2),
        ({"Policy": {"a": [{"x": After("PT1H")}], "b": {"y": After("PT6H")}, "c": (After("PT2H"),)}}, 6),
        ({"a": {"b": "PT6H"}}, None),
    ],
)
def test_an_opening_is_known_to_end_by_itself_at_its_last_instant(tmp_path, parameters, hours):
    """However deep it stands. Twin: a closing opens nothing."""
    change = given_a_change(parameters=parameters)
    sending, _, _ = given_a_sending(tmp_path, change)
    sending.send(change)
    assert sending.until == ({"put": iso(NOON + timedelta(hours=hours))} if hours else {})
    closing = given_a_change("close", parameters=parameters, closes="put")
    sending.send(closing)
    assert "close" not in sending.until


def test_the_time_before_a_change_passes_before_it_is_sent(tmp_path):
    """Only where it is to."""
    clock = MovableClock()
    sending, _, _ = given_a_sending(tmp_path, clock=clock)
    sending.wait_for(given_a_change())
    assert clock.now() == NOON
    sending.wait_for(given_a_change(after="PT1H"))
    assert clock.now() == NOON + timedelta(hours=1)


def test_a_change_may_be_sent_with_what_others_brought_back(tmp_path):
    """Instants are made when it is sent."""
    sending, _, _ = given_a_sending(tmp_path)
    assert sending.parameters(given_a_change(parameters={"a": After("PT1H")})) == {"a": iso(NOON + timedelta(hours=1))}


def test_each_change_that_is_sent_has_its_number(tmp_path):
    """A probe that is refused, and one that is sent twice, count once. Twin: without a counter the call alone is
    said."""
    probe = given_a_change("probe", call="PutObject", expects=ExpectedAnswer.REFUSED, tries=2)
    changes = (given_a_change("put"), probe, given_a_change("last"))
    sending, _, told = given_a_sending(tmp_path / "counted", *changes, failing={"probe": Refused()})
    counted = []
    sending.gate.sent = lambda line, number, of: counted.append((number, of))
    for change in changes:
        sending.send(change)
    assert counted == [(1, 3), (2, 3), (3, 3)]
    assert told == []
    sending, _, told = given_a_sending(tmp_path / "said", changes[0])
    sending.send(changes[0])
    assert told == [f"{changes[0].service}:{changes[0].call} {changes[0].resource}"]
