"""Whatever digests name, the walk comes to its end, little is held, and what is named wrongly is a gap and never a
proof."""

import tracemalloc
from dataclasses import replace
from typing import Any

import pytest

from onetrail.cloudtrail.digests import signature as authentic
from onetrail.cloudtrail.digests.chain import ChainCheck, Listed, groups
from onetrail.cloudtrail.digests.publickeys import KeyStore
from onetrail.cloudtrail.digests.settling import OTHERS_TRIED, Settled
from onetrail.cloudtrail.digests.verdict import AllowList, FileState, LogRead, ReadStatus
from onetrail.cloudtrail.digests.walk import Walk, walk
from onetrail.cloudtrail.gzipped import sha256_hex
from tests.unit.cloudtrail.signing import (
    BEGIN,
    GROUP,
    HOUR,
    OLD,
    OLDER,
    Scene,
    Signed,
    digest_key,
    given_a_chain,
    log_key,
    packed,
    public_key,
    signed_digest,
)


def of(*made: Signed, **said: Any) -> Scene:
    """These digests and nothing else."""
    scene = Scene(digests=list(made), objects=[one.object() for one in made])
    for name, value in said.items():
        setattr(scene, name, value)
    return scene


def naming(hour: float, bucket: str, key: str, content: str = "0" * 64, signature: str = "ab" * 256) -> Signed:
    """A digest that CloudTrail signed, naming whatever it is told to as the one before it."""
    said = dict(
        zip(
            ("S3Bucket", "S3Object", "HashValue", "HashAlgorithm", "Signature"),
            (bucket, key, content, "SHA-256", signature),
            strict=True,
        )
    )
    return signed_digest(BEGIN + hour * HOUR, None, **{f"previousDigest{name}": value for name, value in said.items()})


def gaps(scene: Scene) -> list[tuple[str, int]]:
    """Each gap: its reason and how many are missing; and that nothing is called proven for it."""
    chain = scene.look()[1]
    found = [(one.why, one.missing) for one in chain.intervals if one.state.value == "gap"]
    assert chain.sound == (not found)
    return found


def states(scene: Scene) -> list[str]:
    return [one.state.value for one in scene.look()[0]]


def test_a_digest_that_names_itself_is_a_gap() -> None:
    """Twin: one that names nothing."""
    scene = of(naming(0, OLD, digest_key(BEGIN)))
    assert states(scene) == ["valid"]
    ((why, missing),) = gaps(scene)
    assert ("not dated before it" in why, missing) == (True, 0)
    assert gaps(of(signed_digest(BEGIN, None))) == []


def test_digests_that_name_each_other_are_joined_once() -> None:
    """The newer one to the older one, whose own word is a gap. Twin: the older one names nothing."""
    first = naming(0, OLD, digest_key(BEGIN + HOUR))
    scene = of(first, signed_digest(BEGIN + HOUR, first))
    assert states(scene) == ["valid", "valid"]
    ((why, missing),) = gaps(scene)
    assert ("not dated before it" in why, missing) == (True, 0)


def test_of_two_digests_that_name_one_the_nearest_is_joined_to_it() -> None:
    """The other one is a gap, and nothing is missing. Twin: each names the one before it."""
    first = signed_digest(BEGIN, None)
    scene = of(first, signed_digest(BEGIN + HOUR, first), signed_digest(BEGIN + 2 * HOUR, first))
    assert states(scene) == ["valid"] * 3
    ((why, missing),) = gaps(scene)
    assert ("from which another digest goes on" in why, missing) == (True, 0)
    assert gaps(given_a_chain(3)) == []


def test_the_nearest_signed_word_counts_of_two_that_differ() -> None:
    """Of the digest before them. Twin: the nearest one means another content, and the digest is invalid."""
    first = signed_digest(BEGIN, None)
    right = signed_digest(BEGIN + HOUR, first)
    wrong = naming(2, OLD, first.key)
    assert states(of(first, right, wrong)) == ["valid"] * 3
    wrong, right = naming(1, OLD, first.key), signed_digest(BEGIN + 2 * HOUR, first)
    assert states(of(first, wrong, right)) == ["invalid", "valid", "valid"]


def test_what_is_named_at_another_place_is_not_the_one_before_it() -> None:
    """A digest of that name lies there, delivered to another bucket. Twin: delivered to the one that is named."""
    first = signed_digest(BEGIN, None)
    scene = of(first, signed_digest(BEGIN + HOUR, first, previousDigestS3Bucket=OLDER))
    assert states(scene) == ["valid", "valid"]
    ((why, missing),) = gaps(scene)
    assert ("delivered to another place" in why, missing) == (True, 0)
    assert gaps(of(first, signed_digest(BEGIN + HOUR, first))) == []


def test_what_two_digests_name_and_is_not_there_is_missing_once() -> None:
    """Each of them has its gap. Twin: it is there."""
    first = signed_digest(BEGIN, None)
    later = [signed_digest(BEGIN + hour * HOUR, first) for hour in (1, 2)]
    assert states(of(*later)).count("missing") == 1
    assert [missing for _, missing in gaps(of(*later))] == [1, 0]
    assert states(of(first, *later)).count("missing") == 0


def test_what_is_named_and_is_no_digest_is_missing() -> None:
    """A key that nobody gives a digest. Twin: the digest itself."""
    assert sorted(states(of(naming(0, OLD, "AWSLogs/no/digest")))) == ["missing", "valid"]


def test_a_digest_that_names_one_of_another_chain_is_a_gap_where_that_is_listed() -> None:
    """Not missing, since it is there. Twin: it is not."""
    other = digest_key(BEGIN, "other")
    scene = of(naming(1, OLD, other), listed=Listed(groups([other])))
    assert states(scene) == ["valid"]
    assert [missing for _, missing in gaps(scene)] == [0]
    scene.listed = Listed(groups([digest_key(BEGIN)]))
    assert states(scene) == ["missing", "valid"]


LISTED: list[tuple[str, bool]] = [
    # a key, whether the listing has a digest of its name
    (digest_key(BEGIN), True),
    (f"moved/{digest_key(BEGIN + HOUR)}", True),
    (digest_key(BEGIN + 2 * HOUR).replace("AWSLogs/", "AWSLogs/o-abcdefghij/"), True),
    (digest_key(BEGIN + 2 * HOUR), False),
    (digest_key(BEGIN + HOUR).replace("AWSLogs/", "AWSLogs/o-abcdefghij/"), False),
    (digest_key(BEGIN - HOUR), False),
    (digest_key(BEGIN + 9 * HOUR), False),
    (digest_key(BEGIN, "other"), False),
    (digest_key(BEGIN, backfill=True), False),
    (log_key(BEGIN), False),
    ("", False),
]


@pytest.mark.parametrize(("key", "there"), LISTED)
def test_a_listing_knows_a_digest_by_its_name(key: str, there: bool) -> None:
    """Wherever it lies, also among others of its time. Twins: the rows that are not there."""
    organization = "AWSLogs/o-abcdefghij/"
    keys = [digest_key(BEGIN), f"x/{digest_key(BEGIN + HOUR)}"]
    late = digest_key(BEGIN + 2 * HOUR)
    keys += [late.replace("AWSLogs/", organization), late.replace("AWSLogs/", "AWSLogs/o-zzzzzzzzzz/")]
    assert Listed(groups([*keys, log_key(BEGIN)]))(key) is there


def test_many_runs_have_a_restart_each() -> None:
    """CloudTrail began anew each time. Twin: a chain without a restart."""
    scene = of(*(signed_digest(BEGIN + 2 * hour * HOUR, None) for hour in range(150)))
    scene.keys = [replace(scene.keys[0], valid_to=BEGIN + 400 * HOUR)]
    scene.objects = [replace(one) for one in scene.objects]
    chain = scene.look()[1]
    assert [one.state.value for one in chain.intervals] == ["proven", *["restart", "proven"] * 149]
    assert chain.sound


def test_of_two_that_nothing_signed_speaks_of_neither_is_called_invalid() -> None:
    """The newest digest without its signature, and an impostor beside it. Twin: the signature is there."""
    first = signed_digest(BEGIN, None)
    scene = of(first)
    impostor = first.object(key=f"0/{first.key}", raw_gz=packed(first.raw + b" "), metadata={})
    scene.objects = [impostor, first.object(metadata={})]
    assert states(scene) == ["unsigned", "unsigned"]
    scene.objects = [impostor, first.object()]
    assert states(scene) == ["invalid", "valid"]


def test_many_that_quote_wrongly_neither_hide_the_right_word_nor_take_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Unsigned digests that name one which lost its metadata, and copies of that with other content. Twin: its own
    successor proves it."""
    first = signed_digest(BEGIN, None)
    genuine = signed_digest(BEGIN + HOUR, first)
    quoting, copies = 50, 40
    scene = of(genuine)
    scene.objects = [first.object(metadata={}), *scene.objects]
    scene.objects[:0] = [
        first.object(key=f"x{n}/{first.key}", raw_gz=packed(first.raw + b" " * (n + 1)), metadata={})
        for n in range(copies)
    ]
    scene.objects += [
        naming(2 + n / 60, OLD, first.key, "1" * 64, f"{n:04x}" * 128).object(metadata={}) for n in range(quoting)
    ]
    asked = []
    plain = authentic.verify
    monkeypatch.setattr(authentic, "verify", lambda *said: bool(asked.append(1)) or plain(*said))
    found = scene.look()[0]
    assert [one.state for one in found if one.key == first.key] == [FileState.VALID]
    assert len(asked) <= (copies + 1) * (OTHERS_TRIED + 1) + quoting


def test_many_copies_that_name_many_logs_are_not_held() -> None:
    """Of one digest, each with another content, none signed. Twin: one of them takes some of that memory."""
    logs = [(OLD, log_key(BEGIN, f"n{n}"), b"") for n in range(250)]
    first = signed_digest(BEGIN, None, logs)
    many = [
        first.object(key=f"x{n}/{first.key}", raw_gz=packed(first.raw + b" " * (n + 1)), metadata={}) for n in range(20)
    ]

    def peak(objects: list[Any]) -> float:
        scene = of(group=GROUP)
        scene.objects = objects
        tracemalloc.start()
        try:
            assert len(scene.look()[0]) == len(objects)
            return tracemalloc.get_traced_memory()[1] / 1e6
        finally:
            tracemalloc.stop()

    assert peak(many) < 4 * peak(many[:1])


def test_a_digest_of_another_chain_stands_beside_and_makes_no_gap() -> None:
    """Wherever it comes, in whatever order. Twin: one of this chain that cannot be believed makes one."""
    scene = given_a_chain(3)
    stray = signed_digest(BEGIN + 9 * HOUR, None, trail="other").object()
    for at in (0, 3):
        scene.objects = [one.object() for one in scene.digests]
        scene.objects.insert(at, stray)
        chain = scene.look()[1]
        assert [one.state.value for one in chain.intervals] == ["proven"]
        assert (chain.digests[FileState.FOREIGN], chain.digests[FileState.VALID]) == (1, 3)
    scene.objects = [*(one.object() for one in scene.digests), signed_digest(BEGIN + 9 * HOUR, None, number=1).object()]
    assert [one.state.value for one in scene.look()[1].intervals] == ["proven", "gap"]


def test_of_equal_copies_the_one_with_its_own_signature_is_the_valid_one() -> None:
    """Whichever comes first by its key. Twin: a copy whose signature was changed is never taken for it."""
    first = signed_digest(BEGIN, None)
    after = signed_digest(BEGIN + HOUR, first)
    for before in ("0/", "x/"):
        scene = of(first, after)
        scene.objects.insert(0, first.object(key=f"{before}{first.key}", metadata={}))
        said = {one.key: (one.state.value, one.proof) for one in scene.look()[0]}
        assert said[first.key] == ("valid", authentic.FileProof.METADATA)
        assert said[f"{before}{first.key}"][0] == "duplicate"
        scene.objects[0] = replace(scene.objects[0], metadata={"signature": "00" * 256})
        said = {one.key: (one.state.value, one.proof) for one in scene.look()[0]}
        assert (said[first.key][0], said[f"{before}{first.key}"][0]) == ("valid", "invalid")


def test_equal_copies_are_verified_by_one_look_at_their_quotes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many copies and many quotes. Twin: all of them are proven, or all of them are not."""
    first = signed_digest(BEGIN, None)
    genuine = signed_digest(BEGIN + HOUR, first)
    quoting = [naming(2 + n / 60, OLD, first.key, "1" * 64, f"{n:04x}" * 128).object(metadata={}) for n in range(20)]
    copies = [first.object(key=f"x{n}/{first.key}", metadata={}) for n in range(20)]
    asked: list[int] = []
    plain = authentic.verify
    monkeypatch.setattr(authentic, "verify", lambda *said: bool(asked.append(1)) or plain(*said))
    for after, state in (([genuine.object()], "duplicate"), ([], "duplicate")):
        asked.clear()
        scene = of()
        scene.objects = [*copies, *after, *quoting]
        found = [one.state.value for one in scene.look()[0] if one.key.endswith(first.key)]
        assert found[1:] == [state] * 19
        assert found[0] == ("valid" if after else "unsigned")
        assert len(asked) <= 3 * 20 + 2


def test_what_was_said_of_digests_that_did_not_come_is_forgotten() -> None:
    """However many name what is not there. Twin: what may still come is kept."""
    keys, allowed = KeyStore([public_key()]), AllowList(None, frozenset({GROUP.identity}))
    one, held = Walk(allowed), []
    for n in range(300, 0, -1):
        made = naming(n / 60, OLD, digest_key(BEGIN + n * HOUR / 60 - HOUR / 120)).object()
        one.take(authentic.opened(made, GROUP, keys, allowed))
        held.append(len(one._quotes))
    assert max(held) < 150
    kept = Walk(allowed)
    for n in range(100):
        made = naming(5 - n / 60, OLD, digest_key(BEGIN - n * HOUR)).object()
        kept.take(authentic.opened(made, GROUP, keys, allowed))
    assert len(kept._quotes) == 100


def walking(*made: Any) -> list[Settled]:
    """What a walk over these objects settles, the newest first."""
    keys, allowed = KeyStore([public_key()]), AllowList(None, frozenset({GROUP.identity}))
    one = Walk(allowed)
    settled = [place for found in made for place in one.take(authentic.opened(found, GROUP, keys, allowed))]
    return [*settled, *one.flush()]


def test_logs_are_held_once_and_of_what_is_believed_alone() -> None:
    """Copies of one digest share them, and a digest that nothing proves has none. Twin: each as it was given."""
    first = signed_digest(BEGIN, None, [(OLD, log_key(BEGIN), b"")])
    (place,) = walking(first.object(), first.object(key=f"x/{first.key}"))
    one, other = (found.digest for found in place.objects)
    assert one is other
    assert one is not None
    assert len(one.logs) == 1
    (place,) = walking(first.object(metadata={}))
    assert place.objects[0].digest == replace(one, logs=())


def test_each_copy_that_lost_its_signature_is_proven_by_the_next_digest() -> None:
    """And tells where it was delivered. Twin: without the next one, no copy does."""
    first = signed_digest(BEGIN, None)
    after = signed_digest(BEGIN + HOUR, first)
    copies = [first.object(key=f"{way}{first.key}", metadata={}) for way in ("", "x/")]
    for there, bucket, proof in (
        ([after.object()], OLD, authentic.FileProof.SUCCESSOR),
        ([], "", authentic.FileProof.NONE),
    ):
        scene = of()
        scene.objects = [*copies, *there]
        found = [one for one in scene.look()[0] if one.key.endswith(first.key)]
        assert {(one.original_bucket, one.proof) for one in found} == {(bucket, proof)}


def test_what_an_unsigned_digest_says_of_the_one_before_it_is_no_word_against_it() -> None:
    """Anybody could have written it. Twin: CloudTrail signed the same."""
    first = signed_digest(BEGIN, None)
    after = naming(1, OLD, first.key)
    scene = of(first, after)
    scene.objects = [first.object(), after.object(metadata={})]
    assert states(scene) == ["valid", "unsigned"]
    assert states(of(first, after)) == ["invalid", "valid"]


def test_what_nothing_signs_is_invalid_where_a_signed_digest_names_another_content() -> None:
    """It was changed. Twins: the content that is named, and nothing that names it."""
    first = signed_digest(BEGIN, None)
    changed = first.object(raw_gz=packed(first.raw + b" "), metadata={})
    genuine = naming(1, OLD, first.key, sha256_hex(first.raw))
    scene = of(genuine)
    for lying, later, state in (
        (changed, [genuine.object()], "invalid"),
        (first.object(metadata={}), [genuine.object()], "unsigned"),
        (changed, [], "unsigned"),
    ):
        scene.objects = [lying, *later]
        (found,) = [one for one in scene.look()[0] if one.key == first.key]
        assert found.state.value == state
        assert found.why.startswith("its content is not what the next digest names") == (state == "invalid")


def test_a_part_keeps_what_is_said_of_digests_that_can_still_come() -> None:
    """Of those before its oldest one. Twin: of one that would lie between two that came."""
    keys, allowed = KeyStore([public_key()]), AllowList(None, frozenset({GROUP.identity}))
    digests = [naming(hour, OLD, digest_key(BEGIN + (hour - 1) * HOUR)) for hour in (4, 2)]
    part = walk((authentic.opened(one.object(), GROUP, keys, allowed) for one in digests), allowed)
    assert [name[-1] for name in part.quotes] == [BEGIN + HOUR]


def test_many_digests_beyond_the_time_and_none_within_it() -> None:
    """What they say is of no use, and nothing fails. Twin: one of them is within."""
    made = [naming(1 + n / 60, OLD, digest_key(BEGIN - n * HOUR)) for n in range(70)]
    for until, count in ((BEGIN, 0), (BEGIN + HOUR, 1)):
        allowed = AllowList(None, frozenset({GROUP.identity}))
        check = ChainCheck(
            GROUP, lambda *_: LogRead(ReadStatus.MISSING), KeyStore([public_key()]), allowed, until=until
        )
        found = list(check.verdicts(one.object() for one in reversed(made)))
        assert [one.state.value for one in found].count("valid") == count
