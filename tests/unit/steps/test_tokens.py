"""A token counts only while it is whole, recorded, and the bucket holds what it proved."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from onetrail.change import RunRecord
from onetrail.s3.ledger import LedgerPart, LedgerRow
from onetrail.s3.rows import ObjectRow
from onetrail.steps.tokens import (
    EMPTY_LISTING,
    ListingHash,
    Part,
    Token,
    TokenError,
    cover,
    proven_rows,
    read_tokens,
    write_token,
)

NOON = datetime(2026, 1, 12, 12, tzinfo=UTC)
ROWS = [ObjectRow(f"AWSLogs/{n}", n, f"etag{n}", NOON, "STANDARD") for n in range(1, 6)]


class Noon:
    def now(self):
        return NOON

    def wait_until(self, moment, why, say):
        raise AssertionError("nobody waits here")


def given_a_proven_bucket(folder: Path, rows=ROWS, *, recorded=True, **said) -> Token:
    listing = ListingHash()
    with LedgerPart(folder / "ledger", "proven-acme") as ledger:
        for row in rows:
            listing.add(row.key, row.size, row.etag)
            ledger.add(
                LedgerRow(
                    "prove",
                    "acme",
                    row.key,
                    size=row.size,
                    source_etag=row.etag,
                    source_last_modified=row.last_modified,
                )
            )
    part = ledger.finish()
    token = Token(
        run="practice", bucket="acme", account="111122223333", region="eu-west-1", at="2026-01-12T12:00:00Z", listing=listing.hexdigest(),
        objects=listing.objects, size=listing.size, counts={"equal": 5}, digest_check="full", lock="compliance", good=True,
        trails=(("111122223333", "audit", "eu-west-1", ""),), proven=Part(part.path.name, part.sha256, part.rows), ledger=(), record_head="0" * 64,
    )  # fmt: skip
    token = write_token(folder, replace(token, **said))
    with RunRecord(folder, "practice", Noon()) as record:
        record.append("done", key="token-acme", result={"sha256": token.sha256 if recorded else "f" * 64})
    return token


def test_a_token_that_is_whole_and_recorded_is_held(tmp_path):
    token = given_a_proven_bucket(tmp_path)
    assert read_tokens(tmp_path).held == {"acme": token}
    assert [row.key for row in proven_rows(tmp_path, token)] == [row.key for row in ROWS]
    assert cover(tmp_path, token, ROWS).valid


def test_a_token_that_the_record_does_not_hold_is_not_believed(tmp_path):
    given_a_proven_bucket(tmp_path, recorded=False)
    tokens = read_tokens(tmp_path)
    assert not tokens.held
    assert "not in the run record" in tokens.broken["acme"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("listing", "0" * 64), ("good", True), ("digest_check", "full"), ("at", "2020-01-01T00:00:00Z")],
)
def test_a_token_that_was_changed_is_not_believed(tmp_path, name, value):
    given_a_proven_bucket(tmp_path, good=False, digest_check="sample")
    path = tmp_path / "tokens" / "acme.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), name: value}))
    tokens = read_tokens(tmp_path)
    assert not tokens.held
    assert "was changed" in tokens.broken["acme"]


def test_no_token_is_believed_beside_a_record_that_was_changed(tmp_path):
    given_a_proven_bucket(tmp_path)
    path = tmp_path / "record.jsonl"
    path.write_text(path.read_text().replace("token-acme", "token-acmf"))
    tokens = read_tokens(tmp_path)
    assert not tokens.held
    assert "record is not whole" in tokens.broken["acme"]


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (
            [*ROWS, ObjectRow("AWSLogs/9", 1, "x", NOON, "STANDARD")],
            "AWSLogs/9 was not there",
        ),  # came after the proof
        (
            [ObjectRow("AWSLogs/0", 1, "x", NOON, "STANDARD"), *ROWS],
            "AWSLogs/0 was not there",
        ),  # came before all others in key order
        ([ROWS[0]._replace(etag="other"), *ROWS[1:]], "AWSLogs/1 is not what was proven"),  # overwritten
        ([*ROWS[:4], ROWS[4]._replace(size=99)], "AWSLogs/5 is not what was proven"),  # another size
        (
            [ROWS[0], ROWS[2]._replace(etag="other")],
            "AWSLogs/3 is not what was proven",
        ),  # deleted and changed
    ],
)
def test_a_bucket_that_changed_after_the_proof_is_not_covered(tmp_path, rows, why):
    said = cover(tmp_path, given_a_proven_bucket(tmp_path), rows)
    assert not said.valid
    assert why in said.why


@pytest.mark.parametrize("rows", [[], ROWS[:2], ROWS[3:], [ROWS[2]]])
def test_what_is_left_of_a_proven_bucket_is_still_covered(tmp_path, rows):
    said = cover(tmp_path, given_a_proven_bucket(tmp_path), rows)
    assert said.valid
    assert said.part_gone == 5 - len(rows)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"digest_check": "sample"}, "sample, not full"),
        ({"digest_check": "none"}, "none, not full"),
        ({"good": False}, "did not find"),
    ],
)
def test_a_token_of_less_than_a_full_good_verification_covers_nothing(tmp_path, said, why):
    held = cover(tmp_path, given_a_proven_bucket(tmp_path, **said), ROWS)
    assert not held.valid
    assert why in held.why


def test_a_list_of_what_was_proven_that_is_gone_or_changed_is_refused(tmp_path):
    token = given_a_proven_bucket(tmp_path)
    path = tmp_path / "ledger" / token.proven.part
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(TokenError, match="was changed"):
        cover(tmp_path, token, ROWS)
    path.unlink()
    with pytest.raises(TokenError, match="is gone"):
        cover(tmp_path, token, ROWS)


def test_an_earlier_token_is_kept_beside_the_new_one(tmp_path):
    given_a_proven_bucket(tmp_path)
    newer = given_a_proven_bucket(tmp_path, ROWS[:3])
    assert read_tokens(tmp_path).held["acme"] == newer
    assert [path.name for path in (tmp_path / "tokens").glob("*.superseded")] == ["acme.1.superseded"]


def test_the_hash_of_a_listing_is_of_key_size_and_etag():
    def hashed(*rows):
        listing = ListingHash()
        for row in rows:
            listing.add(row.key, row.size, row.etag, row.last_modified)
        return listing.hexdigest()

    assert hashed() == EMPTY_LISTING
    assert hashed(ROWS[0]) == hashed(ROWS[0]._replace(storage_class="GLACIER"))
    assert (
        len(
            {
                hashed(ROWS[0]),
                hashed(ROWS[0]._replace(key="x")),
                hashed(ROWS[0]._replace(size=7)),
                hashed(ROWS[0]._replace(etag="x")),
            }
        )
        == 4
    )
