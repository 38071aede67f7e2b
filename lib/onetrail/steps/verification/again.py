"""The second look of one run: what the first one read is not read again while the listings show that it is what was
read.

An object cannot change without its listing: another version under its key has another date, and bytes under Object Lock
stay what they are. So both sides are listed again, and locks that the first look found still to be raised are looked at
again; nothing else can have become another. What the new trail delivered meanwhile is counted, and read by the next
look.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from onetrail.aws import Clients
from onetrail.cloudtrail.digests.publickeys import PublicKey
from onetrail.cloudtrail.object_key import LOG_KINDS, parse
from onetrail.errors import OnetrailError
from onetrail.estate.history.pairing import name_of, stored_key
from onetrail.s3.http import calls
from onetrail.s3.http.calls import stamp
from onetrail.s3.http.session import hot
from onetrail.settings import Settings
from onetrail.steps.verification.equality import Day
from onetrail.steps.verification.left import OriginalSide
from onetrail.steps.verification.region.chains import RegionSeen, Trails
from onetrail.steps.verification.region.files import RegionMark, beside_of, codes_of, region_rows
from onetrail.steps.verification.region.reading import LogOrigin, Notes, note_lock
from onetrail.steps.verification.strays import archive_strays

FRESH: Final = timedelta(days=1)
"""What was read longer ago is read again: a notebook may stay open for days."""

Places = Mapping[tuple[str, str], list[tuple[LogOrigin, OriginalSide, frozenset[str]]]]
"""By account and region: the places that its moved logs came from, with the folders they have there."""


class Basis(NamedTuple):
    """What the verdicts on the archive's files rest on, apart from these files. `listings` are those of the old buckets
    by name: their hash and the date of the newest object."""

    listings: Mapping[str, tuple[str, datetime | None]]
    places: Mapping[tuple[str, str], tuple[tuple[LogOrigin, frozenset[str]], ...]]
    keys: tuple[PublicKey, ...]
    trails: Trails


@dataclass(frozen=True)
class FullLook:
    """What a full look read, when, and what that rested on."""

    at: datetime
    basis: Basis
    regions: tuple[RegionSeen, ...]


def places_of(places: Places) -> dict[tuple[str, str], tuple[tuple[LogOrigin, frozenset[str]], ...]]:
    """The same without the buckets' settings, on which no verdict rests."""
    return {place: tuple((origin, folders) for origin, _, folders in found) for place, found in places.items()}


def again(
    settings: Settings, clients: Clients, kept: FullLook, basis: Basis, places: Places
) -> list[RegionSeen] | None:
    """The regions as `kept` has them, with locks and deliveries as they are now; None where all must be read again."""
    if clients.clock.now() - kept.at > FRESH or not _carries(kept, basis):
        return None

    def one(earlier: RegionSeen) -> RegionSeen | None:
        try:
            return _again(settings, clients, earlier, basis.trails, places[earlier.account, earlier.region])
        except (ClientError, BotoCoreError, OnetrailError):
            return None  # The full look that follows says what could not be read.

    found = clients.each(one, list(kept.regions), at_once=3)
    return [region for region in found if region] if all(found) else None


def _carries(kept: FullLook, now: Basis) -> bool:
    earlier = kept.basis
    if (earlier.listings, earlier.places, earlier.keys) != (now.listings, now.places, now.keys):
        return False
    unknown = set().union(*(region.unknown for region in kept.regions))
    return earlier.trails.keys() <= now.trails.keys() and all(
        _reaches(earlier.trails[trail], said) if trail in earlier.trails else trail in unknown and said[1] is None
        for trail, said in now.trails.items()
    )


def _reaches(earlier: tuple[str, datetime | None], now: tuple[str, datetime | None]) -> bool:
    """Whether a trail is still known by the same, and its digests need not end earlier; what they gained is read by the
    next look."""
    if earlier[1] is None or now[1] is None:
        return earlier == now
    return earlier[0] == now[0] and earlier[1] <= now[1]


def _again(
    settings: Settings,
    clients: Clients,
    earlier: RegionSeen,
    trails: Trails,
    places: list[tuple[LogOrigin, OriginalSide, frozenset[str]]],
) -> RegionSeen | None:
    mark = RegionMark()
    belows: list[str] = []
    delivered: list[str] = []
    troubles = deepcopy(earlier.troubles)
    odd = archive_strays(settings, clients, troubles, earlier.account, earlier.region)
    to_raise = {code for code, count in earlier.notes.unsealed.items() if count}
    for row in region_rows(settings, clients, earlier.account, earlier.region, places):
        below = name_of(row.key)
        if earlier.mark.newest and row.last_modified <= earlier.mark.newest:
            mark.add(row)
            belows += [below] if to_raise else []
        else:
            delivered.append(below)
            odd.take(row.key, row.size)
    if mark.hexdigest() != earlier.mark.hexdigest():
        return None
    odd.finish()
    codes = codes_of(settings, clients, places, beside_of(belows)) if to_raise else {}
    asked = (below for below in belows if codes.get(below, 0) in to_raise)
    return replace(
        earlier,
        chains=[
            replace(one, known=trails[one.identity][0]) if one.identity in trails else one for one in earlier.chains
        ],
        unknown=earlier.unknown - trails.keys(),
        new=earlier.new + _days(delivered),
        notes=_locks(settings, clients, earlier.notes, to_raise, codes, [*asked, *delivered]),
        since=len(delivered),
        troubles=troubles,
    )


def _locks(
    settings: Settings,
    clients: Clients,
    earlier: Notes,
    to_raise: set[int],
    codes: Mapping[str, int],
    belows: Iterable[str],
) -> Notes:
    """The locks of these objects as they are now, and of all others as they were."""
    notes = Notes(
        Counter({code: count for code, count in earlier.unsealed.items() if code not in to_raise}),
        Counter({code: count for code, count in earlier.unlocked.items() if code not in to_raise}),
        from_old=earlier.from_old,
    )
    account, now = settings.log_account.account_id, stamp(clients.clock.now())
    asked = ((calls.head_object(settings.bucket_name, account, stored_key(settings, below)), below) for below in belows)
    for ended in hot(clients, account, settings.home_region).run(asked):
        if ended.error is not None:
            raise ended.error
        note_lock(notes, codes.get(ended.context, 0), settings, ended.result, now)
    return notes


def _days(belows: Iterable[str]) -> Counter[Day]:
    parsed = (parse(below) for below in belows)
    return Counter((one.account, one.region, one.date) for one in parsed if one.date and one.kind in LOG_KINDS)
