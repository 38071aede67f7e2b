"""Where a look and a plan say how far they are: what clients carry, and the one that says it in plain lines."""

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from onetrail.aws.telling import say_line
from onetrail.progress import Progress, Standing


class Panel(Protocol):
    """One observe or one apply as it goes. Use as a context manager; any thread may tell it."""

    def __call__(self, progress: Progress) -> None:
        """How far a part is."""
        ...

    def say(self, line: str) -> None:
        """A line for people: a wait, or what AWS does not answer."""
        ...

    def sent(self, line: str, number: int, of: int) -> None:
        """A call that was sent: the change's number in its plan, and how many changes the plan has."""
        ...

    @property
    def standing(self) -> Standing:
        """How far each part is, by its last word."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None: ...


OpenPanel = Callable[[bool], Panel]
"""A new panel; True for one that shows a look, False for one that shows a plan being applied."""


class LinesPanel:
    """Says each call in a line, and no progress: for those who show none."""

    def __init__(self, look: bool = False) -> None:
        self.standing = Standing()

    def __call__(self, progress: Progress) -> None:
        self.standing(progress)

    def say(self, line: str) -> None:
        """On standard error, or in a kernel on standard output."""
        say_line(line)

    def sent(self, line: str, number: int, of: int) -> None:
        """As any other line."""
        say_line(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass
