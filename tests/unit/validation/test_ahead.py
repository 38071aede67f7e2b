"""What is fetched ahead of a chain: requests stay under way, within the bounds, in any order of answers, and never for
a log that CloudTrail did not sign."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from onetrail.cloudtrail.digests.verdict import FileState, FileVerdict, LogRead, ReadStatus
from onetrail.validation import ahead, place
from onetrail.validation.check import PlaceCheck
from onetrail.validation.place import ObjectContent, Stored, UnreadObject
from onetrail.validation.publickeys import PublicKeys
from onetrail.validation.result import CheckScope
from tests.unit.cloudtrail.signing import OLD, Scene, given_a_chain, kept_keys, packed

AT_ONCE = 8


class Answering:
    """A place that has up to `AT_ONCE` requests under way and answers them in an order that a number decides."""

    name, bucket, root = f"s3://{OLD}", OLD, f"s3://{OLD}/"

    def __init__(self, scene: Scene, number: int = 0) -> None:
        self._files = {one.key: (one.raw_gz or b"", dict(one.metadata)) for one in scene.objects}
        self._files |= {key: (read.body or b"", {}) for (_, key), read in scene.logs.items()}
        self._order = random.Random(number)
        self.asked: list[str] = []
        self.late: list[str] = []
        """What nobody had asked for ahead, so that the chain waits for it."""
        self.under_way: list[Stored] = []
        self.most_bytes = self.most_logs = self.dry = 0

    def rows(self, prefix: str = "", after: str = "") -> Iterator[Stored]:
        for key in sorted(self._files):
            if key.startswith(prefix) and key > after:
                yield Stored(key, len(self._files[key][0]))

    def read(self, rows: Iterable[Stored | None]) -> Iterator[tuple[Stored, ObjectContent | UnreadObject]]:
        source, more = iter(rows), True
        if isinstance(rows, list):
            self.late += [row.key for row in rows if row]
        while more or self.under_way:
            while more and len(self.under_way) < AT_ONCE:
                row = next(source, False)
                more = row is not False
                if not row:
                    break
                self.asked.append(row.key)
                self.under_way.append(row)
            logs = [row for row in self.under_way if _is_log(row.key)]
            self.most_logs = max(self.most_logs, len(logs))
            self.most_bytes = max(self.most_bytes, sum(row.size for row in logs))
            if self.under_way:
                self.dry += len(self.under_way) == 1
                row = self.under_way.pop(self._order.randrange(len(self.under_way)))
                yield row, ObjectContent(*self._files[row.key])

    def absent(self, key: str) -> LogRead:
        return LogRead(ReadStatus.MISSING)


def _is_log(key: str) -> bool:
    return "-Digest" not in key


def judged(there: Answering, scene: Scene, folder: Path) -> Iterator[FileVerdict]:
    """The verdicts as they come."""
    return PlaceCheck(there, PublicKeys(kept_keys(scene, folder), None), CheckScope()).verdicts()


def test_the_order_of_answers_changes_nothing(tmp_path: Path) -> None:
    """Every file is read once and has its verdict in the same place. Twin: a log that is changed is invalid in every
    order."""
    scene = given_a_chain(30)
    whole = list(judged(Answering(scene), scene, tmp_path))
    assert {one.state for one in whole} == {FileState.VALID}
    where = scene.log(7)
    scene.logs[where] = LogRead(ReadStatus.FOUND, packed(b"{}"))
    for number in range(1, 5):
        there = Answering(scene, number)
        found = list(judged(there, scene, tmp_path))
        assert sorted(there.asked) == sorted(one.key for one in whole)
        assert [one.key for one in found] == [one.key for one in whole]
        assert there.late == []
        assert [one.key for one in found if one.state is FileState.INVALID] == [where[1]]


def test_requests_are_under_way_while_digests_are_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the last digest is in, no answer leaves the place idle. Twin: with two digests at a time it often waits."""
    scene = given_a_chain(60)
    idle = []
    for digests in (ahead.DIGESTS_AT_ONCE, 2):
        monkeypatch.setattr(ahead, "DIGESTS_AT_ONCE", digests)
        there = Answering(scene)
        list(judged(there, scene, tmp_path))
        idle.append(there.dry)
    assert idle[0] < 5 < idle[1]


def test_the_bounds_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes of logs, digests and names: no more than that, and the check still ends. Twin: without the bounds it is
    more."""
    scene = given_a_chain(60)
    size = max(len(read.body or b"") for read in scene.logs.values())

    def most() -> tuple[int, int, int]:
        """Bytes of logs under way, and how many digests and logs were asked for that were not judged yet."""
        there, digests, logs, done = Answering(scene, 3), 0, 0, 0
        for verdict in judged(there, scene, tmp_path):
            done += _is_log(verdict.key)
            asked = sum(map(_is_log, there.asked))
            logs = max(logs, asked - done)
            digests = max(digests, len(there.asked) - asked - done)
        assert done == 59
        return there.most_bytes, digests, logs

    free = most()
    monkeypatch.setattr(ahead, "BYTES_AT_ONCE", 3 * size)
    assert most()[0] <= 3 * size < free[0]
    monkeypatch.setattr(ahead, "BYTES_AT_ONCE", 1)
    assert most()[0] <= size
    monkeypatch.setattr(ahead, "BYTES_AT_ONCE", 48 * 2**20)
    # The chain itself holds three digests, and what stands between them and their logs' verdicts is one more.
    monkeypatch.setattr(ahead, "DIGESTS_AT_ONCE", 5)
    assert most()[1] <= 5 + 4 < free[1]
    monkeypatch.setattr(ahead, "DIGESTS_AT_ONCE", 256)
    monkeypatch.setattr(ahead, "LOGS_AT_ONCE", 2)
    assert most()[2] <= 2 + 4 < free[2]


@pytest.mark.parametrize("number", range(4))
def test_a_log_is_asked_for_only_where_its_digest_is_signed(tmp_path: Path, number: int) -> None:
    """Not for a digest that was changed, nor for one of whose bucket nobody knows. Twin: one that lost its metadata is
    quoted by the next."""
    scene = given_a_chain(20)
    scene.change(5, raw_gz=packed(scene.digests[5].raw.replace(b"event", b"Event").replace(b'"04', b'"14')))
    scene.change(9, metadata={"signature": "00" * 256})
    scene.change(12, metadata={})
    scene.change(19, metadata={})
    scene.objects[9] = replace(scene.objects[9], raw_gz=packed(scene.digests[9].raw + b" "))
    there = Answering(scene, number)
    states = {one.key: one.state for one in judged(there, scene, tmp_path)}
    asked = set(there.asked) - set(there.late)
    for at in (5, 9, 19):
        assert scene.log(at)[1] not in there.asked
        assert states[scene.digests[at].key] is not FileState.VALID
    for at in (4, 6, 8, 10, 12, 18):
        assert scene.log(at)[1] in asked


def test_what_is_too_large_is_refused_without_being_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a log nor a digest, and the check ends though nothing else is under way. Twin: every other test here."""
    scene = given_a_chain(4)
    monkeypatch.setattr(place, "MAX_STORED_LOG", 10)
    there = Answering(scene)
    found = list(judged(there, scene, tmp_path))
    assert [one.state for one in found if _is_log(one.key)] == [FileState.UNREADABLE] * 3
    assert not any(map(_is_log, there.asked))
    monkeypatch.setattr(place, "MAX_STORED_DIGEST", 10)
    there = Answering(scene)
    assert {one.state for one in judged(there, scene, tmp_path)} == {FileState.UNREADABLE, FileState.UNSIGNED}
    assert there.asked == []
