"""Does a policy statement fit together: do its actions exist, and take its resources and its condition keys?

S3 refuses a bucket policy whose parts do not fit (400 MalformedPolicy). Other services store such a statement, and it
has no effect, so it is a mistake there too. Sources: the messages of PutBucketPolicy (versity/versitygw#645,
humanmade/S3-Uploads#239); Service Authorization Reference for what belongs to what.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, NamedTuple

from onetrail.iam.document import values
from onetrail.iam.reference import Action, Service

ServiceOf = Callable[[str], Service | None]
"""Prefix of a service -> its actions; None for a service that is not known."""

_VARIABLE: Final = re.compile(r"\$\{[^}]*\}")
_VARIES: Final = re.compile(r"<[^>]*>|\$\{[^}]*\}")
_ANY, _SEGMENT, _ONE = "any", "segment", "one"


class Misfit(StrEnum):
    """What does not fit, in the words in which S3 refuses it."""

    ACTION = "Policy has invalid action"
    RESOURCE = "Action does not apply to any resource(s) in statement"
    CONDITION = "Conditions do not apply to combination of actions and resources in statement"


class StatementMisfit(NamedTuple):
    """One misfit of a statement."""

    misfit: Misfit
    element: str
    """The action, or the action and the condition key."""


def misfits(statement: Mapping[str, Any], service_of: ServiceOf) -> Iterator[StatementMisfit]:
    """What does not fit in one statement, in the order in which S3 looks.

    Each element of Action is judged by itself: wildcards stand for all actions that they name, and at least one of
    those must take a Resource of the statement; of those that do, at least one must have each condition key of the
    service. So one plain action without the key spoils the statement, and `*` with a narrow key does not. Keys of
    `aws:` fit everything. Of NotAction only the names are judged.
    """
    keys = [key for block in (statement.get("Condition") or {}).values() for key in block]
    for element in values(statement.get("NotAction", ())):
        if not _named(element, service_of):
            yield StatementMisfit(Misfit.ACTION, element)
    for element in values(statement.get("Action", ())):
        yield from _misfits_of(element, statement, keys, service_of)


def _misfits_of(
    element: str, statement: Mapping[str, Any], keys: list[str], service_of: ServiceOf
) -> Iterator[StatementMisfit]:
    if element == "*":
        return
    named = _named(element, service_of)
    if not named:
        yield StatementMisfit(Misfit.ACTION, element)
        return
    service = service_of(element.split(":", 1)[0].lower())
    acting = [action for action in named if service and _acts(action, service, statement)]
    if not acting:
        yield StatementMisfit(Misfit.RESOURCE, element)
        return
    for key in keys:
        if not key.lower().startswith("aws:") and not any(has_key(action, key) for action in acting):
            yield StatementMisfit(Misfit.CONDITION, f"{element} with {key}")


def _named(element: str, service_of: ServiceOf) -> tuple[Action, ...]:
    prefix, _, pattern = element.partition(":")
    service = service_of(prefix.lower())
    return service.matching(pattern) if service and pattern else ()


def has_key(action: Action, key: str) -> bool:
    """Whether the action, or a resource type of it, has the condition key; case does not count."""
    return any(_key_pattern(own).fullmatch(key.lower()) for own in action.keys)


@lru_cache(maxsize=4096)
def _key_pattern(key: str) -> re.Pattern[str]:
    return re.compile(".+".join(re.escape(part) for part in _VARIES.split(key.lower())))


def _acts(action: Action, service: Service, statement: Mapping[str, Any]) -> bool:
    if "Resource" not in statement:  # NotResource leaves something of every kind, a trust policy names none
        return True
    return any(takes(action, service, resource) for resource in values(statement["Resource"]))


def takes(action: Action, service: Service, resource: str) -> bool:
    """Whether the action acts on something that the resource of a policy names."""
    return resource == "*" or any(_overlap(resource, service.arns[kind]) for kind in action.resource_types)


@lru_cache(maxsize=65536)
def _overlap(pattern: str, arn: str) -> bool:
    """Whether some ARN is named by the policy's pattern and is of the resource type with this ARN."""
    return _meet(_parts_of_pattern(pattern), _parts_of_type(arn))


def _parts_of_pattern(pattern: str) -> tuple[str, ...]:
    wild = {"*": _ANY, "?": _ONE}
    return tuple(wild.get(letter, letter) for letter in _VARIABLE.sub("*", pattern))


def _parts_of_type(arn: str) -> tuple[str, ...]:
    """What varies is one segment between `:` and `/`, but the name at the end may hold both, as an object's key
    does."""
    found: list[str] = []
    last = [*_VARIABLE.finditer(arn)][-1:]
    at = 0
    for variable in _VARIABLE.finditer(arn):
        found += arn[at : variable.start()]
        ends = variable.end() == len(arn) and arn[variable.start() - 1] == "/"
        found.append(_ANY if ends and last and variable.start() == last[0].start() else _SEGMENT)
        at = variable.end()
    return (*found, *arn[at:])


def _meet(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Whether two patterns have a text in common."""
    reached, ahead = {(0, 0)}, [(0, 0)]
    while ahead:
        i, j = ahead.pop()
        if (i, j) == (len(left), len(right)):
            return True
        for step in _steps(left[i : i + 1], right[j : j + 1], i, j):
            if step not in reached:
                reached.add(step)
                ahead.append(step)
    return False


def _steps(left: tuple[str, ...], right: tuple[str, ...], i: int, j: int) -> Iterator[tuple[int, int]]:
    a, b = (left or ("",))[0], (right or ("",))[0]
    if a in (_ANY, _SEGMENT):
        yield i + 1, j
        if b and b not in (_ANY, _SEGMENT) and _holds(a, b):
            yield i, j + 1
    if b in (_ANY, _SEGMENT):
        yield i, j + 1
        if a and a not in (_ANY, _SEGMENT) and _holds(b, a):
            yield i + 1, j
    elif a and b and a not in (_ANY, _SEGMENT) and (a == b or _ONE in (a, b)):
        yield i + 1, j + 1


def _holds(run: str, letter: str) -> bool:
    return run == _ANY or letter not in (":", "/")
