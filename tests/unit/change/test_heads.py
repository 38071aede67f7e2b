"""A head is read only in a form that this release knows."""

import json

import pytest

from onetrail.change.run_record.heads import LARGEST, HeadRefused, RecordHead, parse_head

SAID = {"run": "practice", "line": 7, "head": "a" * 64, "at": "2026-01-12T12:00:00Z"}


def test_a_head_is_read_as_it_was_stored():
    """Of today's form, of the first one, which did not name itself, and with what was asked for besides."""
    head = RecordHead("practice", 7, "a" * 64, "2026-01-12T12:00:00Z")
    assert parse_head(head.body()) == head
    assert json.loads(head.body()) == {"v": 2, **SAID}
    assert parse_head(json.dumps(SAID).encode()).version == 1
    assert parse_head(json.dumps({**SAID, "v": 1}).encode()).version == 1
    assert parse_head(json.dumps({**SAID, "receipts": {}}).encode(), ["receipts"]).more == {"receipts": {}}
    assert json.loads(RecordHead(*SAID.values(), more={"receipts": {}}).body())["receipts"] == {}


REFUSED = [
    # the version
    ({"v": 3}, "format version 3,"),
    ({"v": 0}, "format version 0,"),
    ({"v": -1}, "format version -1,"),
    ({"v": True}, "format version True,"),
    ({"v": 1.0}, "format version 1.0,"),
    ({"v": "2"}, "format version '2',"),
    # the line
    ({"line": 0}, "of another form"),
    ({"line": True}, "of another form"),
    ({"line": "7"}, "of another form"),
    # the other fields
    ({"run": 7}, "of another form"),
    ({"head": "A" * 64}, "of another form"),
    ({"head": "a" * 63}, "of another form"),
    ({"head": 7}, "of another form"),
    ({"at": None}, "of another form"),
    ({"approved": True}, "'approved' is not of it"),
    ({"receipts": {}}, "'receipts' is not of it"),
]


@pytest.mark.parametrize(("said", "why"), REFUSED)
def test_what_is_of_another_form_is_no_head(said, why):
    """And the line says which part."""
    with pytest.raises(HeadRefused, match=why):
        parse_head(json.dumps({**SAID, **said}).encode())


@pytest.mark.parametrize("name", SAID)
def test_a_head_without_one_of_its_fields_is_none(name):
    """Each is needed."""
    with pytest.raises(HeadRefused, match=f"'{name}' is missing"):
        parse_head(json.dumps({key: value for key, value in SAID.items() if key != name}).encode())


def test_what_is_larger_than_any_head_is_not_read():
    """Twin: one that is just small enough is read; one that holds more on purpose may be larger."""
    body = json.dumps(SAID).encode()
    assert parse_head(body.ljust(LARGEST)).line == 7
    with pytest.raises(HeadRefused, match="larger than 4,096 bytes"):
        parse_head(body.ljust(LARGEST + 1))
    more = json.dumps({**SAID, "receipts": ["x" * LARGEST]}).encode()
    assert parse_head(more, ["receipts"]).line == 7
