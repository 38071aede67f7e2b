"""What a look came to: the thing is there, it is absent, or it is unread, since nobody could look. The third is never
taken for the second.

A field of an observation that was read in such a look is `T | Unread | None`: None says that the thing is not there or
not set. Nothing that takes `T | None` takes such a field, so mypy finds each place that has not said what it does with
what is unread. None of the three is true or false: `field or {}` raises where the field is unread.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
U = TypeVar("U")
T_co = TypeVar("T_co", covariant=True)


class _Case:
    def __bool__(self) -> bool:
        raise TypeError(f"{self!r} is neither true nor false: say which of the cases is meant")


@dataclass(frozen=True)
class There(_Case, Generic[T_co]):
    """It is there, and this is it."""

    value: T_co


@dataclass(frozen=True)
class Absent(_Case):
    """The service answered that there is none; `why` is the code or the message of that answer."""

    why: str = ""


@dataclass(frozen=True)
class Unread(_Case):
    """It could not be read, so nothing is known of it. `why` in words; `code` is AWS's error code, empty where AWS gave
    none."""

    why: str
    code: str = ""


Look = There[T] | Absent | Unread
"""A look for what may not be there."""
Answer = There[T] | Unread
"""A look at what is always there, such as a list, which may be empty."""


def applied(found: Look[T], of: Callable[[T], U]) -> Look[U]:
    """The same look at what `of` makes of the thing."""
    return There(of(found.value)) if isinstance(found, There) else found


def or_none(found: Look[T]) -> T | Unread | None:
    """As a field of an observation holds it."""
    match found:
        case There(value):
            return value
        case Absent():
            return None
        case Unread():
            return found


def calling(call: str, found: Look[T]) -> Look[T]:
    """The same look; what is unread says which call was refused."""
    return Unread(f"{call}: {found.why}", found.code) if isinstance(found, Unread) else found


def made(field: T | Unread | None, of: Callable[[T], U], absent: U) -> U | Unread:
    """What `of` makes of the field, `absent` where it is not there; what is unread stays so."""
    if isinstance(field, Unread):
        return field
    return absent if field is None else of(field)


def known(field: T | Unread | None) -> T | None:
    """The field for showing alone: None too where it is unread, which is shown beside it."""
    return None if isinstance(field, Unread) else field


def unread(looks: Mapping[str, object]) -> list[str]:
    """`CALL: why` for each of these looks, or fields, that is unread; in their order."""
    return [f"{call}: {found.why}" for call, found in looks.items() if isinstance(found, Unread)]
