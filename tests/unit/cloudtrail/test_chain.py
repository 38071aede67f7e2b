"""Every way of tampering is caught with its name, and what is harmless is not called tampering."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes

from onetrail.cloudtrail.digests.chain import groups, looked_at
from onetrail.cloudtrail.digests.orphan import is_of_the_future, is_young, unsigned_logs
from onetrail.cloudtrail.digests.publickeys import PublicKey
from onetrail.cloudtrail.digests.verdict import (
    Chain,
    DigestGroup,
    FileProof,
    FileState,
    Interval,
    IntervalState,
    LogRead,
    ReadStatus,
)
from onetrail.cloudtrail.gzipped import sha256_hex
from onetrail.cloudtrail.object_key import parse
from tests.unit.cloudtrail.signing import (
    BEGIN,
    GROUP,
    HOUR,
    OLD,
    OLDER,
    REGION,
    Scene,
    der,
    digest_key,
    given_a_chain,
    log_key,
    packed,
    public_key,
    sign,
    signed_digest,
)

END = BEGIN + 5 * HOUR
D, L = "digest", "log"
NO_SIGNATURE: dict[str, str] = {}


def test_an_untouched_chain_is_sound_and_one_proven_interval() -> None:
    verdicts, chain = given_a_chain().look()
    assert {v.state for v in verdicts} == {FileState.VALID}
    assert [(i.start, i.end, i.state) for i in chain.intervals] == [(BEGIN - HOUR, END, IntervalState.PROVEN)]
    assert (chain.digests, chain.logs, chain.sound) == ({FileState.VALID: 6}, {FileState.VALID: 5}, True)
    assert verdicts[0].original_bucket == OLD and verdicts[0].proof is FileProof.METADATA


def _flip(data: bytes | None) -> bytes:
    assert data
    return data[:-1] + bytes([data[-1] ^ 1])


def _log_bytes(scene: Scene, at: int, change: Callable[[bytes], bytes]) -> None:
    body = scene.logs[scene.log(at)].body
    assert body is not None
    scene.logs[scene.log(at)] = LogRead(ReadStatus.FOUND, change(body))


def _edited(scene: Scene, at: int, old: bytes, new: bytes, **more: Any) -> None:
    raw = scene.digests[at].raw
    assert old in raw
    scene.change(at, raw_gz=packed(raw.replace(old, new)), **more)


def _forged(scene: Scene, at: int, number: int, **changes: Any) -> None:
    """A digest with everything right but signed by somebody else."""
    forged = signed_digest(BEGIN + at * HOUR, scene.digests[at - 1], number=number, **changes)
    scene.objects[at] = forged.object()


def _sha1(scene: Scene) -> None:
    metadata = {
        "signature": sign(scene.digests[5].message, algorithm=hashes.SHA1()),
        "signature-algorithm": "SHA256withRSA",
    }
    scene.change(5, metadata=metadata)


def _poisoned_store(scene: Scene) -> None:
    """The attacker's key under the genuine key's fingerprint."""
    genuine = public_key()
    scene.keys = [PublicKey(genuine.fingerprint, der(1), genuine.valid_from, genuine.valid_to, REGION)]


TAMPERED: list[tuple[str, Callable[[Scene], Any], list[tuple[str, str]], str]] = [
    # what was done, how, every file that is not plainly valid, words of the first reason or interval
    (
        "a log's content changed",
        lambda s: _log_bytes(s, 2, lambda b: packed(b"{}")),
        [(L, "invalid")],
        "content is not",
    ),
    ("bytes after a log", lambda s: _log_bytes(s, 2, lambda b: b + b"x"), [(L, "invalid")], "1 bytes follow"),
    (
        "a second member after a log",
        lambda s: _log_bytes(s, 2, lambda b: b + b),
        [(L, "invalid")],
        "second gzip member",
    ),
    ("a log cut short", lambda s: _log_bytes(s, 2, lambda b: b[:-9]), [(L, "invalid")], "ends early"),
    ("a log that is no gzip", lambda s: _log_bytes(s, 2, lambda b: b"no"), [(L, "invalid")], "not a whole gzip"),
    ("a log's gzip checksum broken", lambda s: _log_bytes(s, 2, _flip), [(L, "invalid")], "not a whole gzip"),
    ("a log deleted", lambda s: s.logs.pop(s.log(2)), [(L, "missing")], "it is not there"),
    (
        "a digest edited in the middle",
        lambda s: _edited(s, 2, b"SHA-256", b"SHA-257"),
        [(D, "invalid")],
        "HashAlgorithm",
    ),
    (
        "a log taken out of a digest",
        lambda s: _edited(s, 2, b'"logFiles":[{', b'"logFiles":[],"x":[{'),
        [(D, "invalid")],
        "does not verify",
    ),
    (
        "an edited digest without signature",
        lambda s: _edited(s, 2, b"null", b" null", metadata=NO_SIGNATURE),
        [(D, "invalid")],
        "hash differs",
    ),
    ("the first digest edited", lambda s: _edited(s, 0, b"null", b" null"), [(D, "invalid")], "does not verify"),
    ("the newest digest edited", lambda s: _edited(s, 5, b"null", b" null"), [(D, "invalid")], "does not verify"),
    ("a digest that is no JSON", lambda s: s.change(2, raw_gz=packed(b"[")), [(D, "invalid")], "not JSON"),
    (
        "bytes after a digest",
        lambda s: s.change(2, raw_gz=s.objects[2].raw_gz + b"x"),
        [(D, "invalid")],
        "bytes follow",
    ),
    (
        "a signature changed in the metadata",
        lambda s: s.change(2, metadata={"signature": "00" * 256}),
        [(D, "invalid")],
        "metadata was changed",
    ),
    (
        "the newest signature changed",
        lambda s: s.change(5, metadata={"signature": "00" * 256}),
        [(D, "invalid")],
        "does not verify",
    ),
    (
        "a signature of another digest",
        lambda s: s.change(5, metadata=s.objects[4].metadata),
        [(D, "invalid")],
        "does not verify",
    ),
    (
        "another algorithm named",
        lambda s: s.change(2, metadata={**s.objects[2].metadata, "signature-algorithm": "SHA1withRSA"}),
        [(D, "invalid")],
        "SHA1withRSA",
    ),
    ("signed with SHA-1", _sha1, [(D, "invalid")], "does not verify"),
    ("signed with an unknown key", lambda s: _forged(s, 5, 1), [(D, "invalid")], "no public key of CloudTrail"),
    (
        "unknown key, known fingerprint",
        lambda s: _forged(s, 5, 1, digestPublicKeyFingerprint=public_key().fingerprint),
        [(D, "invalid")],
        "does not verify",
    ),
    (
        "another region's key",
        lambda s: (s.keys.append(public_key(1, "us-east-1")), _forged(s, 5, 1)),
        [(D, "invalid")],
        "belongs to us-east-1",
    ),
    (
        "a key of another year",
        lambda s: s.keys.__setitem__(0, public_key(days=-900)),
        [(D, "invalid")] * 6,
        "was not in use",
    ),
    ("the key store poisoned", _poisoned_store, [(D, "unreadable")] * 6, "do not have its fingerprint"),
    (
        "an older digest replayed over one",
        lambda s: s.change(3, raw_gz=s.objects[1].raw_gz, metadata=s.objects[1].metadata),
        [(D, "invalid")],
        "genuine digest of another place",
    ),
    ("the first digest deleted", lambda s: s.drop(0), [(D, "missing")], "1 missing"),
    ("one in the middle deleted", lambda s: s.drop(2), [(D, "missing")], "1 missing"),
    ("three in a row deleted", lambda s: s.drop(2, 3, 4), [(D, "missing")], "3 missing"),
    ("the newest two deleted", lambda s: s.drop(4, 5), [], "no digest covers the end"),
    ("all deleted", lambda s: s.drop(*range(6)), [], "no digest covers the end"),
    (
        "an impostor beside a digest",
        lambda s: s.objects.insert(3, s.objects[2].__class__("c", s.objects[2].key, packed(s.digests[2].raw + b" "))),
        [(D, "invalid")],
        "not what the next digest names|not the signed one",
    ),
]


@pytest.mark.parametrize(("what", "tamper", "states", "words"), TAMPERED, ids=[row[0] for row in TAMPERED])
def test_tampering_is_caught(
    what: str, tamper: Callable[[Scene], Any], states: list[tuple[str, str]], words: str
) -> None:
    scene = given_a_chain()
    scene.expected_end = END
    assert scene.look()[1].sound
    tamper(scene)
    verdicts, chain = scene.look()
    assert scene.states() == states
    assert not chain.sound
    reasons = [v.why for v in verdicts] + [i.why for i in chain.intervals]
    assert any(word in reason for word in words.split("|") for reason in reasons), reasons


def _lost_metadata(scene: Scene) -> None:
    for at in range(5):
        scene.change(at, metadata={})


def _moved_below_a_prefix(scene: Scene) -> None:
    for at, found in enumerate(scene.objects):
        scene.change(at, key="moved/" + found.key)


def _recompressed(scene: Scene) -> None:
    import gzip

    for at, made in enumerate(scene.digests):
        scene.change(at, raw_gz=gzip.compress(made.raw, 1, mtime=99))


def _upper_case_metadata(scene: Scene) -> None:
    for at, found in enumerate(scene.objects):
        scene.change(at, metadata={k.title(): v for k, v in found.metadata.items()})


HARMLESS: list[tuple[str, Callable[[Scene], Any]]] = [
    ("metadata lost by the copy", _lost_metadata),
    ("moved below a key prefix", _moved_below_a_prefix),
    ("compressed again", _recompressed),
    ("metadata names in capitals", _upper_case_metadata),
    ("only the algorithm lost", lambda s: s.change(2, metadata={"signature": s.digests[2].signature})),
    ("logs compressed again", lambda s: _log_bytes(s, 2, lambda b: packed(__import__("gzip").decompress(b)))),
    ("the same digest twice", lambda s: s.objects.insert(3, s.objects[2])),
    (
        "a second copy without metadata",
        lambda s: s.objects.insert(3, s.digests[2].object(bucket="c", metadata={})),
    ),
    (
        "the copy without metadata first",
        lambda s: s.objects.insert(5, s.digests[5].object(bucket="c", metadata={})),
    ),
    ("the public key given twice", lambda s: s.keys.append(public_key(days=60))),
    ("a key that ended ten days before", lambda s: s.keys.__setitem__(0, public_key(days=2))),
    (
        "the past lies outside the range",
        lambda s: (s.drop(0, 1), setattr(s, "expected_start", BEGIN + 2 * HOUR)),
    ),
]


@pytest.mark.parametrize(("what", "do"), HARMLESS, ids=[row[0] for row in HARMLESS])
def test_what_is_harmless_is_not_called_tampering(what: str, do: Callable[[Scene], Any]) -> None:
    scene = given_a_chain()
    scene.expected_end = END
    do(scene)
    verdicts, chain = scene.look()
    assert chain.sound
    assert {v.state for v in verdicts} <= {FileState.VALID, FileState.DUPLICATE}


def test_the_proof_says_where_the_signature_came_from() -> None:
    scene = given_a_chain(3)
    scene.change(1, metadata={})
    proofs = [v.proof for v in scene.look()[0] if v.kind == D]
    assert proofs == [FileProof.METADATA, FileProof.SUCCESSOR, FileProof.METADATA]


def test_the_newest_digest_without_signature_is_unsigned_and_its_logs_are_not_believed() -> None:
    scene = given_a_chain(3)
    scene.change(2, metadata={})
    verdicts, chain = scene.look()
    assert [(v.kind, v.state) for v in verdicts][-1] == (D, FileState.UNSIGNED)
    assert chain.logs == {FileState.VALID: 1} and not chain.sound


def test_a_chain_that_goes_on_in_another_bucket_stays_one_chain() -> None:
    scene = given_a_chain(bucket_at=lambda hour: OLDER if hour < 3 else OLD)
    assert len(scene.look()[1].intervals) == 1
    scene.buckets = {OLD}
    verdicts, chain = scene.look()
    assert [v.state for v in verdicts].count(FileState.FOREIGN) == 3
    assert [i.state for i in chain.intervals] == [IntervalState.GAP, IntervalState.PROVEN]


def test_a_restart_is_neither_a_gap_nor_proven() -> None:
    verdicts, chain = given_a_chain(restart_at=3).look()
    assert {v.state for v in verdicts} == {FileState.VALID}
    assert [i.state.value for i in chain.intervals] == ["proven", "restart", "proven"]
    assert chain.intervals[1].end - chain.intervals[1].start == 2 * HOUR  # type: ignore[operator]


def test_a_deletion_before_a_restart_shows_no_more_than_the_restart() -> None:
    scene = given_a_chain(restart_at=3)
    scene.drop(2)
    assert [i.state.value for i in scene.look()[1].intervals] == ["proven", "restart", "proven"]


def test_missing_digests_are_counted_in_their_gap() -> None:
    scene = given_a_chain(8)
    scene.drop(2, 3, 4)
    gap = scene.look()[1].intervals[1]
    assert (gap.state, gap.missing) == (IntervalState.GAP, 3)
    assert (gap.start, gap.end) == (BEGIN + HOUR, BEGIN + 4 * HOUR)


def test_a_last_digest_that_had_only_minutes_to_cover_is_still_missing() -> None:
    """A trail stopped minutes after its last hour has one more digest to deliver. Twins: it is there, or something bad
    stands in its place."""
    scene = given_a_chain(4)
    stopped = scene.expected_end = BEGIN + 3 * HOUR + timedelta(minutes=7)
    gap = scene.look()[1].intervals[-1]
    assert (gap.state, gap.end, gap.missing) == (IntervalState.GAP, stopped, 1)
    last = signed_digest(BEGIN + 4 * HOUR, scene.digests[3], digestEndTime=f"{stopped:%Y-%m-%dT%H:%M:%SZ}")
    scene.objects.append(last.object())
    assert scene.look()[1].sound
    scene.change(4, raw_gz=packed(b"["))
    assert scene.look()[1].intervals[-1].missing == 0


def test_each_log_says_which_digest_names_it() -> None:
    """Whatever became of the two: a digest that is proven by the next one alone, a log that is gone. Twin: a digest
    says none."""
    scene = given_a_chain(4)
    scene.change(2, metadata={**scene.digests[2].metadata, "signature": "ab" * 256})
    del scene.logs[scene.log(3)]
    verdicts = scene.look()[0]
    assert [(v.original_key, v.state.value, v.digest) for v in verdicts if v.kind == L] == [
        (scene.log(hour)[1], state, scene.digests[hour].key)
        for hour, state in ((1, "valid"), (2, "valid"), (3, "missing"))
    ]
    assert {v.digest for v in verdicts if v.kind == D} == {""}


def test_backfill_is_a_chain_of_its_own_with_its_own_time() -> None:
    scene = given_a_chain(3, backfill=True)
    assert scene.look()[1].digests == {FileState.FOREIGN: 3}
    scene.group = DigestGroup(GROUP.account, GROUP.region, GROUP.trail, GROUP.home_region, backfill=True)
    verdicts, chain = scene.look()
    assert chain.sound and {v.kind.value for v in verdicts} == {"backfill-digest", "log"}


def test_a_backfill_digest_without_a_time_and_with_a_key_that_is_not_held_is_unreadable() -> None:
    """Nothing says whether the keys that are held are of its time. Twin: it says when it was made, in theirs, so its
    key is none of CloudTrail's."""
    scene = given_a_chain(1, backfill=True, number=1)
    scene.group = DigestGroup(GROUP.account, GROUP.region, GROUP.trail, GROUP.home_region, backfill=True)
    assert scene.states() == [("backfill-digest", "invalid")]
    without = {name: said for name, said in scene.digests[0].metadata.items() if "timestamp" not in name}
    scene.change(0, metadata=without)
    (found,) = scene.look()[0]
    assert found.state is FileState.UNREADABLE
    assert found.why.startswith(f"none of the 1 public keys held of {REGION} signed it")


def backfilled(generated: datetime | None, *keys: PublicKey) -> Scene:
    """Two backfill digests, the later of which says in its metadata when it was made, or does not."""
    scene = given_a_chain(2, backfill=True)
    scene.group = replace(GROUP, backfill=True)
    scene.keys = list(keys) or scene.keys
    metadata = dict(scene.digests[1].metadata)
    del metadata["backfill-generation-timestamp"]
    if generated is not None:
        metadata["backfill-generation-timestamp"] = generated.isoformat().replace("+00:00", "Z")
    scene.change(1, metadata=metadata)
    return scene


DAY, LAST = timedelta(days=1), BEGIN + HOUR  # when the later of them ends
SECOND = timedelta(seconds=1)
LONG = public_key(days=900)  # from ten days before


@pytest.mark.parametrize(
    ("generated", "keys", "words"),
    [
        # the time in the metadata, the keys held, what is wrong with it
        (LAST, (), ""),
        (
            LAST - SECOND,
            (),
            "says that it was made at 2023-05-01T10:12:06+00:00, and not in the year after the time it covers",
        ),
        (datetime(2015, 1, 1, tzinfo=UTC), (LONG,), "and not in the year after"),
        (LAST + 365 * DAY, (LONG,), ""),
        (LAST + 365 * DAY + SECOND, (LONG,), "and not in the year after"),
        (datetime.max.replace(tzinfo=UTC), (LONG,), "and not in the year after"),
        (BEGIN + 50 * DAY, (), ""),
        (BEGIN + 50 * DAY + SECOND, (), "was not in use"),
        (None, (), ""),
    ],
)
def test_the_time_in_a_backfill_digests_metadata_has_two_bounds(
    generated: datetime | None, keys: tuple[PublicKey, ...], words: str
) -> None:
    """No signature covers it: outside of what is signed it is what was changed, and the logs are proven all the same.
    Twins: the rows beside each other."""
    verdicts, _ = backfilled(generated, *keys).look()
    (digest,) = [v for v in verdicts if v.kind != L and v.key == digest_key(LAST, backfill=True)]
    assert (digest.state, words in digest.why) == (FileState.INVALID if words else FileState.VALID, True)
    assert digest.why.endswith("; its content is what CloudTrail signed" if words else "")
    assert [v.state for v in verdicts if v.kind == L] == [FileState.VALID]


@pytest.mark.parametrize("generated", [None, LAST + HOUR, LAST - DAY])
@pytest.mark.parametrize(
    ("begins", "ends", "state"),
    [
        (LAST - 40 * DAY, LAST - 30 * DAY, "valid"),
        (LAST - 40 * DAY, LAST - 30 * DAY - SECOND, "invalid"),
        (LAST + 365 * DAY + 2 * HOUR, LAST + 400 * DAY, "valid"),
        (LAST + 365 * DAY + 2 * HOUR + SECOND, LAST + 400 * DAY, "invalid"),
    ],
)
def test_a_key_that_was_never_in_use_in_the_year_after_proves_no_backfill(
    generated: datetime | None, begins: datetime, ends: datetime, state: str
) -> None:
    """Whatever the metadata says or leaves out: its logs are proven or not by that alone. Twins: a second more, or
    less."""
    key = replace(public_key(), valid_from=begins, valid_to=ends)
    verdicts, _ = backfilled(generated, key).look()
    logs = [v.state.value for v in verdicts if v.kind == L]
    assert logs == (["valid"] if state == "valid" else [])
    if state == "invalid":
        assert "was not in use at 2023-05-01T10:12:07+00:00 or in the year after it" in verdicts[-1].why


@pytest.mark.parametrize("status", [status for status in ReadStatus if status is not ReadStatus.FOUND])
def test_what_came_back_of_a_log_that_was_not_found_is_not_looked_into(status: ReadStatus) -> None:
    """A part of it, say. Twin: it was found."""
    body = packed(b"{}")
    assert looked_at(partly := LogRead(status, body)) is partly
    assert looked_at(LogRead(ReadStatus.FOUND, body)) == LogRead(ReadStatus.FOUND, hash=sha256_hex(b"{}"))


@pytest.mark.parametrize(("said", "told"), [("AccessDenied", "AccessDenied"), ("", "could not be read")])
def test_why_a_log_could_not_be_read_is_told(said: str, told: str) -> None:
    """As the place says it. Twin: it says nothing."""
    scene = given_a_chain(2)
    scene.logs[scene.log(1)] = LogRead(ReadStatus.UNREADABLE, why=said)
    assert [v.why for v in scene.look()[0] if v.kind == L] == [told]


@pytest.mark.parametrize(
    ("read", "state"),
    [
        (LogRead(ReadStatus.ARCHIVED), FileState.ARCHIVED),
        (LogRead(ReadStatus.UNREADABLE, why="AccessDenied"), FileState.UNREADABLE),
        (LogRead(ReadStatus.FOREIGN), FileState.FOREIGN),
        (LogRead(ReadStatus.FOUND), FileState.UNREADABLE),  # found without content
    ],
)
def test_what_could_not_be_looked_at_is_not_called_missing(read: LogRead, state: FileState) -> None:
    scene = given_a_chain(3)
    scene.logs[scene.log(1)] = read
    assert [v.state for v in scene.look()[0] if v.kind == L] == [state, FileState.VALID]


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"raw_gz": None, "storage_class": "DEEP_ARCHIVE"}, FileState.ARCHIVED),
        ({"raw_gz": None, "why": "timed out"}, FileState.UNREADABLE),
        ({"size": 999999}, FileState.UNREADABLE),  # a read cut short
    ],
)
def test_a_digest_that_could_not_be_read_is_a_gap_and_not_missing(change: dict[str, Any], state: FileState) -> None:
    scene = given_a_chain(4)
    scene.change(1, **change)
    verdicts, chain = scene.look()
    assert [v.state for v in verdicts if v.state is not FileState.VALID] == [state]
    assert IntervalState.GAP in {i.state for i in chain.intervals}


def test_without_public_keys_nothing_is_called_tampered() -> None:
    scene = given_a_chain(2)
    scene.keys = []
    assert scene.look()[1].digests == {FileState.UNREADABLE: 2}


def test_a_log_in_a_bucket_off_the_list_is_not_even_read() -> None:
    scene = given_a_chain(1)
    stray = signed_digest(BEGIN + HOUR, scene.digests[0], [("stranger", log_key(BEGIN), b"x")])
    scene.objects.append(stray.object())
    scene.logs = {("stranger", log_key(BEGIN)): LogRead(ReadStatus.FOUND, packed(b"x"))}
    assert scene.look()[1].logs == {FileState.FOREIGN: 1}


def test_a_genuine_digest_of_a_trail_off_the_list_is_foreign() -> None:
    scene = given_a_chain(2)
    scene.trails = set()
    assert scene.look()[1].digests == {FileState.FOREIGN: 2}


def test_of_two_signed_versions_the_next_digest_decides() -> None:
    scene = given_a_chain(3)
    other = signed_digest(BEGIN + HOUR, scene.digests[0])
    scene.objects.insert(1, other.object(bucket="first"))
    verdicts, chain = scene.look()
    digests = [v.state for v in verdicts if v.kind == D]
    assert digests == [FileState.VALID, FileState.VALID, FileState.DUPLICATE, FileState.VALID]
    assert chain.sound
    scene.drop(2)
    assert not scene.look()[1].sound


def test_logs_without_a_digest_are_unsigned_and_the_reason_knows_the_chain() -> None:
    scene = given_a_chain(6)
    scene.drop(3)
    verdicts, chain = scene.look()
    named = [v.original_key for v in verdicts if v.kind == L]
    planted, lost = log_key(BEGIN + timedelta(minutes=30), "planted0"), scene.log(3)[1]
    found = list(unsigned_logs([*named, planted, lost, "readme.txt"], named, [chain]))
    assert [(v.key, v.state) for v in found] == [(planted, FileState.UNSIGNED), (lost, FileState.UNSIGNED)]
    assert "put there by somebody else" in found[0].why and "are missing" in found[1].why


SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
NEWEST = BEGIN.replace(second=0) + 2 * HOUR
"""Where the chain of these rows ends; names of logs have minutes."""


@pytest.mark.parametrize(
    ("stamp", "now", "young"),
    [
        # after the newest digest, with the margin of a name's mark
        (NEWEST + HOUR, NEWEST + HOUR, True),
        (NEWEST - 10 * MINUTE, NEWEST + HOUR, False),
        (NEWEST - 9 * MINUTE, NEWEST + HOUR, True),
        # of the last three hours
        (NEWEST + 10 * MINUTE, NEWEST + 10 * MINUTE + 3 * HOUR, True),
        (NEWEST + 10 * MINUTE, NEWEST + 10 * MINUTE + 3 * HOUR + SECOND, False),
        # and not of a time that is still to come, but for a clock that is a little off
        (NEWEST + HOUR, NEWEST + HOUR - 10 * MINUTE, True),
        (NEWEST + HOUR, NEWEST + HOUR - 10 * MINUTE - SECOND, False),
        (datetime(2099, 1, 1, tzinfo=UTC), NEWEST + HOUR, False),
        (datetime(9999, 12, 31, 23, 59, tzinfo=UTC), NEWEST + HOUR, False),
        (datetime(1, 1, 1, tzinfo=UTC), NEWEST + HOUR, False),
        # while the chain lives: its newest digest ended no more than four hours ago
        (NEWEST + 2 * HOUR, NEWEST + 4 * HOUR, True),
        (NEWEST + 2 * HOUR, NEWEST + 4 * HOUR + SECOND, False),
        (NEWEST + 1000 * HOUR, NEWEST + 1000 * HOUR, False),
        # and does not end after the clock that is gone by
        (NEWEST - 9 * MINUTE, NEWEST - 10 * MINUTE, True),
        (NEWEST - 9 * MINUTE, NEWEST - 10 * MINUTE - SECOND, False),
        # a clock at the ends of what a date can hold
        (datetime(9999, 12, 31, 23, 59, tzinfo=UTC), datetime.max.replace(tzinfo=UTC), False),
        (datetime(1, 1, 1, tzinfo=UTC), datetime.min.replace(tzinfo=UTC), False),
    ],
)
def test_a_log_is_too_young_for_a_digest_within_bounds_on_both_sides(
    stamp: datetime, now: datetime, young: bool
) -> None:
    """Each bound has the row at its edge and the row just beyond."""
    assert is_young(parse(log_key(stamp)), [_ending(NEWEST)], now) is young


def test_a_name_without_a_time_is_not_young() -> None:
    """Nor of the future. Twin: the rows above."""
    odd = parse("readme.txt")
    assert not is_young(odd, [_ending(NEWEST)], NEWEST) and not is_of_the_future(odd, NEWEST)


def _ending(end: datetime, **changes: Any) -> Chain:
    """A chain with two proven times and a gap that ends later."""
    intervals = (
        Interval(end - 5 * HOUR, end - 4 * HOUR, IntervalState.PROVEN),
        Interval(end - 3 * HOUR, end, IntervalState.PROVEN),
        Interval(end, end + 9 * HOUR, IntervalState.GAP),
    )
    g = GROUP
    return replace(Chain(g.account, g.region, g.trail, g.home_region, False, intervals, {}, {}), **changes)


@pytest.mark.parametrize(
    ("chains", "young"),
    [
        ([_ending(NEWEST)], True),
        ([_ending(NEWEST - 9 * HOUR), _ending(NEWEST)], True),
        # the newest digest of all counts: one that names the time was to name the log
        ([_ending(NEWEST - 2 * HOUR), _ending(NEWEST + 2 * HOUR)], False),
        ([], False),
        ([_ending(NEWEST, account="111122223333")], False),
        ([_ending(NEWEST, region="eu-west-2")], False),
        ([_ending(NEWEST, backfill=True)], False),
        ([_ending(NEWEST, intervals=())], False),
    ],
)
def test_only_a_living_chain_of_that_account_and_region_promises_a_digest(chains: list[Chain], young: bool) -> None:
    """Twins: the rows beside each other."""
    assert is_young(parse(log_key(NEWEST + HOUR)), chains, NEWEST + 2 * HOUR) is young


@pytest.mark.parametrize(
    ("stamp", "words"),
    [
        # the proven time, narrowed by ten minutes at both ends; at its border the weaker word
        (NEWEST - 3 * HOUR + 9 * MINUTE, "no chain covers that time"),
        (NEWEST - 3 * HOUR + 10 * MINUTE, "put there by somebody else"),
        (NEWEST - 11 * MINUTE, "put there by somebody else"),
        # the gap, widened by ten minutes at both ends
        (NEWEST - 10 * MINUTE, "are missing, or cannot be believed"),
        (NEWEST + 9 * HOUR + 10 * MINUTE, "are missing, or cannot be believed"),
        (NEWEST + 9 * HOUR + 11 * MINUTE, "no chain covers that time"),
        (datetime(9999, 12, 31, 23, 59, tzinfo=UTC), "a time that is still to come"),
        (datetime(1, 1, 1, tzinfo=UTC), "no chain covers that time"),
        # now is 20 hours on
        (NEWEST + 20 * HOUR + 10 * MINUTE, "no chain covers that time"),
        (NEWEST + 20 * HOUR + 11 * MINUTE, "a time that is still to come"),
    ],
)
def test_why_no_digest_names_a_log_follows_from_its_time(stamp: datetime, words: str) -> None:
    """Each bound has a row on either side."""
    (found,) = unsigned_logs([log_key(stamp)], (), [_ending(NEWEST)], now=NEWEST + 20 * HOUR)
    assert found.state is FileState.UNSIGNED and words in found.why, found.why


@pytest.mark.parametrize("changes", [{"account": "111122223333"}, {"region": "eu-west-2"}, {"backfill": True}])
def test_a_chain_of_another_place_says_nothing_of_a_log(changes: dict[str, Any]) -> None:
    """Twin: the table above."""
    (found,) = unsigned_logs([log_key(NEWEST - HOUR)], (), [_ending(NEWEST, **changes)])
    assert "no chain covers that time" in found.why


def test_a_restart_is_a_doubtful_time_and_a_time_without_a_beginning_reaches_back() -> None:
    """Twin: the gap with a beginning in the table above."""
    restart = Interval(NEWEST, NEWEST + HOUR, IntervalState.RESTART)
    (found,) = unsigned_logs([log_key(NEWEST)], (), [_ending(NEWEST, intervals=(restart,))])
    assert "are missing, or cannot be believed" in found.why
    endless = Interval(None, NEWEST, IntervalState.GAP)
    (found,) = unsigned_logs([log_key(NEWEST - 999 * HOUR)], (), [_ending(NEWEST, intervals=(endless,))])
    assert "are missing, or cannot be believed" in found.why


def test_groups_keep_trails_apart_whose_names_begin_alike() -> None:
    keys = [
        digest_key(BEGIN + HOUR, "prod"),
        digest_key(BEGIN, "prod_us-east-1"),
        digest_key(BEGIN, "prod"),
        "x",
    ]
    found = groups(keys)
    assert [(g.trail, len(k)) for g, k in found.items()] == [("prod", 2), ("prod_us-east-1", 1)]
    assert found[DigestGroup(GROUP.account, REGION, "prod", REGION)] == (keys[2], keys[0])


def test_digests_out_of_order_are_refused() -> None:
    scene = given_a_chain(3)
    scene.objects.reverse()
    with pytest.raises(ValueError, match="newest first"):
        scene.look()


def test_a_trail_off_the_list_is_not_even_opened() -> None:
    scene = given_a_chain(1)
    scene.trails = set()
    scene.change(0, raw_gz=b"junk")
    assert scene.look()[1].digests == {FileState.FOREIGN: 1}


def test_a_genuine_digest_of_another_account_is_foreign() -> None:
    scene = given_a_chain(1)
    scene.objects = [signed_digest(BEGIN, None, awsAccountId="111122223333").object()]
    assert scene.look()[1].digests == {FileState.FOREIGN: 1}


def test_a_time_that_linked_digests_leave_out_is_a_gap() -> None:
    scene = given_a_chain(1)
    late = signed_digest(BEGIN + 3 * HOUR, scene.digests[0])
    scene.objects.append(late.object())
    _, chain = scene.look()
    assert [(i.state.value, i.start) for i in chain.intervals][1] == ("gap", BEGIN)
    assert chain.digests == {FileState.VALID: 2} and not chain.sound


def test_a_changed_digest_cannot_discredit_the_one_before_it() -> None:
    scene = given_a_chain()
    _edited(scene, 5, scene.digests[5].body["previousDigestHashValue"].encode(), b"0" * 64)
    assert scene.states() == [(D, "invalid")]
    assert scene.look()[0][-1].key == scene.objects[5].key


def test_a_signed_quote_of_another_signature_speaks_against_the_digest() -> None:
    scene = given_a_chain(1)
    after = signed_digest(BEGIN + HOUR, scene.digests[0], previousDigestSignature="ab" * 256)
    scene.objects.append(after.object())
    assert scene.states() == [(D, "invalid")]
    assert "signature differ" in scene.look()[0][0].why
