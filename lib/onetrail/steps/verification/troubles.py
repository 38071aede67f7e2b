"""The files that are not simply valid: alike ones counted together, every one of them, and the first of each kind by
name."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from onetrail.cloudtrail.object_key import KeyKind, among_logs, parse

MOST_NAMED: Final = 200
"""So many files of one group are named; all are counted."""
MOST_REASONS: Final = 20
"""So many reasons of one state stand apart, since an error's text may differ from file to file."""
OTHER_REASONS: Final = "other reasons"
PENDING: Final = "pending"
"""A log of the archive that no digest names yet: one is still to come."""
FUTURE: Final = "future"
"""A log that no digest names, dated at a time that is still to come."""
STRAY: Final = "stray"
"""An object among the logs that is not CloudTrail's: not copied, and never deleted."""
WHY_STRAY: Final = "it is among the logs, where Athena and others read it as one"


class Trouble(NamedTuple):
    """One file and what is the matter with it. `bucket` is the old bucket it is of, or the archive."""

    bucket: str
    account: str
    region: str
    kind: str
    state: str
    key: str
    why: str


def stray(bucket: str, account: str, region: str, key: str, size: int) -> Trouble | None:
    """What is the matter with an object that is not CloudTrail's and lies among the logs; None for any other object."""
    parsed = parse(key, size=size)
    if parsed.kind is not KeyKind.FOREIGN or not among_logs(key, size):
        return None
    return Trouble(bucket, account, region, "object", STRAY, key, f"{WHY_STRAY}: {parsed.why}")


class TroubleGroup(NamedTuple):
    """Files of one bucket, account and region with the same state and reason: how many they are, and the keys of those
    that are named."""

    bucket: str
    account: str
    region: str
    kind: str
    state: str
    why: str
    files: int
    keys: tuple[str, ...]

    @property
    def unnamed(self) -> int:
        """How many of them are counted and not named."""
        return self.files - len(self.keys)


_Sort = tuple[str, str, str, str, str]


class Troubles:
    """Takes them one by one, in bounded memory: no state, and no reason, takes the names of another."""

    def __init__(self) -> None:
        self._counts: dict[_Sort, dict[str, int]] = {}
        self._keys: dict[tuple[_Sort, str], list[str]] = {}

    def add(self, one: Trouble) -> None:
        """Count it, and keep its key where its group has room."""
        sort = (one.bucket, one.account, one.region, one.kind, one.state)
        reasons = self._counts.setdefault(sort, {})
        why = one.why if one.why in reasons or len(reasons) < MOST_REASONS else OTHER_REASONS
        reasons[why] = reasons.get(why, 0) + 1
        keys = self._keys.setdefault((sort, why), [])
        if len(keys) < MOST_NAMED:
            keys.append(one.key)

    def groups(self) -> Iterator[TroubleGroup]:
        """All of them so far, the keys of each group sorted."""
        for sort, reasons in self._counts.items():
            for why, files in reasons.items():
                yield TroubleGroup(*sort, why, files, tuple(sorted(self._keys[sort, why])))
