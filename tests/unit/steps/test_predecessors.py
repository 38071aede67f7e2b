"""01: where the first digests of the old buckets name their predecessor, and what becomes of the history there."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from onetrail.aws import Clients
from onetrail.change import FindingState
from onetrail.estate.old_estate import OldBucket, OldEstate
from onetrail.s3.http.client import S3Client
from onetrail.s3.rows import ObjectRow
from onetrail.steps.inventory.predecessors import MOST_CHAINS, named_before, predecessors
from onetrail.steps.inventory.survey import Surveyor
from tests.unit.cloudtrail.signing import given_a_chain
from tests.unit.estate.test_elsewhere import World, settings_for
from tests.unit.steps.given_sources import OTHER, SOURCE

OLD, NEW = "acme-audit-2019", "acme-audit"
BUCKET = OldBucket(NEW, SOURCE, "us-east-1")
NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)


class Transport:
    """S3 that holds these digests by their key; an Exception is raised."""

    def __init__(self, **digests: Any) -> None:
        self.digests, self.asked = digests, 0

    def do(self, call: Any) -> Any:
        self.asked += 1
        found = self.digests[call.key]
        if isinstance(found, Exception):
            raise found
        return _Body(found)


class _Body:
    def __init__(self, content: bytes) -> None:
        self.content = content


def given_a_first_digest(before: str) -> bytes:
    """A digest that names one in the bucket `before`."""
    first, second = given_a_chain(hours=2).digests[:2]
    assert first and second
    body = {**second.body, "previousDigestS3Bucket": before}
    return gzip.compress(json.dumps(body).encode(), mtime=0)


def named(**digests: Any) -> tuple[tuple[str, ...], list[str]]:
    return named_before(cast(S3Client, Transport(**digests)), BUCKET, list(digests))


def test_the_first_digest_names_where_its_predecessor_is() -> None:
    """Another bucket is named; one's own is not. What is no digest is 06's to report, and what is archived or gone is
    no finding here; another refusal is."""
    slow = ClientError({"Error": {"Code": "SlowDown"}}, "GetObject")
    archived = ClientError({"Error": {"Code": "InvalidObjectState"}}, "GetObject")
    found = named(a=given_a_first_digest(OLD), b=given_a_first_digest(NEW), c=b"no gzip", d=archived)
    assert found == ((OLD,), [])
    assert named(a=slow) == ((), ["GetObject a: SlowDown"])


def test_the_reading_is_bounded() -> None:
    """However many chains there are."""
    transport = Transport(**{f"k{n:04}": b"" for n in range(MOST_CHAINS + 9)})
    named_before(cast(S3Client, transport), BUCKET, list(transport.digests))
    assert transport.asked == MOST_CHAINS


def test_the_oldest_digest_of_each_account_region_and_trail_is_the_first() -> None:
    """By the day in its key, in whatever order they are listed."""
    keys = [
        f"AWSLogs/{SOURCE}/CloudTrail-Digest/{region}/2021/{month}/01/{SOURCE}_CloudTrail-Digest_{region}_{trail}"
        f"_{region}_2021{month}01T000000Z.json.gz"
        for region, trail, month in (
            ("eu-west-1", "audit", "07"),
            ("eu-west-1", "audit", "03"),
            ("eu-west-1", "second", "09"),
            ("us-east-1", "audit", "08"),
        )
    ]
    surveyor = Surveyor("", [], 7, NOW)
    for key in keys:
        surveyor.add(ObjectRow(key, 900, "e", NOW, "STANDARD", ""))
    assert surveyor.survey().first_digests == tuple(sorted(keys[1:]))


@pytest.mark.parametrize(
    ("buckets", "state", "account", "text"),
    [
        # In a source account, whichever: its history is to be moved.
        (
            {NEW: SOURCE, OLD: OTHER},
            FindingState.FINDING,
            OTHER,
            f"which is not among the old buckets: add it to more_buckets: [{OLD}], or leave it by overrides",
        ),
        (
            {NEW: SOURCE, OLD: "somebody"},
            FindingState.NOTE,
            SOURCE,
            "which no source account has: the history in it is out of reach, and is not moved",
        ),
        ({NEW: SOURCE}, FindingState.NOTE, SOURCE, "which no longer exists: the history in it is gone"),
    ],
)
def test_a_predecessor_is_named_with_what_becomes_of_it(
    tmp_path: Path, buckets: dict[str, str], state: FindingState, account: str, text: str
) -> None:
    """Twins: one that is an old bucket already, and one that the parameters leave."""
    settings = settings_for(tmp_path, SOURCE, OTHER)
    clients, seen = cast(Clients, World(buckets)), [(BUCKET, (OLD,))]
    (found,) = predecessors(settings, clients, OldEstate((), (), (BUCKET,)), seen)
    finding = found.finding
    assert (finding.id, finding.state, finding.account, finding.resource) == ("01.predecessor", state, account, OLD)
    assert finding.evidence == f"the first digest in {NEW} follows one in this bucket, {text}"
    both = OldEstate((), (), (BUCKET, OldBucket(OLD, OTHER, "us-east-1")))
    assert predecessors(settings, clients, both, seen) == ()
    assert predecessors(settings, clients, OldEstate((), (), (BUCKET,), left=(OLD,)), seen) == ()


def test_where_it_is_stays_open_where_nobody_could_look(tmp_path: Path) -> None:
    """Never gone, and never out of reach."""
    world = World({NEW: SOURCE}, refused=((SOURCE, "head_bucket"),))
    (found,) = predecessors(
        settings_for(tmp_path, SOURCE), cast(Clients, world), OldEstate((), (), (BUCKET,)), [(BUCKET, (OLD,))]
    )
    assert found.finding.state is FindingState.COULD_NOT_LOOK
    assert "HeadBucket: AccessDenied: no" in found.finding.evidence
