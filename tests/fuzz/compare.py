"""A verifier's answer beside the truth: everything in which it is wrong, in words. Nothing of onetrail is imported
here."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from tests.fuzz.layout import Junk, Layout, Marker, below
from tests.fuzz.truth import UNNAMED, Maybe, Query, Truth
from tests.fuzz.world import Place

Group = tuple[str, str, str, str, bool]
Span = tuple[datetime, datetime]


class Answer(Protocol):
    """What `looks.Said` has."""

    exit_code: int
    files: list[tuple[str, bool, str, str]]
    gaps: dict[Group, int]
    absent: dict[Group, tuple[int, int]]
    proven: dict[Group, list[Span]]
    digests: Counter[str]
    logs: Counter[str]
    young: int
    foreign: int
    strays: int
    markers: int
    words: str
    text: str | None


MOST_NAMED = 10
"""Files of each state that the text names; it says how many more there are."""


def wrong(layout: Layout, query: Query, truth: Truth, said: Answer, *, pure: bool = False) -> list[str]:
    """Everything that is not so. `pure`: the engine below the command, which knows of no windows, no second copies and
    no other files."""
    found = []
    if not pure and said.exit_code not in truth.exits:
        found.append(f"exit code {said.exit_code} and not {sorted(truth.exits)} {said.words}".strip())
    if said.exit_code == 2 and not pure:
        return found
    found += _files(layout, truth, said, pure)
    found += _times(truth, said)
    if not pure:
        found += _counts(layout, query, truth, said)
    if said.text is not None:
        found += _read(layout, query, said, said.text)
    return found


def _read(layout: Layout, query: Query, said: Answer, text: str) -> Iterator[str]:
    """What a person reads: the same exit code, and each file by name that is not simply valid."""
    if not text.endswith(f"exit code {said.exit_code}"):
        yield f"the text ends with another exit code than {said.exit_code}: {text[-200:]}"
    named: dict[str, list[str]] = defaultdict(list)
    for key, _, kind, state in said.files:
        about = layout.about.get(below(key))
        if isinstance(about, Junk) and (query.since or query.until):
            continue  # near a window's borders it is told, and not held against the place
        if state not in ("valid", "duplicate") and (kind != "foreign" or (isinstance(about, Junk) and about.stray)):
            named[f"{kind == 'foreign'} {state}"].append(key)
    for state, keys in named.items():
        for key in keys if len(keys) <= MOST_NAMED else []:
            if key.isprintable() and key not in text:
                yield f"{key!r} is {state.split()[-1]}, and the text does not name it"


def _files(layout: Layout, truth: Truth, said: Answer, pure: bool) -> Iterator[str]:
    """Each file's states."""
    by_below: dict[str, list[str]] = defaultdict(list)
    for key in layout.things:
        by_below[below(key)].append(key)
    states: dict[str, set[str]] = defaultdict(set)
    lost: dict[str, set[str]] = defaultdict(set)
    for key, there, _, state in said.files:
        if there and key in layout.things:
            states[key].add(state)
        elif there:
            yield f"{key!r} is {state}, and there is no such object"
        elif by_below.get(key) and key not in truth.lost:
            # It is spoken of by its original name, and it is there: of several copies those are meant of which it may
            # be said.
            meant = [one for one in by_below[key] if state in truth.states.get(one, ())]
            for one in meant or by_below[key]:
                states[one].add(state)
        else:
            lost[key].add(state)
    named = dict(states)
    for key, wanted in truth.states.items():
        yield from _one(key, wanted, states.pop(key, set()), pure and _beyond(layout, key, wanted))
    for keys, wanted in truth.together:
        if not wanted & set().union(*(named.get(key, set()) for key in keys)):
            yield f"none of {keys} is {_or(wanted)}"
    for key, got in states.items():
        yield f"{key!r} is {sorted(got)}, and nothing was to be said of it"
    for key, wanted in truth.lost.items():
        yield from _one(f"{key} (not there)", wanted, lost.pop(key, set()), False)
    for key, got in lost.items():
        yield f"{key!r} is {sorted(got)}, and it was never delivered, or is not asked for"


def _one(key: str, wanted: frozenset[str], got: set[str], free: bool) -> Iterator[str]:
    if not got and (UNNAMED in wanted or free):
        return
    if not got:
        yield f"{key!r} is not named, and must be {_or(wanted)}"
    elif not got <= wanted:
        yield f"{key!r} is {' and '.join(sorted(got))}, and must be {_or(wanted)}"


def _or(wanted: frozenset[str]) -> str:
    return " or ".join(sorted(state or "left out" for state in wanted))


def _beyond(layout: Layout, key: str, wanted: frozenset[str]) -> bool:
    """What the engine below the command does not look at: other files, and second copies of logs."""
    about = layout.what(key)
    return isinstance(about, Junk | Marker) or (
        not isinstance(about, Place) and sum(below(key) == below(one) for one in layout.things) > 1
    )


def _times(truth: Truth, said: Answer) -> Iterator[str]:
    """Gaps, and what is called proven."""
    for group, gap in truth.gap.items():
        got = said.gaps.get(group)
        if got is None:
            yield from [f"no chain {group}"] if gap != Maybe.EITHER else []
            continue
        if gap == Maybe.YES and not got:
            yield f"no gap in {group}, and there is one"
        if gap == Maybe.NO and got:
            yield f"{got} gaps in {group}, and there is none"
        if (count := truth.absent.get(group, said.absent[group])) != said.absent[group]:
            yield (
                f"{said.absent[group]} digests are called missing, in all and before the oldest, in {group}, and"
                f" {count} are"
            )
        must, may = truth.proven[group]
        for span in must:
            if not _covered(span, said.proven[group]):
                yield f"{group}: {_span(span)} is proven, and is not called so"
        for span in said.proven[group]:
            if not _covered(span, may):
                yield f"{group}: {_span(span)} is called proven, and is not"


def _covered(span: Span, by: list[Span]) -> bool:
    """Whether these spans together hold a span."""
    at = span[0]
    for start, end in sorted(by):
        if start <= at:
            at = max(at, end)
    return at >= span[1] and any(start <= span[0] for start, _ in by)


def _span(span: Span) -> str:
    return f"{span[0].isoformat()} to {span[1].isoformat()}"


def _counts(layout: Layout, query: Query, truth: Truth, said: Answer) -> Iterator[str]:
    """Each figure beside what the maker counts, at least and at most; a file that two digests name may be counted
    twice."""
    kinds: dict[str, Counter[str]] = {"digests": Counter(), "logs": Counter()}
    for _, _, kind, state in said.files:
        if kind != "foreign" and not (state == "foreign" and kind == "marker"):
            kinds["digests" if kind in ("digest", "backfill-digest") else "logs"][state] += 1
    for name, got in (("digests", said.digests), ("logs", said.logs)):
        if got != kinds[name]:
            yield f"{name} are counted as {dict(got)}, and named as {dict(kinds[name])}"
    least = sum(1 for sure in truth.excused.values() if sure == Maybe.YES)
    most = sum(1 for sure in truth.excused.values() if sure)
    if not least <= said.young <= most:
        yield f"{said.young} logs are called young, and not {least} to {most}"
    if query.everything:
        junk = [about for key in layout.things if isinstance(about := layout.what(key), Junk)]
        for name, got, count in (
            ("among the logs", said.strays, sum(about.stray for about in junk)),
            ("elsewhere", said.foreign, sum(not about.stray for about in junk)),
        ):
            if got != count:
                yield f"{got} objects {name} are called none of CloudTrail's, and not {count}"
        markers = sum(1 for key in layout.things if isinstance(layout.what(key), Marker))
        if said.markers != markers:
            yield f"{said.markers} markers, and not {markers}"
