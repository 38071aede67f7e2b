"""A document is compared by meaning, joined and taken apart without loss, and refused when it is none."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onetrail.iam import (
    PolicyError,
    canonical,
    dead_principals,
    differences,
    parse,
    statements,
    with_statements,
    without_sids,
)
from onetrail.iam.limits import DocumentKind, size

words = st.text("abc:*/?{}$é", min_size=1, max_size=6)
listed = st.lists(words, min_size=1, max_size=3, unique=True)


@st.composite
def a_statement(draw):
    found = {
        "Effect": draw(st.sampled_from(["Allow", "Deny"])),
        "Action": draw(listed),
        "Resource": draw(listed),
    }
    if draw(st.booleans()):
        found["Sid"] = draw(words)
    if draw(st.booleans()):
        found["Principal"] = {"AWS": draw(listed)}
    if draw(st.booleans()):
        found["Condition"] = {"StringLike": {draw(words): draw(listed)}}
    return found


documents = st.builds(
    lambda found: {"Version": "2012-10-17", "Statement": found},
    st.lists(a_statement(), min_size=1, max_size=4),
)


def rewritten(value, chance, key=""):
    """The same document as another tool would write it: shuffled, and lists of one without their brackets."""
    if isinstance(value, dict):
        items = [(k, rewritten(v, chance, k)) for k, v in value.items()]
        chance.shuffle(items)
        return dict(items)
    if isinstance(value, list):
        items = [rewritten(v, chance) for v in value]
        chance.shuffle(items)
        return items[0] if len(items) == 1 and chance.random() < 0.5 else items
    return value


@given(documents, st.integers(0, 1000))
def test_the_same_meaning_in_another_form_is_equal(document, seed) -> None:
    other = rewritten(document, random.Random(seed))
    assert canonical(other) == canonical(document)
    assert differences(document, other) == []


@given(documents)
def test_a_changed_word_is_not_equal(document) -> None:
    other = json.loads(json.dumps(document))
    other["Statement"][0]["Action"] = [*other["Statement"][0]["Action"], "s3:Another"]
    assert canonical(other) != canonical(document)
    assert differences(document, other) != []


@given(documents, documents)
def test_what_is_added_by_sid_is_taken_away_again(document, addition) -> None:
    ours = [{**s, "Sid": f"Onetrail{i}"} for i, s in enumerate(addition["Statement"])]
    opened = with_statements(document, ours)
    assert canonical(with_statements(opened, ours)) == canonical(opened)  # twice is once
    assert canonical(without_sids(opened, "Onetrail")) == canonical(document)


SAME = [
    ({"AWS": "111122223333"}, {"AWS": ["arn:aws:iam::111122223333:root"]}),  # AWS stores the ARN
    ("*", {"AWS": "*"}),
    ({"Service": "a"}, {"Service": ["a"]}),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_ways_to_write_a_principal_are_one(one, other) -> None:
    shapes = [
        {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Principal": p}} for p in (one, other)
    ]
    assert canonical(shapes[0]) == canonical(shapes[1])


def test_condition_keys_are_compared_without_case_and_versions_count() -> None:
    base = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    one = {
        "Version": "2012-10-17",
        "Statement": [{**base, "Condition": {"Bool": {"aws:SecureTransport": False}}}],
    }
    two = {
        "Version": "2012-10-17",
        "Statement": [{**base, "Condition": {"Bool": {"AWS:securetransport": "false"}}}],
    }
    assert canonical(one) == canonical(two)
    assert canonical(one) != canonical({**one, "Version": "2008-10-17"})
    assert canonical(None) == ""


BROKEN = [
    ("{not json", "not JSON"),
    ("[]", "not an object"),
    ("{}", "no Statement"),
    ('{"Statement": "x"}', "not an object or a list"),
    ('{"Statement": [{"Effect": "Permit", "Action": "*"}]}', "Effect"),
    ('{"Statement": [{"Effect": "Allow"}]}', "neither Action nor NotAction"),
    ('{"Statement": [{"Effect": "Allow", "Action": "*", "NotAction": "*"}]}', "both Action"),
    ('{"Statement": [{"Effect": "Allow", "Action": 7}]}', "Action 7"),
    ('{"Statement": [{"Effect": "Allow", "Action": "*", "Principal": "me"}]}', "Principal 'me'"),
    ('{"Statement": [{"Effect": "Allow", "Action": "*", "Condition": ["x"]}]}', "Condition"),
    ('{"Statement": [{"Effect": "Allow", "Action": "*", "Principals": "*"}]}', "unknown elements Principals"),
]


@pytest.mark.parametrize(("text", "says"), BROKEN)
def test_what_is_no_policy_is_refused_in_one_line(text, says) -> None:
    with pytest.raises(PolicyError, match=says) as refusal:
        parse(text)
    assert "\n" not in str(refusal.value)


def test_a_document_of_one_bare_statement_is_read() -> None:
    bare = '{"Version": "2012-10-17", "Statement": {"Sid": "A", "Effect": "Allow", "Action": "*"}}'
    assert [s["Sid"] for s in statements(parse(bare))] == ["A"]


def test_principals_that_were_deleted_are_found_and_living_ones_are_not() -> None:
    document = {
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "*",
                "Principal": {"AWS": ["AIDAABCDEFGHIJKLMNOP", "arn:aws:iam::111122223333:role/x"]},
            },
            {"Effect": "Deny", "Action": "*", "NotPrincipal": {"AWS": "AROAABCDEFGHIJKLMNOP"}},
            {"Effect": "Deny", "Action": "*", "Principal": {"AWS": "111122223333"}},
            {"Effect": "Deny", "Action": "*", "Principal": "*"},
        ]
    }
    assert dead_principals(document) == ["AIDAABCDEFGHIJKLMNOP", "AROAABCDEFGHIJKLMNOP"]


def test_a_policy_whose_last_statement_goes_is_no_policy() -> None:
    one = {"Version": "2012-10-17", "Statement": [{"Sid": "OnetrailX", "Effect": "Allow", "Action": "*"}]}
    assert without_sids(one, {"Onetrail"}) == one  # a collection holds exact names
    assert without_sids(one, {"OnetrailX"}) is None
    assert without_sids(one, "Onetrail") is None
    assert without_sids(None, "Onetrail") is None
    assert with_statements(None, one["Statement"]) == one


def test_differences_name_what_was_added_removed_and_changed() -> None:
    def shaped(**actions):
        return {
            "Statement": [{"Sid": sid, "Effect": "Allow", "Action": a, "Resource": "*"} for sid, a in actions.items()]
        }

    assert differences(shaped(A="s3:Get*", B="s3:Put*"), shaped(B="s3:List*", C="s3:*")) == [
        "removed A: Allow s3:Get*",
        "added C: Allow s3:*",
        'changed B: Action was ["s3:Put*"], becomes ["s3:List*"]',
    ]
    assert differences(None, shaped(A="s3:Get*")) == ["added A: Allow s3:Get*"]


def test_size_is_counted_in_bytes_of_the_compact_text() -> None:
    assert size(DocumentKind.BUCKET, {"Sid": "é"}) == len('{"Sid":"é"}'.encode())
