"""The pilot reads a copy back in every property that it could have lost on its way, and one that differs stops the
step."""

import base64
import hashlib
from datetime import UTC, datetime

import pytest

from onetrail.change import ChangeFailed, Done, Outcome, Plan, StepState
from onetrail.s3.copying.engine import CopyTask
from onetrail.s3.rows import ObjectHead
from onetrail.show.steps import copy_history as shown
from onetrail.show.steps import copy_sources
from onetrail.show.steps.copy_sources import read_back
from onetrail.steps.copy_history.local.pilot import OURS, PilotDiffers, PilotObject, properties
from tests.unit.change.given import given_a_change

UNTIL = datetime(2028, 3, 6, tzinfo=UTC)
TASK = CopyTask("old", "1", "k", "e1", 10, UNTIL, "archive", "2", "GLACIER_IR", "GOVERNANCE", UNTIL)
SUM = base64.b64encode(hashlib.sha256(b"log").digest()).decode()
SIGNATURE = "ab" * 256
KEY = "arn:aws:kms:us-east-1:2:key/1"
HEADERS = {"x-amz-server-side-encryption-aws-kms-key-id": KEY}
SOURCE = ObjectHead(10, "e1", "", "STANDARD", "", "", "", "", "", "AES256", {"signature": SIGNATURE}, {})
AS_PLANNED = SOURCE._replace(
    storage_class="GLACIER_IR", sha256=SUM, lock_mode="GOVERNANCE", retain_until="2028-03-06T00:00:00.000Z"
)


def differing(head=AS_PLANNED, *, sha256=SUM, owner=OURS, kms_key="", source=SOURCE):
    rows = properties(TASK, PilotObject(source, SUM), PilotObject(head, sha256, owner), kms_key)
    return [row.name for row in rows if not row.same]


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({}, []),
        ({"size": 11}, ["size"]),
        ({"etag": "e2"}, ["ETag"]),
        ({"sha256": ""}, ["checksum stored"]),  # S3 stored none
        ({"sha256": "x"}, ["checksum stored"]),  # it stored another
        ({"metadata": {}}, ["metadata"]),  # a digest without its signature proves nothing
        ({"metadata": {"signature": SIGNATURE[:-2] + "cd"}}, ["metadata"]),
        ({"storage_class": "STANDARD"}, ["storage class"]),
        ({"encryption": ""}, ["encryption"]),
        ({"encryption": "aws:kms", "headers": HEADERS}, ["encryption"]),
        ({"lock_mode": ""}, ["lock"]),
        ({"lock_mode": "COMPLIANCE"}, ["lock"]),
        ({"retain_until": "2028-03-07T00:00:00Z"}, ["retain until"]),
        ({"retain_until": ""}, ["retain until"]),
    ],
)
def test_each_property_of_the_copy_is_compared(changed, names):
    """As planned nothing differs; each property broken once, and that one alone is named."""
    assert differing(AS_PLANNED._replace(**changed)) == names


def test_bytes_owner_and_key_are_compared_too():
    """What no head tells: the bytes as read, the owner as listed, the archive's own key and no other."""
    assert differing(sha256="other") == ["bytes (SHA-256)", "checksum stored"]
    assert differing(owner="c4nonical") == ["owner"]
    keyed = AS_PLANNED._replace(encryption="aws:kms", headers=HEADERS, etag="not an MD5")
    assert differing(keyed, kms_key=KEY) == []
    assert differing(keyed, kms_key=KEY + "2") == ["encryption"]
    assert differing(AS_PLANNED, kms_key=KEY) == ["encryption"]


@pytest.mark.parametrize("source", [SOURCE._replace(encryption="aws:kms"), SOURCE._replace(etag="e1-2")])
def test_an_etag_that_is_no_md5_is_not_compared(source):
    """Under a key, and of several parts: the bytes are compared all the same."""
    other = AS_PLANNED._replace(etag="e2")
    assert differing(other, source=source) == []
    assert differing(other, source=source, sha256="other") == ["bytes (SHA-256)", "checksum stored"]


def rows_of(**changed):
    return properties(TASK, PilotObject(SOURCE, SUM), PilotObject(AS_PLANNED._replace(**changed), SUM, OURS), "")


def test_a_pilot_that_differs_says_planned_and_seen():
    """In the error's one line and as a table side by side; a ChangeFailed, so that everything is closed."""
    err = PilotDiffers("old", rows_of(lock_mode="", size=11))
    assert isinstance(err, ChangeFailed)
    assert "k: size: planned 10 bytes, seen 11 bytes; k: lock: planned GOVERNANCE, seen none" in err.line
    text = read_back(err.rows).text
    assert "Differences, side by side" in text and "2 properties differ" in text
    (line,) = (line for line in text.splitlines() if line.startswith("old") and "lock" in line)
    assert line.split() == ["old", "k", "lock", "GOVERNANCE", "none"]


def test_a_pilot_as_planned_is_shown_too():
    """One row a property; without a pilot the line says so."""
    change = given_a_change("pilot-old", call="CopyObject")
    plan = Plan("05", "practice", ("1",), (change,))
    done = Done(change, "", {"read_back": [list(row) for row in rows_of()]})
    text = shown.pilot(Outcome(plan, StepState.APPLIED, "", (done,))).text
    assert "1 object of 1 bucket read back: every property is as planned." in text
    assert "retain until" in text and "side by side" not in text
    assert "signature=abababab… (" in text and SIGNATURE not in text
    assert "No pilot was sent." in shown.pilot(Outcome(plan, StepState.PLANNED, "")).text


def test_values_that_differ_from_object_to_object_are_counted():
    """Two classes are reported with their numbers, many sizes as a number of values."""
    many = [
        row._replace(key=str(n))
        for n in range(5)
        for row in properties(
            TASK._replace(storage_class="STANDARD" if n else "GLACIER_IR"),
            PilotObject(SOURCE._replace(size=n), SUM),
            PilotObject(AS_PLANNED._replace(size=n, storage_class="STANDARD" if n else "GLACIER_IR"), SUM, OURS),
            "",
        )
    ]
    text = read_back(many).text
    assert "GLACIER_IR (1), STANDARD (4)" in text and "5 values" in text


@pytest.mark.parametrize(("err", "tables"), [(PilotDiffers("old", rows_of(size=11)), 1), (ChangeFailed("other"), 0)])
def test_the_notebook_shows_a_differing_pilot_where_it_stops(monkeypatch, err, tables):
    """Its own table, and the error passes; any other error shows nothing more."""
    seen = []
    monkeypatch.setattr(copy_sources, "display", seen.append)
    with pytest.raises(ChangeFailed), shown.differences():
        raise err
    assert len(seen) == tables and all("side by side" in one.text for one in seen)
