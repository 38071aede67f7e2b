"""What becomes of a layout: damage of every kind, and what merely lies beside. Nothing of onetrail is imported here.

Each deed takes its target from what CloudTrail delivered, not from what is left, so that it does the same whatever other deeds are left
out. It says in a few words what it did, or nothing where there was nothing to do. What must be said of it is not decided here.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from tests.fuzz.layout import BESIDE, Junk, Layout, Marker, Thing
from tests.fuzz.signing import STRANGER, packed, packed_otherwise, signature, signed_text
from tests.fuzz.trails import marked, records
from tests.fuzz.world import (
    HOUR,
    Digest,
    Log,
    LogPlace,
    Place,
    account_folder,
    day,
    digest_key,
    later,
    log_key,
    quote,
    said_by,
    written,
)

Deed = Callable[[random.Random, Layout], str]
DEEDS: Final[dict[str, Deed]] = {}
"""Every deed by name."""
UNIQUE: Final = "AbCdEfGh12345678"


def deed(name: str) -> Callable[[Deed], Deed]:
    """Enter a deed in the table."""

    def enter(made: Deed) -> Deed:
        DEEDS[name] = made
        return made

    return enter


def _digest(dice: random.Random, layout: Layout) -> tuple[Digest, Thing] | None:
    """One of the digests, where it lies; None where there is none, or it is gone."""
    every = layout.world.digests
    one = dice.choice(every) if every else None
    thing = layout.at(one.bucket, one.key) if one else None
    return (one, thing) if one and thing else None


def _log(dice: random.Random, layout: Layout) -> tuple[Log, Thing] | None:
    """One of the logs, likewise."""
    every = layout.world.logs
    one = dice.choice(every) if every else None
    thing = layout.at(one.bucket, one.key) if one else None
    return (one, thing) if one and thing else None


def _short(key: str) -> str:
    return key if len(key) < 150 else f"...{key[-147:]}"


# What becomes of a log's or a digest's bytes.

Change = Callable[[bytes, bytes, random.Random], tuple[bytes, bytes | None]]
"""Stored bytes and content -> new stored bytes, and what they hold as one gzip member."""
LOOSE: Final = frozenset({"unpacked", "packed twice"})
"""Changes that common tools make, and that leave the content what it was."""


def _edited(body: bytes, content: bytes, dice: random.Random) -> tuple[bytes, bytes | None]:
    at = content.find(b'":"')
    new = content[: at + 3] + b"x" + content[at + 3 :] if at >= 0 else content + b" "
    return packed(new), new


def _inner(body: bytes, content: bytes, dice: random.Random) -> tuple[bytes, bytes | None]:
    return packed(packed(content)), packed(content)


CHANGES: Final[dict[str, Change]] = {
    "changed": _edited,
    "given a blank": lambda body, content, dice: (packed(content + b" "), content + b" "),
    "replaced by an empty object": lambda body, content, dice: (packed(b"{}"), b"{}"),
    "truncated": lambda body, content, dice: (body[: dice.randint(1, len(body) - 1)], None),
    "unpacked": lambda body, content, dice: (content, None),
    "packed twice": _inner,
    "given bytes at its end": lambda body, content, dice: (body + b"\x00" * dice.randint(1, 9), None),
    "given a second member": lambda body, content, dice: (body + packed(b"{}"), None),
    "emptied": lambda body, content, dice: (b"", None),
}


def _changing(kind: str, name: str, change: Change) -> None:
    def do(dice: random.Random, layout: Layout) -> str:
        found = _digest(dice, layout) if kind == "digest" else _log(dice, layout)
        if found is None or found[1].unpacked is None or found[1].loose is not None:
            return ""
        thing = found[1]
        assert thing.unpacked is not None
        thing.fill(*change(thing.body, thing.unpacked, dice), thing.unpacked if name in LOOSE else None)
        return f"{kind} {name}: {_short(thing.key)}"

    DEEDS[f"{kind} {name}"] = do


for _name, _change in CHANGES.items():
    _changing("log", _name, _change)
    _changing("digest", _name, _change)


@deed("unpacked, and the name with it")
def _(dice: random.Random, layout: Layout) -> str:
    found = _digest(dice, layout) if dice.random() < 0.3 else _log(dice, layout)
    if found is None or found[1].unpacked is None or found[1].loose is not None or not layout.directory:
        return ""
    thing = found[1]
    thing.fill(found[1].unpacked, None, found[1].unpacked)
    thing.lies_as = thing.key.removesuffix(".gz")
    return f"unpacked, and the name with it: {_short(thing.key)}"


@deed("log removed")
def _(dice: random.Random, layout: Layout) -> str:
    return _removed(layout, _log(dice, layout))


@deed("digest removed")
def _(dice: random.Random, layout: Layout) -> str:
    return _removed(layout, _digest(dice, layout))


def _removed(layout: Layout, found: tuple[Any, Thing] | None) -> str:
    if found is None:
        return ""
    del layout.things[found[1].key]
    return f"removed: {_short(found[1].key)}"


@deed("digest removed with its logs")
def _(dice: random.Random, layout: Layout) -> str:
    found = _digest(dice, layout)
    if found is None:
        return ""
    said = [_removed(layout, found)]
    for log in found[0].logs:
        thing = layout.at(log.bucket, log.key)
        said.append(_removed(layout, (log, thing)) if thing else "")
    return "; ".join(filter(None, said))


def _several(layout: Layout, chosen: list[Digest]) -> str:
    """Remove these digests."""
    there = [thing for one in chosen if (thing := layout.at(one.bucket, one.key))]
    for thing in there:
        del layout.things[thing.key]
    return f"removed: {', '.join(_short(thing.key) for thing in there)}" if there else ""


def _strand(dice: random.Random, layout: Layout) -> list[Digest]:
    strands = layout.world.strands()
    return strands[dice.choice(sorted(strands))] if strands else []


@deed("newest digests removed")
def _(dice: random.Random, layout: Layout) -> str:
    return _several(layout, _strand(dice, layout)[-dice.randint(1, 3) :])


@deed("oldest digests removed")
def _(dice: random.Random, layout: Layout) -> str:
    return _several(layout, _strand(dice, layout)[: dice.randint(1, 2)])


@deed("digests in the middle removed")
def _(dice: random.Random, layout: Layout) -> str:
    return _several(layout, _strand(dice, layout)[1 : 1 + dice.randint(1, 3)])


@deed("a whole strand removed")
def _(dice: random.Random, layout: Layout) -> str:
    return _several(layout, _strand(dice, layout))


def _swapped(one: Thing, other: Thing) -> str:
    if one is other:
        return ""
    mine, theirs = (one.body, one.unpacked, one.loose), (other.body, other.unpacked, other.loose)
    one.fill(*theirs)
    other.fill(*mine)
    one.lies_as = other.lies_as = ""
    return f"swapped: {_short(one.key)} and {_short(other.key)}"


@deed("two logs swapped")
def _(dice: random.Random, layout: Layout) -> str:
    one, other = _log(dice, layout), _log(dice, layout)
    return _swapped(one[1], other[1]) if one and other else ""


@deed("two digests swapped")
def _(dice: random.Random, layout: Layout) -> str:
    one, other = _digest(dice, layout), _digest(dice, layout)
    if not (one and other) or not (said := _swapped(one[1], other[1])):
        return ""
    if dice.random() < 0.7:
        one[1].metadata, other[1].metadata = other[1].metadata, one[1].metadata
    return said


@deed("metadata of two digests swapped")
def _(dice: random.Random, layout: Layout) -> str:
    one, other = _digest(dice, layout), _digest(dice, layout)
    if not (one and other) or one[1] is other[1]:
        return ""
    one[1].metadata, other[1].metadata = other[1].metadata, one[1].metadata
    return f"metadata swapped: {_short(one[1].key)} and {_short(other[1].key)}"


@deed("log replaced by another")
def _(dice: random.Random, layout: Layout) -> str:
    one, other = _log(dice, layout), _log(dice, layout)
    if not (one and other) or one[1] is other[1]:
        return ""
    one[1].fill(packed(other[0].content), other[0].content)
    return f"replaced: {_short(one[1].key)} by the content of {_short(other[1].key)}"


@deed("log given another name")
def _(dice: random.Random, layout: Layout) -> str:
    found = _log(dice, layout)
    if found is None:
        return ""
    log, thing = found
    org, prefix = "", ""
    key = layout.root + log_key(prefix, org, log.place, UNIQUE)
    if not layout.put(key, log.place, replace(thing, key=key, origin=("", ""), lies_as="")):
        return ""
    del layout.things[thing.key]
    return f"renamed: {_short(thing.key)} to {_short(key)}"


# What becomes of a digest's metadata and reading.


@deed("metadata lost")
def _(dice: random.Random, layout: Layout) -> str:
    found = _digest(dice, layout)
    if found is None or not found[1].metadata:
        return ""
    found[1].metadata = {}
    return f"metadata lost: {_short(found[1].key)}"


@deed("metadata lost and the next digest removed")
def _(dice: random.Random, layout: Layout) -> str:
    found = _digest(dice, layout)
    if found is None:
        return ""
    found[1].metadata = {}
    after = [one for one in layout.world.digests if one.previous is found[0]]
    return f"metadata lost: {_short(found[1].key)}; {_several(layout, after)}"


@deed("signature changed")
def _(dice: random.Random, layout: Layout) -> str:
    found = _digest(dice, layout)
    if found is None:
        return ""
    said = found[0].signature
    new = dice.choice((said[:-1] + ("0" if said[-1] != "0" else "1"), "00" * 256, "no hex", said[:100]))
    found[1].metadata = {**found[1].metadata, "signature": new}
    return f"signature changed: {_short(found[1].key)}"


@deed("another algorithm in the metadata")
def _(dice: random.Random, layout: Layout) -> str:
    found = _digest(dice, layout)
    if found is None or "signature" not in found[1].metadata:
        return ""
    found[1].metadata = {**found[1].metadata, "signature-algorithm": "MD5withRSA"}
    return f"another algorithm in the metadata: {_short(found[1].key)}"


@deed("metadata of another form")
def _(dice: random.Random, layout: Layout) -> str:
    found = _digest(dice, layout)
    if found is None:
        return ""
    thing = found[1]
    if "signature-algorithm" in thing.metadata:
        del thing.metadata["signature-algorithm"]
    thing.metadata = {**{name.title(): value for name, value in thing.metadata.items()}, "mtime": "1"}
    return f"metadata in capitals, with more in it: {_short(thing.key)}"


@deed("metadata file unfit")
def _(dice: random.Random, layout: Layout) -> str:
    found = _digest(dice, layout)
    if found is None or not layout.directory:
        return ""
    found[1].metadata, found[1].unfit = {}, True
    return f"metadata file unfit: {_short(found[1].key)}"


def _closed(kind: str, how: str) -> None:
    def do(dice: random.Random, layout: Layout) -> str:
        found = _digest(dice, layout) if kind == "digest" else _log(dice, layout)
        if found is None or found[1].refused or found[1].archived:
            return ""
        setattr(found[1], how, True)
        return f"{kind} {how}: {_short(found[1].key)}"

    DEEDS[f"{kind} {how}"] = do


for _kind in ("log", "digest"):
    for _how in ("archived", "refused"):
        _closed(_kind, _how)


@deed("a public key is not held")
def _(dice: random.Random, layout: Layout) -> str:
    keys = layout.world.keys
    if not keys:
        return ""
    chosen = dice.choice(keys)
    layout.forgotten.add(chosen.number)
    return f"a public key of {chosen.region} is not held"


# What is forged.


def _forged_metadata(dice: random.Random, raw: bytes, said: dict[str, Any]) -> dict[str, str]:
    """None, one that somebody else's key makes, or one that is made up."""
    text = signed_text(
        said["digestEndTime"], said["digestS3Bucket"], said["digestS3Object"], raw, said["previousDigestSignature"]
    )  # fmt: skip
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


@deed("digest forged over it")
def _(dice: random.Random, layout: Layout) -> str:
    found = _digest(dice, layout)
    if found is None:
        return ""
    _, made, _ = _forged(dice, found[0])
    thing = found[1]
    thing.fill(made.body, made.unpacked)
    if dice.random() < 0.6:
        thing.metadata = made.metadata
    return f"forged: {_short(thing.key)} {_how_signed(thing)}"


def _how_signed(thing: Thing) -> str:
    return "with a signature" if "signature" in thing.metadata else "without a signature"


@deed("digest forged at another time")
def _(dice: random.Random, layout: Layout) -> str:
    found = _digest(dice, layout)
    if found is None:
        return ""
    end = later(
        found[0].end, dice.choice((-90, -20, -1, 1, 10, 60, 300, 60 * 24 * 400)) * timedelta(minutes=1)
    )
    if end == found[0].end or any(
        one.place == found[0].place._replace(end=end) for one in layout.world.digests
    ):
        return ""
    key, made, place = _forged(dice, found[0], end)
    made.key = layout.root + key
    return f"forged: {_short(made.key)} {_how_signed(made)}" if layout.put(made.key, place, made) else ""


@deed("digests forged in numbers")
def _(dice: random.Random, layout: Layout) -> str:
    found = _digest(dice, layout)
    if found is None:
        return ""
    taken, said = {one.place for one in layout.world.digests}, []
    for number in range(dice.randint(4, 12)):
        key, made, place = _forged(
            dice, found[0], later(found[0].end, timedelta(minutes=number + 1, seconds=dice.randint(0, 50)))
        )
        made.key = layout.root + key
        if place not in taken and layout.put(made.key, place, made):
            said.append(_how_signed(made))
    return f"{len(said)} forged after {_short(found[1].key)}: {', '.join(said)}" if said else ""


@deed("digest replayed over another")
def _(dice: random.Random, layout: Layout) -> str:
    one, other = _digest(dice, layout), _digest(dice, layout)
    if not (one and other) or one[1] is other[1]:
        return ""
    thing = other[1]
    thing.fill(packed(one[0].raw), one[0].raw)
    if dice.random() < 0.8:
        thing.metadata = dict(one[0].metadata) if dice.random() < 0.8 else {}
    return f"replayed: {_short(one[1].key)} over {_short(thing.key)}"


@deed("digest replayed under a new name")
def _(dice: random.Random, layout: Layout) -> str:
    found = _digest(dice, layout)
    if found is None:
        return ""
    place = found[0].place
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
    key = layout.root + _moved(found[0], place)
    made = Thing(key, packed(found[0].raw), found[0].raw, dict(dice.choice((found[0].metadata, {}))))
    if not layout.put(key, place, made):
        return ""
    if dice.random() < 0.4:
        layout.things.pop(found[1].key)
        return f"moved ({how}): {_short(found[1].key)} to {_short(key)}"
    return f"replayed ({how}): {_short(found[1].key)} as {_short(key)}"


@deed("impostor beside a digest")
def _(dice: random.Random, layout: Layout) -> str:
    found = _digest(dice, layout)
    if found is None:
        return ""
    key, made, place = _forged(dice, found[0])
    made.key = _other_place(dice, layout, found[0].bucket, key)
    return f"impostor: {_short(made.key)} {_how_signed(made)}" if layout.put(made.key, place, made) else ""


@deed("impostor beside a log")
def _(dice: random.Random, layout: Layout) -> str:
    found = _log(dice, layout)
    if found is None:
        return ""
    log = found[0]
    content = records(dice) + b" "
    key = f"{dice.choice(('0', 'zz'))}/{layout.root}{log.key}"
    return (
        f"impostor: {_short(key)}" if layout.put(key, log.place, Thing(key, packed(content), content)) else ""
    )


def _other_place(dice: random.Random, layout: Layout, bucket: str, key: str) -> str:
    """Another key that stands for the same object."""
    return dice.choice(
        (f"0/{layout.root}{key}", f"zz/{layout.root}{key}", f"{layout.root}{BESIDE}{bucket}/{key}")
    )


def _planted(dice: random.Random, layout: Layout, mark: datetime, what: str) -> str:
    """A log that nobody delivered, where one of a trail would lie."""
    one = dice.choice(layout.world.logs or [None])
    if one is None:
        return ""
    top = one.key.split("/CloudTrail")[0]
    place = one.place._replace(mark=marked(mark))
    prefix, _, rest = top.rpartition("AWSLogs/")
    org = rest.split("/")[0] if rest.startswith("o-") else ""
    key = layout.root + log_key(
        prefix.rstrip("/"), org, place, "".join(dice.choices("forged0123456789", k=16))
    )
    content = records(dice) + b" "
    return f"{what}: {_short(key)}" if layout.put(key, place, Thing(key, packed(content), content)) else ""


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
    strand = _strand(dice, layout)
    if not strand:
        return ""
    end = later(strand[-1].end, dice.choice((4, 20, 50)) * timedelta(minutes=1))
    return _planted(dice, layout, end, "young")


@deed("a copy beside that stands for nothing")
def _(dice: random.Random, layout: Layout) -> str:
    found = _log(dice, layout)
    if found is None:
        return ""
    log, content = found[0], records(dice) + b" "
    bucket = dice.choice((log.bucket, "acme-never"))
    key = f"{layout.root}{BESIDE}{bucket}/{log_key('', '', log.place, UNIQUE[::-1])}"
    thing = Thing(key, packed(content), content)
    return f"beside: {_short(key)}" if layout.put(key, log.place, thing) else ""


# What is another name.

NEAR: Final = (
    lambda name: name.replace(".json.gz", "-2.json.gz"),
    lambda name: name.replace(".json.gz", ".json"),
    lambda name: name.replace(".json.gz", ".json.gz.gz"),
    lambda name: "evil.json.gz",
    lambda name: name.replace("_CloudTrail_", "_Cloudtrail_"),
    lambda name: "999988887777" + name[12:],
    lambda name: name.replace("T", "t", 1),
    lambda name: " " + name,
    lambda name: name + "\u202e",
)


@deed("log forged under a nearly right name")
def _(dice: random.Random, layout: Layout) -> str:
    found = _log(dice, layout)
    if found is None:
        return ""
    folder, _, name = found[0].key.rpartition("/")
    key = f"{layout.root}{folder}/{dice.choice(NEAR)(name)}"
    place, content = found[0].place, records(dice) + b" "
    # Of a download a plain .json is taken for the log that was unpacked.
    if (
        key in layout.things
        or key == layout.root + found[0].key
        or (layout.directory and key.endswith(".json"))
    ):
        return ""
    about = Junk(place.account, place.region, place.mark.date(), stray=True)
    return (
        f"nearly right name: {_short(key)}"
        if layout.put(key, about, Thing(key, packed(content), content))
        else ""
    )


@deed("what a system leaves in a day's folder")
def _(dice: random.Random, layout: Layout) -> str:
    found = _log(dice, layout) if dice.random() < 0.5 else _digest(dice, layout)
    if found is None:
        return ""
    place = found[0].place
    when = place.end if isinstance(place, Place) else place.mark
    folder = found[0].key.rpartition("/")[0]
    name = found[0].key.rpartition("/")[2]
    key = f"{layout.root}{folder}/{dice.choice(('.DS_Store', 'Thumbs.db', f'{name}.6eF5b5da'))}"
    content = dice.choice((b"\x00", b"\x00", b"", b'{"Records":[]}', b'\xef\xbb\xbf [{"eventID": 1}]'))
    about = Junk(place.account, place.region, when.date(), stray=len(content) > 1)
    return f"left: {_short(key)}, {content!r}" if layout.put(key, about, Thing(key, content, None)) else ""


@deed("JSON in a folder of logs")
def _(dice: random.Random, layout: Layout) -> str:
    found = _log(dice, layout)
    if found is None:
        return ""
    folder, region = found[0].key.split("/CloudTrail")[0] + "/CloudTrail", found[0].place.region
    name = dice.choice(("notes.json", "x.JSON.gz", f"{region}/summary.json", f"{region}/2023/all.json.bak"))
    about = Junk(found[0].place.account, region if name.startswith(region) else "", stray=True)
    key = f"{layout.root}{folder}/{name}"
    return f"left: {_short(key)}" if layout.put(key, about, Thing(key, b"{}", None)) else ""


@deed("junk outside")
def _(dice: random.Random, layout: Layout) -> str:
    account = dice.choice(layout.world.logs).place.account if layout.world.logs else "111122223333"
    at = later(layout.newest, -HOUR)
    key = layout.root + dice.choice(
        (
            "README.txt", ".DS_Store", "AWSLogs/.DS_Store", f"AWSLogs/{account}/notes.json.gz", "other/AWSLogs.txt",
            f"AWSLogs/{account}/Config/us-east-1/{at.year}/{at.month}/{at.day}/ConfigSnapshot/{account}_Config_us-east-1_ConfigSnapshot.json.gz",
            f"AWSLogs/{account}/elasticloadbalancing/us-east-1/{day(at)}/{account}_elasticloadbalancing_us-east-1_app.log.gz",
            f"AWSLogs/{account}/vpcflowlogs/us-east-1/{day(at)}/{account}_vpcflowlogs_us-east-1_fl-1234_x.log.gz",
            "a\u202eb\x1b[31m.txt",
        )
    )  # fmt: skip
    return f"beside: {key!r}" if layout.put(key, Junk(), Thing(key, b"x", None)) else ""


@deed("a folder marker")
def _(dice: random.Random, layout: Layout) -> str:
    found = _log(dice, layout)
    if found is None or layout.directory:
        return ""
    place, prefix = found[0].place, found[0].key[: found[0].key.rfind("AWSLogs/")].rstrip("/")
    top = account_folder(prefix, "", place.account)
    key = layout.root + dice.choice(
        (
            top,
            f"{top}CloudTrail/",
            f"{top}CloudTrail-Digest/",
            f"{top}CloudTrail/{place.region}/{day(place.mark)}/",
        )
    )
    return f"marker: {_short(key)}" if layout.put(key, Marker(), Thing(key, b"", None)) else ""


# What is harmless.


@deed("packed by another program")
def _(dice: random.Random, layout: Layout) -> str:
    share = dice.choice((0.3, 1.0))
    count = 0
    for key in sorted(layout.things):
        thing = layout.things[key]
        if thing.unpacked is not None and dice.random() < share:
            thing.body, count = packed_otherwise(thing.unpacked), count + 1
    return f"{count} files packed by another program"


@deed("digest twice")
def _(dice: random.Random, layout: Layout) -> str:
    return _twice(layout, _digest(dice, layout), dice)


@deed("log twice")
def _(dice: random.Random, layout: Layout) -> str:
    return _twice(layout, _log(dice, layout), dice)


def _twice(layout: Layout, found: tuple[Any, Thing] | None, dice: random.Random) -> str:
    if found is None or found[1].origin[0]:
        return ""
    thing = found[1]
    key = f"{dice.choice(('0', 'zz'))}/{thing.key}"
    made = replace(thing, key=key, metadata=dict(thing.metadata), lies_as="")
    return f"twice: {_short(key)}" if layout.put(key, layout.what(thing.key), made) else ""


@deed("everything twice")
def _(dice: random.Random, layout: Layout) -> str:
    for thing in [layout.things[key] for key in sorted(layout.things) if not layout.things[key].origin[0]]:
        about = layout.what(thing.key)
        if isinstance(about, Place | LogPlace):
            key = f"zz/{thing.key}"
            made = replace(thing, key=key, metadata=dict(thing.metadata), lies_as="")
            layout.put(key, about, made)
    return "everything twice"


@deed("logs of a trail without validation")
def _(dice: random.Random, layout: Layout) -> str:
    if not layout.world.digests:
        return ""
    one = dice.choice(layout.world.digests)
    mark = marked(later(one.start, (one.end - one.start) * dice.random()))
    place = LogPlace(one.place.account, one.place.region, mark)
    key = layout.root + log_key("", "", place, "".join(dice.choices("unvalidated01234", k=16)))
    content = records(dice)
    return (
        f"without validation: {_short(key)}"
        if layout.put(key, place, Thing(key, packed(content), content))
        else ""
    )
