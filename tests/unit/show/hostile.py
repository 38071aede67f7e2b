"""Observations in which every text is hostile, made from the types alone, so that a new field or a new table is among
them at once."""

import dataclasses
import enum
import inspect
import sys
import types
import typing
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from onetrail.change import Change
from onetrail.cloudtrail.trail import Trail
from onetrail.estate.custody.sent import Sent
from onetrail.settings import Settings
from onetrail.steps import bucket_creation, trail_cutover
from onetrail.steps.bucket_creation import BucketState

HOSTILE = "k\x1b[31m\r\x9b\u202e\u200f\u200b\ud800\n$x$ z"
"""A name that colours, goes back, turns around, hides, cannot be written, and makes a line of its own."""
SETTINGS = Settings.from_file(Path(__file__).parents[3] / "parameters" / "practice.yaml")
NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
ACCOUNT = SETTINGS.source_account_ids[0]
OURS = (SETTINGS.bucket_name, SETTINGS.access_log_bucket, SETTINGS.work_bucket)
_PLAIN: Mapping[Any, Any] = {
    str: HOSTILE,
    object: HOSTILE,
    Any: HOSTILE,
    bool: True,
    int: 2,
    float: 2.0,
    bytes: b"x",
    datetime: NOW,
    date: NOW.date(),
    timedelta: timedelta(days=1),
    Path: Path("x"),
    Settings: SETTINGS,
}
_FIXED: Mapping[tuple[type, str], Callable[[], Any]] = {
    (Sent, "at"): lambda: "2026-01-12T09:00:00Z",
    (Sent, "ended_at"): lambda: "2026-01-12T09:00:05Z",
    (Change, "closes"): lambda: "",
    (BucketState, "state"): lambda: "ours",
    (bucket_creation.BucketsObservation, "buckets"): lambda: {name: made(BucketState, name=name) for name in OURS},
    (bucket_creation.BucketsObservation, "folders"): lambda: (f"AWSLogs/1/CloudTrail/{HOSTILE}/2021/",),
    (trail_cutover.CutoverObservation, "regions"): lambda: {ACCOUNT: (HOSTILE,)},
}
"""What is no text of others: instants of the record, names that changes of one plan have for each other, a word of
ours, and what is looked up by the names in the parameters."""


def made(kind: Any, **fixed: Any) -> Any:
    """A value of this type with one of each thing in it. `fixed` has fields that the outermost one is given."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in _CONTAINERS:
        return _CONTAINERS[origin](args)
    if inspect.isclass(kind) and issubclass(kind, enum.Enum):
        return next(iter(kind))
    names = getattr(kind, "_fields", None) or [f.name for f in _fields(kind) if f.init]
    hints = typing.get_type_hints(kind, {**vars(sys.modules[kind.__module__]), "Trail": Trail}) if names else {}
    if not hints:
        raise TypeError(kind)
    fixed = {name: value() for (of, name), value in _FIXED.items() if of is kind} | fixed
    return kind(**{name: fixed[name] if name in fixed else made(hints[name]) for name in names})


def _fields(kind: Any) -> Sequence[Any]:
    return dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else ()


def _first(args: tuple[Any, ...]) -> Any:
    """Of several kinds the first that can be made; something rather than nothing."""
    for kind in args:
        if kind is type(None):
            return None
        try:
            return made(kind)
        except TypeError:
            continue
    raise TypeError(args)


def _tuple(args: tuple[Any, ...]) -> tuple[Any, ...]:
    several = len(args) == 2 and args[1] is Ellipsis
    return _if_any(args[0]) if several else tuple(map(made, args))


def _if_any(kind: Any) -> tuple[Any, ...]:
    """One of them, or none where it is a protocol that others fill."""
    return () if getattr(kind, "_is_protocol", False) else (made(kind),)


_CONTAINERS: Mapping[Any, Callable[[tuple[Any, ...]], Any]] = {
    typing.Union: _first,
    types.UnionType: _first,
    typing.Literal: lambda args: args[0],
    typing.Annotated: lambda args: made(args[0]),
    tuple: _tuple,
    list: lambda args: [made(args[0])],
    Sequence: lambda args: list(_if_any(args[0])),
    Iterable: lambda args: [made(args[0])],
    frozenset: lambda args: frozenset([made(args[0])]),
    dict: lambda args: {made(args[0]): made(args[1])},
    Mapping: lambda args: {made(args[0]): made(args[1])},
    Counter: lambda args: Counter({made(args[0]): 2}),
    Callable: lambda args: lambda *_, **__: None,
}
