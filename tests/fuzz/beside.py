"""What lies beside under other names, and what is harmless. Nothing of onetrail is imported here."""

import random
from dataclasses import replace
from typing import Final

from tests.fuzz.deeds import Deeds, a_digest, a_log, short
from tests.fuzz.layout import Junk, Layout, Marker, Thing
from tests.fuzz.signing import packed, packed_otherwise
from tests.fuzz.trails import marked, records
from tests.fuzz.world import (
    HOUR,
    Digest,
    Log,
    LogPlace,
    Place,
    account_folder,
    day,
    later,
    log_key,
)

deed: Final = Deeds()
"""By name."""


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


@deed.of_a_log("log forged under a nearly right name")
def _(dice: random.Random, layout: Layout, log: Log, thing: Thing) -> str:
    folder, _, name = log.key.rpartition("/")
    key = f"{layout.root}{folder}/{dice.choice(NEAR)(name)}"
    place, content = log.place, records(dice) + b" "
    # Of a download a plain .json is taken for the log that was unpacked.
    if key in layout.things or key == layout.root + log.key or (layout.directory and key.endswith(".json")):
        return ""
    about = Junk(place.account, place.region, place.mark.date(), True, unpacked=key.endswith(".json"))
    return f"nearly right name: {short(key)}" if layout.put(key, about, Thing(key, packed(content), content)) else ""


@deed("what a system leaves in a day's folder")
def _(dice: random.Random, layout: Layout) -> str:
    found = a_log(dice, layout) if dice.random() < 0.5 else a_digest(dice, layout)
    if found is None:
        return ""
    place = found[0].place
    when = place.end if isinstance(place, Place) else place.mark
    folder = found[0].key.rpartition("/")[0]
    name = found[0].key.rpartition("/")[2]
    key = f"{layout.root}{folder}/{dice.choice(('.DS_Store', 'Thumbs.db', f'{name}.6eF5b5da'))}"
    content = dice.choice((b"\x00", b"\x00", b"", b'{"Records":[]}', b'\xef\xbb\xbf [{"eventID": 1}]'))
    about = Junk(place.account, place.region, when.date(), stray=len(content) > 1)
    return f"left: {short(key)}, {content!r}" if layout.put(key, about, Thing(key, content, None)) else ""


@deed.of_a_log("JSON in a folder of logs")
def _(dice: random.Random, layout: Layout, log: Log, thing: Thing) -> str:
    folder, region = log.key.split("/CloudTrail")[0] + "/CloudTrail", log.place.region
    name = dice.choice(("notes.json", "x.JSON.gz", f"{region}/summary.json", f"{region}/2023/all.json.bak"))
    about = Junk(log.place.account, region if name.startswith(region) else "", stray=True)
    key = f"{layout.root}{folder}/{name}"
    return f"left: {short(key)}" if layout.put(key, about, Thing(key, b"{}", None)) else ""


@deed("junk outside")
def _(dice: random.Random, layout: Layout) -> str:
    account = dice.choice(layout.world.logs).place.account if layout.world.logs else "111122223333"
    at = later(layout.newest, -HOUR)
    key = layout.root + dice.choice(
        (
            "README.txt",
            ".DS_Store",
            "AWSLogs/.DS_Store",
            f"AWSLogs/{account}/notes.json.gz",
            "other/AWSLogs.txt",
            f"AWSLogs/{account}/Config/us-east-1/{at.year}/{at.month}/{at.day}/ConfigSnapshot/{account}_Config_us-east-1_ConfigSnapshot.json.gz",
            f"AWSLogs/{account}/elasticloadbalancing/us-east-1/{day(at)}/{account}_elasticloadbalancing_us-east-1_app.log.gz",
            f"AWSLogs/{account}/vpcflowlogs/us-east-1/{day(at)}/{account}_vpcflowlogs_us-east-1_fl-1234_x.log.gz",
            "a\u202eb\x1b[31m.txt",
        )
    )
    return f"beside: {key!r}" if layout.put(key, Junk(), Thing(key, b"x", None)) else ""


@deed.of_a_log("a folder marker")
def _(dice: random.Random, layout: Layout, log: Log, thing: Thing) -> str:
    if layout.directory:
        return ""
    place, prefix = log.place, log.key[: log.key.rfind("AWSLogs/")].rstrip("/")
    top = account_folder(prefix, "", place.account)
    key = layout.root + dice.choice(
        (
            top,
            f"{top}CloudTrail/",
            f"{top}CloudTrail-Digest/",
            f"{top}CloudTrail/{place.region}/{day(place.mark)}/",
        )
    )
    return f"marker: {short(key)}" if layout.put(key, Marker(), Thing(key, b"", None)) else ""


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


@deed.of_a_digest("digest twice")
def _(dice: random.Random, layout: Layout, digest: Digest, thing: Thing) -> str:
    return _twice(dice, layout, thing)


@deed.of_a_log("log twice")
def _(dice: random.Random, layout: Layout, log: Log, thing: Thing) -> str:
    return _twice(dice, layout, thing)


def _twice(dice: random.Random, layout: Layout, thing: Thing) -> str:
    if thing.origin[0]:
        return ""
    key = f"{dice.choice(('0', 'zz'))}/{thing.key}"
    made = replace(thing, key=key, metadata=dict(thing.metadata), lies_as="")
    return f"twice: {short(key)}" if layout.put(key, layout.what(thing.key), made) else ""


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
    return f"without validation: {short(key)}" if layout.put(key, place, Thing(key, packed(content), content)) else ""
