"""The store of CloudTrail's public keys: which key holds when, what it is short of, and what it refuses."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from onetrail.cloudtrail.digests.publickeys import (
    KeyStore,
    KeyStoreError,
    PublicKey,
    dump,
    fingerprint_of,
    load,
    verify,
)
from tests.unit.cloudtrail.signing import REGION, der, private_key, public_key, sign

FIRST, LAST = datetime(2023, 4, 1, tzinfo=UTC), datetime(2023, 5, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def key(number: int = 0, start: datetime = FIRST, end: datetime = LAST, region: str = REGION) -> PublicKey:
    return PublicKey(fingerprint_of(der(number)), der(number), start, end, region)


@pytest.mark.parametrize(
    ("instant", "holds"),
    [(FIRST - SECOND, False), (FIRST, True), (LAST, True), (LAST + SECOND, False)],
)
def test_a_key_holds_from_its_start_to_its_end(instant: datetime, holds: bool) -> None:
    """Both included. Twin: another region holds nothing then."""
    assert KeyStore([key()]).holds_time(REGION, instant) is holds
    assert not KeyStore([key()]).holds_time("us-east-1", instant)


@pytest.mark.parametrize(
    ("instant", "words"),
    [
        (
            FIRST - SECOND,
            f"it is of 2023-03-31T23:59:59Z, and the public keys held of {REGION} begin at 2023-04-01T00:00:00Z; ",
        ),
        (
            LAST + 61 * timedelta(days=1) + SECOND,
            f"and the public keys held of {REGION} end at 2023-07-01T00:00:00Z: save them again",
        ),
        (LAST + SECOND, f"the public keys held of {REGION} leave out 2023-05-01T00:00:01Z, the time it is of; "),
        (None, f"none of the 2 public keys held of {REGION} signed it; "),
    ],
)
def test_what_the_keys_are_short_of_is_said_with_the_command_for_all_of_them(
    instant: datetime | None, words: str
) -> None:
    """Too late a beginning, too early an end, a time left out. Twin: none at all, below."""
    later = key(1, LAST + timedelta(days=31), LAST + timedelta(days=61))
    said = KeyStore([key(), later, key(2, region="us-east-1")]).short_of(REGION, instant)
    assert words in said
    assert said.endswith(
        f"aws cloudtrail list-public-keys --region {REGION} --start-time 2015-10-01 --output json > {REGION}.json"
    )


def test_no_key_at_all_is_said_so() -> None:
    """Keys of another region are none of this one."""
    said = KeyStore([key(region="us-east-1")]).short_of(REGION, FIRST)
    assert said.startswith(f"no public keys of {REGION} are held; save them all: aws ")


def test_the_same_key_twice_holds_for_both_times_and_two_of_one_name_are_refused() -> None:
    """As saved and as given. Twin: other bytes under its fingerprint."""
    (one,) = KeyStore([key(), key(0, FIRST - SECOND, FIRST), key(0, FIRST, LAST + SECOND)]).held()
    assert (one.valid_from, one.valid_to) == (FIRST - SECOND, LAST + SECOND)
    with pytest.raises(KeyStoreError, match="two different keys have the fingerprint"):
        KeyStore([key(), PublicKey(key().fingerprint, der(1), FIRST, LAST, REGION)])


def test_a_key_is_found_in_its_region_alone() -> None:
    """And the regions that have it are told. Twin: the other region."""
    store = KeyStore([key(), key(0, region="us-east-1"), key(1)])
    assert store.find(REGION, key().fingerprint) == key()
    assert store.find("eu-west-2", key().fingerprint) is None
    assert store.regions_with(key().fingerprint) == (REGION, "us-east-1")
    assert [(one.region, one.fingerprint) for one in store.held()] == sorted(
        (one.region, one.fingerprint) for one in store.held()
    )


def entry(**changes: Any) -> dict[str, Any]:
    """A key as the AWS command line prints it."""
    said = dump([key()], REGION)["PublicKeyList"][0]
    return {name: value for name, value in {**said, **changes}.items() if value is not None}


@pytest.mark.parametrize(
    "value",
    [
        "2023-04-01T00:00:00+00:00",
        "2023-04-01T00:00:00Z",
        "2023-04-01",
        "2023-04-01T02:00:00+02:00",
        FIRST.timestamp(),
        int(FIRST.timestamp()),
        FIRST,
        FIRST.replace(tzinfo=None),
    ],
)
def test_a_time_is_taken_in_each_form_that_aws_gives(value: Any) -> None:
    """Texts with a zone and without, seconds, datetimes."""
    (found,) = load({"PublicKeyList": [entry(ValidityStartTime=value)]}, REGION)
    assert (found.valid_from, found.valid_to) == (FIRST, LAST)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("0001-01-01T00:00:00+14:00", datetime.min.replace(tzinfo=UTC)),
        ("9999-12-31T23:59:59-12:00", datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_a_time_at_the_ends_of_what_can_be_held_is_taken_as_that_end(value: str, wanted: datetime) -> None:
    """In a zone that leads beyond it."""
    (found,) = load({"PublicKeyList": [entry(ValidityStartTime=value)]}, REGION)
    assert found.valid_from == wanted
    assert KeyStore([found]).short_of(REGION, None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Fingerprint": None}, "has no Fingerprint"),
        ({"Fingerprint": 7}, "has no Fingerprint"),
        ({"ValidityStartTime": None}, "ValidityStartTime is not a time"),
        ({"ValidityStartTime": True}, "ValidityStartTime is not a time"),
        ({"ValidityStartTime": "soon"}, "ValidityStartTime is not a time"),
        ({"ValidityEndTime": float("nan")}, "ValidityEndTime is not a time"),
        ({"ValidityEndTime": 10**400}, "ValidityEndTime is not a time"),
        ({"ValidityEndTime": 1e300}, "ValidityEndTime is not a time"),
        ({"ValidityEndTime": []}, "ValidityEndTime is not a time"),
        ({"Value": None}, "Value is not base64"),
        ({"Value": "§"}, "Value is not base64"),
        ({"Value": "\ud800"}, "Value is not base64"),
        ({"Value": 7}, "Value is not base64"),
    ],
)
def test_an_entry_that_cannot_be_used_is_refused_with_its_place(changes: dict[str, Any], words: str) -> None:
    """Twin: the same entry unchanged."""
    with pytest.raises(KeyStoreError, match=rf"PublicKeyList\[1\].*{words}"):
        load({"PublicKeyList": [entry(), entry(**changes)]}, REGION)
    assert len(load({"PublicKeyList": [entry(), entry()]}, REGION)) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"Value": dump([key(1)], REGION)["PublicKeyList"][0]["Value"]},
        {"ValidityStartTime": "2015-10-01T00:00:00Z"},
        {"ValidityEndTime": "2099-01-01T00:00:00Z"},
    ],
)
def test_one_key_twice_with_another_content_is_refused_and_neither_is_taken(changes: dict[str, Any]) -> None:
    """Whichever of the two comes first. Twins: the same entry twice, and the other one under its own name."""
    for entries in ([entry(), entry(**changes)], [entry(**changes), entry()]):
        with pytest.raises(KeyStoreError, match=rf"PublicKeyList\[1\] has other .*{key().fingerprint}"):
            load({"PublicKeyList": entries}, REGION)
    assert len(load({"PublicKeyList": [entry(), *dump([key(1)], REGION)["PublicKeyList"]]}, REGION)) == 2


@pytest.mark.parametrize("document", [{}, [], {"PublicKeyList": None}, {"PublicKeyList": {}}, None, "x"])
def test_an_answer_of_another_shape_is_refused(document: Any) -> None:
    """With the command whose answer is wanted."""
    with pytest.raises(KeyStoreError, match="list-public-keys --region eu-west-1 --start-time 2015-10-01"):
        load(document, REGION)
    with pytest.raises(KeyStoreError, match="has no Fingerprint"):
        load({"PublicKeyList": ["x"]}, REGION)


def test_what_is_dumped_is_loaded_again() -> None:
    """Of its own region alone, as JSON."""
    said = json.loads(json.dumps(dump([key(), key(1), key(2, region="us-east-1")], REGION)))
    assert sorted(load(said, REGION), key=str) == sorted([key(), key(1)], key=str)


def test_a_key_that_does_not_agree_with_itself_is_told() -> None:
    """Other bytes than its fingerprint's, no RSA key, too small a one. Twin: a genuine one."""
    odd = [
        PublicKey("0" * 32, der(), FIRST, LAST, REGION),
        PublicKey(fingerprint_of(b"no"), b"no", FIRST, LAST, REGION),
        PublicKey(fingerprint_of(der(1) + b"x"), der(1) + b"x", FIRST, LAST, REGION),
    ]
    found = dict(KeyStore([*odd, public_key(2)]).faults())
    assert set(found) == set(odd)
    assert "bytes do not have its fingerprint" in found[odd[0]]
    assert "not a PKCS#1 RSA key" in found[odd[1]] and "not a PKCS#1 RSA key" in found[odd[2]]


def test_a_key_of_another_kind_or_too_small_a_one_verifies_nothing() -> None:
    """RSA of 2048 bits or more alone. Twin: a genuine one."""
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    smaller = small.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    other = ed25519.Ed25519PrivateKey.generate().public_key()
    another = other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for value in (smaller, another):
        odd = PublicKey(fingerprint_of(value), value, FIRST, LAST, REGION)
        assert "not a PKCS#1 RSA key of 2048 bits or more" in odd.fault()
        assert not verify(odd, sign(b"said"), b"said")
    said = small.sign(b"said", padding.PKCS1v15(), hashes.SHA256()).hex()
    assert not verify(PublicKey("f", smaller, FIRST, LAST, REGION), said, b"said")
    assert key().fault() == ""


def test_a_signature_verifies_with_its_key_message_and_algorithm_alone() -> None:
    """Never raises. Twins: each of the three another one."""
    made = sign(b"said")
    assert verify(key(), made, b"said")
    assert not verify(key(), made, b"said.")
    assert not verify(key(1), made, b"said")
    assert not verify(key(), made, b"said", "SHA1withRSA")
    assert not verify(key(), "xyz", b"said") and not verify(key(), "", b"said")
    assert not verify(PublicKey("f", b"no", FIRST, LAST, REGION), made, b"said")
    assert private_key().key_size >= 2048
