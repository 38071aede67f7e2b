"""Whoever can rewrite the archive, but cannot sign as CloudTrail, is caught and told by name; what is harmless is never
called tampering."""

import gzip
import hashlib
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes

from onetrail.cloudtrail.digests.publickeys import PublicKey
from onetrail.cloudtrail.digests.verdict import FileState, IntervalState
from tests.unit.cloudtrail.archive import END, HOURS, Archive, content, given_an_archive
from tests.unit.cloudtrail.signing import (
    BEGIN,
    HOUR,
    OLD,
    OLDER,
    REGION,
    der,
    digest_key,
    log_key,
    packed,
    public_key,
    sign,
    signed_digest,
)

FIRST, MIDDLE, LAST = 0, 2, HOURS - 1
ANYWHERE = (FIRST, MIDDLE, LAST)
States = list[tuple[str, str]]
Tamper = Callable[[Archive, int], Any]
GENUINE = public_key().fingerprint

LOG: States = [("log", "invalid")]
"""The log alone."""
DIGEST: States = [("digest", "invalid"), ("log", "unsigned"), ("log", "unsigned")]
"""The digest, and its two logs lose their proof."""
LOGS_LOST: States = [("log", "unsigned"), ("log", "unsigned")]


def _gone(at: int) -> States:
    """A digest is not there: the next one says so, or, where it was the newest, the end that was to be reached."""
    return LOGS_LOST if at == LAST else [("digest", "missing"), *LOGS_LOST]


def _always(states: States) -> Callable[[int], States]:
    return lambda at: states


def _log(how: Callable[[bytes], bytes]) -> Tamper:
    return lambda a, at: a.change(a.logs(at)[0], how)


def _json(how: Callable[[dict[str, Any]], Any], resign: int | None = None) -> Tamper:
    return lambda a, at: a.rewrite(at, how, resign)


def _raw(how: Callable[[bytes], bytes]) -> Tamper:
    return lambda a, at: a.put(a.key(at), packed(how(a.digests[at].raw)))


def _said(field: str, value: Any) -> Tamper:
    return _json(lambda body: body.update({field: value}))


def _flipped(text: str) -> str:
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def _other_hash(a: Archive, at: int) -> None:
    """A log changed, and its hash in the digest with it."""
    a.put(a.logs(at)[0], packed(b"{}"))
    a.rewrite(at, lambda body: body["logFiles"][0].update(hashValue=hashlib.sha256(b"{}").hexdigest()))


def _named_too(a: Archive, at: int) -> None:
    """A log planted, and named in the digest."""
    entry = {**a.digests[at].body["logFiles"][0], "hashValue": hashlib.sha256(b"{}").hexdigest()}
    entry["s3Object"] = log_key(BEGIN + at * HOUR - timedelta(minutes=30), "planted")
    a.put(entry["s3Object"], packed(b"{}"))
    a.rewrite(at, lambda body: body["logFiles"].append(entry))


def _hashes_swapped(body: dict[str, Any]) -> None:
    one, other = body["logFiles"]
    one["hashValue"], other["hashValue"] = other["hashValue"], one["hashValue"]


def _signed_sha1(a: Archive, at: int) -> None:
    a.with_metadata(
        a.key(at),
        {
            "signature": sign(a.digests[at].message, algorithm=hashes.SHA1()),
            "signature-algorithm": "SHA256withRSA",
        },
    )


def _unsigned_alone(a: Archive, at: int) -> None:
    """Metadata lost and the successor removed: nothing speaks for the digest any more."""
    a.with_metadata(a.key(at), {})
    if at != LAST:
        a.drop(a.key(at + 1))


def _forged(number: int, **changes: Any) -> Tamper:
    """A digest for the same place, signed with somebody else's key, that leaves a log out."""

    def tamper(a: Archive, at: int) -> None:
        logs = [(OLD, a.logs(at)[0], content(at, 40))]
        before = a.digests[at - 1] if at else None
        made = signed_digest(BEGIN + at * HOUR, before, logs, number=number, **changes)
        a.put(a.key(at), packed(made.raw), made.metadata)

    return tamper


def _of_another_region(a: Archive, at: int) -> None:
    a.keys.append(public_key(1, "us-east-1"))
    _forged(1)(a, at)


def _poisoned(a: Archive, at: int) -> None:
    genuine = public_key()
    a.keys = [PublicKey(GENUINE, der(1), genuine.valid_from, genuine.valid_to, REGION)]
    _forged(1, digestPublicKeyFingerprint=GENUINE)(a, at)


def _genuine_of(a: Archive, at: int, **changes: Any) -> None:
    """A digest that CloudTrail did sign, of another chain, laid over this one."""
    made = signed_digest(BEGIN + at * HOUR, None, **changes)
    a.put(a.key(at), packed(made.raw), made.metadata)


def _replayed_later(a: Archive, at: int) -> None:
    """An old digest under the name of an hour that has none: the chain seems to go on."""
    a.files[digest_key(END + (at + 1) * HOUR)] = a.files[a.key(at)]


def _renamed_hour(a: Archive, at: int) -> None:
    a.move(a.key(at), digest_key(BEGIN + at * HOUR + timedelta(seconds=30)))


def _renamed_trail(a: Archive, at: int) -> None:
    a.move(a.key(at), digest_key(BEGIN + at * HOUR, "other"))


def _in_region(key: str, region: str) -> str:
    """The same key for events of another region; the trail's home stays."""
    return key.replace(f"/{REGION}/", f"/{region}/").replace(f"Digest_{REGION}_", f"Digest_{region}_")


def _renamed_region(a: Archive, at: int) -> None:
    a.move(a.logs(at)[0], a.logs(at)[0].replace(REGION, "us-east-1"))


def _all_forged(a: Archive, _: int) -> None:
    """The whole chain made anew, consistent in itself."""
    previous = None
    for at in range(HOURS):
        logs = [(OLD, a.logs(at)[0], content(at, 40))]
        previous = signed_digest(BEGIN + at * HOUR, previous, logs, number=1)
        a.put(a.key(at), packed(previous.raw), previous.metadata)


def _twice(raw: bytes) -> bytes:
    return raw.replace(b'"logFiles":', b'"logFiles":[],"logFiles":', 1)


NULLS = {f"previousDigest{part}": None for part in ("S3Bucket", "S3Object", "HashValue", "HashAlgorithm", "Signature")}
MADE_UP = {
    "previousDigestS3Bucket": OLD,
    "previousDigestS3Object": digest_key(BEGIN - HOUR),
    "previousDigestHashValue": "0" * 64,
    "previousDigestHashAlgorithm": "SHA-256",
    "previousDigestSignature": "ab" * 256,
}
AT_A_LOG: list[tuple[str, Tamper, States, str]] = [
    # what was done to a log, how, every file that is not valid, words that tell it
    (
        "content changed, compressed again",
        _log(lambda b: packed(gzip.decompress(b).replace(b"-0", b"-9"))),
        LOG,
        "its content is not what",
    ),
    ("an event taken out", _log(lambda b: packed(b'{"Records":[]}')), LOG, "its content is not what"),
    (
        "a byte turned over",
        _log(lambda b: b[:20] + bytes([b[20] ^ 1]) + b[21:]),
        LOG,
        "not a whole gzip file|content is not what",
    ),
    ("bytes appended", _log(lambda b: b + b"more"), LOG, "4 bytes follow the end of the gzip data"),
    ("a second gzip member", _log(lambda b: b + packed(b"{}")), LOG, "a second gzip member follows"),
    ("an empty second member", _log(lambda b: b + packed(b"")), LOG, "a second gzip member follows"),
    ("cut short", _log(lambda b: b[:-4]), LOG, "the gzip data ends early"),
    ("unpacked", _log(gzip.decompress), LOG, "not a whole gzip file"),
    ("emptied", _log(lambda b: b""), LOG, "the gzip data ends early"),
    (
        "deleted",
        lambda a, at: a.drop(a.logs(at)[0]),
        [("log", "missing")],
        "a signed digest names it, and it is not there",
    ),
    ("both of a digest's deleted", lambda a, at: a.drop(*a.logs(at)), [("log", "missing")] * 2, "it is not there"),
    ("two swapped", lambda a, at: a.swap(*a.logs(at)), [*LOG, *LOG], "its content is not what"),
    (
        "swapped with another hour's",
        lambda a, at: a.swap(a.logs(at)[0], a.logs((at + 1) % HOURS)[0]),
        [*LOG, *LOG],
        "its content is not what",
    ),
    (
        "replaced by another hour's",
        lambda a, at: a.put(a.logs(at)[0], a.files[a.logs((at + 1) % HOURS)[0]][0]),
        LOG,
        "its content is not what",
    ),
    (
        "given another name",
        lambda a, at: a.move(a.logs(at)[0], a.logs(at)[0].replace("log", "gol")),
        [("log", "missing"), ("log", "unsigned")],
        "it is not there",
    ),
    ("moved to another region's folder", _renamed_region, [("log", "missing"), ("log", "unsigned")], "it is not there"),
    (
        "a log planted",
        lambda a, at: a.put(log_key(BEGIN + at * HOUR - timedelta(minutes=30), "new"), packed(b"{}")),
        [("log", "unsigned")],
        "was put there by somebody else",
    ),
    (
        "replayed under a new name",
        lambda a, at: a.put(log_key(BEGIN + at * HOUR - timedelta(minutes=30), "new"), a.files[a.logs(at)[0]][0]),
        [("log", "unsigned")],
        "was put there by somebody else",
    ),
]
IN_A_DIGEST: list[tuple[str, Tamper, str]] = [
    # what was done to what a digest says (it is invalid, its logs lose their proof), how, words that tell it
    ("JSON written anew", _raw(lambda raw: raw.replace(b"\\/", b"/")), "its signature does not verify"),
    ("a blank added", _raw(lambda raw: raw + b" "), "its signature does not verify"),
    ("a log changed and its hash with it", _other_hash, "its signature does not verify"),
    ("a log taken out", _json(lambda b: b["logFiles"].pop()), "its signature does not verify"),
    ("all logs taken out", _said("logFiles", []), "its signature does not verify"),
    ("a log entered twice", _json(lambda b: b["logFiles"].append(b["logFiles"][0])), "its signature does not verify"),
    ("the logs in another order", _json(lambda b: b["logFiles"].reverse()), "its signature does not verify"),
    ("two hashes swapped", _json(_hashes_swapped), "its signature does not verify"),
    ("another end", _said("digestEndTime", "2023-05-02T00:00:00Z"), "its signature does not verify|was not in use"),
    ("another start", _said("digestStartTime", "2023-04-30T00:00:00Z"), "its signature does not verify"),
    (
        "the start after the end",
        _said("digestStartTime", "2099-01-01T00:00:00Z"),
        "digestStartTime is after digestEndTime",
    ),
    ("another original bucket", _said("digestS3Bucket", OLDER), "its signature does not verify"),
    (
        "a log's original bucket",
        _json(lambda b: b["logFiles"][0].update(s3Bucket=OLDER)),
        "its signature does not verify",
    ),
    (
        "another original key",
        _json(lambda b: b.update(digestS3Object="x/" + b["digestS3Object"])),
        "its signature does not verify",
    ),
    ("another account", _said("awsAccountId", "111122223333"), "its signature does not verify"),
    (
        "an unknown fingerprint",
        _said("digestPublicKeyFingerprint", "0" * 32),
        "no public key of CloudTrail in eu-west-1 has the fingerprint",
    ),
    ("another algorithm", _said("digestSignatureAlgorithm", "SHA1withRSA"), "'SHA1withRSA' is not SHA256withRSA"),
    (
        "a weaker hash for a log",
        _json(lambda b: b["logFiles"][0].update(hashAlgorithm="MD5")),
        "hashAlgorithm is not SHA-256",
    ),
    (
        "some previous fields nulled",
        _json(lambda b: b.update(dict.fromkeys(list(NULLS)[:4]) | {"previousDigestSignature": "ab" * 256})),
        "previousDigest fields are null",
    ),
    ("another predecessor", _json(lambda b: b.update(MADE_UP)), "its signature does not verify"),
    ("a field twice", _raw(_twice), "a field occurs twice"),
    ("more JSON after it", _raw(lambda raw: raw + b"{}"), "not JSON"),
    ("no number where one stands", _raw(lambda raw: raw[:-1] + b',"x":NaN}'), "NaN is not JSON"),
    ("bytes appended", lambda a, at: a.change(a.key(at), lambda b: b + b"x"), "1 bytes follow the end"),
    (
        "a second gzip member",
        lambda a, at: a.change(a.key(at), lambda b: b + packed(b"{}")),
        "a second gzip member follows",
    ),
    ("cut short", lambda a, at: a.change(a.key(at), lambda b: b[:-4]), "the gzip data ends early"),
    ("signed with a key of his own", _forged(1), "no public key of CloudTrail in eu-west-1 has the fingerprint"),
    (
        "signed with his key under a genuine fingerprint",
        _forged(1, digestPublicKeyFingerprint=GENUINE),
        "its signature does not verify",
    ),
    ("signed with another region's key", _of_another_region, "its public key belongs to us-east-1, not to eu-west-1"),
    (
        "an older digest of the chain over it",
        lambda a, at: a.files.update({a.key(at): a.files[a.key((at + 1) % HOURS)]}),
        "a genuine digest of another place is under this key",
    ),
    (
        "a genuine one of another region over it",
        lambda a, at: _genuine_of(a, at, digestS3Object=_in_region(digest_key(BEGIN + at * HOUR), "us-east-1")),
        "a genuine digest of another place is under this key",
    ),
]
OTHERWISE: list[tuple[str, Tamper, Callable[[int], States], str]] = [
    # what was done, how, every file that is not valid by position, words that tell it
    (
        "signature lost and content changed",
        lambda a, at: a.put(a.key(at), packed(a.digests[at].raw + b" "), {}),
        lambda at: [("digest", "unsigned"), *LOGS_LOST] if at == LAST else DIGEST,
        "its hash differs|holds no signature",
    ),
    ("a digest deleted", lambda a, at: a.drop(a.key(at)), _gone, "at least 1 missing|no digest covers the end"),
    (
        "a digest deleted with its logs",
        lambda a, at: a.drop(a.key(at), *a.logs(at)),
        lambda at: _gone(at)[:-2],
        "at least 1 missing|no digest covers the end",
    ),
    (
        "a planted log named in a digest",
        _named_too,
        lambda at: [*DIGEST, ("log", "unsigned")],
        "its signature does not verify",
    ),
    (
        "a signature changed",
        lambda a, at: a.with_metadata(a.key(at), {"signature": _flipped(a.digests[at].signature)}),
        lambda at: DIGEST if at == LAST else DIGEST[:1],
        "the signature in its metadata was changed|its signature does not verify",
    ),
    (
        "a signature of another digest",
        lambda a, at: a.with_metadata(a.key(at), a.digests[(at + 1) % HOURS].metadata),
        lambda at: DIGEST if at == LAST else DIGEST[:1],
        "the signature in its metadata was changed|its signature does not verify",
    ),
    (
        "a SHA-1 signature",
        _signed_sha1,
        lambda at: DIGEST if at == LAST else DIGEST[:1],
        "the signature in its metadata was changed|its signature does not verify",
    ),
    (
        "another algorithm in the metadata",
        lambda a, at: a.with_metadata(a.key(at), {**a.digests[at].metadata, "signature-algorithm": "MD5withRSA"}),
        lambda at: DIGEST,
        "'MD5withRSA' is not SHA256withRSA",
    ),
    (
        "metadata lost and the successor removed",
        _unsigned_alone,
        lambda at: [
            *([("digest", "missing")] * (at != LAST)),
            ("digest", "unsigned"),
            *LOGS_LOST,
            *(LOGS_LOST * (at != LAST)),
        ],
        "holds no signature, and no next digest quotes one",
    ),
    (
        "the previous fields nulled, or made up in the first",
        _json(lambda b: b.update(NULLS if b["previousDigestS3Bucket"] else MADE_UP)),
        lambda at: DIGEST,
        "its signature does not verify",
    ),
    (
        "the key store poisoned too",
        _poisoned,
        lambda at: [("digest", "unreadable")] * HOURS + [("log", "unsigned")] * 2 * HOURS,
        "no public keys|do not have its fingerprint",
    ),
    (
        "a genuine digest of another account over it",
        lambda a, at: _genuine_of(a, at, awsAccountId="111122223333"),
        lambda at: [("digest", "foreign"), *LOGS_LOST],
        "signed for another trail",
    ),
    (
        "a genuine digest of a strange bucket over it",
        lambda a, at: _genuine_of(a, at, bucket="stranger"),
        lambda at: [("digest", "foreign"), *LOGS_LOST],
        "which is not on the allow list",
    ),
    (
        "a genuine digest of another trail over it",
        lambda a, at: _genuine_of(a, at, trail="other"),
        lambda at: [("digest", "foreign"), *LOGS_LOST],
        "signed for another trail",
    ),
    (
        "an old digest replayed as a later hour",
        _replayed_later,
        lambda at: [("digest", "invalid")],
        "a genuine digest of another place is under this key",
    ),
    (
        "a digest moved to another hour",
        _renamed_hour,
        lambda at: sorted([("digest", "invalid"), *_gone(at)]),
        "a genuine digest of another place is under this key",
    ),
    (
        "a digest given another trail's name",
        _renamed_trail,
        lambda at: sorted([("digest", "foreign"), *_gone(at)]),
        "signed for another trail",
    ),
    (
        "two digests swapped",
        lambda a, at: a.swap(a.key(at), a.key((at + 1) % HOURS)),
        lambda at: sorted([*DIGEST, *DIGEST]),
        "a genuine digest of another place is under this key",
    ),
    (
        "an impostor beside it",
        lambda a, at: a.files.update({f"x/{a.key(at)}": (packed(a.digests[at].raw + b" "), {})}),
        lambda at: DIGEST[:1],
        "not what the next digest names|not the signed one",
    ),
    (
        "a forged digest after the newest",
        lambda a, at: a.put(
            digest_key(END + (at + 1) * HOUR),
            packed(signed_digest(END + (at + 1) * HOUR, a.digests[LAST], number=1).raw),
            {},
        ),
        lambda at: DIGEST[:1],
        "no public key of CloudTrail",
    ),
]
OF_SEVERAL: list[tuple[str, Callable[[Archive], Any], States, str]] = [
    # what was done to several digests at once, how, every file that is not valid, words that tell it
    (
        "the first two deleted",
        lambda a: a.drop(*map(a.key, (0, 1))),
        [("digest", "missing"), *[("log", "unsigned")] * 4],
        "missing, the last of them",
    ),
    (
        "three in the middle deleted",
        lambda a: a.drop(*map(a.key, (1, 2, 3))),
        [("digest", "missing"), *[("log", "unsigned")] * 6],
        "at least 3 missing",
    ),
    (
        "the newest two deleted",
        lambda a: a.drop(*map(a.key, (3, 4))),
        [("log", "unsigned")] * 4,
        "no digest covers the end",
    ),
    (
        "the newest two deleted with their logs",
        lambda a: a.drop(*map(a.key, (3, 4)), *a.logs(3), *a.logs(4)),
        [],
        "no digest covers the end",
    ),
    (
        "all deleted",
        lambda a: a.drop(*map(a.key, range(HOURS))),
        [("log", "unsigned")] * 2 * HOURS,
        "no chain covers that time",
    ),
    (
        "the whole chain made anew",
        lambda a: _all_forged(a, 0),
        [("digest", "invalid")] * HOURS + [("log", "unsigned")] * 2 * HOURS,
        "no public key of CloudTrail",
    ),
    (
        "all metadata changed",
        lambda a: [a.with_metadata(a.key(at), {"signature": "00" * 256}) for at in range(HOURS)],
        [("digest", "invalid")] * HOURS + LOGS_LOST,
        "the signature in its metadata was changed",
    ),
    (
        "a start forged after a deletion",
        lambda a: (a.drop(a.key(0), a.key(1)), a.rewrite(2, lambda b: b.update(NULLS))),
        [("digest", "invalid"), *[("log", "unsigned")] * 6],
        "its signature does not verify",
    ),
]
EVERY: list[tuple[str, Tamper, Callable[[int], States], str]] = [
    *((f"log: {what}", do, _always(states), words) for what, do, states, words in AT_A_LOG),
    *((f"digest: {what}", do, _always(DIGEST), words) for what, do, words in IN_A_DIGEST),
    *OTHERWISE,
]


def _look(a: Archive, tmp: Path) -> tuple[States, bool, list[str]]:
    """Every file that is not valid, whether all is proven, and every reason."""
    verdicts, result = a.look(tmp)
    reasons = [one.why for one in verdicts] + [i.why for one in result.chains for i in one.chain.intervals]
    return (
        sorted((one.kind.value, one.state.value) for one in verdicts if one.state is not FileState.VALID),
        result.proven,
        reasons,
    )


def test_what_nobody_touched_is_proven(tmp_path: Path) -> None:
    """The twin of every row: five digests, ten logs, one interval."""
    verdicts, result = given_an_archive().look(tmp_path)
    assert ({one.state for one in verdicts}, len(verdicts), result.proven) == ({FileState.VALID}, 15, True)
    (chain,) = result.chains
    assert [i.state for i in chain.chain.intervals] == [IntervalState.PROVEN]


@pytest.mark.parametrize("at", ANYWHERE, ids=["first", "middle", "last"])
@pytest.mark.parametrize(("what", "tamper", "states", "words"), EVERY, ids=[row[0] for row in EVERY])
def test_tampering_is_caught_in_every_place_of_the_chain(
    tmp_path: Path, what: str, tamper: Tamper, states: Callable[[int], States], words: str, at: int
) -> None:
    """State and words of what was touched, and nothing else is blamed. Twin: the untouched archive."""
    archive = given_an_archive()
    tamper(archive, at)
    if archive.files == given_an_archive().files:
        pytest.fail("the row changes nothing here")
    found, proven, reasons = _look(archive, tmp_path)
    assert (found, proven) == (sorted(states(at)), False)
    assert any(word in reason for word in words.split("|") for reason in reasons), reasons


@pytest.mark.parametrize(("what", "tamper", "states", "words"), OF_SEVERAL, ids=[row[0] for row in OF_SEVERAL])
def test_tampering_with_several_is_caught(
    tmp_path: Path, what: str, tamper: Callable[[Archive], Any], states: States, words: str
) -> None:
    """As above. Twin: the untouched archive."""
    archive = given_an_archive()
    tamper(archive)
    found, proven, reasons = _look(archive, tmp_path)
    assert (found, proven) == (sorted(states), False)
    assert any(word in reason for word in words.split("|") for reason in reasons), reasons


def _named(at: int) -> bytes:
    """gzip with a file name, an old time and another level in it: other bytes, equal content."""
    out = io.BytesIO()
    with gzip.GzipFile("a-name.json", "wb", 1, out, mtime=99) as file:
        file.write(content(at, 40))
    return out.getvalue()


def _whole(root: Callable[[str], str]) -> Archive:
    """The archive of a trail whose keys are others."""
    made = Archive()
    for hour in range(HOURS):
        made.deliver(hour, root=root)
    return made


def _after(a: Archive, hours: float = HOURS, **options: Any) -> None:
    """One more hour of the chain, which must be reached then."""
    a.deliver(hours, **options)
    a.end = BEGIN + hours * HOUR


def _moved(a: Archive, before: str) -> None:
    for key in list(a.files):
        a.move(key, before + key)


def _rotated(a: Archive) -> None:
    a.keys.append(public_key(1))
    _after(a, number=1)


def _backfilled(a: Archive) -> None:
    """A log that no hourly digest named, named later by a digest of another chain."""
    kept = a.digests
    a.digests = []
    a.deliver(2, [(log_key(BEGIN + HOUR, "missed"), b"{}")], backfill=True, anew=True)
    a.digests = kept


def _shared(a: Archive) -> None:
    """A second trail of another name delivers into the same folders."""
    kept = a.digests
    a.digests = []
    for hour in range(HOURS):
        a.deliver(hour, [(log_key(BEGIN + hour * HOUR, f"second{hour}"), b"{}")], trail="second")
    a.digests = kept


def _short(a: Archive) -> None:
    """The final digest after StopLogging, with minutes of its hour."""
    stopped = END + timedelta(minutes=7)
    a.deliver(HOURS, digestEndTime=f"{stopped:%Y-%m-%dT%H:%M:%SZ}", digestStartTime=f"{END:%Y-%m-%dT%H:%M:%SZ}")
    a.end = stopped


HARMLESS: list[tuple[str, Callable[[Archive], Any], int]] = [
    # what is different, how, how many files are not plainly valid (duplicates, and what is not CloudTrail's)
    (
        "digests compressed by another gzip",
        lambda a: [a.put(a.key(at), gzip.compress(a.digests[at].raw, 1, mtime=7)) for at in range(HOURS)],
        0,
    ),
    (
        "logs compressed by another gzip, with a file name in it",
        lambda a: [a.put(a.logs(at)[0], _named(at)) for at in range(HOURS)],
        0,
    ),
    ("moved below a prefix", lambda a: _moved(a, "old/acme-audit/"), 0),
    ("metadata lost, but for the newest", lambda a: [a.with_metadata(a.key(at), {}) for at in range(HOURS - 1)], 0),
    (
        "metadata with names in capitals",
        lambda a: [
            a.with_metadata(a.key(at), {k.title(): v for k, v in a.digests[at].metadata.items()}) for at in range(HOURS)
        ],
        0,
    ),
    ("metadata with more in it", lambda a: a.with_metadata(a.key(2), {**a.digests[2].metadata, "mtime": "1"}), 0),
    ("only the algorithm's name lost", lambda a: a.with_metadata(a.key(4), {"signature": a.digests[4].signature}), 0),
    ("a restart", lambda a: _after(a, HOURS + 2, anew=True), 0),
    ("an hour without events", lambda a: _after(a, logs=[]), 0),
    (
        "folder markers",
        lambda a: [
            a.put(key, b"")
            for key in ("AWSLogs/", "AWSLogs/044455556666/CloudTrail/", f"AWSLogs/044455556666/CloudTrail/{REGION}/")
        ],
        0,
    ),
    ("a backfill digest", _backfilled, 0),
    (
        "an organization's path",
        lambda a: a.__dict__.update(_whole(lambda key: key.replace("AWSLogs/", "AWSLogs/o-abcdefghij/")).__dict__),
        0,
    ),
    ("a trail with a key prefix", lambda a: a.__dict__.update(_whole(lambda key: f"some/prefix/{key}").__dict__), 0),
    (
        "the same, moved to another prefix",
        lambda a: (a.__dict__.update(_whole(lambda key: f"some/prefix/{key}").__dict__), _moved(a, "x/")),
        0,
    ),
    (
        "times without Z",
        lambda a: _after(a, digestStartTime=f"{END:%Y-%m-%dT%H:%M:%S}", newestEventTime=f"{END:%Y-%m-%dT%H:%M:%S}"),
        0,
    ),
    ("times with fractions of a second", lambda a: _after(a, digestStartTime=f"{END:%Y-%m-%dT%H:%M:%S}.000Z"), 0),
    ("a log delivered a day late", lambda a: _after(a, logs=[(log_key(BEGIN - timedelta(days=1), "late"), b"{}")]), 0),
    ("a log without records", lambda a: _after(a, logs=[(log_key(END, "none"), b'{"Records":[]}')]), 0),
    ("another class that can be read", lambda a: a.classes.update(dict.fromkeys(a.files, "STANDARD_IA")), 0),
    (
        "the same log under two names, both signed",
        lambda a: _after(a, logs=[(log_key(END, "one"), content(1, 40)), (log_key(END, "two"), content(1, 40))]),
        0,
    ),
    ("a log that two digests name", lambda a: _after(a, logs=[(a.logs(4)[0], content(4, 40))]), 0),
    ("another bucket from some hour on", lambda a: (a.believed.add(OLDER), _after(a, bucket=OLDER)), 0),
    ("another public key from some hour on", _rotated, 0),
    ("a public key that ended days before", lambda a: a.keys.__setitem__(0, public_key(days=2)), 0),
    ("two trails in one region", _shared, 0),
    ("a short final digest", _short, 0),
    (
        "everything twice",
        lambda a: a.files.update({f"x/{key}": value for key, value in list(a.files.items())}),
        3 * HOURS,
    ),
    (
        "what is not CloudTrail's",
        lambda a: (a.put("readme.txt", b"x"), a.put("AWSLogs/044455556666/Config/x.json.gz", b"x")),
        2,
    ),
]


@pytest.mark.parametrize(("what", "change", "others"), HARMLESS, ids=[row[0] for row in HARMLESS])
def test_what_is_harmless_is_never_called_tampering(
    tmp_path: Path, what: str, change: Callable[[Archive], Any], others: int
) -> None:
    """Everything is proven still. Twin: every row of the tables above."""
    archive = given_an_archive()
    change(archive)
    found, proven, reasons = _look(archive, tmp_path)
    assert proven, (found, [reason for reason in reasons if reason])
    assert {state for _, state in found} <= {FileState.DUPLICATE, FileState.FOREIGN}
    assert len(found) == others


def test_a_log_too_young_for_a_digest_is_told_and_not_held_against_it(tmp_path: Path) -> None:
    """Where the place is still written to. Twins: where nobody knows the time, hours later, a log of the future, and
    one stamped now on a chain that ended long ago."""
    fresh = END + timedelta(minutes=30)
    for stamp, now, proven in (
        (fresh, END + HOUR, True),
        (fresh, None, False),
        (fresh, END + 5 * HOUR, False),
        (datetime(2099, 1, 1, tzinfo=UTC), END + HOUR, False),
        (datetime(9999, 12, 31, 23, 59, tzinfo=UTC), END + HOUR, False),
        (END + 9999 * HOUR, END + 9999 * HOUR, False),
    ):
        archive = given_an_archive()
        archive.put(log_key(stamp, "fresh"), packed(b"{}"))
        archive.now = now
        found, said, reasons = _look(archive, tmp_path)
        assert (found, said) == ([("log", "unsigned")], proven)
        assert any("no digest names it yet" in reason for reason in reasons) == proven


def test_there_are_enough_rows() -> None:
    """At least forty ways to tamper, fifteen differences that are none, and no row twice."""
    names = [row[0] for row in [*EVERY, *OF_SEVERAL]]
    assert len(names) == len(set(names)) >= 40
    assert len({row[0] for row in HARMLESS}) == len(HARMLESS) >= 15
