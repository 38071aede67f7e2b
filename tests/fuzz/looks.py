"""What onetrail says of a layout, in the three ways in which it can be asked in one process. The only module here that
imports it."""

import base64
import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from onetrail.cli import main
from onetrail.cloudtrail.digests.chain import ChainCheck, Listed, groups
from onetrail.cloudtrail.digests.conflict import conflict_key
from onetrail.cloudtrail.digests.orphan import unsigned_logs
from onetrail.cloudtrail.digests.publickeys import KeyStore, load
from onetrail.cloudtrail.digests.signature import opened
from onetrail.cloudtrail.digests.verdict import (
    AllowList,
    Chain,
    DigestObject,
    FileVerdict,
    LogRead,
    ReadStatus,
)
from onetrail.cloudtrail.digests.walk import join, walk
from onetrail.cloudtrail.object_key import DIGEST_KINDS, LOG_KINDS, parse
from onetrail.errors import WrongUse
from onetrail.validation import CheckScope, PlaceCheck, PublicKeys
from onetrail.validation.kept import KeptChains
from onetrail.validation.place import ObjectContent, Stored, UnreadObject
from tests.fuzz.layout import BESIDE, Layout, Thing, below
from tests.fuzz.signing import der, fingerprint
from tests.fuzz.truth import Query
from tests.fuzz.world import instant

Group = tuple[str, str, str, str, bool]


@dataclass(slots=True)
class Said:
    """One answer. `files` are key (of what is not there: the original one), whether it is there, kind and state.

    `words` is what was printed where it failed, `text` what a person reads, None where nothing is printed.
    """

    exit_code: int
    files: list[tuple[str, bool, str, str]] = field(default_factory=list)
    gaps: dict[Group, int] = field(default_factory=dict)
    absent: dict[Group, tuple[int, int]] = field(default_factory=dict)
    proven: dict[Group, list[tuple[datetime, datetime]]] = field(default_factory=dict)
    digests: Counter[str] = field(default_factory=Counter)
    logs: Counter[str] = field(default_factory=Counter)
    young: int = 0
    foreign: int = 0
    strays: int = 0
    markers: int = 0
    words: str = ""
    text: str | None = None


def in_a_bucket(layout: Layout, query: Query, folder: Path | None = None) -> Said:
    """The check of `onetrail validate` on a bucket; with a folder in which proven chains are kept, and are found
    again."""
    said = Said(0)
    store = PublicKeys(None, lambda region: _Asked(layout, region))
    wanted = CheckScope(
        query.account,
        query.region,
        query.trail,
        _utc(query.since),
        _utc(query.until),
        _utc(query.end),
        _utc(layout.now),
    )
    kept = None if folder is None else KeptChains(folder, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    check = PlaceCheck(Bucket(layout), store, wanted, query.believed, kept=kept)
    try:
        _files(said, check.verdicts())
    except WrongUse as err:
        said.exit_code, said.words = 2, str(err)
        return said
    found = check.result
    said.exit_code = 0 if found.proven else 3
    said.digests = Counter({state.value: count for state, count in found.digests.items() if count})
    said.logs = Counter({state.value: count for state, count in found.logs.items() if count})
    said.young, said.foreign, said.markers, said.strays = (
        found.young,
        found.foreign,
        found.markers,
        found.strays,
    )
    _chains(said, [one.chain for one in found.chains])
    return said


def in_a_directory(layout: Layout, query: Query, folder: Path) -> Said:
    """The command itself, on files."""
    _written(layout, folder / "down")
    _saved(layout, folder / "keys")
    words = ["validate", str(folder / "down"), "--public-keys", str(folder / "keys"), "--json"]
    for name, value in (("account", query.account), ("region", query.region), ("trail", query.trail)):
        words += [f"--{name}", value] if value else []
    for name, at in (("since", query.since), ("until", query.until), ("expected-end", query.end)):
        words += [f"--{name}", instant(at)] if at else []
    for bucket in sorted(query.believed or ()):
        words += ["--moved-from", bucket]
    done = CliRunner().invoke(main, words)
    said = Said(done.exit_code, words=done.output[-2000:] if done.exit_code not in (0, 3) else "")
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    if done.exit_code in (0, 3):
        _of_json(said, json.loads(done.stdout), layout)
        told = CliRunner().invoke(main, [word for word in words if word != "--json"])
        said.text = f"{told.stdout}\nexit code {told.exit_code}"
    return said


def by_chains(layout: Layout, query: Query) -> Said:
    """The pure engine below both, and with `query.older` as step 06 asks it: chains of an archive's digests, and what
    none of them names."""
    return _Engine(layout, query).said()


def in_parts(layout: Layout, query: Query, seed: int) -> list[str]:
    """Chains that are not the same where they are walked in two parts and joined."""
    store, dice, found = KeyStore(_keys(layout)), random.Random(f"{seed} parts"), []
    for group, digests in groups(sorted(layout.things)).items():
        allowed = AllowList(query.believed, frozenset({group.identity}))
        objects = [_object(layout, key) for key in reversed(digests)]
        at = dice.randint(0, len(objects))
        parts = [
            walk((opened(one, group, store, allowed) for one in part), allowed)
            for part in (objects[at:], objects[:at], objects)
        ]
        if join(parts[0], parts[1], allowed) != parts[2]:
            found.append(f"the newest {at} digests of {group} joined to the others are not the whole")
    return found


class _Engine:
    """Chains and unsigned logs of each account and region, as they follow from the digests alone."""

    def __init__(self, layout: Layout, query: Query) -> None:
        self._layout, self._query, self._store = layout, query, KeyStore(_keys(layout))
        self._plain: dict[str, Thing] = {}
        self._beside: dict[str, Thing] = {}
        self._named: set[str] = set()
        self._by_region: dict[tuple[str, str], list[str]] = {}
        for key in sorted(layout.things):
            parsed = parse(key)
            if parsed.kind in DIGEST_KINDS | LOG_KINDS:
                self._by_region.setdefault((parsed.account, parsed.region), []).append(key)
                self._enter(key, layout.things[key])

    def said(self) -> Said:
        """The whole answer; the exit code is the one that `onetrail validate` would give for it."""
        said, chains = Said(3), list[Chain]()
        for keys in self._by_region.values():
            mine = list(self._chains(keys, said))
            # Second copies are the command's to look at.
            second = {key for key in keys if BESIDE not in key and self._plain[below(key)].key != key}
            present = [key for key in keys if key not in self._named and key not in second]
            _files(said, unsigned_logs(present, (), mine))
            chains += mine
        _chains(said, chains)
        good = all(one.sound for one in chains) and {state for *_, state in said.files} <= {
            "valid",
            "duplicate",
        }
        said.exit_code = 0 if chains and good else 3
        return said

    def _enter(self, key: str, thing: Thing) -> None:
        if BESIDE in key:
            self._beside[key[key.find(BESIDE) :]] = thing
        else:
            self._plain.setdefault(below(key), thing)

    def _chains(self, keys: list[str], said: Said) -> Iterator[Chain]:
        found = groups(keys)
        trails = frozenset(group.identity for group in found)
        for group, digests in found.items():
            allowed = AllowList(self._query.believed, trails if self._query.older else frozenset({group.identity}))
            more: dict[str, Any] = {}
            if self._query.older:
                more = {"listed": Listed(found), "elsewhere": True, "expected_start": parse(digests[0]).stamp}
            check = ChainCheck(group, self._read, self._store, allowed, expected_end=_utc(self._query.end), **more)
            for verdict in check.verdicts(_object(self._layout, key) for key in reversed(digests)):
                _files(said, [verdict])
                if verdict.kind in LOG_KINDS and (thing := self._plain.get(below(verdict.original_key))):
                    self._named |= set() if verdict.key else {thing.key}
            yield check.chain()

    def _read(self, bucket: str, key: str) -> LogRead:
        found = self._beside.get(conflict_key(bucket, key)) or self._plain.get(below(key))
        if found is None:
            return LogRead(ReadStatus.MISSING)
        self._named.add(found.key)
        return _read(found)


class Bucket:
    """A layout as the check sees a bucket: rows in key order, and their content."""

    name = root = "s3://archive"
    bucket = "archive"

    def __init__(self, layout: Layout) -> None:
        self._things = layout.things
        self._keys = sorted(layout.things)

    def rows(self, prefix: str = "", after: str = "") -> Iterator[Stored]:
        for key in self._keys:
            if key.startswith(prefix) and key > after:
                thing = self._things[key]
                yield Stored(key, len(thing.body), "GLACIER" if thing.archived else "STANDARD")

    def read(self, rows: Iterable[Stored | None]) -> Iterator[tuple[Stored, ObjectContent | UnreadObject]]:
        for row in rows:
            if row is None:
                continue
            thing = self._things[row.key]
            if thing.refused:
                yield row, UnreadObject(ReadStatus.UNREADABLE, "access denied")
            elif thing.archived:
                yield row, UnreadObject(ReadStatus.ARCHIVED, "restore it first")
            else:
                yield row, ObjectContent(thing.body, thing.metadata)

    def absent(self, key: str) -> LogRead:
        return LogRead(ReadStatus.MISSING)


class _Asked:
    """CloudTrail as it answers for a region."""

    def __init__(self, layout: Layout, region: str) -> None:
        self._layout, self._region = layout, region

    def list_public_keys(self, **_: Any) -> dict[str, Any]:
        return {"PublicKeyList": [one for one in _listed(self._layout, self._region)]}


def _listed(layout: Layout, region: str) -> list[dict[str, Any]]:
    return [
        {
            "Value": der(key.number),
            "Fingerprint": fingerprint(key.number),
            "ValidityStartTime": key.start.replace(tzinfo=UTC),
            "ValidityEndTime": key.end.replace(tzinfo=UTC),
        }
        for key in layout.world.keys
        if key.region == region and key.number not in layout.forgotten
    ]


def _keys(layout: Layout) -> Iterator[Any]:
    for region in sorted({key.region for key in layout.world.keys}):
        yield from load({"PublicKeyList": _listed(layout, region)}, region)


def _saved(layout: Layout, folder: Path) -> None:
    folder.mkdir(parents=True)
    for region in {key.region for key in layout.world.keys}:
        listed = [
            {
                **one,
                "Value": base64.b64encode(one["Value"]).decode(),
                "ValidityStartTime": instant(one["ValidityStartTime"]),
                "ValidityEndTime": instant(one["ValidityEndTime"]),
            }
            for one in _listed(layout, region)
        ]
        (folder / f"{region}.json").write_text(json.dumps({"PublicKeyList": listed}))


def _written(layout: Layout, folder: Path) -> None:
    folder.mkdir(parents=True)
    for key, thing in layout.things.items():
        path = folder / (key if thing.archived else thing.lies_as or key)
        path.parent.mkdir(parents=True, exist_ok=True)
        if thing.refused:
            path.symlink_to("/nowhere")
        elif not thing.archived or len(key) % 2:
            path.write_bytes(b"" if thing.archived else thing.body)
        told = {"ContentLength": len(thing.body), "Metadata": thing.metadata}
        if thing.archived:
            told["StorageClass"] = "GLACIER"
        if thing.unfit:
            path.with_name(path.name + ".metadata.json").write_text(("", "no", '{"Metadata": 7}')[len(key) % 3])
        elif thing.metadata or thing.archived:
            path.with_name(path.name + ".metadata.json").write_text(json.dumps(told))


def _object(layout: Layout, key: str) -> DigestObject:
    thing = layout.things[key]
    if not thing.readable:
        return DigestObject(
            "archive",
            key,
            None,
            storage_class="GLACIER" if thing.archived else "STANDARD",
            why="access denied",
        )
    return DigestObject("archive", key, thing.body, {} if thing.unfit else thing.metadata, len(thing.body))


def _read(thing: Thing) -> LogRead:
    if thing.refused:
        return LogRead(ReadStatus.UNREADABLE, None, thing.key, "access denied")
    if thing.archived:
        return LogRead(ReadStatus.ARCHIVED, None, thing.key)
    return LogRead(ReadStatus.FOUND, thing.body, thing.key)


def _files(said: Said, verdicts: Iterable[FileVerdict]) -> None:
    for one in verdicts:
        said.files.append((one.key or below(one.original_key), bool(one.key), one.kind.value, one.state.value))


def _chains(said: Said, chains: Iterable[Chain]) -> None:
    for one in chains:
        group = one.account, one.region, one.trail, one.home_region, one.backfill
        said.gaps[group] = sum(1 for i in one.intervals if i.state.value == "gap")
        gaps = [i for i in one.intervals if i.state.value == "gap"]
        said.absent[group] = sum(i.missing for i in gaps), sum(i.missing for i in gaps if i.oldest)
        said.proven[group] = [
            (i.start.replace(tzinfo=None), i.end.replace(tzinfo=None))
            for i in one.intervals
            if i.state.value == "proven" and i.start
        ]


def _of_json(said: Said, told: dict[str, Any], layout: Layout) -> None:
    for one in told["files"]:
        there = one["key"] in layout.things
        gone = one["state"] == "missing" or not there
        said.files.append((below(one["key"]) if gone else one["key"], not gone, one["kind"], one["state"]))
    for chain in told["chains"]:
        group = tuple(chain[name] for name in ("account", "region", "trail", "home_region", "backfill"))
        said.gaps[group] = sum(1 for i in chain["intervals"] if i["state"] == "gap")
        oldest = sum(i["missing"] for i in chain["intervals"] if i["before_the_oldest_digest"])
        said.absent[group] = sum(i["missing"] for i in chain["intervals"]), oldest
        said.proven[group] = [
            (_instant(i["from"]), _instant(i["to"])) for i in chain["intervals"] if i["state"] == "proven"
        ]
    summary = told["summary"]
    said.digests, said.logs = Counter(summary["digests"]), Counter(summary["logs"])
    said.strays = summary["foreign_objects_among_logs"]
    said.young, said.foreign, said.markers = (
        summary["younger_than_the_newest_digest"],
        summary["foreign_objects"],
        summary["markers"],
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.replace(tzinfo=UTC)
