"""06 goes by the rule of `onetrail validate`: a name that desktops and downloads leave is passed over only while no log
hides behind it."""

import gzip
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from onetrail.cloudtrail.litter import MOST_READ
from onetrail.estate.history.pairing import ObjectPair
from onetrail.progress import unheard
from onetrail.s3.rows import ObjectRow
from onetrail.steps.verification import equality, strays
from onetrail.steps.verification.left import OriginalSide
from onetrail.steps.verification.region import chains
from onetrail.steps.verification.strays import AT_ONCE, Strays
from onetrail.steps.verification.troubles import WHY_STRAY, TroubleGroup, Troubles
from tests.unit.steps.test_again import second_look
from tests.unit.steps.test_among_logs import ACCOUNT, ARCHIVE, DAY, NOW, REGION, a_check
from tests.unit.steps.test_verification import SETTINGS

LOG = b'{"Records": [{"eventName": "ConsoleLogin"}]}'
DENIED = ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")


class Client:
    """S3 as far as reading goes: every object has the same content, or the same error."""

    def __init__(self, content: bytes | Exception) -> None:
        self.content, self.read = content, list[tuple[str, str]]()

    def run(self, asked: Iterable[tuple[Any, str]]) -> Iterator[Any]:
        for call, context in asked:
            self.read.append((call.bucket, call.key))
            if isinstance(self.content, Exception):
                yield SimpleNamespace(context=context, error=self.content)
            else:
                yield SimpleNamespace(context=context, error=None, result=SimpleNamespace(content=self.content))


def found(troubles: Troubles) -> list[tuple[str, str, str]]:
    groups: list[TroubleGroup] = sorted(troubles.groups())
    return [(one.bucket, key, one.why.partition(f"{WHY_STRAY}: ")[2]) for one in groups for key in one.keys]


def reported(client: Client | None, *rows: tuple[str, int]) -> list[tuple[str, str, str]]:
    """What is reported of these objects: bucket, key, and what is said beyond that it is among the logs."""
    troubles = Troubles()
    ask: Callable[[], Any] | None = None if client is None else lambda: client
    made = Strays(troubles, ask, "acme-eu", ACCOUNT, ACCOUNT, REGION)
    for key, size in rows:
        made.take(key, size)
    made.finish()
    return found(troubles)


HOLDS = "and it holds what a log does"


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "x.json.gz.6eF5b5da"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (LOG, HOLDS),
        (gzip.compress(LOG, mtime=0), HOLDS),
        (b"\xef\xbb\xbf [1]", HOLDS),
        (gzip.compress(LOG, mtime=0)[:-9], ""),
        (b"\0\0\0\1Bud1", ""),
        (b"", ""),
        (DENIED, "it could not be looked into: AccessDenied"),
    ],
)
def test_what_has_a_name_that_is_passed_over_is_looked_into(name: str, content: bytes | Exception, words: str) -> None:
    """Whatever cannot be looked into is reported as well. Twins: what a desktop leaves, and a download that was cut
    short."""
    client = Client(content)
    said = reported(client, (f"{DAY}{name}", 50))
    assert [(bucket, key) for bucket, key, _ in said] == ([("acme-eu", f"{DAY}{name}")] if words else [])
    assert all(why.endswith(words) for *_, why in said)
    assert client.read == [("acme-eu", f"{DAY}{name}")]


@pytest.mark.parametrize(
    ("key", "size", "words"),
    [
        ("AWSLogs/.DS_Store", 50, None),  # not among the logs
        (f"{DAY}evil.json.gz", 50, "the file name is not one that CloudTrail gives"),  # known by its name
        (f"{DAY}Thumbs.db", MOST_READ + 1, f"{MOST_READ + 1:,} bytes, and more than {MOST_READ:,} are not read"),
    ],
)
def test_nothing_else_is_read_for_it(key: str, size: int, words: str | None) -> None:
    """Twin: the table above."""
    client = Client(LOG)
    assert reported(client, (key, size)) == ([("acme-eu", key, words)] if words else [])
    assert client.read == []


def test_what_a_receipt_alone_remembers_is_not_read() -> None:
    """The bucket may be gone. Twin: it stands."""
    assert reported(None, (f"{DAY}.DS_Store", 50)) == []
    assert len(reported(Client(LOG), (f"{DAY}.DS_Store", 50))) == 1


def test_many_are_looked_into_in_parts_and_each_once() -> None:
    """Memory does not grow with them. Twin: a single one."""
    client = Client(b"x")
    rows = [(f"{DAY}{number:04}.json.gz.6eF5b5da", 5) for number in range(2 * AT_ONCE + 1)]
    assert reported(client, *rows) == []
    assert [key for _, key in client.read] == [key for key, _ in rows]


LITTER = ObjectRow(f"{DAY}.DS_Store", 5, "e", NOW, "STANDARD")


@pytest.mark.parametrize(("content", "count"), [(LOG, 1), (b"Bud1", 0)])
def test_an_old_bucket_the_archive_and_a_second_look_go_by_it(
    monkeypatch: pytest.MonkeyPatch, content: bytes, count: int
) -> None:
    """Each with the bucket that it is of. Twin: what a desktop left."""
    client = Client(content)
    monkeypatch.setattr(equality, "hot", lambda *_: client)
    monkeypatch.setattr(equality, "as_copied", lambda *_: iter(()))
    monkeypatch.setattr(equality, "beside", lambda *_: iter([ObjectPair(LITTER, None, LITTER.key, "")]))
    clients: Any = SimpleNamespace(tell=unheard)
    one = equality.compared(SETTINGS, clients, OriginalSide("acme-eu", ACCOUNT, REGION))
    assert (one.could_not_look, len(found(one.troubles))) == ("", count)

    monkeypatch.setattr(strays, "hot", lambda *_: client)
    monkeypatch.setattr(chains, "region_rows", lambda *_: iter([LITTER]))
    made = a_check()
    made._listed()
    late = LITTER._replace(last_modified=datetime(2027, 1, 1, tzinfo=UTC))
    _, again = second_look(monkeypatch, lambda world: world.rows.append(late))
    assert again is not None
    for seen in (made.seen, again):
        assert [bucket for bucket, *_ in found(seen.troubles)] == [ARCHIVE] * count
    assert client.read == [("acme-eu", LITTER.key), (ARCHIVE, LITTER.key), (ARCHIVE, LITTER.key)]
