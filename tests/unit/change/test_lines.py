"""The form of the record's lines: which fields a line of each kind has, of which types, and without which it says
nothing."""

import pytest

from onetrail.change.run_record.lines import NotALine, Raw, parsed, written

FORM = """
plan         step:text plan:text approve:text changes:list
intent       key!:text step:text plan:text account:text region:text service:text call:text actor:text resource:text
intent       parameters:object reason:text restores:object replaces:object
caller       step:text plan:text account:text actor:text arn:text way:text
done         key!:text intent:text request_id:text puts:object result:object
failed       key:text intent:text error:text
partition    key!:text part!:text sha256:text rows:number
rows         bucket!:text rows:number
probe        asked!:text taken!:truth
requirement  step:text name:text met:truth why:text
saved        files:list
report       file:text sha256:text
anchor       line!:number head!:text resource!:text request_id!:text
step         step:text plan:text state:text line:text
job          jobs:list plan:text
"""
"""As written out in docs/evidence.md and read by a program that checks a record; `!`: must be in it."""
OF_TYPE = {"text": "a", "list": [], "object": {}, "number": 7, "truth": True}
FIELDS = [
    (kind, name.rstrip("!"), form, name.endswith("!"))
    for kind, *fields in map(str.split, FORM.strip().splitlines())
    for name, form in (field.split(":") for field in fields)
]


def line(kind, **fields):
    """One line of a record, read."""
    every = {"n": 2, "at": "2026-01-12T12:00:00Z", "run": "practice", "kind": kind}
    return parsed(Raw(2, written({**every, **fields, "previous": "0" * 64})[0].removesuffix(b"\n"), 1))


def whole(kind):
    return {name: OF_TYPE[form] for of, name, form, _ in FIELDS if of == kind}


@pytest.mark.parametrize("kind", sorted({kind for kind, *_ in FIELDS}))
def test_a_line_with_every_field_of_its_kind_is_one_of_the_record(kind):
    assert (line(kind, **whole(kind)).form, line(kind, **whole(kind)).shape) == ("", "")


@pytest.mark.parametrize(("kind", "name", "form", "_needed"), FIELDS)
def test_a_field_of_another_type_is_named(kind, name, form, _needed):
    """True is no number."""
    for other in (value for of, value in OF_TYPE.items() if of != form):
        said = line(kind, **{**whole(kind), name: other}).shape
        assert said == f"is no {kind} line of a record: its {name} is of another type"


@pytest.mark.parametrize(("kind", "name", "_form", "needed"), FIELDS)
def test_a_field_that_must_stand_in_a_line_is_missed(kind, name, _form, needed):
    """Twin: one that need not."""
    fields = whole(kind)
    del fields[name]
    assert line(kind, **fields).shape == (f"is no {kind} line of a record: it has no {name}" if needed else "")


@pytest.mark.parametrize("name", ["n", "at", "run", "kind", "previous"])
def test_what_every_line_has_is_missed_in_any(name):
    every = {"n": 2, "at": "2026-01-12T12:00:00Z", "run": "practice", "kind": "note", "previous": "0" * 64}
    del every[name]
    with pytest.raises(NotALine, match=f"it has no {name}"):
        parsed(Raw(2, written(every)[0].removesuffix(b"\n"), 1))
