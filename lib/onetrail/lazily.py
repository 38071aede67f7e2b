"""Names of a package that are imported when they are asked for, so that a verb does not pay for what it does not use (PEP 562)."""

from collections.abc import Callable, Collection
from importlib import import_module


def lazily(package: str, names: Collection[str], *modules: str) -> Callable[[str], object]:
    """The `__getattr__` of a package: each of `names` is taken from the first of these modules of it that has it, and kept."""
    here = import_module(package)

    def found(name: str) -> object:
        if name in names:
            for module in modules:
                there = vars(import_module(f"{package}.{module}"))
                if name in there:
                    return vars(here).setdefault(name, there[name])
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return found
