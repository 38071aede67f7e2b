"""CloudTrail's public keys: those that were saved with the evidence, and those that CloudTrail gives now; each
shows which it is."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from onetrail.aws import Clients, pages
from onetrail.cloudtrail.digests.publickeys import KeyStore, KeyStoreError, PublicKey, load
from onetrail.files import FileRefused, read_json
from onetrail.looked import There, Unread
from onetrail.settings import Settings

FOLDER: Final = "public-keys"
"""Below the run folder; one `REGION.json` each, in the shape of `aws cloudtrail list-public-keys`."""
FIRST_DIGESTS = datetime(2015, 10, 1, tzinfo=UTC)
"""Log file validation began on 1 October 2015 (CloudTrail release notes)."""


class KeySource(NamedTuple):
    """Where the public keys of a region come from: `saved`, `AWS` or both (`saved, confirmed by AWS`), how many; or why
    there are none."""

    region: str
    source: str
    keys: int
    why: str = ""


def public_keys(
    settings: Settings, clients: Clients, regions: Sequence[str], now: datetime
) -> tuple[KeyStore, tuple[KeySource, ...]]:
    """The keys of these regions over all the time that digests exist, and where each region's come from."""
    read = clients.each(lambda region: _region(settings, clients, region, now), sorted(regions))
    found: list[PublicKey] = []
    sources: list[KeySource] = []
    for keys, source in read:
        found += keys
        sources.append(source)
    return KeyStore(found), tuple(sources)


def _region(settings: Settings, clients: Clients, region: str, now: datetime) -> tuple[list[PublicKey], KeySource]:
    saved, why_saved = _saved(settings, region)
    account = settings.source_account_ids[0]
    asked = pages(
        clients.client("cloudtrail", account, region),
        "list_public_keys",
        "PublicKeyList",
        StartTime=FIRST_DIGESTS,
        EndTime=now + timedelta(hours=2),
    )
    try:
        given = list(load({"PublicKeyList": asked.value}, region)) if isinstance(asked, There) else []
    except KeyStoreError as err:
        return [], KeySource(region, "", 0, f"ListPublicKeys: {err}")
    try:
        every = KeyStore([*saved, *given])
        faults = every.faults()
    except KeyStoreError as err:
        return [], KeySource(region, "", 0, f"saved and given keys contradict each other: {err}")
    if faults:
        return [], KeySource(region, "", 0, f"{faults[0][0].fingerprint}: {faults[0][1]}")
    if isinstance(asked, Unread) and not saved:
        return [], KeySource(region, "", 0, why_saved or f"ListPublicKeys: {asked.why}")
    source = {
        (True, True): "saved, CloudTrail asked too",
        (True, False): "saved",
        (False, True): "AWS",
        (False, False): "AWS",
    }[bool(saved), isinstance(asked, There)]
    return list(every.held()), KeySource(region, source, len(every.held()), why_saved)


def _saved(settings: Settings, region: str) -> tuple[list[PublicKey], str]:
    path = settings.run_folder / FOLDER / f"{region}.json"
    if not os.path.lexists(path):
        return [], ""
    try:
        return list(load(read_json(path), region)), ""
    except FileRefused as err:
        return [], str(err)
    except (ValueError, KeyStoreError) as err:
        return [], f"{path.name} cannot be used: {err}"
