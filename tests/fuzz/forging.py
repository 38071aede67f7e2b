"""What is forged, replayed or planted. Nothing of onetrail is imported here."""

import random
from datetime import datetime, timedelta
from typing import Any, Final

from tests.fuzz.deeds import Deeds, a_digest, a_strand, short
from tests.fuzz.layout import BESIDE, Layout, Thing
from tests.fuzz.signing import STRANGER, packed, signature, signed_text
from tests.fuzz.trails import marked, records
from tests.fuzz.world import (
    HOUR,
    Digest,
    Log,
    Place,
    digest_key,
    later,
    log_key,
    quote,
    said_by,
    written,
)

UNIQUE: Final = "AbCdEfGh12345678"

deed: Final = Deeds()
"""By name."""


def _forged_metadata(dice: random.Random, raw: bytes, said: dict[str, Any]) -> dict[str, str]:
    """None, one that somebody else's key makes, or one that is made up."""
    text = signed_text(
        said["digestEndTime"], said["digestS3Bucket"], said["digestS3Object"], raw, said["previousDigestSignature"]
    )
    made = dice.choice(("", signature(STRANGER, text), "ab" * 256))
    return {"signature": made, "signature-algorithm": "SHA256withRSA"} if made else {}


def _forged(dice: random.Random, one: Digest, end: datetime | None = None) -> tuple[str, Thing, Place]:
    """A digest for this place (or the same at another time): quotes, logs and signer as whoever forges it likes."""
    place = one.place if end is None else one.place._replace(end=end)
    key = one.key if end is None else _moved(one, place)
    signer = dice.choice((one.signer, one.signer, STRANGER))
    quotes: list[dict[str, Any]] = [
        {},
        quote(one),
        {**quote(one), "HashValue": "0" * 64},
        {**quote(one), "Signature": "ab" * 256},
    ]
    if one.previous:
        quotes += [quote(one.previous), {**quote(one.previous), "HashValue": "1" * 64}]
    logs = one.logs[: dice.randint(0, len(one.logs))]
    said = said_by(place, later(place.end, -HOUR), one.bucket, key, signer, dice.choice(quotes), logs)
    raw = written(said)
    return key, Thing("", packed(raw), raw, _forged_metadata(dice, raw, said)), place


def _moved(one: Digest, place: Place) -> str:
    """The key of another place below the same key prefix."""
    prefix = one.key[: one.key.rfind("AWSLogs/")].rstrip("/")
    return digest_key(prefix, place)


@deed.of_a_digest("digest forged over it")
def _(dice: random.Random, layout: Layout, digest: Digest, thing: Thing) -> str:
    _, made, _ = _forged(dice, digest)
    thing.fill(made.body, made.unpacked)
    if dice.random() < 0.6:
        thing.metadata = made.metadata
    return f"forged: {short(thing.key)} {_how_signed(thing)}"


def _how_signed(thing: Thing) -> str:
    return "with a signature" if "signature" in thing.metadata else "without a signature"


@deed.of_a_digest("digest forged at another time")
def _(dice: random.Random, layout: Layout, digest: Digest, thing: Thing) -> str:
    end = later(digest.end, dice.choice((-90, -20, -1, 1, 10, 60, 300, 60 * 24 * 400)) * timedelta(minutes=1))
    if end == digest.end or any(one.place == digest.place._replace(end=end) for one in layout.world.digests):
        return ""
    key, made, place = _forged(dice, digest, end)
    made.key = layout.root + key
    return f"forged: {short(made.key)} {_how_signed(made)}" if layout.put(made.key, place, made) else ""


@deed.of_a_digest("digests forged in numbers")
def _(dice: random.Random, layout: Layout, digest: Digest, thing: Thing) -> str:
    taken, said = {one.place for one in layout.world.digests}, []
    for number in range(dice.randint(4, 12)):
        key, made, place = _forged(
            dice, digest, later(digest.end, timedelta(minutes=number + 1, seconds=dice.randint(0, 50)))
        )
        made.key = layout.root + key
        if place not in taken and layout.put(made.key, place, made):
            said.append(_how_signed(made))
    return f"{len(said)} forged after {short(thing.key)}: {', '.join(said)}" if said else ""


@deed("digest replayed over another")
def _(dice: random.Random, layout: Layout) -> str:
    one, other = a_digest(dice, layout), a_digest(dice, layout)
    if not (one and other) or one[1] is other[1]:
        return ""
    thing = other[1]
    thing.fill(packed(one[0].raw), one[0].raw)
    if dice.random() < 0.8:
        thing.metadata = dict(one[0].metadata) if dice.random() < 0.8 else {}
    return f"replayed: {short(one[1].key)} over {short(thing.key)}"


@deed.of_a_digest("digest replayed under a new name")
def _(dice: random.Random, layout: Layout, digest: Digest, thing: Thing) -> str:
    place = digest.place
    how = dice.choice(("time", "trail", "account", "region", "org"))
    if how == "time":
        place = place._replace(end=later(place.end, dice.choice((-60, 1, 60, 240)) * timedelta(minutes=1)))
    elif how == "trail":
        place = place._replace(trail=place.trail[:100] + "-x")
    elif how == "account":
        place = place._replace(account="999988887777")
    elif how == "region":
        place = place._replace(region="eu-north-1")
    else:
        place = place._replace(org="o-strangerorg1" if not place.org else "")
    if any(one.place == place for one in layout.world.digests):
        return ""
    key = layout.root + _moved(digest, place)
    made = Thing(key, packed(digest.raw), digest.raw, dict(dice.choice((digest.metadata, {}))))
    if not layout.put(key, place, made):
        return ""
    if dice.random() < 0.4:
        layout.things.pop(thing.key)
        return f"moved ({how}): {short(thing.key)} to {short(key)}"
    return f"replayed ({how}): {short(thing.key)} as {short(key)}"


@deed.of_a_digest("impostor beside a digest")
def _(dice: random.Random, layout: Layout, digest: Digest, thing: Thing) -> str:
    key, made, place = _forged(dice, digest)
    made.key = _other_place(dice, layout, digest.bucket, key)
    return f"impostor: {short(made.key)} {_how_signed(made)}" if layout.put(made.key, place, made) else ""


@deed.of_a_log("impostor beside a log")
def _(dice: random.Random, layout: Layout, log: Log, thing: Thing) -> str:
    content = records(dice) + b" "
    key = f"{dice.choice(('0', 'zz'))}/{layout.root}{log.key}"
    return f"impostor: {short(key)}" if layout.put(key, log.place, Thing(key, packed(content), content)) else ""


def _other_place(dice: random.Random, layout: Layout, bucket: str, key: str) -> str:
    """Another key that stands for the same object."""
    return dice.choice((f"0/{layout.root}{key}", f"zz/{layout.root}{key}", f"{layout.root}{BESIDE}{bucket}/{key}"))


def _planted(dice: random.Random, layout: Layout, mark: datetime, what: str) -> str:
    """A log that nobody delivered, where one of a trail would lie."""
    one = dice.choice(layout.world.logs or [None])
    if one is None:
        return ""
    top = one.key.split("/CloudTrail")[0]
    place = one.place._replace(mark=marked(mark))
    prefix, _, rest = top.rpartition("AWSLogs/")
    org = rest.split("/")[0] if rest.startswith("o-") else ""
    key = layout.root + log_key(prefix.rstrip("/"), org, place, "".join(dice.choices("forged0123456789", k=16)))
    content = records(dice) + b" "
    return f"{what}: {short(key)}" if layout.put(key, place, Thing(key, packed(content), content)) else ""


@deed("log forged inside a proven time")
def _(dice: random.Random, layout: Layout) -> str:
    every = layout.world.digests
    return _planted(dice, layout, later(dice.choice(every).end, -HOUR / 2), "forged") if every else ""


@deed("log forged before everything")
def _(dice: random.Random, layout: Layout) -> str:
    begin = min((one.start for one in layout.world.digests), default=datetime(2023, 5, 1))
    return _planted(dice, layout, later(begin, -dice.choice((1, 30, 600)) * HOUR), "forged")


@deed("log forged in the future")
def _(dice: random.Random, layout: Layout) -> str:
    at = dice.choice(
        (datetime(2099, 1, 1), datetime.max, layout.newest + timedelta(days=3))
        if layout.newest < datetime(9999, 1, 1)
        else (datetime.max,)
    )
    return _planted(dice, layout, at, "forged")


@deed("log forged now")
def _(dice: random.Random, layout: Layout) -> str:
    at = layout.now or later(layout.newest, HOUR)
    return _planted(dice, layout, later(at, -dice.choice((0, 5, 60, 160)) * timedelta(minutes=1)), "forged")


@deed("logs younger than the newest digest")
def _(dice: random.Random, layout: Layout) -> str:
    strand = a_strand(dice, layout)
    if not strand:
        return ""
    end = later(strand[-1].end, dice.choice((4, 20, 50)) * timedelta(minutes=1))
    return _planted(dice, layout, end, "young")


@deed.of_a_log("a copy beside that stands for nothing")
def _(dice: random.Random, layout: Layout, log: Log, thing: Thing) -> str:
    content = records(dice) + b" "
    bucket = dice.choice((log.bucket, "acme-never"))
    key = f"{layout.root}{BESIDE}{bucket}/{log_key('', '', log.place, UNIQUE[::-1])}"
    made = Thing(key, packed(content), content)
    return f"beside: {short(key)}" if layout.put(key, log.place, made) else ""
