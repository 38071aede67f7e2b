"""The grammar of object keys in a bucket that CloudTrail writes to.

    P AWSLogs/[o-org/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHmmZ_UNIQUE.json.gz
    P AWSLogs/[o-org/]ACCOUNT/CloudTrail-Digest/REGION/YYYY/MM/DD/
          ACCOUNT_CloudTrail-Digest_REGION_TRAIL_HOMEREGION_YYYYMMDDTHHmmSSZ[_backfill].json.gz

Source: CloudTrail User Guide, "Getting and viewing your CloudTrail log files" and "CloudTrail digest file
structure". The folder names of Insights, network activity and aggregated events are there; their file names do
not, so those are taken with the folder's name or with plain `CloudTrail` in the middle.
A key whose path and file name disagree is never guessed at: it is `FOREIGN`, with the reason.
"""

import datetime as dt
import re
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from onetrail.instants import day_path
from onetrail.names import CONFLICTS_FOLDER

ROOT: Final = "AWSLogs/"
"""The first folder below the key prefix, the same for every service that delivers logs."""


class KeyKind(StrEnum):
    """What an object is, by its key."""

    LOG = "log"
    DIGEST = "digest"
    BACKFILL_DIGEST = "backfill-digest"
    INSIGHT = "insight"
    NETWORK_ACTIVITY = "network-activity"
    AGGREGATED = "aggregated"
    MARKER = "marker"
    FOREIGN = "foreign"
    CONFLICT = "conflict"
    """A copy beside the plain key of the archive: `onetrail.cloudtrail.digests.conflict` says whose it is."""


FOLDERS: Final[dict[KeyKind, str]] = {
    KeyKind.LOG: "CloudTrail",
    KeyKind.DIGEST: "CloudTrail-Digest",
    KeyKind.BACKFILL_DIGEST: "CloudTrail-Digest",
    KeyKind.INSIGHT: "CloudTrail-Insight",
    KeyKind.NETWORK_ACTIVITY: "CloudTrail-NetworkActivity",
    KeyKind.AGGREGATED: "CloudTrail-Aggregated",
}
"""The folder below the account, for each kind that has one."""
LOG_KINDS: Final = frozenset({KeyKind.LOG, KeyKind.INSIGHT, KeyKind.NETWORK_ACTIVITY, KeyKind.AGGREGATED})
"""Files that hold records and that digests name."""
DIGEST_KINDS: Final = frozenset({KeyKind.DIGEST, KeyKind.BACKFILL_DIGEST})
MOVED_KINDS: Final = LOG_KINDS | DIGEST_KINDS | {KeyKind.CONFLICT}
"""What is copied and proven."""


class ParsedKey(NamedTuple):
    """What a key says. Texts are empty and dates None where the kind has no such part.

    `prefix` is the key prefix without its closing slash; `date` the day in the path (UTC, the day of delivery, or of
    a digest's end); `stamp` the instant in the file name (UTC; minutes for logs, seconds for digests); `unique` the
    meaningless random part of a log; `why` is filled for `FOREIGN` only.
    """

    kind: KeyKind
    prefix: str = ""
    organization_id: str = ""
    account: str = ""
    region: str = ""
    date: dt.date | None = None
    stamp: dt.datetime | None = None
    unique: str = ""
    trail: str = ""
    home_region: str = ""
    why: str = ""

    def format(self) -> str:
        """The canonical key. Markers and foreign keys have none: `ValueError`."""
        return f"{_folder(self)}{_file_name(self)}"


REGION_PART: Final = r"[a-z]{2,5}(?:-[a-z]+){1,2}-\d{1,2}"
ACCOUNT_PART: Final = r"AWSLogs/(?:(o-[a-z0-9]{10,32})/)?(\d{12})/"
_DAY_PART: Final = rf"({REGION_PART})/(\d{{4}})/(\d\d)/(\d\d)/"
_HOUR_MINUTE: Final = r"(?:[01]\d|2[0-3])[0-5]\d"


def _log_pattern(folder: str) -> re.Pattern[str]:
    names = "CloudTrail" if folder == "CloudTrail" else f"(?:{folder}|CloudTrail)"
    tail = rf"\2_{names}_\3_(\4\5\6T{_HOUR_MINUTE}Z)_?([A-Za-z0-9]+)\.json\.gz\Z"
    return re.compile(ACCOUNT_PART + folder + "/" + _DAY_PART + tail, re.ASCII)


_LOGS: Final = tuple((kind, _log_pattern(FOLDERS[kind])) for kind in KeyKind if kind in LOG_KINDS)
_LOG_MATCH: Final = _LOGS[0][1].match
_DIGEST_MATCH: Final = re.compile(
    ACCOUNT_PART
    + "CloudTrail-Digest/"
    + _DAY_PART
    + rf"\2_CloudTrail-Digest_\3_([A-Za-z0-9._-]{{1,128}})_({REGION_PART})_(\4\5\6T{_HOUR_MINUTE}[0-5]\dZ)(_backfill)?\.json\.gz\Z",  # noqa: E501
    re.ASCII,
).match
_MARKER_MATCH: Final = re.compile(
    r"AWSLogs/(?:o-[a-z0-9]{10,32}/)?(?:\d{12}/(?:CloudTrail(?:-[A-Za-z]+)?/(?:"
    + REGION_PART
    + r"/(?:\d{4}/(?:\d\d/(?:\d\d/)?)?)?)?)?)?\Z",
    re.ASCII,
).match
_HASHED_MATCH: Final = re.compile(
    ACCOUNT_PART + r"(CloudTrail(?:-[A-Za-z]+)?)/" + _DAY_PART + r"sha256-[0-9a-f]{64}\Z", re.ASCII
).match
_LOG_FOLDER: Final = (
    r"(?:\A|/)AWSLogs/(?:o-[a-z0-9]{10,32}/)?\d{12}/(?:" + "|".join(sorted(set(FOLDERS.values()))) + ")/"
)
_BELOW_DAY_SEARCH: Final = re.compile(_LOG_FOLDER + REGION_PART + r"/\d{4}/\d\d/\d\d/", re.ASCII).search
_DAYS_SEARCH: Final = re.compile(_LOG_FOLDER + REGION_PART + r"/(\d{4}(?:/\d\d(?:/\d\d)?)?)(?:/|\Z)", re.ASCII).search
_PLACE_SEARCH: Final = re.compile(
    r"(?:\A|/)AWSLogs/(?:o-[^/]*/)?(\d{12})(?:/CloudTrail[^/]*/(" + REGION_PART + r"))?(?=/|\Z)", re.ASCII
).search
_NEAR_SEARCH: Final = re.compile(
    r"(?:\A|/)AWSLogs/(?:[^/]+/){0,3}\s*(?i:CloudTrail)[^/]*/(?:.*/)?[^/]*(?i:\.json[^/]*|\.gz)\Z",
    re.ASCII | re.DOTALL,
).search
_LITTER_MATCH: Final = re.compile(r"(?:\.DS_Store|Thumbs\.db|.+\.[0-9A-Fa-f]{8})\Z", re.ASCII | re.DOTALL).match
KIND_OF_FOLDER: Final = {folder: kind for kind, folder in FOLDERS.items() if kind is not KeyKind.BACKFILL_DIGEST}
_LOOSE_FILE: Final = re.compile(r"(\d{12})_(CloudTrail[A-Za-z-]*)_(.+)_(\d{8})T", re.ASCII)


def parse(key: str, key_prefix: str | None = None, size: int | None = None) -> ParsedKey:
    """What this key says; never raises.

    `key_prefix` is the trail's S3KeyPrefix: a key outside it is foreign. None takes any prefix, `""` demands none.
    With `size` (bytes) a folder marker that holds bytes is foreign; without it a key ending in `/` counts as a marker.
    A copy below the archive's folder for conflicts is `CONFLICT` where a key prefix is given, and where its name is a
    hash; with None it is otherwise what the old object was, below a long prefix.
    """
    if key_prefix is None:
        at = key.rfind(ROOT)
    elif key.startswith(CONFLICTS_FOLDER):
        return _conflict(key)
    else:
        at = len(key_prefix) + 1 if key_prefix else 0
        if not key.startswith(f"{key_prefix}/" if key_prefix else ROOT):
            return _foreign(f"outside the key prefix {key_prefix!r}")
        if key.endswith("/") and len(key) == at:
            return _marker(key_prefix, size)
    if at < 0 or (at and key[at - 1] != "/"):
        return _foreign("not below AWSLogs/")
    prefix = key[: at - 1] if at else ""
    if found := _LOG_MATCH(key, at):
        return _log(KeyKind.LOG, prefix, found)
    if found := _DIGEST_MATCH(key, at):
        return _digest(prefix, found)
    for kind, pattern in _LOGS[1:]:
        if found := pattern.match(key, at):
            return _log(kind, prefix, found)
    if key[-1] == "/" and _MARKER_MATCH(key, at):
        return _marker(prefix, size)
    if is_beside(key):
        return _hashed(key, at, prefix)
    return _foreign(_reason(key[at:]))


def is_beside(key: str) -> bool:
    """Whether a key is that of a copy beside a plain key, also if the archive is below another folder."""
    return key.startswith(CONFLICTS_FOLDER) or f"/{CONFLICTS_FOLDER}" in key


def among_logs(key: str, size: int | None = None) -> bool:
    """Whether an object that is not CloudTrail's lies where Athena, Glue and most SIEMs take whatever they find for a
    log.

    That is below the folder of a day, and for names with `.json` or `.gz` anywhere below a folder that looks like
    CloudTrail's. Empty folder markers (`size` 0) do not count, nor does `is_litter`. Asked of `FOREIGN` keys alone.
    """
    if (key.endswith("/") and size == 0) or is_litter(key):
        return False
    return bool(_BELOW_DAY_SEARCH(key) or _NEAR_SEARCH(key))


def day_in(key: str) -> dt.date | None:
    """The day of the folder that an object is in, whatever its name; None where it is in none of CloudTrail's."""
    found = _BELOW_DAY_SEARCH(key)
    return _day(found[0][-11:].replace("/", "")) if found else None


def days_in(key: str) -> str:
    """The day, month or year whose folder an object is in, or stands for: `2023/05/01`, `2023/05`, `2023`; `""` where
    there is none."""
    found = _DAYS_SEARCH(key)
    return found[1] if found else ""


def place_in(key: str) -> tuple[str, str]:
    """The account and region whose folder an object is in, or stands for, whatever its name; `""` where there is
    none."""
    found = _PLACE_SEARCH(key)
    return (found[1], found[2] or "") if found else ("", "")


def is_litter(key: str) -> bool:
    """Whether a key ends in a name that desktops leave in every folder, or the AWS CLI where a download was cut
    short."""
    return _LITTER_MATCH(key.rsplit("/", 1)[-1]) is not None


def below_prefix(key: str) -> str:
    """The key from `AWSLogs/` on: what stays the same when an object is moved below another key prefix."""
    at = key.rfind(ROOT)
    return key[at:] if at >= 0 else key


def _conflict(key: str) -> ParsedKey:
    """What is below the folder for conflicts: the parts of the old key, and a kind of its own."""
    found = parse(key)
    return found if found.kind in (KeyKind.FOREIGN, KeyKind.MARKER) else found._replace(kind=KeyKind.CONFLICT)


def _hashed(key: str, at: int, prefix: str) -> ParsedKey:
    """A copy whose own key would be too long: its folders are those of the old key, its name is a hash."""
    found = _HASHED_MATCH(key, at)
    day = _day("".join(found.groups()[4:7])) if found else None
    if found is None or day is None:
        return _foreign(_reason(key[at:]))
    org, account, _, region, *_ = found.groups()
    return ParsedKey(KeyKind.CONFLICT, prefix, org or "", account, region, day)


def _log(kind: KeyKind, prefix: str, found: re.Match[str]) -> ParsedKey:
    org, account, region, _, _, _, text, unique = found.groups()
    day = _day(text[:8])
    if day is None:
        return _foreign(f"there is no day {text[:8]}")
    return ParsedKey(kind, prefix, org or "", account, region, day, dt.datetime.fromisoformat(text), unique)


def _digest(prefix: str, found: re.Match[str]) -> ParsedKey:
    org, account, region, _, _, _, trail, home, text, backfill = found.groups()
    day = _day(text[:8])
    if day is None:
        return _foreign(f"there is no day {text[:8]}")
    kind = KeyKind.BACKFILL_DIGEST if backfill else KeyKind.DIGEST
    stamp = dt.datetime.fromisoformat(text)
    return ParsedKey(kind, prefix, org or "", account, region, day, stamp, "", trail, home)


@lru_cache(maxsize=8192)
def _day(digits: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(digits)
    except ValueError:
        return None


def _marker(prefix: str, size: int | None) -> ParsedKey:
    return _foreign(f"a folder marker that holds {size} bytes") if size else ParsedKey(KeyKind.MARKER, prefix)


def _foreign(why: str) -> ParsedKey:
    return ParsedKey(KeyKind.FOREIGN, why=why)


def _reason(tail: str) -> str:
    """Why a key below AWSLogs/ is not one of CloudTrail's, for a person to read."""
    parts = tail.split("/")
    place = parts[2:] if len(parts) > 1 and parts[1].startswith("o-") else parts[1:]
    if not place or not re.fullmatch(r"[0-9]{12}", place[0]):
        return "no account id below AWSLogs/"
    folder = place[1] if len(place) > 1 else ""
    if folder not in KIND_OF_FOLDER:
        return f"the folder {folder!r} is not CloudTrail's"
    if len(place) != 7:
        return "not ACCOUNT/FOLDER/REGION/YYYY/MM/DD/FILE"
    if not place[6].endswith(".json.gz"):
        return "the file name does not end in .json.gz"
    return _disagreement(place)


def _disagreement(place: list[str]) -> str:
    account, folder, region, year, month, day, name = place
    found = _LOOSE_FILE.match(name)
    if not found:
        return "the file name is not one that CloudTrail gives"
    checks = (
        ("account", account, found[1]),
        ("kind", folder, found[2]),
        ("region", region, found[3].split("_")[0]),
        ("day", year + month + day, found[4]),
    )
    wrong = [f"{what} {here} in the path but {there} in the file name" for what, here, there in checks if here != there]
    return "; ".join(wrong) or "the file name is not one that CloudTrail gives"


def _folder(parsed: ParsedKey) -> str:
    if parsed.kind not in FOLDERS or parsed.date is None:
        raise ValueError(f"a {parsed.kind} key has no canonical form")
    start = f"{parsed.prefix}/{ROOT}" if parsed.prefix else ROOT
    level = f"{parsed.organization_id}/" if parsed.organization_id else ""
    return f"{start}{level}{parsed.account}/{FOLDERS[parsed.kind]}/{parsed.region}/{day_path(parsed.date)}/"


def _file_name(parsed: ParsedKey) -> str:
    head = f"{parsed.account}_{FOLDERS[parsed.kind]}_{parsed.region}"
    if parsed.stamp is None:
        raise ValueError("a log or digest key needs its stamp")
    day = parsed.stamp.date().isoformat().replace("-", "")
    if parsed.kind in LOG_KINDS:
        return f"{head}_{day}T{parsed.stamp:%H%M}Z_{parsed.unique}.json.gz"
    tail = "_backfill" if parsed.kind is KeyKind.BACKFILL_DIGEST else ""
    return f"{head}_{parsed.trail}_{parsed.home_region}_{day}T{parsed.stamp:%H%M%S}Z{tail}.json.gz"
