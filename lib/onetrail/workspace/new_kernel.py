"""An extension of IPython for the kernels of `onetrail lab`: a cell that is run before those above it says so in one
sentence.

IPython's own answer is a NameError with a traceback, and the library cannot help there: in a new kernel nothing of it
is imported.
"""

from types import TracebackType
from typing import Any, Final

from onetrail.errors import WrongUse

_FIRST: Final = "settings"
"""What the first cells of every notebook make."""
_NAMES: Final = frozenset(
    (
        *("show", "seen", "step", "Clients", "Settings", "open_gate"),
        *("settings", "clients", "observation", "plan", "box", "gate", "outcome", "saved", "after"),
    )
)
"""What cells of the notebooks make and later cells use."""


class NewKernel(WrongUse):
    """Nothing was run in this kernel yet."""


class CellsAbove(WrongUse):
    """A cell above this one was not run in this kernel."""


def explained(error: NameError, known: dict[str, Any]) -> WrongUse | None:
    """The sentence in place of the error; None where it is about something else."""
    if error.name not in _NAMES or error.name in known:
        return None
    if _FIRST not in known:
        return NewKernel(
            f"Run all cells first: this kernel is new, and {error.name!r} is not in it (Run > Run All Cells)."
        )
    return CellsAbove(
        f"Run the cells above first: {error.name!r} is made there (Run > Run All Above Selected Cell, then this cell)."
    )


def load_ipython_extension(ipython: Any) -> None:
    """Called by IPython as the kernel starts."""

    def answer(
        ipython: Any, kind: type[NameError], error: NameError, trace: TracebackType, tb_offset: int | None = None
    ) -> list[str]:
        instead = explained(error, ipython.user_ns)
        if instead is None:
            ipython.showtraceback((kind, error, trace), tb_offset=tb_offset)
        else:
            ipython.showtraceback((type(instead), instead, trace))
        return []

    ipython.set_custom_exc((NameError,), answer)
