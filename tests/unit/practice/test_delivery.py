"""What happened is delivered, signed, in time order, and as far as the bucket's policy lets it."""

import base64
import gzip
import hashlib
from datetime import timedelta
from itertools import pairwise

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import load_der_public_key

from onetrail.practice.cloudtrail.event_log import agent
from onetrail.practice.cloudtrail.rhythm import digest_arrival, log_arrival, mark_of
from onetrail.practice.state.clock import START, iso
from tests.unit.practice.given_trails import REGIONS, SOURCE, Trails, policy


@pytest.fixture
def trails(monkeypatch: pytest.MonkeyPatch) -> Trails:
    return Trails(monkeypatch)


def _verified(trails: Trails, key: str, region: str = "us-east-1", also: str = "") -> bool:
    """A digest's signature, checked from AWS's description: nothing of the writer is used."""
    version = trails.world.store.buckets["logs"].versions[key][-1]
    raw, said = gzip.decompress(version.body), trails.read(key)
    at = {"StartTime": said["digestStartTime"], "EndTime": said["digestEndTime"]}
    listed = trails.call("ListPublicKeys", region, **at)["PublicKeyList"]
    der = next(k["Value"] for k in listed if k["Fingerprint"] == said["digestPublicKeyFingerprint"])
    text = "\n".join(
        (
            said["digestEndTime"],
            f"{said['digestS3Bucket']}/{said['digestS3Object']}",
            hashlib.sha256(raw).hexdigest(),
            said["previousDigestSignature"] or "null",
        )
    )
    signature = bytes.fromhex(version.metadata["signature"])
    try:
        load_der_public_key(base64.b64decode(der)).verify(  # type: ignore[union-attr, call-arg]
            signature,
            (text + also).encode(),
            PKCS1v15(),  # type: ignore[arg-type]
            hashes.SHA256(),  # type: ignore[arg-type]
        )
    except InvalidSignature:
        return False
    return True


def test_a_call_lands_in_a_log_file_of_its_five_minute_mark(trails: Trails) -> None:
    trails.create()
    trails.happens("iam", "CreateRole", "us-east-1", parameters={"RoleName": "it's <a> role"})
    assert trails.keys("CloudTrail") == []
    trails.wait(0.25)
    (key,) = trails.keys("CloudTrail")
    assert key.startswith(
        f"AWSLogs/{SOURCE}/CloudTrail/us-east-1/2026/01/12/{SOURCE}_CloudTrail_us-east-1_20260112T0905Z_"
    )
    assert {r["eventName"] for r in trails.records()} == {"StartLogging", "CreateRole"}
    raw = gzip.decompress(trails.world.store.buckets["logs"].versions[key][-1].body)
    assert raw.startswith(b'{"Records":[{"eventVersion":') and b"it\\u0027s \\u003ca\\u003e role" in raw


def test_marks_and_arrivals_stay_in_what_was_measured() -> None:
    for second in range(0, 900, 7):
        moment = START + timedelta(seconds=second)
        assert timedelta(seconds=150) <= mark_of(moment) - moment < timedelta(seconds=450)
    for byte in (0, 255):
        nonce = bytes([byte]) * 32
        assert timedelta(seconds=-100) <= log_arrival(START, nonce) - START <= timedelta(seconds=190)
        assert timedelta(minutes=26) <= digest_arrival(START, nonce) - START <= timedelta(minutes=30)


def test_the_first_digest_ends_when_logging_starts_and_the_chain_goes_on_hourly(trails: Trails) -> None:
    trails.create()
    trails.wait(3.5)
    digests = trails.digests()
    assert [d["digestEndTime"] for d in digests] == [iso(START + timedelta(hours=n)) for n in range(4)]
    first = digests[0]
    assert first["logFiles"] == [] and first["newestEventTime"] is None
    assert {value for name, value in first.items() if name.startswith("previous")} == {None}
    assert [len(d["logFiles"]) for d in digests[1:]] == [1, 0, 0]
    for before, after in pairwise(digests):
        assert after["previousDigestS3Object"] == before["digestS3Object"]
        assert after["digestStartTime"] == before["digestEndTime"]


def test_every_digest_verifies_and_a_changed_string_does_not(trails: Trails) -> None:
    trails.create()
    trails.wait(3)
    keys = trails.keys("CloudTrail-Digest")
    assert len(keys) == 3 and all(_verified(trails, key) for key in keys)
    assert not _verified(trails, keys[0], also="\n")
    body = trails.world.store.buckets["logs"].versions[keys[0]][-1].body
    assert b'"AWSLogs\\/' in gzip.decompress(body) and body[:10].hex() == "1f8b0800000000000000"


def test_digests_list_the_log_files_as_they_lie_in_the_bucket(trails: Trails) -> None:
    trails.create()
    trails.wait(2)
    listed = {f["s3Object"]: f["hashValue"] for d in trails.digests() for f in d["logFiles"]}
    stored = trails.world.store.buckets["logs"].versions
    real = {k: hashlib.sha256(gzip.decompress(stored[k][-1].body)).hexdigest() for k in trails.keys("CloudTrail")}
    assert listed == real and real


def test_after_stop_logging_comes_one_final_digest_and_no_more(trails: Trails) -> None:
    trails.create()
    trails.wait(1.5)
    trails.call("StopLogging", Name="audit")
    trails.happens("iam", "CreateRole")
    stopped = trails.world.clock.now()
    trails.wait(10)
    ends = [d["digestEndTime"] for d in trails.digests()]
    assert ends[-1] == iso(START + timedelta(hours=2)) >= iso(stopped)
    assert [r["eventName"] for r in trails.records()].count("StopLogging") == 1
    assert "CreateRole" not in {r["eventName"] for r in trails.records()}
    assert trails.status()["StopLoggingTime"] == stopped.timestamp()


def test_a_deleted_trail_still_delivers_what_it_had(trails: Trails) -> None:
    trails.create()
    trails.happens("iam", "CreateRole")
    trails.call("DeleteTrail", Name="audit")
    trails.wait(2)
    assert {"CreateRole", "DeleteTrail"} <= {r["eventName"] for r in trails.records()}
    assert trails.service.book.departed == []


def test_logging_that_starts_again_starts_a_new_chain(trails: Trails) -> None:
    trails.create()
    trails.wait(1.25)
    trails.call("StopLogging", Name="audit")
    trails.wait(0.1)
    trails.call("StartLogging", Name="audit")
    trails.wait(4)
    starts = [d for d in trails.digests() if d["previousDigestSignature"] is None]
    assert len(starts) == 2
    assert all(_verified(trails, key) for key in trails.keys("CloudTrail-Digest"))


def test_a_refusing_bucket_shows_in_the_status_and_gets_everything_once_it_lets_cloudtrail_in(
    trails: Trails,
) -> None:
    trails.create()
    trails.policy("logs", None)
    trails.wait(5)
    status = trails.status()
    assert status["LatestDeliveryError"] == status["LatestDigestDeliveryError"] == "AccessDenied"
    assert "LatestDeliveryTime" not in status and trails.keys("CloudTrail") == []
    trails.policy("logs", policy("logs"))
    trails.wait(1)
    status = trails.status()
    assert "LatestDeliveryError" not in status and "LatestDigestDeliveryError" not in status
    assert len(trails.digests()) == 6 and {"StartLogging"} <= {r["eventName"] for r in trails.records()}
    assert all(_verified(trails, key) for key in trails.keys("CloudTrail-Digest"))
    listed = {f["s3Object"] for d in trails.digests() for f in d["logFiles"]}
    trails.wait(1.6)
    listed |= {f["s3Object"] for d in trails.digests() for f in d["logFiles"]}
    assert set(trails.keys("CloudTrail")) == listed


def test_what_a_bucket_refuses_for_thirty_days_is_lost(trails: Trails) -> None:
    trails.create()
    trails.happens("iam", "CreateRole")
    trails.policy("logs", None)
    trails.wait(24 * 31)
    trails.policy("logs", policy("logs"))
    trails.wait(1)
    assert "CreateRole" not in {r["eventName"] for r in trails.records()}


def test_a_multi_region_trail_covers_every_enabled_region_and_each_in_its_folder(trails: Trails) -> None:
    trails.create(IsMultiRegionTrail=True)
    trails.happens("ec2", "RunInstances", "eu-west-1")
    trails.wait(2)
    assert {key.split("/")[3] for key in trails.keys("CloudTrail-Digest")} == REGIONS
    assert {r["eventName"] for r in trails.records() if r["awsRegion"] == "eu-west-1"} == {"RunInstances"}
    trails.world.accounts[SOURCE].opted_in.add("sa-east-1")
    trails.wait(2)
    assert {key.split("/")[3] for key in trails.keys("CloudTrail-Digest")} == REGIONS | {"sa-east-1"}
    assert "LatestDigestDeliveryTime" in trails.status(
        f"arn:aws:cloudtrail:us-east-1:{SOURCE}:trail/audit", "eu-west-1"
    )


def test_global_events_reach_a_single_region_trail_in_us_east_1_only(trails: Trails) -> None:
    trails.create()
    trails.create("other", "eu-west-1")
    trails.happens("iam", "CreateRole", "eu-west-1")
    trails.wait(1)
    regions = {
        key.split("/")[3]
        for key in trails.keys("CloudTrail")
        if any(r["eventName"] == "CreateRole" for r in trails.read(key)["Records"])
    }
    assert regions == {"us-east-1"}


SELECTORS = [
    ({"EventSelectors": [{"ReadWriteType": "WriteOnly"}]}, {"CreateRole"}),
    ({"EventSelectors": [{"ReadWriteType": "ReadOnly"}]}, {"ListRoles"}),
    ({"EventSelectors": [{"IncludeManagementEvents": False}]}, set()),
    (
        {
            "AdvancedEventSelectors": [
                {
                    "FieldSelectors": [
                        {"Field": "eventCategory", "Equals": ["Management"]},
                        {"Field": "readOnly", "Equals": ["true"]},
                    ]
                }
            ]
        },
        {"ListRoles"},
    ),
]


@pytest.mark.parametrize(("given", "wanted"), SELECTORS)
def test_selectors_decide_what_is_logged(trails: Trails, given: dict[str, object], wanted: set[str]) -> None:
    trails.create()
    trails.wait(1)
    trails.call("PutEventSelectors", TrailName="audit", **given)
    trails.happens("iam", "CreateRole")
    trails.happens("iam", "ListRoles", read_only=True)
    trails.wait(1)
    assert {r["eventName"] for r in trails.records() if r["eventName"].endswith(("Role", "Roles"))} == wanted


def test_a_changed_bucket_does_not_break_the_chain(trails: Trails) -> None:
    trails.bucket("new")
    trails.create()
    trails.wait(1.5)
    trails.call("UpdateTrail", Name="audit", S3BucketName="new")
    trails.wait(2)
    first = trails.digests("new")[0]
    assert first["previousDigestS3Bucket"] == "logs"
    assert first["previousDigestS3Object"] == trails.digests()[-1]["digestS3Object"]


def test_two_days_in_twenty_regions_give_the_digests_they_should(monkeypatch: pytest.MonkeyPatch) -> None:
    trails = Trails(monkeypatch)
    trails.create(IsMultiRegionTrail=True)
    trails.wait(48.6)
    assert len(trails.keys("CloudTrail-Digest")) == 49 * len(REGIONS)


def test_the_same_number_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    def bodies(number: int) -> dict[str, str]:
        trails = Trails(monkeypatch, number)
        trails.create()
        trails.wait(2)
        return {k: v[-1].etag for k, v in trails.world.store.buckets["logs"].versions.items()}

    assert bodies(7) == bodies(7) != bodies(8)


@pytest.mark.parametrize(
    "said",
    [
        "Boto3/1.44.5 md/Botocore#1.44.5 os/linux#6.1 lang/python#3.11.7 m/Z,E,N,b onetrail",
        "Boto3/1.44.5 md/Botocore#1.44.5 os/macos#25 lang/python#3.13.0 m/b,N,E,Z onetrail",
        "Boto3/1.44.5",
    ],
)
def test_a_log_does_not_tell_which_machine_made_the_call(said):
    """The same calls from any machine give the same log, byte for byte."""
    assert agent(said) == "Boto3/1.44.5"
