"""Filter and sort a table while a kernel is there: two outputs, of which the plain table is what stays.

The controls are an output of their own, gone once another cell runs or Done is pressed, and marked so that JupyterLab,
as `onetrail lab` starts it, does not save them. So a notebook that is opened without a kernel has the table as it was
last filtered.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

from onetrail.show.html import Shown
from onetrail.workspace.plain_saves import CONTROLS

Look = Callable[[str, str, bool], Shown]
"""Words that a row must have, the column to sort by, and whether the largest comes first -> the table."""
_AS_LISTED: Final = "as listed"


class SearchBox:
    """A field for words, the column to sort by, and the table below them."""

    def __init__(self, columns: Sequence[str], look: Look) -> None:
        self._look = look
        self._changing = threading.RLock()
        self._box = self._widgets(columns)
        self._table: Any = None
        self._controls: Any = None

    def __str__(self) -> str:
        return self._shown().text

    def _widgets(self, columns: Sequence[str]) -> Any:
        import ipywidgets as widgets

        self._words = widgets.Text(description="Filter", placeholder="words that a row has", continuous_update=True)
        choices = [(_AS_LISTED, ""), *((column, column) for column in columns)]
        self._sort = widgets.Dropdown(description="Sort by", options=choices)
        self._descending = widgets.Checkbox(description="largest first", indent=False)
        done = widgets.Button(description="Done", tooltip="Remove these controls; the table stays")
        done.on_click(self._ended)
        for one in (self._words, self._sort, self._descending):
            one.observe(self._changed, names="value")
        layout = widgets.Layout(flex_flow="row wrap")
        return widgets.Box([self._words, self._sort, self._descending, done], layout=layout)

    def _shown(self) -> Shown:
        return self._look(self._words.value, self._sort.value, self._descending.value)

    def _changed(self, _: Any) -> None:
        if self._table is not None:
            with self._changing:  # a kernel takes what is typed and what is chosen in two threads
                self._table.update(self._shown())

    def _ipython_display_(self) -> None:
        from IPython import get_ipython
        from IPython.display import display

        self._controls = display(self._box, display_id=True, metadata={CONTROLS: True})
        self._table = display(self._shown(), display_id=True)
        session = get_ipython()
        if session is not None:
            session.events.register("pre_run_cell", self._ended)

    def _ended(self, _: Any = None) -> None:
        """The controls go, and the table stays."""
        from IPython import get_ipython

        session = get_ipython()
        if session is not None:
            session.events.unregister("pre_run_cell", self._ended)
        self._controls.update({"text/plain": ""}, raw=True)
        self._box.close()
