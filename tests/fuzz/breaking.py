"""What breaks, loses or swaps what was delivered. Nothing of onetrail is imported here."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from tests.fuzz.deeds import Deeds, a_digest, a_log, a_strand, all_removed, short
from tests.fuzz.layout import Layout, Thing
from tests.fuzz.signing import packed
from tests.fuzz.world import GENERATED, Digest, Log, instant, later, log_key

UNIQUE: Final = "AbCdEfGh12345678"

deed: Final = Deeds()
"""By name."""


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
        found = a_digest(dice, layout) if kind == "digest" else a_log(dice, layout)
        if found is None or found[1].unpacked is None or found[1].loose is not None:
            return ""
        thing = found[1]
        assert thing.unpacked is not None
        thing.fill(*change(thing.body, thing.unpacked, dice), thing.unpacked if name in LOOSE else None)
        return f"{kind} {name}: {short(thing.key)}"

    deed[f"{kind} {name}"] = do


for _name, _change in CHANGES.items():
    _changing("log", _name, _change)
    _changing("digest", _name, _change)


@deed("unpacked, and the name with it")
def _(dice: random.Random, layout: Layout) -> str:
    found = a_digest(dice, layout) if dice.random() < 0.3 else a_log(dice, layout)
    if found is None or found[1].unpacked is None or found[1].loose is not None or not layout.directory:
        return ""
    thing = found[1]
    thing.fill(found[1].unpacked, None, found[1].unpacked)
    thing.lies_as = thing.key.removesuffix(".gz")
    return f"unpacked, and the name with it: {short(thing.key)}"


@deed.of_a_log("log removed")
def _(dice: random.Random, layout: Layout, log: Log, thing: Thing) -> str:
    return _removed(layout, thing)


@deed.of_a_digest("digest removed")
def _(dice: random.Random, layout: Layout, digest: Digest, thing: Thing) -> str:
    return _removed(layout, thing)


def _removed(layout: Layout, thing: Thing) -> str:
    del layout.things[thing.key]
    return f"removed: {short(thing.key)}"


@deed.of_a_digest("digest removed with its logs")
def _(dice: random.Random, layout: Layout, digest: Digest, thing: Thing) -> str:
    said = [_removed(layout, thing)]
    for log in digest.logs:
        if there := layout.at(log.bucket, log.key):
            said.append(_removed(layout, there))
    return "; ".join(said)


@deed("newest digests removed")
def _(dice: random.Random, layout: Layout) -> str:
    return all_removed(layout, a_strand(dice, layout)[-dice.randint(1, 3) :])


@deed("oldest digests removed")
def _(dice: random.Random, layout: Layout) -> str:
    return all_removed(layout, a_strand(dice, layout)[: dice.randint(1, 2)])


@deed("digests in the middle removed")
def _(dice: random.Random, layout: Layout) -> str:
    return all_removed(layout, a_strand(dice, layout)[1 : 1 + dice.randint(1, 3)])


@deed("a whole strand removed")
def _(dice: random.Random, layout: Layout) -> str:
    return all_removed(layout, a_strand(dice, layout))


def _swapped(one: Thing, other: Thing) -> str:
    if one is other:
        return ""
    mine, theirs = (one.body, one.unpacked, one.loose), (other.body, other.unpacked, other.loose)
    one.fill(*theirs)
    other.fill(*mine)
    one.lies_as = other.lies_as = ""
    return f"swapped: {short(one.key)} and {short(other.key)}"


@deed("two logs swapped")
def _(dice: random.Random, layout: Layout) -> str:
    one, other = a_log(dice, layout), a_log(dice, layout)
    return _swapped(one[1], other[1]) if one and other else ""


@deed("two digests swapped")
def _(dice: random.Random, layout: Layout) -> str:
    one, other = a_digest(dice, layout), a_digest(dice, layout)
    if not (one and other) or not (said := _swapped(one[1], other[1])):
        return ""
    if dice.random() < 0.7:
        one[1].metadata, other[1].metadata = other[1].metadata, one[1].metadata
    return said


@deed("metadata of two digests swapped")
def _(dice: random.Random, layout: Layout) -> str:
    one, other = a_digest(dice, layout), a_digest(dice, layout)
    if not (one and other) or one[1] is other[1]:
        return ""
    one[1].metadata, other[1].metadata = other[1].metadata, one[1].metadata
    return f"metadata swapped: {short(one[1].key)} and {short(other[1].key)}"


@deed("log replaced by another")
def _(dice: random.Random, layout: Layout) -> str:
    one, other = a_log(dice, layout), a_log(dice, layout)
    if not (one and other) or one[1] is other[1]:
        return ""
    one[1].fill(packed(other[0].content), other[0].content)
    return f"replaced: {short(one[1].key)} by the content of {short(other[1].key)}"


@deed.of_a_log("log given another name")
def _(dice: random.Random, layout: Layout, log: Log, thing: Thing) -> str:
    org, prefix = "", ""
    key = layout.root + log_key(prefix, org, log.place, UNIQUE)
    if not layout.put(key, log.place, replace(thing, key=key, origin=("", ""), lies_as="")):
        return ""
    del layout.things[thing.key]
    return f"renamed: {short(thing.key)} to {short(key)}"


# What becomes of a digest's metadata and reading.


@deed.of_a_digest("metadata lost")
def _(dice: random.Random, layout: Layout, digest: Digest, thing: Thing) -> str:
    if not thing.metadata:
        return ""
    thing.metadata = {}
    return f"metadata lost: {short(thing.key)}"


@deed.of_a_digest("metadata lost and the next digest removed")
def _(dice: random.Random, layout: Layout, digest: Digest, thing: Thing) -> str:
    thing.metadata = {}
    after = [one for one in layout.world.digests if one.previous is digest]
    return f"metadata lost: {short(thing.key)}; {all_removed(layout, after)}"


@deed.of_a_digest("signature changed")
def _(dice: random.Random, layout: Layout, digest: Digest, thing: Thing) -> str:
    said = digest.signature
    new = dice.choice((said[:-1] + ("0" if said[-1] != "0" else "1"), "00" * 256, "no hex", said[:100]))
    thing.metadata = {**thing.metadata, "signature": new}
    return f"signature changed: {short(thing.key)}"


@deed.of_a_digest("another algorithm in the metadata")
def _(dice: random.Random, layout: Layout, digest: Digest, thing: Thing) -> str:
    if "signature" not in thing.metadata:
        return ""
    thing.metadata = {**thing.metadata, "signature-algorithm": "MD5withRSA"}
    return f"another algorithm in the metadata: {short(thing.key)}"


@deed.of_a_digest("metadata of another form")
def _(dice: random.Random, layout: Layout, digest: Digest, thing: Thing) -> str:
    if "signature-algorithm" in thing.metadata:
        del thing.metadata["signature-algorithm"]
    thing.metadata = {**{name.title(): value for name, value in thing.metadata.items()}, "mtime": "1"}
    return f"metadata in capitals, with more in it: {short(thing.key)}"


@deed("time in the metadata of backfill digests changed")
def _(dice: random.Random, layout: Layout) -> str:
    """Of each in turn: to some time after it, to a second or years before it, to longer than a year after it, to no
    time, or to none."""
    done = []
    for digest in (one for one in layout.world.digests if one.place.backfill):
        thing = layout.at(digest.bucket, digest.key)
        if thing is None or GENERATED not in thing.metadata:
            continue
        days = dice.choice((1 / 24, -1 / 86400, -900, 364, 366, 900, 0, 0))
        at = dice.choice(("", "soon")) if days == 0 else instant(later(digest.end, timedelta(days=days)))
        thing.metadata = {**thing.metadata, GENERATED: at}
        if not at:
            del thing.metadata[GENERATED]
        done.append(f"{short(thing.key)}: {at or 'none'}")
    return f"made at: {', '.join(done)}" if done else ""


@deed.of_a_digest("metadata file unfit")
def _(dice: random.Random, layout: Layout, digest: Digest, thing: Thing) -> str:
    if not layout.directory:
        return ""
    thing.metadata, thing.unfit = {}, True
    return f"metadata file unfit: {short(thing.key)}"


def _closed(kind: str, how: str) -> None:
    def do(dice: random.Random, layout: Layout) -> str:
        found = a_digest(dice, layout) if kind == "digest" else a_log(dice, layout)
        if found is None or found[1].refused or found[1].archived:
            return ""
        setattr(found[1], how, True)
        return f"{kind} {how}: {short(found[1].key)}"

    deed[f"{kind} {how}"] = do


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
