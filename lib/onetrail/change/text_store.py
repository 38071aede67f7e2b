"""What sending asks about the texts that changes put, replace or remove, such as policies; who keeps them is given to
it by the gate."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from onetrail.change.plan import Change
from onetrail.errors import OnetrailError


class TextUnread(OnetrailError):
    """The text that a change replaces could not be read, so the change was not sent."""


class PutBack(Protocol):
    """The text that a closing puts back, made right before it is sent."""

    @property
    def line(self) -> str:
        """Where it came from, and what somebody else changed meanwhile."""
        ...

    @property
    def whole(self) -> bool:
        """Whether it is what was there before the opening, byte for byte."""
        ...

    @property
    def foreign(self) -> tuple[str, ...]:
        """One line for each thing that somebody else changed since the opening."""
        ...

    def recorded(self) -> Mapping[str, Any]:
        """For the record's line."""
        ...


class ChangedText(Protocol):
    """The text of one change on its way."""

    @property
    def change(self) -> Change:
        """The change as it is sent: a closing with the text that it puts back."""
        ...

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What is sent for it."""
        ...

    @property
    def put_back(self) -> PutBack | None:
        """What a closing puts back; None for other changes, and where the reviewed text is sent."""
        ...

    def replaced(self, line: int) -> Mapping[str, Any]:
        """What the record's line before the call says of the text that goes, which is on disk by then. Raises
        RecordError.

        `line` is the number of that line.
        """
        ...

    def put(self, line: int) -> Mapping[str, Any]:
        """What the record's line after the call says of the text that stands now; `line` is that of the line before.
        Raises RecordError."""
        ...


class TextStore(Protocol):
    """Keeps each text byte for byte in the run folder, before and after, and makes what a closing puts back."""

    def of(self, change: Change, parameters: Mapping[str, Any]) -> ChangedText | None:
        """The text that the change puts, replaces or removes, read now; None where it is about none.

        Raises TextUnread where that could not be read, but not for a closing: it undoes what we put.
        """
        ...

    def became(self, put_back: Sequence[tuple[str, PutBack]]) -> list[str]:
        """What became of the texts that were put back, in sentences; each with its resource."""
        ...
