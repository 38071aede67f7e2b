"""Reading AWS with three possible results: seen, not there, or could not look. The third is never taken for the second."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

T = TypeVar("T")


class Seen(StrEnum):
    """How a look ended."""

    SEEN = "seen"
    ABSENT = "absent"
    COULD_NOT_LOOK = "could_not_look"


@dataclass(frozen=True)
class Look(Generic[T]):
    """`value`, a T, is set only when seen and None otherwise; `why` is then the error in words."""

    how: Seen
    value: Any = None
    why: str = ""

    @property
    def seen(self) -> bool:
        """True when there is a value."""
        return self.how is Seen.SEEN

    @property
    def absent(self) -> bool:
        """True when AWS said that the thing does not exist."""
        return self.how is Seen.ABSENT

    @property
    def failed(self) -> bool:
        """True when it could not be looked at."""
        return self.how is Seen.COULD_NOT_LOOK


def look(call: Callable[..., Any], *, absent: Iterable[str] = (), **parameters: Any) -> Look[Any]:
    """The answer of one API call; the error codes in `absent` mean that the thing is not there."""
    try:
        return Look(Seen.SEEN, without_metadata(call(**parameters)))
    except ClientError as err:
        code = err.response["Error"]["Code"]
        if code in set(absent):
            return Look(Seen.ABSENT, why=code)
        return Look(Seen.COULD_NOT_LOOK, why=f"{code}: {err.response['Error'].get('Message', '')}")
    except BotoCoreError as err:
        return Look(Seen.COULD_NOT_LOOK, why=str(err))


def pages(
    client: Any, operation: str, key: str, *, absent: Iterable[str] = (), **parameters: Any
) -> Look[list[Any]]:
    """All items of a paginated call, in the order given; `operation` in snake case, `key` the list's name."""

    def read() -> list[Any]:
        if not client.can_paginate(operation):
            return list(getattr(client, operation)(**parameters).get(key, []))
        return [
            item
            for page in client.get_paginator(operation).paginate(**parameters)
            for item in page.get(key, [])
        ]

    return look(read, absent=absent)


def without_metadata(answer: Any) -> Any:
    """An API answer without its ResponseMetadata."""
    if isinstance(answer, Mapping):
        return {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    return answer
