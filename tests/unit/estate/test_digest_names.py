"""A conflict is decided by what CloudTrail signed: a digest that it did not sign, or that names other bytes, names
nothing."""

from types import SimpleNamespace

import pytest

from onetrail.cloudtrail.digests.publickeys import KeyStore
from onetrail.estate.history import digest_names
from onetrail.estate.history.claims import Rival
from onetrail.estate.history.digest_names import DigestNames
from onetrail.s3.decisions.placing import Claim
from onetrail.s3.rows import Body, ObjectHead, ObjectRow
from tests.unit.cloudtrail.signing import (
    BEGIN,
    HOUR,
    OLD,
    digest_key,
    log_key,
    packed,
    public_key,
    signed_digest,
)
from tests.unit.steps.given_sources import SETTINGS, given_a_bucket

LOG, CONTENT = log_key(BEGIN + HOUR / 2), b'{"Records": []}'
END = BEGIN + HOUR


def asked(monkeypatch, objects, key, *, keys=None):
    """Whether a digest names the object of that key in the old bucket that holds these (content, metadata)."""
    bucket = given_a_bucket(OLD)

    def listed(client, name, account, prefix):
        return [ObjectRow(one, 1, "e", BEGIN, "STANDARD") for one in sorted(objects) if one.startswith(prefix)]

    def read(call):
        content, metadata = objects[call.key]
        return Body(ObjectHead(1, "e", "", "STANDARD", "", "", "", "", "", "", metadata, {}), content)

    monkeypatch.setattr(digest_names, "list_objects", listed)
    monkeypatch.setattr(digest_names, "hot", lambda *_: SimpleNamespace(do=read))
    store = KeyStore([public_key()] if keys is None else keys)
    monkeypatch.setattr(digest_names, "public_keys", lambda *_: (store, ()))
    clients = SimpleNamespace(clock=SimpleNamespace(now=lambda: END))
    names = DigestNames(SETTINGS, clients, {OLD: bucket}, lambda below: [Rival(bucket, below)])
    return names.name(Claim(OLD, ObjectRow(key, 1, "e", BEGIN, "STANDARD")))


def given_objects(content=CONTENT, named=CONTENT, signature=None):
    """A log and the digest of its hour."""
    made = signed_digest(END, None, [(OLD, LOG, named)])
    metadata = dict(made.metadata) | ({"signature": signature} if signature else {})
    return {LOG: (packed(content), {}), made.key: (packed(made.raw), metadata)}


def test_a_signed_digest_names_a_log_by_its_content(monkeypatch):
    """Twins: other content, a signature that does not verify, no public key, no digest, a file that is no log."""
    assert asked(monkeypatch, given_objects(), LOG)
    assert not asked(monkeypatch, given_objects(content=b"{}"), LOG)
    assert not asked(monkeypatch, given_objects(signature="00" * 256), LOG)
    assert not asked(monkeypatch, given_objects(), LOG, keys=[])
    assert not asked(monkeypatch, {LOG: given_objects()[LOG]}, LOG)
    assert not asked(monkeypatch, given_objects() | {LOG: (b"no gzip", {})}, LOG)


@pytest.mark.parametrize(("signature", "named"), [(None, True), ("00" * 256, False)])
def test_a_digest_is_named_by_its_own_signature(monkeypatch, signature, named):
    """Or by the one that follows it, which the chain's check does too."""
    assert asked(monkeypatch, given_objects(signature=signature), digest_key(END)) is named
