"""Bytes are compared by reading both sides, and a side that cannot be read is never called equal or unequal."""

import hashlib

from onetrail.s3.copying.compare import ObjectPlace, compare_bytes

SOURCE, LOG = "111122223333", "044455556666"


def test_each_pair_is_judged_by_its_bytes_alone(server, given_a_client):
    held = {
        "/old/same": b"x",
        "/archive/same": b"x",
        "/old/other": b"x",
        "/archive/other": b"y",
        "/old/lost": b"x",
    }
    missing = (404, {}, b"<Error><Code>NoSuchKey</Code></Error>")
    server.answer = lambda seen: (200, {}, held[seen.path]) if seen.path in held else missing
    client = given_a_client()
    pairs = [(ObjectPlace("old", SOURCE, key), ObjectPlace("archive", LOG, key)) for key in ("same", "other", "lost")]
    found = list(compare_bytes(pairs, client, client))
    assert [one.equal for one in found] == [True, False, None]
    assert found[0].source_sha256 == found[0].destination_sha256 == hashlib.sha256(b"x").hexdigest()
    assert "NoSuchKey" in str(found[2].error)
    assert found[2].destination_sha256 == ""


def test_the_version_that_is_named_is_read(server, given_a_client):
    """Not what lies there today; each pair has its own hashes, however many there are. Twin: without a version, today's
    is read."""
    server.answer = lambda seen: (200, {}, b"old" if "versionId=v1" in seen.path else b"new")
    client = given_a_client()
    here = ObjectPlace("old", SOURCE, "k", "v1")
    pairs = [
        (here, ObjectPlace("archive", LOG, "k", "v1")),
        (here, ObjectPlace("archive", LOG, "k")),
        (here, here),
    ]
    found = list(compare_bytes(pairs, client, client))
    assert [one.equal for one in found] == [True, False, True]
    assert found[1].source_sha256 == hashlib.sha256(b"old").hexdigest()
    assert found[1].destination_sha256 == hashlib.sha256(b"new").hexdigest()
