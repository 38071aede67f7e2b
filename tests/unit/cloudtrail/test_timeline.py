"""What runs of digests come to: every gap, restart and proven time with its whole reason, whatever stands before,
between and after them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onetrail.cloudtrail.digests.digest import Previous
from onetrail.cloudtrail.digests.runs import Bad, DigestEnd, Run, union
from onetrail.cloudtrail.digests.signature import name_of
from onetrail.cloudtrail.digests.timeline import Bounds, Timeline
from onetrail.cloudtrail.digests.verdict import AllowList, DigestPlace, FileState
from onetrail.cloudtrail.object_key import KeyKind, parse
from tests.unit.cloudtrail.signing import BEGIN, GROUP, HOUR, OLD, OLDER, digest_key

O, Q = "o-abcdefghij", "o-zyxwvutsrq"
NOT_A_DIGEST = "AWSLogs/no/digest"
Told = list[tuple[str, float | None, float, int, str]]


def key(hour: float, organization: str = "") -> str:
    level = f"AWSLogs/{organization}/" if organization else "AWSLogs/"
    return digest_key(BEGIN + hour * HOUR).replace("AWSLogs/", level)


def file(hour: float) -> str:
    """The file's name, the same of every organization."""
    return key(hour).rsplit("/", 1)[-1]


def end(
    hour: float, organization: str, names: float | str | None = None, of: str | None = None, start: float | None = None
) -> DigestEnd:
    """A digest of an hour that names another hour's, of its own organization unless `of` says another."""
    here = key(hour, organization)
    named = (
        names if isinstance(names, str) else None if names is None else key(names, organization if of is None else of)
    )
    previous = None if named is None else Previous(OLD, named, "0" * 64, "ab")
    since = hour - 1 if start is None else start
    return DigestEnd(name_of(parse(here)), BEGIN + since * HOUR, BEGIN + hour * HOUR, (OLD, here), previous)


def run(
    first: float,
    last: float,
    organization: str = "",
    names: float | str | None = None,
    of: str | None = None,
    start: float | None = None,
) -> Run:
    """Linked digests of these hours, the first of which names another hour's."""
    one = end(first, organization, names, of, start)
    return Run(one, end(last, organization), None, [(one.start, BEGIN + last * HOUR)])


def bad(hour: float, organization: str = "") -> Bad:
    here = key(hour, organization)
    return Bad(BEGIN + hour * HOUR, name_of(parse(here)), here, FileState.INVALID, "broken")


def at(hour: float) -> "Bounds":
    return Bounds(start=BEGIN + hour * HOUR)


def until(hour: float) -> "Bounds":
    return Bounds(end=BEGIN + hour * HOUR)


BROKEN = "is invalid: broken"
TWICE_NAMED = "another digest names the same one before it, which is not there"
ANEW = "a new chain starts here: what was delivered before it is not proven"
LEFT_OUT = "CloudTrail's own digests leave this time out"
NOT_ASKED = "the digest before it is of a time that was not asked for"
NO_END = "no digest covers the end of the time asked for"


def lost(count: int, last: float) -> str:
    return f"at least {count} missing, the last of them {file(last)}"


NONE_OLDER = "no older digest of this chain is here: "
NONE_OLDER_ASKED = "no older digest of this chain of the time asked for is here: "


def oldest(last: float) -> str:
    return f"{NONE_OLDER}{lost(1, last)}"


def there(hour: float) -> str:
    return (
        f"it names {file(hour)} as the one before it, from which another digest goes on, or which was delivered to"
        " another place"
    )


def later(name: str) -> str:
    return f"it names {name} as the one before it, which is not dated before it"


def split(first: float, last: float, *covered: tuple[float, float]) -> Run:
    """A run with a hole in what it covers; the newest times first."""
    spans = [(BEGIN + since * HOUR, BEGIN + to * HOUR) for since, to in covered]
    return Run(end(first, ""), end(last, ""), None, spans)


def proven(since: float, to: float) -> tuple[str, float | None, float, int, str]:
    return ("proven", since, to, 0, "")


BACKFILL, PARTLY, ELSEWHERE = Bounds(backfill=True), Bounds(partly=True), Bounds(elsewhere=True)
CASES: list[tuple[str, list[Run], list[Bad], Bounds, Told]] = [
    # what is there, its runs, what cannot be believed, what is asked, every interval
    ("nothing", [], [], Bounds(), []),
    ("one run", [run(0, 5)], [], Bounds(), [proven(-1, 5)]),
    (
        "a hole in a run",
        [split(0, 6, (5, 6), (-1, 3))],
        [],
        Bounds(),
        [proven(-1, 3), ("gap", 3, 5, 0, LEFT_OUT), proven(5, 6)],
    ),
    ("a hole in a run of backfill", [split(0, 6, (5, 6), (-1, 3))], [], BACKFILL, [proven(-1, 3), proven(5, 6)]),
    ("two that overlap", [run(0, 5), run(3, 9, O)], [], Bounds(), [proven(-1, 9)]),
    ("two that touch", [run(0, 5), run(6, 9, O)], [], Bounds(), [proven(-1, 9)]),
    # a digest before a run is missing
    (
        "one is missing",
        [run(0, 1), run(3, 5, names=2)],
        [],
        Bounds(),
        [proven(-1, 1), ("gap", 1, 2, 1, lost(1, 2)), proven(2, 5)],
    ),
    (
        "several are missing",
        [run(0, 1), run(6, 7, names=5)],
        [],
        Bounds(),
        [proven(-1, 1), ("gap", 1, 5, 4, lost(4, 5)), proven(5, 7)],
    ),
    (
        "and some cannot be believed",
        [run(0, 1), run(6, 7, names=5)],
        [bad(3), bad(4)],
        Bounds(),
        [proven(-1, 1), ("gap", 1, 5, 2, f"{file(3)} {BROKEN} (and 1 more); {lost(2, 5)}"), proven(5, 7)],
    ),
    (
        "one however many cannot be believed",
        [run(0, 1), run(3, 4, names=2)],
        [bad(1.2), bad(1.4), bad(1.6)],
        Bounds(),
        [proven(-1, 1), ("gap", 1, 2, 1, f"{file(1.2)} {BROKEN} (and 2 more); {lost(1, 2)}"), proven(2, 4)],
    ),
    ("nothing came before", [run(3, 5, names=2)], [], Bounds(), [("gap", None, 2, 1, oldest(2)), proven(2, 5)]),
    (
        "nothing came before, from a time on",
        [run(3, 5, names=2)],
        [],
        at(-1),
        [("gap", -1, 2, 3, f"{NONE_OLDER_ASKED}{lost(3, 2)}"), proven(2, 5)],
    ),
    (
        "two name the one that is missing",
        [run(0, 1), run(3, 5, names=2), run(4, 6, O, names=2, of="")],
        [],
        Bounds(),
        [("gap", None, 3, 0, TWICE_NAMED), proven(-1, 1), ("gap", 1, 2, 1, lost(1, 2)), proven(2, 6)],
    ),
    (
        "less than half an hour",
        [run(0, 1), run(1.4, 2, names=1.2, start=1.3)],
        [],
        Bounds(),
        [proven(-1, 1), ("gap", 1, 1.3, 1, lost(1, 1.2)), proven(1.3, 2)],
    ),
    (
        "missing where the run before overlaps",
        [run(0, 1), run(3, 5, names=2, start=0.5)],
        [],
        Bounds(),
        [proven(-1, 5), ("gap", 0.5, 0.5, 1, lost(1, 2))],
    ),
    # a digest before a run cannot be believed
    (
        "the one before cannot be believed",
        [run(0, 1), run(3, 5, names=2)],
        [bad(2)],
        Bounds(),
        [proven(-1, 1), ("gap", 1, 2, 0, f"{file(2)} {BROKEN}"), proven(2, 5)],
    ),
    (
        "and others are not there",
        [run(0, 1), run(6, 7, names=5)],
        [bad(5)],
        Bounds(),
        [proven(-1, 1), ("gap", 1, 5, 3, f"{file(5)} {BROKEN}"), proven(5, 7)],
    ),
    (
        "where nothing came before",
        [run(3, 5, names=2)],
        [bad(2)],
        Bounds(),
        [("gap", None, 2, 0, f"{file(2)} {BROKEN}"), proven(2, 5)],
    ),
    ("from a time on", [run(3, 5, names=2)], [bad(2)], at(1), [("gap", 1, 2, 0, f"{file(2)} {BROKEN}"), proven(2, 5)]),
    ("where no time is left out", [run(0, 1), run(3, 5, names=2, start=1)], [bad(2)], Bounds(), [proven(-1, 5)]),
    (
        "two name the one that cannot be believed",
        [run(0, 1), run(3, 5, names=2), run(4, 6, O, names=2, of="")],
        [bad(2)],
        Bounds(),
        [
            ("gap", None, 3, 1, "the digest before it cannot be believed"),
            proven(-1, 1),
            ("gap", 1, 2, 0, f"{file(2)} {BROKEN}"),
            proven(2, 6),
        ],
    ),
    (
        "of another organization before a conversion",
        [run(0, 1), run(3, 5, O, names=2, of="")],
        [bad(2)],
        Bounds(),
        [proven(-1, 1), ("gap", 1, 2, 0, f"{file(2)} {BROKEN}"), proven(2, 5)],
    ),
    (
        "after a conversion",
        [run(0, 1), run(3, 5, O, names=2)],
        [bad(2, O)],
        Bounds(),
        [proven(-1, 1), ("gap", 1, 2, 0, f"{file(2)} {BROKEN}"), proven(2, 5)],
    ),
    (
        "on both sides of it",
        [run(0, 1), run(5, 6, O, names=4)],
        [bad(2), bad(3, O), bad(4, O), bad(3.5, Q)],
        Bounds(),
        [proven(-1, 1), ("gap", 1, 4, 0, f"{file(2)} {BROKEN} (and 2 more)"), proven(4, 6)],
    ),
    ("one that is harmless, since its neighbours are joined", [run(0, 5)], [bad(2.5)], Bounds(), [proven(-1, 5)]),
    (
        "one that is harmless is no reason later",
        [run(0, 3), run(5, 6, names=4)],
        [bad(2.5)],
        Bounds(),
        [proven(-1, 3), ("gap", 3, 4, 1, lost(1, 4)), proven(4, 6)],
    ),
    # what is before the time or the place that is asked for
    ("named from before the time", [run(3, 5, names=2)], [], at(2), [proven(2, 5)]),
    ("named from before the time, and a digest covers its begin", [run(3, 5, names=2)], [], at(2.5), [proven(2, 5)]),
    (
        "named from before the time, and hours are not covered",
        [run(6, 7, names=2)],
        [],
        at(2),
        [("gap", 2, 5, 0, NOT_ASKED), proven(5, 7)],
    ),
    (
        "named from within the time",
        [run(6, 7, names=3)],
        [],
        at(2),
        [("gap", 2, 5, 3, f"{NONE_OLDER_ASKED}{lost(3, 3)}"), proven(5, 7)],
    ),
    (
        "named of no time",
        [run(6, 7, names=NOT_A_DIGEST)],
        [],
        at(2),
        [("gap", 2, 5, 3, f"{NONE_OLDER_ASKED}at least 3 missing, the last of them digest"), proven(5, 7)],
    ),
    ("named of no time, and a digest covers its begin", [run(3, 5, names=NOT_A_DIGEST)], [], at(2), [proven(2, 5)]),
    ("before the time, and one cannot be believed", [run(3, 5, names=1)], [bad(2)], at(2), [proven(2, 5)]),
    (
        "before the time, one cannot be believed, and hours are not covered",
        [run(6, 7, names=1)],
        [bad(4)],
        at(2),
        [("gap", 2, 5, 0, f"{file(4)} {BROKEN}; {NOT_ASKED}"), proven(5, 7)],
    ),
    (
        "within the time, and one cannot be believed",
        [run(6, 7, names=5)],
        [bad(4)],
        at(2),
        [("gap", 2, 5, 2, f"{file(4)} {BROKEN}; {lost(2, 5)}"), proven(5, 7)],
    ),
    ("named elsewhere", [run(3, 5, names=2)], [], ELSEWHERE, [proven(2, 5)]),
    (
        "named elsewhere, and a run ended before",
        [run(0, 1), run(3, 5, names=2)],
        [],
        ELSEWHERE,
        [proven(-1, 1), ("gap", 1, 2, 1, lost(1, 2)), proven(2, 5)],
    ),
    (
        "named elsewhere, and one cannot be believed",
        [run(5, 6, names=4)],
        [bad(3)],
        ELSEWHERE,
        [("gap", None, 4, 1, f"{file(3)} {BROKEN}; {lost(1, 4)}"), proven(4, 6)],
    ),
    # restarts
    ("a restart", [run(0, 1), run(5, 6)], [], Bounds(), [proven(-1, 1), ("restart", 1, 4, 0, ANEW), proven(4, 6)]),
    ("a restart of no length", [run(0, 1), run(2, 6)], [], Bounds(), [proven(-1, 6)]),
    ("a restart within what is covered", [run(0, 4), run(5, 6, start=2)], [], Bounds(), [proven(-1, 6)]),
    ("a restart of backfill", [run(0, 1), run(5, 6)], [], BACKFILL, [proven(-1, 1), proven(4, 6)]),
    ("a start after the time", [run(5, 6)], [], at(2), [("restart", 2, 4, 0, ANEW), proven(4, 6)]),
    ("a start at the time", [run(5, 6)], [], at(4), [proven(4, 6)]),
    ("a start after the time, while another run goes on", [run(1, 9), run(5, 6, O)], [], at(0), [proven(0, 9)]),
    (
        "one that cannot be believed before a restart",
        [run(0, 1), run(5, 6)],
        [bad(2)],
        Bounds(),
        [proven(-1, 1), ("gap", 1, 4, 0, f"{file(2)} {BROKEN}; then a new chain starts"), proven(4, 6)],
    ),
    (
        "of backfill too",
        [run(0, 1), run(5, 6)],
        [bad(2)],
        BACKFILL,
        [proven(-1, 1), ("gap", 1, 4, 0, f"{file(2)} {BROKEN}; then a new chain starts"), proven(4, 6)],
    ),
    (
        "before the first start",
        [run(5, 6)],
        [bad(2)],
        Bounds(),
        [("gap", None, 4, 0, f"{file(2)} {BROKEN}; then a new chain starts"), proven(4, 6)],
    ),
    (
        "before the first start, from a time on",
        [run(5, 6)],
        [bad(2)],
        at(1),
        [("gap", 1, 4, 0, f"{file(2)} {BROKEN}; then a new chain starts"), proven(4, 6)],
    ),
    (
        "of another trail before a restart",
        [run(0, 1), run(5, 6)],
        [bad(2, O)],
        Bounds(),
        [proven(-1, 1), ("restart", 1, 4, 0, ANEW), proven(4, 6)],
    ),
    # which run one goes on from
    (
        "each goes on from its own",
        [run(0, 1), run(0.5, 2.5, O), run(5, 6, names=4), run(5.5, 6.5, O, names=4.5)],
        [],
        Bounds(),
        [proven(-1, 2.5), ("gap", 1, 4, 3, lost(3, 4)), ("gap", 2.5, 4.5, 2, lost(2, 4.5)), proven(4, 6.5)],
    ),
    (
        "from the latest",
        [run(0, 1), run(3, 4), run(7, 8, names=6)],
        [],
        Bounds(),
        [proven(-1, 1), ("restart", 1, 2, 0, ANEW), proven(2, 4), ("gap", 4, 6, 2, lost(2, 6)), proven(6, 8)],
    ),
    (
        "each from one",
        [run(0, 1), run(4, 5, names=3), run(8, 9, names=7)],
        [],
        Bounds(),
        [proven(-1, 1), ("gap", 1, 3, 2, lost(2, 3)), proven(3, 5), ("gap", 5, 7, 2, lost(2, 7)), proven(7, 9)],
    ),
    (
        "from another's where nothing goes on",
        [run(0, 1), run(4, 5, O, names=3)],
        [],
        Bounds(),
        [proven(-1, 1), ("gap", 1, 3, 2, lost(2, 3)), proven(3, 5)],
    ),
    (
        "from the latest of others",
        [run(0, 1), run(0, 2, Q), run(5, 6, O, names=4)],
        [],
        Bounds(),
        [proven(-1, 2), ("gap", 2, 4, 2, lost(2, 4)), proven(4, 6)],
    ),
    (
        "from the latest of others, one of which went on already",
        [run(0, 1), run(4, 5, O, names=3), run(8, 9, Q, names=7)],
        [],
        Bounds(),
        [proven(-1, 1), ("gap", 1, 3, 2, lost(2, 3)), proven(3, 5), ("gap", 5, 7, 2, lost(2, 7)), proven(7, 9)],
    ),
    (
        "from nothing where another goes on",
        [run(0, 1), run(0, 9, Q), run(4, 5, O, names=3)],
        [],
        Bounds(),
        [("gap", None, 3, 1, oldest(3)), proven(-1, 9)],
    ),
    (
        "not from one that ended after what is named",
        [run(0, 5), run(4, 9, O, names=3), run(7, 8, names=5)],
        [],
        Bounds(),
        [("gap", None, 3, 1, oldest(3)), ("gap", None, 6, 1, oldest(5)), proven(-1, 9)],
    ),
    (
        "a restart of an account's while an organization's goes on",
        [run(0, 1), run(0, 9, O), run(4, 5)],
        [],
        Bounds(),
        [proven(-1, 9), ("restart", 1, 3, 0, ANEW)],
    ),
    ("another's start while one goes on", [run(0, 1), run(0, 9, O), run(4, 5, Q)], [], Bounds(), [proven(-1, 9)]),
    (
        "from nothing where another has just ended",
        [run(0, 4, O), run(5, 6, Q, names=4)],
        [],
        Bounds(),
        [("gap", None, 4, 1, oldest(4)), proven(-1, 6)],
    ),
    (
        "an organization's own before it is the account's",
        [run(0, 1, O), run(3, 4, O, names=2), run(3, 4, names=2)],
        [],
        ELSEWHERE,
        [proven(-1, 1), ("gap", 1, 2, 1, lost(1, 2)), proven(2, 4)],
    ),
    (
        "not lost to a new chain that starts beside",
        [run(0, 1), run(3, 9, O), run(5, 6, names=4)],
        [],
        Bounds(),
        [proven(-1, 1), ("gap", 1, 4, 3, lost(3, 4)), proven(2, 9)],
    ),
    (
        "nor where what is older may lie elsewhere",
        [run(0, 1), run(3, 9, O), run(5, 6, names=4)],
        [],
        ELSEWHERE,
        [proven(-1, 1), ("gap", 1, 4, 3, lost(3, 4)), proven(2, 9)],
    ),
    (
        "a new chain from what no other goes on from",
        [run(0, 1), run(0.5, 1.5), run(3, 9, O), run(5, 6, names=4)],
        [],
        Bounds(),
        [proven(-1, 1.5), ("restart", 1, 2, 0, ANEW), ("gap", 1.5, 4, 2, lost(2, 4)), proven(2, 9)],
    ),
    (
        "from the organization that is named",
        [run(0, 1), run(0.5, 1.5, O), run(4, 5, O, names=3, of="")],
        [],
        Bounds(),
        [proven(-1, 1.5), ("gap", 1, 3, 2, lost(2, 3)), proven(3, 5)],
    ),
    # what is named lies there
    ("named and there, of a part", [run(3, 5, names=-8)], [], PARTLY, [proven(2, 5)]),
    ("named and there", [run(3, 5, names=-8)], [], Bounds(), [("gap", -8, 2, 0, there(-8)), proven(2, 5)]),
    (
        "named and there, and no time is left out",
        [run(3, 5, names=-8, start=-9)],
        [],
        Bounds(),
        [("gap", -9, -9, 0, there(-8)), proven(-9, 5)],
    ),
    ("it names itself", [run(-8, 5, names=-8)], [], Bounds(), [("gap", -9, -9, 0, later(file(-8))), proven(-9, 5)]),
    (
        "it names a later one",
        [run(-9, 5, names=-8)],
        [],
        Bounds(),
        [("gap", -10, -10, 0, later(file(-8))), proven(-10, 5)],
    ),
    (
        "it names what has no time",
        [run(3, 5, names="AWSLogs/listed")],
        [],
        Bounds(),
        [("gap", None, 2, 0, later("listed")), proven(2, 5)],
    ),
    (
        "it is there and cannot be believed",
        [run(3, 5, names=-8)],
        [bad(-8)],
        Bounds(),
        [("gap", None, 2, 0, f"{file(-8)} {BROKEN}"), proven(2, 5)],
    ),
    (
        "and of a part",
        [run(3, 5, names=-8)],
        [bad(-8)],
        PARTLY,
        [("gap", None, 2, 0, f"{file(-8)} {BROKEN}"), proven(2, 5)],
    ),
    # the end
    ("the end is reached", [run(0, 5)], [], until(5), [proven(-1, 5)]),
    ("more than the end is reached", [run(0, 5)], [], until(3), [proven(-1, 5)]),
    ("the end is not reached", [run(0, 5)], [], until(8), [proven(-1, 5), ("gap", 5, 8, 3, NO_END)]),
    ("by minutes", [run(0, 5)], [], until(5.1), [proven(-1, 5), ("gap", 5, 5.1, 1, NO_END)]),
    ("by the newest run", [run(0, 5), run(3, 6, O)], [], until(8), [proven(-1, 6), ("gap", 6, 8, 2, NO_END)]),
    (
        "and some cannot be believed",
        [run(0, 5)],
        [bad(6), bad(7)],
        until(8),
        [proven(-1, 5), ("gap", 5, 8, 1, f"{file(6)} {BROKEN} (and 1 more)")],
    ),
    (
        "by minutes, and one cannot be believed",
        [run(0, 5)],
        [bad(6)],
        until(5.1),
        [proven(-1, 5), ("gap", 5, 5.1, 0, f"{file(6)} {BROKEN}")],
    ),
    (
        "one after the newest cannot be believed",
        [run(0, 5)],
        [bad(6), bad(7)],
        Bounds(),
        [proven(-1, 5), ("gap", 5, 7, 0, f"{file(6)} {BROKEN} (and 1 more)")],
    ),
    (
        "one long after the newest",
        [run(0, 5)],
        [bad(8)],
        Bounds(),
        [proven(-1, 5), ("gap", 5, 8, 0, f"{file(8)} {BROKEN}")],
    ),
    (
        "one after the newest of another trail",
        [run(0, 5)],
        [bad(6, O)],
        Bounds(),
        [proven(-1, 5), ("gap", 5, 6, 0, f"{file(6)} {BROKEN}")],
    ),
    ("one after the end that is reached", [run(0, 5)], [bad(6)], until(5), [proven(-1, 5)]),
    ("nothing, and an end", [], [], until(8), [("gap", None, 8, 1, NO_END)]),
    ("nothing, and a begin and an end", [], [], Bounds(start=BEGIN, end=BEGIN + 8 * HOUR), [("gap", 0, 8, 8, NO_END)]),
    (
        "nothing, and an end before the begin",
        [],
        [],
        Bounds(start=BEGIN + 9 * HOUR, end=BEGIN + 8 * HOUR),
        [("gap", 8, 8, 1, NO_END)],
    ),
    (
        "nothing that can be believed",
        [],
        [bad(2), bad(3)],
        Bounds(),
        [("gap", None, 3, 0, f"{file(2)} {BROKEN} (and 1 more)")],
    ),
    ("no end is demanded of backfill", [run(0, 5)], [], Bounds(end=BEGIN + 8 * HOUR, backfill=True), [proven(-1, 5)]),
    # the end of one run while others go on
    (
        "one that ended in what cannot be believed",
        [run(0, 2), run(0, 9, O)],
        [bad(3), bad(4)],
        Bounds(),
        [proven(-1, 9), ("gap", 2, 4, 0, f"{file(3)} {BROKEN} (and 1 more)")],
    ),
    ("one of another trail there", [run(0, 2), run(0, 9, O)], [bad(3, Q)], Bounds(), [proven(-1, 9)]),
    ("one within what is covered by one that ended", [run(0, 4), run(0, 9, O)], [bad(3)], Bounds(), [proven(-1, 9)]),
    (
        "after the latest of two that ended",
        [run(0, 2), run(0, 3), run(0, 9, O)],
        [bad(2.5), bad(5)],
        Bounds(),
        [proven(-1, 9), ("gap", 3, 5, 0, f"{file(5)} {BROKEN}")],
    ),
]


def timeline(runs: list[Run], bads: list[Bad], bounds: Bounds, believed: str = OLD) -> Timeline:
    """`key(-8)` and one more name are listed, and nothing else."""
    listed = {key(-8), "AWSLogs/listed"}
    allowed = AllowList(frozenset({believed}), frozenset({GROUP.identity}))
    return Timeline(runs, bads, bounds, lambda one: one in listed, allowed)


@pytest.mark.parametrize(
    ("what", "runs", "bads", "bounds", "told"), CASES, ids=[f"{n} {row[0]}" for n, row in enumerate(CASES)]
)
def test_each_gap_restart_and_proven_time_is_told(
    what: str, runs: list[Run], bads: list[Bad], bounds: Bounds, told: Told
) -> None:
    """Whatever the order that runs come in. Twin: each row beside its neighbours."""
    for order in (runs, runs[::-1]):
        found = timeline(order, bads[::-1], bounds)
        assert [
            (
                one.state.value,
                None if one.start is None else round((one.start - BEGIN) / HOUR, 3),
                round((one.end - BEGIN) / HOUR, 3),
                one.missing,
                one.why,
            )
            for one in found.intervals
        ] == told
        named = {place for one in runs if (place := one.first.previous)}
        gone = {one.original_key for one in found.missing}
        assert gone <= {one.key for one in named}
        assert len(gone) == len(found.missing) == sum("the last of them" in why for *_, why in told)
        assert [one.oldest for one in found.intervals] == [why.startswith("no older") for *_, why in told]


def test_what_is_missing_is_named_with_its_place() -> None:
    """And with its kind, and with what speaks against its bucket. Twins: backfill, and a bucket that is not
    believed."""
    (one,) = timeline([run(3, 5, names=2)], [], Bounds()).missing
    assert (one.key, one.original_bucket, one.original_key) == ("", OLD, key(2))
    assert (one.kind, one.state, one.proof.value, one.hash) == (KeyKind.DIGEST, FileState.MISSING, "", "")
    assert one.why == "the oldest digest of this chain here names it as its predecessor, and it is not there"
    for before in ([run(0, 1)], []):  # something older is here, believed or not
        (one,) = timeline([*before, run(3, 5, names=2)], [] if before else [bad(1)], Bounds()).missing
        assert one.why == "the next digest names it as its predecessor, and it is not there"
    (one,) = timeline([run(3, 5, names=2)], [], BACKFILL).missing
    assert one.kind is KeyKind.BACKFILL_DIGEST
    (one,) = timeline([run(3, 5, names=2)], [], Bounds(), believed=OLDER).missing
    assert one.why.endswith(f"; its bucket {OLD} is not on the allow list")


def test_what_lies_elsewhere_is_given_out_for_each_run() -> None:
    """Once each, and nothing else. Twins: where it is missing, where it is listed, and where nothing is named."""
    runs = [run(3, 9, names=2), run(5, 6, O, names=4), run(5, 7, Q, names=4, of=O)]
    found = timeline(runs, [], ELSEWHERE)
    assert (found.older, found.missing) == ((DigestPlace(OLD, key(2)), DigestPlace(OLD, key(4, O))), ())
    assert timeline(runs, [], Bounds()).older == ()
    assert timeline([run(3, 9, names=-8), run(4, 5, O)], [], ELSEWHERE).older == ()


SPANS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 4)), max_size=8)


@given(SPANS)
def test_a_run_covers_its_digests_whatever_their_order(spans: list[tuple[int, int]]) -> None:
    """The newest first, without overlap. Twin: the union of the same times."""
    times = [(BEGIN + start * HOUR, BEGIN + (start + length) * HOUR) for start, length in spans]
    one = replace(run(0, 0), covered=[])
    for start, until in times:
        one.cover(start, until)
    assert one.covered == union(times)[::-1]
    hours = {
        start + n * timedelta(minutes=30) for start, until in times for n in range(2 * ((until - start) // HOUR) + 1)
    }
    assert all(any(start <= hour <= until for start, until in one.covered) for hour in hours)
    assert all(later[1] < earlier[0] for earlier, later in zip(one.covered, one.covered[1:], strict=False))


def test_times_that_touch_are_one() -> None:
    """Twin: times that do not."""
    parts = [(BEGIN, BEGIN + HOUR), (BEGIN + HOUR, BEGIN + 2 * HOUR), (BEGIN + 3 * HOUR, BEGIN + 4 * HOUR)]
    assert union(reversed(parts)) == [(BEGIN, BEGIN + 2 * HOUR), (BEGIN + 3 * HOUR, BEGIN + 4 * HOUR)]
