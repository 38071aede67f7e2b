"""A step's `observe` as one look at AWS, for the time of which its clients remember what they read."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

if TYPE_CHECKING:
    from onetrail.aws.clients import Clients
    from onetrail.settings import Settings

_P = ParamSpec("_P")
_R = TypeVar("_R")


def one_look(
    observe: "Callable[Concatenate[Settings, Clients, _P], _R]",
) -> "Callable[Concatenate[Settings, Clients, _P], _R]":
    """A step's `observe` as one look: what it and the steps that it asks read twice is read once."""

    @wraps(observe)
    def looked(settings: "Settings", clients: "Clients", /, *args: _P.args, **more: _P.kwargs) -> _R:
        with clients.remembered.one_look():
            return observe(settings, clients, *args, **more)

    return looked
