"""The mutants that the tests let live, each with its reason: what the file says, and whether the code it speaks of is
there."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.places import Key, mutants

FILE = Path(__file__).with_name("survivors.toml")


@dataclass(frozen=True)
class Survivor:
    """One mutant and why no test kills it. `nth` counts equal places in the same function; `where` is empty for the
    module itself."""

    module: str
    where: str
    place: str
    change: str
    reason: str
    nth: int = 1

    @property
    def key(self) -> Key:
        """As a mutant's."""
        return (self.where, self.place, self.change, self.nth)


def survivors(path: Path = FILE) -> list[Survivor]:
    """All that the file names, in its order."""
    return [Survivor(**one) for one in tomllib.loads(path.read_text(encoding="utf-8")).get("survivor", [])]


def gone(named: list[Survivor], library: Path) -> list[Survivor]:
    """Those that no longer are: the module, the function, the place in it, or the change that could be made there."""
    there: dict[str, set[Key]] = {}
    for module in {one.module for one in named}:
        path = library / module
        there[module] = {one.key for one in mutants(path.read_text("utf-8"))[1]} if path.is_file() else set()
    return [one for one in named if one.key not in there[one.module]]
