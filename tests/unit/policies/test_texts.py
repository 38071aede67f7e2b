"""What a change replaces and puts is kept byte for byte, before it is sent and after, and nothing is sent where it
could not be kept."""

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from onetrail.change import ChangeFailed, RecordError, TextUnread, run_plan
from onetrail.looked import Absent, There, Unread
from onetrail.policies import Restores, Texts
from tests.unit.change.given import given_a_change, given_a_gate, given_a_plan, lines

ODD = '{ "Version":"2012-10-17",\r\n\t"Statement" : [ ],  "Id":"\u00fcber" }\n\n'
NEW = '{"Version":"2012-10-17","Statement":[]}'


def kept(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "policies").glob("*"))}


def blocked(folder: Path) -> None:
    """Nothing can be put into the folder of the policies any more, as on a disk that is full."""
    (folder / "policies").mkdir(parents=True, exist_ok=True)
    for path in (folder / "policies").iterdir():
        path.unlink()
    (folder / "policies").rmdir()
    (folder / "policies").write_bytes(b"")


def test_a_text_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the power went there is the whole text or none, and a name that was given stays: file and folder are
    synced, in this order."""
    gate, estate = given_a_gate(tmp_path)
    estate.held["put"] = Texts(There(ODD), None)
    named = tmp_path / "policies" / "000002-before-role-old.json"
    synced = []

    def fsync(handle: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{handle}"))
        if path.parent == named.parent:
            synced.append((path.read_bytes(), named.exists()))
        elif path == named.parent:
            synced.append((b"", named.exists()))

    monkeypatch.setattr(os, "fsync", fsync)
    run_plan(given_a_plan(given_a_change(resource="arn:aws:iam::111122223333:role/old")), gate)
    assert synced == [(ODD.encode(), False), (b"", True)]


def test_both_texts_are_kept_byte_for_byte_and_bound_by_the_record(tmp_path: Path) -> None:
    """Whatever whitespace AWS holds; named by the record's line and the resource."""
    gate, estate = given_a_gate(tmp_path)
    estate.held["put"] = Texts(There(ODD), NEW)
    run_plan(given_a_plan(given_a_change(resource="arn:aws:iam::111122223333:role/old")), gate)
    assert kept(tmp_path) == {
        "000002-before-role-old.json": ODD.encode(),
        "000002-after-role-old.json": NEW.encode(),
    }
    (intent,), (done,) = lines(tmp_path, "intent"), lines(tmp_path, "done")
    assert intent["n"] == 2
    for said, when, text in ((intent["replaces"], "before", ODD), (done["puts"], "after", NEW)):
        assert said == {
            "file": f"policies/000002-{when}-role-old.json",
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "bytes": len(text.encode()),
        }


def test_where_there_is_none_the_record_says_so(tmp_path: Path) -> None:
    """No file stands for a policy that is not there; a change of something else says nothing of policies."""
    gate, estate = given_a_gate(tmp_path)
    estate.held |= {"make": Texts(Absent(), NEW), "remove": Texts(There(NEW), None)}
    plan = given_a_plan(given_a_change("make"), given_a_change("remove", region="eu-west-1"), given_a_change("other"))
    run_plan(plan, gate)
    assert [line.get("replaces", {}).get("absent") for line in lines(tmp_path, "intent")] == [
        True,
        None,
        None,
    ]
    assert [line.get("puts", {}).get("absent") for line in lines(tmp_path, "done")] == [None, True, None]
    assert list(kept(tmp_path)) == ["000002-after-old.json", "000004-before-old.json"]
    assert "replaces" not in lines(tmp_path, "intent")[2]


def test_the_text_of_before_is_on_disk_when_the_change_is_sent(tmp_path: Path) -> None:
    """And that of after is not: it stands only once AWS has taken it."""
    gate, estate = given_a_gate(tmp_path)
    estate.held["put"] = Texts(There(ODD), NEW)
    send, seen = estate.send, []

    def looking(change, parameters):
        seen.append(list(kept(tmp_path)))
        return send(change, parameters)

    estate.send = looking
    run_plan(given_a_plan(given_a_change()), gate)
    assert seen == [["000002-before-old.json"]]


def test_a_change_that_failed_has_no_text_of_after(tmp_path: Path) -> None:
    """Twin of the first test."""
    gate, estate = given_a_gate(tmp_path, failing={"put": TimeoutError("no answer")})
    estate.held["put"] = Texts(There(ODD), NEW)
    with pytest.raises(ChangeFailed):
        run_plan(given_a_plan(given_a_change()), gate)
    assert list(kept(tmp_path)) == ["000002-before-old.json"]


@pytest.mark.parametrize("unread", [Texts(Unread("AccessDenied: no"), NEW), RuntimeError("AccessDenied: no")])
def test_what_cannot_be_read_is_not_replaced(tmp_path: Path, unread: Any) -> None:
    """One line says so, the record has it, nothing is sent and nothing later either."""
    gate, estate = given_a_gate(tmp_path)
    estate.held["put"] = unread
    with pytest.raises(
        TextUnread,
        match=r"was not sent: .* could not be kept: .*AccessDenied: no; fix this and rerun the step",
    ) as err:
        run_plan(given_a_plan(given_a_change(), given_a_change("next", region="eu-west-1")), gate)
    assert "\n" not in str(err.value)
    assert estate.sent == []
    assert "AccessDenied: no" in lines(tmp_path, "not_sent")[0]["why"]
    assert lines(tmp_path, "not_sent")[0]["key"] == "put"
    assert lines(tmp_path, "intent") == []


def test_what_cannot_be_kept_is_not_replaced(tmp_path: Path) -> None:
    """A full disk stops the change before it leaves."""
    gate, estate = given_a_gate(tmp_path)
    estate.held["put"] = Texts(There(ODD), NEW)
    blocked(tmp_path)
    with pytest.raises(RecordError, match=r"the policy of before cannot be kept: .*was not sent"):
        run_plan(given_a_plan(given_a_change()), gate)
    assert estate.sent == []


def given_a_grant(**closing: Any) -> Any:
    return given_a_plan(
        given_a_change("open"),
        given_a_change("work", region="eu-west-1", call="PutObject"),
        given_a_change("close", closes="open", region="eu-west-2", **closing),
    )


def test_a_closing_whose_policy_cannot_be_read_is_sent_and_the_record_says_so(tmp_path: Path) -> None:
    """It takes back what we put ourselves, and that is kept."""
    gate, estate = given_a_gate(tmp_path)
    estate.held |= {"open": Texts(There(ODD), NEW), "close": Texts(Unread("AccessDenied: no"), ODD)}
    assert run_plan(given_a_grant(), gate).state == "applied"
    assert [key for key, _ in estate.sent] == ["open", "work", "close"]
    assert lines(tmp_path, "intent")[2]["replaces"] == {"could_not_look": "AccessDenied: no"}
    assert lines(tmp_path, "done")[2]["puts"]["sha256"] == hashlib.sha256(ODD.encode()).hexdigest()


@pytest.mark.parametrize("unread", [True, False])
def test_a_closing_that_cannot_read_the_policy_puts_the_reviewed_one(tmp_path: Path, unread: bool) -> None:
    """Not to know the policy is not to know that there is none. Twin: AWS says that there is none, and none is put."""
    gate, estate = given_a_gate(tmp_path)
    before = Unread("AccessDenied: no") if unread else Absent()
    estate.held |= {"open": Texts(There(NEW), ODD), "close": Texts(before, NEW)}
    reviewed = {"Bucket": "old", "Policy": NEW}
    plan = given_a_grant(parameters=reviewed, restores=Restores(frozenset({"Temporary"})))
    assert run_plan(plan, gate).state == "applied"
    key, parameters = estate.sent[-1]
    assert (key, parameters) == ("close", reviewed if unread else {"Bucket": "old"})
    assert lines(tmp_path, "intent")[-1]["call"] == ("PutBucketPolicy" if unread else "DeleteBucketPolicy")


def test_a_closing_is_sent_whatever_happens_to_the_reading(tmp_path: Path) -> None:
    """Even where reading breaks in a way that nobody foresaw; the run says so in the end."""
    gate, estate = given_a_gate(tmp_path)
    estate.held["close"] = RuntimeError("broken")
    with pytest.raises(TextUnread, match="broken"):
        run_plan(given_a_grant(), gate)
    assert [key for key, _ in estate.sent] == ["open", "work", "close"]


def test_a_closing_is_sent_when_its_policy_cannot_be_kept(tmp_path: Path) -> None:
    """The disk is full from the moment after the opening; every closing is tried, one that fails too is told."""
    plan = given_a_plan(
        given_a_change("open-1"),
        given_a_change("open-2", region="eu-west-1"),
        given_a_change("close-1", closes="open-1", region="eu-west-2"),
        given_a_change("close-2", closes="open-2", region="eu-north-1"),
    )
    for failing in ({}, {"close-1": RuntimeError("no route")}):
        folder = tmp_path / str(len(failing))
        gate, estate = given_a_gate(folder, failing=failing)
        estate.held |= {"close-1": Texts(There(NEW), ODD), "close-2": Texts(There(NEW), ODD)}
        blocked(folder)
        with pytest.raises(ChangeFailed if failing else RecordError, match="no route" if failing else "kept"):
            run_plan(plan, gate)
        assert [k for k, _ in estate.sent if k not in failing] == [
            "open-1",
            "open-2",
            *(["close-1"] if not failing else []),
            "close-2",
        ]


def test_without_approval_nothing_is_read(tmp_path: Path) -> None:
    """A look at a plan costs no call. Twin: with approval the reading is asked for, and its error shows."""
    for approve in ("", "any"):
        gate, estate = given_a_gate(tmp_path / (approve or "none"), approve=approve)
        estate.held["put"] = RuntimeError("it was read")
        if approve:
            with pytest.raises(TextUnread, match="it was read"):
                run_plan(given_a_plan(given_a_change()), gate)
        else:
            assert run_plan(given_a_plan(given_a_change()), gate).state == "planned"
