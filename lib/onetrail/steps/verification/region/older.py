"""What the oldest digest of a run names before it: looked for where it was delivered, before anybody says that it is
gone."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace

from onetrail.aws import Clients
from onetrail.aws.look import look_for
from onetrail.cloudtrail.digests.verdict import DigestPlace
from onetrail.errors import OnetrailError
from onetrail.looked import Absent, There
from onetrail.steps.verification.verdict import Older, OlderSeen

_ABSENT = ("404", "NoSuchKey", "NoSuchBucket", "NotFound")
"""HeadObject has no body, so its code is the status: 404 for an absent key and for an absent bucket. Another owner's
bucket is a 403."""


def looked_for(
    clients: Clients,
    places: Iterable[DigestPlace],
    owners: Mapping[str, str],
    accounts: Iterable[str],
    moved: Container[str],
) -> tuple[OlderSeen, ...]:
    """Each of these digests, by HeadObject. `owners` are the accounts of buckets that are known; any other bucket is
    asked for in each of `accounts` as its owner, until one answers. `moved` are the buckets of this move."""
    others = tuple(dict.fromkeys(accounts))
    return tuple(
        replace(
            _looked_for(clients, place, (owners[place.bucket],) if place.bucket in owners else others),
            moved=place.bucket in moved,
        )
        for place in places
    )


def _looked_for(clients: Clients, place: DigestPlace, accounts: Iterable[str]) -> OlderSeen:
    whys = []
    for account in accounts:
        try:
            head = clients.client("s3", account).head_object
        except OnetrailError as err:
            whys.append(f"{account}: {err}")
            continue
        found = look_for(head, _ABSENT, Bucket=place.bucket, Key=place.key, ExpectedBucketOwner=account)
        if isinstance(found, There):
            return OlderSeen(*place, Older.THERE)
        if isinstance(found, Absent):
            return OlderSeen(*place, Older.GONE)
        whys.append(f"{account}: HeadObject: {found.why}")
    return OlderSeen(*place, Older.UNKNOWN, "; ".join(whys))
