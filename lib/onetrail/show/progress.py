"""The live panel of a look or of a plan that is applied: how far, how fast, how long still, and which calls were sent.

In a kernel with a person it is redrawn twice a second by a thread of its own, so that work never waits for it; where
nobody watches it is a line now and then. It ends in one plain table for each work, which with `ONETRAIL_LIVE=0` is all
there is: counts alone, no durations and no rates.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import copy_context
from types import TracebackType
from typing import Any, Final, Self

from onetrail.aws import environment
from onetrail.aws.telling import progress_out, say_line
from onetrail.change.interrupt import stop_asked
from onetrail.printable import printable
from onetrail.progress import Progress, Standing
from onetrail.show.html import Shown
from onetrail.show.over_time import Passes, ProgressPoint, over_time
from onetrail.show.panel_parts import STOPPING, calls, how_far, plain, stop_button, under_way
from onetrail.show.rate import Rate

_TICK_SECONDS: Final = 0.5
_LINE_SECONDS: Final = 5.0
_SAID_SECONDS: Final = 15.0
"""A line for people stays in sight so long, and longer while nothing moves."""
_PICTURE_SECONDS: Final = 20.0
"""What was over sooner has no course that a picture would show."""
_KEPT: Final = 500
"""Of so many calls the lines are kept; the record has all of them."""


class LivePanel:
    """What a person sees while clients read or send. Any thread may tell it; use as a context manager."""

    def __init__(
        self,
        look: bool = False,
        *,
        unattended: bool | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        plainly = environment.unattended() if unattended is None else unattended
        self._look, self._monotonic = look, monotonic
        self._live = environment.live()
        self._watched = self._live and not plainly and _in_notebook()
        self.standing, self._rates, self._passes = Standing(), dict[str, Rate](), Passes()
        self._began = self._line_at = monotonic()
        self._told = False
        self._work, self._said, self._said_at = "", "", float("-inf")
        self._sent: deque[str] = deque(maxlen=_KEPT)
        self._number = self._of = 0
        self._drawn: dict[str, tuple[Any, Shown]] = {}
        self._over = threading.Event()
        self._ticker: threading.Thread | None = None

    def __call__(self, progress: Progress) -> None:
        """How far a part is; kept, and drawn with the next tick."""
        self.standing(progress)
        self._work, self._told = progress.work, True

    def say(self, line: str) -> None:
        """A line in the panel; elsewhere a line that stays."""
        if not self._watched:
            say_line(line)
        self._said, self._said_at = line, self._monotonic()

    def sent(self, line: str, number: int, of: int) -> None:
        """One more call in the folded list; elsewhere a line."""
        if not self._watched:
            say_line(line)
        self._sent.append(line)
        self._number, self._of = number, of

    def __enter__(self) -> Self:
        if self._live:
            # In the cell's own context, so that what is drawn belongs to that cell.
            self._ticker = threading.Thread(target=copy_context().run, args=(self._tick_on,), daemon=True)
            self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._ticker is not None:
            self._ticker.join()
        if not _in_notebook():
            return
        if "button" in self._drawn:
            self._draw("button", Shown("", ""))
        totals = [self.standing.total(work) for work in self.standing.works]
        final = [plain(self.standing, total.work, live=self._live) for total in totals if total.done or not total.reads]
        for number, shown in enumerate(final):
            self._draw(f"work {number}", shown)
        if self._watched and self._sent:
            self._draw("calls", calls(list(self._sent), self._number, self._of, over=True))
        if "work 0" in self._drawn and not final:
            self._draw("work 0", Shown("", ""))
        if err is None and self._watched and not self._look and self._monotonic() - self._began >= _PICTURE_SECONDS:
            picture = over_time(self._passes, "Objects over time")
            if picture is not None:
                _display(picture)

    def tick(self) -> None:
        """Take the rates of this moment and draw what is new, or say it in a line."""
        if not self._live:
            return
        now = self._monotonic()
        for work in self.standing.works:
            total = self.standing.total(work)
            self._rates.setdefault(work, Rate()).add(now, total.done - total.before)
            if work == self._work:
                self._passes.add(f"{total.unit} {work}", ProgressPoint(now - self._began, total.done, total.size))
        if self._watched:
            self._redraw(now)
        elif self._told and now - self._line_at >= _LINE_SECONDS:
            self._line_at, self._told = now, False
            print(printable(self._line(self._work)), file=progress_out(), flush=True)

    def _tick_on(self) -> None:
        while not self._over.wait(_TICK_SECONDS):
            self.tick()

    def _line(self, work: str) -> str:
        return how_far(self.standing, work, self._rates.get(work, Rate()))

    def _redraw(self, now: float) -> None:
        if "button" not in self._drawn:
            self._draw("button", stop_button(self._look))
        moves, stale = self._told, now - self._said_at > _SAID_SECONDS
        self._told = False
        if moves and stale:
            self._said = ""
        said = STOPPING if stop_asked() else self._said
        self._draw("work 0", under_way(list(self._works()), self.standing, self._work, said))
        if self._sent or not self._look:
            self._draw("calls", calls(list(self._sent), self._number, self._of))

    def _works(self) -> Iterator[tuple[str, str]]:
        for work in self.standing.works:
            yield work, self._line(work)

    def _draw(self, name: str, shown: Shown) -> None:
        """Put it there, or in the place of what was there; what is the same is left alone, with its fold as it is."""
        if name not in self._drawn:
            handle = _display(shown, display_id=True)
        else:
            handle, before = self._drawn[name]
            if before == shown:
                return
            handle.update(shown)
        self._drawn[name] = (handle, shown)


def panel(look: bool = False) -> LivePanel:
    """The live panel of a look, or of a plan being applied: `Clients.connect(settings, show.panel)`."""
    return LivePanel(look)


def display(shown: Any) -> None:
    """Show something more in the notebook; nowhere else."""
    if _in_notebook():
        _display(shown)


def _display(shown: Any, **how: Any) -> Any:
    from IPython.display import display

    return display(shown, **how)


def _in_notebook() -> bool:
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    session = get_ipython()
    return session is not None and hasattr(session, "kernel")
