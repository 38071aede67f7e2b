"""The keys of a ledger come in order from any number of parts, with few row groups in memory."""

import random
from itertools import pairwise

import pyarrow.parquet as pq
import pytest

from onetrail.s3.ledger import keys as ledger_keys
from onetrail.s3.ledger.keys import keys_in_order
from onetrail.s3.ledger.parts import LedgerPart, LedgerRow, LedgerTorn, parts


def given_a_ledger(folder, monkeypatch, keys, *, at_once=7, parts=3, late=10):
    """Rows of a copy as they end: in key order but for calls that overtook others, in several parts."""
    monkeypatch.setattr(LedgerPart, "ROWS_A_GROUP", at_once)
    drawn = random.Random(5)
    ended = [key for _, key in sorted((n + drawn.random() * late, key) for n, key in enumerate(keys))]
    share = -(-len(ended) // parts)
    for number in range(parts):
        with LedgerPart(folder, f"copy-old-{number}") as part:
            for key in ended[number * share : (number + 1) * share]:
                part.add(LedgerRow("copy", "old", key, outcome="copied"))
                part.add(LedgerRow("copy", "another", key, outcome="copied"))
                part.add(LedgerRow("delete", "old", key + "-gone", outcome="deleted"))
                part.add(LedgerRow("copy", "old", key + "-failed", outcome="failed"))


def test_every_key_comes_once_for_each_row_and_in_order(tmp_path, monkeypatch):
    """Rows of other buckets, deeds and outcomes are none of them; twin: those outcomes, asked for."""
    keys = [f"AWSLogs/{n:05}é" for n in range(60)]
    given_a_ledger(tmp_path, monkeypatch, keys)
    assert list(keys_in_order(parts(tmp_path), "old", "copy", ["copied", "present"])) == keys
    failed = list(keys_in_order(parts(tmp_path), "old", "copy", ["failed"]))
    assert (len(failed), failed == sorted(failed)) == (60, True)
    assert list(keys_in_order(parts(tmp_path), "nowhere", "copy", ["copied"])) == []
    assert list(keys_in_order([], "old", "copy", ["copied"])) == []


def test_row_groups_are_read_as_their_turn_comes(tmp_path, monkeypatch):
    """Never more than overlap; twin: the ledger has many more."""
    given_a_ledger(tmp_path, monkeypatch, [f"{n:05}" for n in range(300)], parts=1)
    read, yielded = [], []
    whole = ledger_keys._keys
    monkeypatch.setattr(ledger_keys, "_keys", lambda group, *rest: read.append(group) or whole(group, *rest))
    most = 0
    for key in keys_in_order(parts(tmp_path), "old", "copy", ["copied"]):
        yielded.append(key)
        most = max(most, sum(group.first > yielded[-1] for group in read))
    assert all(one <= other for one, other in pairwise(yielded))
    groups = pq.read_metadata(parts(tmp_path)[0]).num_row_groups
    assert (len(yielded), groups > 100, most <= 1) == (300, True, True)


def test_a_part_that_is_not_whole_is_said(tmp_path, monkeypatch):
    """Twin: it was, before."""
    given_a_ledger(tmp_path, monkeypatch, ["a", "b"], parts=1)
    path = parts(tmp_path)[0]
    assert list(keys_in_order([path], "old", "copy", ["copied"])) == ["a", "b"]
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(LedgerTorn, match="take it from a copy"):
        list(keys_in_order([path], "old", "copy", ["copied"]))
