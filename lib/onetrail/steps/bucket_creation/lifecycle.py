"""Lifecycle rules of the archive: kept by the date in the key, moved by size, nothing left half-way. Pure.

Source: S3 User Guide, "Managing the lifecycle of objects" and "Transitioning objects": a size filter overrides the 128
KB default, a date in a rule is midnight UTC, of two expirations the earlier one counts, 1,000 rules are the most.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from math import ceil
from typing import Any, Final

from onetrail.change import plain
from onetrail.instants import utc
from onetrail.s3.decisions.planner import allowed_for, size_bands
from onetrail.s3.decisions.prices import PRICES
from onetrail.s3.decisions.retention import retain_until
from onetrail.settings import Settings

Rule = dict[str, Any]

_YEAR: Final = re.compile(r"/\d{4}/$")

MOST_RULES: Final = 1000
DAYS_BEFORE_MOVE: Final = 30
"""The infrequent-access classes take an object only after 30 days in STANDARD."""
DAYS_TO_RECONSIDER: Final = 30
"""How long a deleted version is kept, where no lock keeps it longer."""
DAYS_OF_ACCESS_LOGS: Final = 400
"""Thirteen months: one yearly review can always look back over the year before."""
DATED: Final = "onetrail-dated "
SIZES: Final = "all_storage_classes_128K"
"""TransitionDefaultMinimumObjectSize, stated: what S3 has used since September 2024."""


def lock_days(years: int) -> int:
    """Days that hold `years` years from any date on, to the end of the last day."""
    return 365 * years + ceil(years / 4) + 1


def archive_rules(settings: Settings, prefix: str, folders: Sequence[str], accounts: Sequence[str] = ()) -> list[Rule]:
    """All rules of the central bucket; without `accounts`, for the source accounts.

    `folders` are `AWSLogs/ACCOUNT/KIND/REGION/YEAR/`, without the trail's own `prefix`. Logs that were copied are new
    objects: a rule dated by their folder lets them go when their own retention ends. Folders that do not fit into S3's
    1,000 rules get no rule of their own, and their logs are kept as long as new ones.
    """
    rules = [
        *kept(lock_days(settings.retention_years)),
        *_moved(settings, prefix, accounts or settings.source_account_ids),
    ]
    dated = [dated_rule(prefix, folder, settings.retention_years) for folder in sorted(set(folders))]
    return [*rules, *dated] if len(rules) + len(dated) <= MOST_RULES else rules


def kept(days: int) -> list[Rule]:
    """Objects expire after `days`; deleted versions stay a while; markers and half-done uploads are tidied up."""
    return [
        {
            "ID": "onetrail-keep",
            "Filter": {"Prefix": ""},
            "Status": "Enabled",
            "Expiration": {"Days": days},
            "NoncurrentVersionExpiration": {"NoncurrentDays": DAYS_TO_RECONSIDER},
        },
        {
            "ID": "onetrail-tidy",
            "Filter": {"Prefix": ""},
            "Status": "Enabled",
            "Expiration": {"ExpiredObjectDeleteMarker": True},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        },
    ]


def dated_rule(prefix: str, folder: str, years: int) -> Rule:
    """The rule that lets one year's folder go when the last of its logs has been kept long enough."""
    return {
        "ID": DATED + folder,
        "Filter": {"Prefix": prefix + folder},
        "Status": "Enabled",
        "Expiration": {"Date": end_of(folder, years)},
    }


def end_of(folder: str, years: int) -> datetime:
    """The instant at which the youngest log of a year's folder has been kept for `years`."""
    return retain_until(date(year_of(folder), 12, 31), years)


def year_of(folder: str) -> int:
    """The year at the end of `AWSLogs/ACCOUNT/KIND/REGION/YEAR/`."""
    return int(folder.rstrip("/").rsplit("/", 1)[-1])


def dated_folders(rules: Iterable[Mapping[str, Any]], prefix: str, years: int) -> list[str]:
    """The folders that have a rule of ours which says what it should; the others are not taken over."""
    ours = {str(rule["ID"]).removeprefix(DATED): rule for rule in rules if str(rule.get("ID", "")).startswith(DATED)}
    named = {folder: rule for folder, rule in ours.items() if _YEAR.search(folder)}
    return [f for f, rule in named.items() if normal([rule]) == normal([dated_rule(prefix, f, years)])]


def normal(rules: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rules in an order and form in which equal ones are equal: S3 gives an empty filter back in two ways."""
    found = []
    for rule in rules:
        said = plain({**rule, "Expiration": _whole_days(rule.get("Expiration"))})
        said = {key: value for key, value in said.items() if value not in (None, {}, [])}
        said["Filter"] = said.get("Filter") or {"Prefix": said.pop("Prefix", "")}
        found.append(said)
    return sorted(found, key=lambda rule: str(rule.get("ID")))


def _whole_days(expiration: Any) -> Any:
    if not isinstance(expiration, Mapping):
        return expiration
    said = {key: value for key, value in expiration.items() if value is not False}
    if isinstance(said.get("Date"), datetime):
        said["Date"] = utc(said["Date"])
    return said


def _moved(settings: Settings, prefix: str, accounts: Sequence[str]) -> list[Rule]:
    """New logs go, by size, to the class that costs least over the whole retention; digests stay where they are."""
    stay_free = {**PRICES, "STANDARD": replace(PRICES["STANDARD"], put=0.0)}
    bands = list(size_bands(settings.retention_years * 12, allowed_for(settings.storage_class), stay_free))
    ends: list[int | None] = [start for start, _ in bands[1:]]
    rules = []
    for (start, name), end in zip(bands, [*ends, None], strict=True):
        if name == "STANDARD":
            continue
        for account in accounts:
            size: dict[str, Any] = {"ObjectSizeGreaterThan": max(0, start - 1)}
            if end is not None:
                size["ObjectSizeLessThan"] = end
            rules.append(
                {
                    "ID": f"onetrail-move {account} {start} {name}",
                    "Filter": {"And": {"Prefix": f"{prefix}AWSLogs/{account}/CloudTrail/", **size}},
                    "Status": "Enabled",
                    "Transitions": [{"Days": DAYS_BEFORE_MOVE, "StorageClass": name}],
                }
            )
    return rules
