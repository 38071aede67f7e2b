"""What is wrong with parameters: each mistake in one line with its cure, and all of them in one error."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from onetrail.errors import WrongUse
from onetrail.printable import printable

MOST_LISTED: Final = 60
"""Mistakes that are shown; the others are counted."""
_KEY: Final = re.compile(r"[a-z_]+")


@dataclass(frozen=True)
class Mistake:
    """`said` is a sentence with the key, what is wrong, and the cure. `at` is the key and what is below it; empty where
    the mistake is of the whole. `place` is where it is written, such as `line 3`; empty where that is not known."""

    said: str
    at: tuple[int | str, ...] = ()
    place: str = ""
    line: int = 0
    """Of the file; 0 where it has none."""

    @property
    def placed(self) -> str:
        """The sentence below the place."""
        return f"{self.place}: {self.said}" if self.place else self.said


class SettingsError(WrongUse):
    """Parameters are missing, unknown or wrong. Nothing was read from AWS and nothing was changed.

    Its text is one line, with the number of further mistakes; `lines` has every mistake. `where` is the file.
    """

    def __init__(self, *mistakes: Mistake | str, where: str = "") -> None:
        self.mistakes = tuple(one if isinstance(one, Mistake) else Mistake(one) for one in mistakes)
        self.where = where
        first, more = self.mistakes[0], len(self.mistakes) - 1
        place = f", {first.place}" if first.place and not first.at else ""
        prefix = f"{where}{place}: " if where else ""
        super().__init__(f"{prefix}{first.said}" + (f" (and {more} more)" if more else ""))

    @property
    def lines(self) -> tuple[str, ...]:
        """The one line where there is one mistake; else a head, and a line per mistake."""
        if len(self.mistakes) == 1:
            return (self.line,)
        head = f"{len(self.mistakes):,} mistakes{f' in {self.where}' if self.where else ''}; nothing was changed:"
        said = [f"  {one.placed}" for one in self.mistakes[:MOST_LISTED]]
        if more := len(self.mistakes) - len(said):
            said.append(f"  {more:,} more")
        return tuple(printable(re.sub(r"[\t\n]+", " ", line)) for line in (head, *said))


def in_file(mistakes: Iterable[Mistake], lines: Mapping[tuple[int | str, ...], int]) -> list[Mistake]:
    """The mistakes of a file in its order, each with its line; those that stand nowhere, such as a missing key, last.

    `lines` has the line of each key and of what is below it.
    """
    placed = [one if one.place else _placed(one, lines) for one in mistakes]
    return sorted(placed, key=lambda one: (one.line == 0, one.line))


def _placed(one: Mistake, lines: Mapping[tuple[int | str, ...], int]) -> Mistake:
    for length in range(len(one.at), 0, -1):
        if line := lines.get(one.at[:length]):
            return replace(one, place=f"line {line}", line=line)
    return one


def about(said: str) -> Mistake:
    """A sentence that begins with its key."""
    found = _KEY.match(said)
    return Mistake(said, (found[0],) if found else ())
