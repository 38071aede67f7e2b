"""Which parameters of a notebook somebody stated, by the cells that its kernel ran: an edited or injected value counts
before a parameters file even where it is the default, and a line that is as it was generated says nothing."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from onetrail.settings.cell import digest, generated, mark_of
from onetrail.settings.words import UNSTATED

_PAPERMILL: Final = "# Parameters\n"
"""How the cell begins that papermill injects."""
_SCOPES: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.GeneratorExp)
_INNER: Final = (*_SCOPES, ast.ListComp, ast.SetComp, ast.DictComp)
"""What assigns names of its own."""


class By(Enum):
    """Who gave a parameter of a notebook its value."""

    NOBODY = "default"
    CELL = "cell"
    INJECTED = "injected"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Stated:
    """One parameter's value as a notebook has it. `why` says why it is not known who gave it."""

    value: Any
    by: By
    why: str = ""


NO_CELL: Final = "this kernel ran no parameters cell that this version of onetrail knows: run the notebook from its top"
OTHER_VERSION: Final = "the parameters cell is edited and of another version of onetrail: lay it out with onetrail init"
_SAME: Final = "its line is edited and says the default: write the value into the file, and undo that edit"
_CHANGED: Final = "it is not what its cell says: restart the kernel and run from the top"


def stated(history: Sequence[object], values: Mapping[str, Any]) -> dict[str, Stated]:
    """Each of these values with who gave it. `history` has the source of each cell that was run, in order."""
    cells = [_Cell(source) for source in history if isinstance(source, str) and source.strip()]
    marked = max((number for number, cell in enumerate(cells) if cell.mark), default=-1)
    if marked >= 0:
        reader = _Reader(cells[marked], cells[marked + 1 :])
    else:
        reader = _Reader(None, [cell for cell in cells if cell.injected])
    return {key: reader.stated(key, value) for key, value in values.items()}


def same(one: object, other: object) -> bool:
    """Whether both are the same plain value; other values of a notebook are none, and may not be comparable."""
    try:
        return type(one) is type(other) and bool(one == other)
    except (TypeError, ValueError, RecursionError):
        return False


class _Cell:
    """One cell that was run: what it assigns."""

    def __init__(self, source: str) -> None:
        self.injected = source.startswith(_PAPERMILL)
        self.mark = mark_of(source)
        self.texts: dict[str, str] = {}
        """Name -> its last statement as it is written; empty where it is assigned in another way than by a literal."""
        self.literals: dict[str, Any] = {}
        try:
            body = ast.parse(source).body
        except (SyntaxError, ValueError, RecursionError):  # what cannot be read has not been run
            return
        lines = source.split("\n")
        for node in body:
            for name in _assigned(node):
                self.texts.pop(name, None)  # the last statement counts, and stands last
                self.texts[name], self.literals[name] = "", ...
                if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                    self._read(name, node.value, "\n".join(lines[node.lineno - 1 : node.end_lineno]))

    def _read(self, name: str, value: ast.expr, text: str) -> None:
        try:
            self.literals[name] = ast.literal_eval(value)
            self.texts[name] = text
        except (ValueError, TypeError, RecursionError, MemoryError):
            return

    def may_say(self, key: str, value: Any) -> bool:
        """Whether this is the value that it assigns, as far as that can be read."""
        return self.literals[key] is ... or same(self.literals[key], value)

    @property
    def untouched(self) -> bool:
        """As it was generated, by whichever version."""
        return digest(self.texts) == self.mark


class _Reader:
    """The parameters cell as it was run last, and the cells after it."""

    def __init__(self, cell: _Cell | None, later: Sequence[_Cell]) -> None:
        self._cell, self._later = cell, later
        self._generated = _Cell("\n".join(generated().values()))

    def stated(self, key: str, value: Any) -> Stated:
        """Who gave this parameter its value."""
        cell = next((one for one in reversed(self._later) if key in one.texts), None)
        if cell is None:
            unstated = key in UNSTATED and value == UNSTATED[key]
            return Stated(value, By.NOBODY) if unstated else self._in_the_cell(key, value)
        if not cell.may_say(key, value):
            return Stated(value, By.UNKNOWN, _CHANGED)
        return Stated(value, By.INJECTED if cell.injected else By.CELL)

    def _in_the_cell(self, key: str, value: Any) -> Stated:
        cell = self._cell
        if cell is None:
            return Stated(value, By.UNKNOWN, NO_CELL)
        if key not in cell.texts or not cell.may_say(key, value):
            return Stated(value, By.UNKNOWN, _CHANGED)
        if cell.untouched:
            return Stated(value, By.NOBODY)
        if cell.mark != digest(self._generated.texts):
            return Stated(value, By.UNKNOWN, OTHER_VERSION)
        if cell.texts[key] == self._generated.texts[key]:
            return Stated(value, By.NOBODY)
        if same(value, self._generated.literals[key]):
            return Stated(value, By.UNKNOWN, _SAME)
        return Stated(value, By.CELL)


def _assigned(node: ast.AST) -> Iterator[str]:
    """The names of the notebook that a statement assigns, in whichever way."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
        yield node.id
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.alias):
        yield (node.asname or node.name).split(".")[0]
    elif isinstance(node, ast.MatchAs | ast.MatchStar | ast.ExceptHandler) and node.name:
        yield node.name
    if not isinstance(node, _INNER):
        for inner in ast.iter_child_nodes(node):
            yield from _assigned(inner)
