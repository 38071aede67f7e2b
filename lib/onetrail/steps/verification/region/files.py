"""The archive's files of one account and region: where they lie, what their listing said, and which old bucket each
came from."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from onetrail.aws import Clients
from onetrail.cloudtrail.digests.conflict import conflict_key
from onetrail.cloudtrail.object_key import FOLDERS, KeyKind, parse
from onetrail.estate.history.pairing import archived
from onetrail.names import CONFLICTS_FOLDER
from onetrail.s3.http.session import hot
from onetrail.s3.listing.streams import list_objects
from onetrail.s3.rows import ObjectRow
from onetrail.settings import Settings
from onetrail.steps.verification.left import OriginalSide, rows
from onetrail.steps.verification.region.reading import LogOrigin


class RegionMark:
    """What the archive's listing of one account and region said: a hash of every key, size, ETag and date, and the
    newest date."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.newest: datetime | None = None

    def add(self, row: ObjectRow) -> None:
        """The next object of the listing."""
        self._hash.update(f"{row.key}\t{row.size}\t{row.etag}\t{row.last_modified}\n".encode())
        if self.newest is None or row.last_modified > self.newest:
            self.newest = row.last_modified

    def hexdigest(self) -> str:
        """The hash so far."""
        return self._hash.hexdigest()


def region_rows(
    settings: Settings,
    clients: Clients,
    account: str,
    region: str,
    places: Sequence[tuple[LogOrigin, OriginalSide, frozenset[str]]],
) -> Iterator[ObjectRow]:
    """What the archive holds of an account and region: digests before logs, so that what a digest names was listed
    after it; then the copies beside plain keys, which are few: each is a conflict."""
    folders = set(archive_folders(settings, account, region)).union(*(mine for _, _, mine in places))
    for folder in sorted(folders, key=lambda folder: ("/CloudTrail-Digest/" not in folder, folder)):
        yield from archived(settings, clients, folder)
    log_account = settings.log_account.account_id
    client = hot(clients, log_account, settings.home_region)
    for row in list_objects(client, settings.bucket_name, log_account, CONFLICTS_FOLDER):
        parsed = parse(row.key, "")
        if (parsed.kind, parsed.account, parsed.region) == (KeyKind.CONFLICT, account, region):
            yield row


def beside_of(names: Iterable[str]) -> frozenset[str]:
    """Those of the copies whose keys are beside the plain ones."""
    return frozenset(name for name in names if name.startswith(CONFLICTS_FOLDER))


def codes_of(
    settings: Settings,
    clients: Clients,
    places: Sequence[tuple[LogOrigin, OriginalSide, frozenset[str]]],
    beside: AbstractSet[str],
) -> dict[str, int]:
    """Each moved copy by name, with the number of the place it came from plus one. `beside` are those beside plain
    keys."""
    found: dict[str, int] = {}
    for number, (origin, left, folders) in enumerate(places, start=1):
        for folder in sorted(folders):
            for row in rows(settings, clients, left, origin.prefix + folder):
                own = conflict_key(origin.bucket, row.key) if beside else ""
                found.setdefault(own if own in beside else row.key[len(origin.prefix) :], number)
    return found


def archive_folders(settings: Settings, account: str, region: str) -> Iterator[str]:
    """The folders, from `AWSLogs/` on, that a trail into the archive itself may use for an account and region."""
    levels = (
        ["", f"{settings.organization_id}/"] if settings.trail_mode == "adopt" and settings.organization_id else [""]
    )
    for level in levels:
        for folder in sorted(set(FOLDERS.values())):
            yield f"AWSLogs/{level}{account}/{folder}/{region}/"
