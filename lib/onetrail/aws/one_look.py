"""A step's `observe` as one look at AWS, for the time of which its clients remember what they read."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from onetrail.change.interrupt import interrupted_in_one_line
from onetrail.collecting import seldom_collecting
from onetrail.progress import Standing

if TYPE_CHECKING:
    from onetrail.aws.clients import Clients
    from onetrail.settings import Settings

_P = ParamSpec("_P")
_R = TypeVar("_R")


def one_look(
    observe: "Callable[Concatenate[Settings, Clients, _P], _R]",
) -> "Callable[Concatenate[Settings, Clients, _P], _R]":
    """A step's `observe` as one look: what it and the steps that it asks read twice is read once, and is kept until
    the next one as what its plan reviews. An interrupt ends it in one line."""

    @wraps(observe)
    def looked(settings: "Settings", clients: "Clients", /, *args: _P.args, **more: _P.kwargs) -> _R:
        seen = Standing()
        with (
            interrupted_in_one_line(lambda: _said(seen.line)),
            seldom_collecting(),
            clients.panel(look=True) as panel,
        ):
            seen = panel.standing
            with clients.remembered.one_look() as kept:
                found = observe(settings, clients, *args, **more)
                clients.remembered.reviewed = kept
                return found

    return looked


def _said(came_to: str) -> str:
    read = f" ({came_to})" if came_to else ""
    return f"interrupted while AWS was read{read}: nothing was changed; to go on, run this cell again"
