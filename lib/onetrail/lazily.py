"""What is imported when it is asked for, so that a verb or a notebook's first cell does not pay for what it does not
use."""

import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any


def lazily(package: str, names: Collection[str], *modules: str) -> Callable[[str], object]:
    """The `__getattr__` of a package (PEP 562): each of `names` is taken from the first of these modules of it that has
    it, and kept."""
    here = import_module(package)

    def found(name: str) -> object:
        if name in names:
            for module in modules:
                there = vars(import_module(f"{package}.{module}"))
                if name in there:
                    return vars(here).setdefault(name, there[name])
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return found


class _Later(ModuleType):
    """Stands for a module until something of it is asked for, and passes on what is asked."""

    def __getattr__(self, name: str) -> Any:
        held = vars(self)
        if "_whole" not in held:
            # Not what sys.modules holds: while another thread still imports the module, that is half of it, and
            # import_module waits.
            held["_whole"] = import_module(self.__name__)
        return getattr(held["_whole"], name)


def later(name: str) -> ModuleType:
    """A library's module that is imported once something of it is asked for: the first cell of a notebook does not pay
    for all of them.

    Raises ModuleNotFoundError at once, as an import would, where the library is not installed; an error of the import
    itself is raised on each access. Type checkers are shown the import: `if TYPE_CHECKING: import x`, else `x =
    later("x")`.
    """
    library = name.partition(".")[0]
    if library not in sys.modules and find_spec(library) is None:
        raise ModuleNotFoundError(f"No module named {library!r}", name=library)
    return _Later(name)


@contextmanager
def without(*names: str) -> Iterator[None]:
    """While inside, an import of one of these modules fails as if it were not installed: a library takes it along
    where it is there, and nobody here uses what it is for. A module that is loaded already stays."""
    left_out = [name for name in names if name not in sys.modules]
    for name in left_out:
        sys.modules[name] = None  # type: ignore[assignment]  # what Python documents for an import that is to fail
    try:
        yield
    finally:
        for name in left_out:
            sys.modules.pop(name, None)
