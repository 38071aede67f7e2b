"""Our verdict on a signature agrees with the AWS CLI's own validator, and is stricter where the CLI is lenient."""

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from awscli.customizations.cloudtrail.validation import DigestError, Sha256RSADigestValidator
from cryptography.hazmat.primitives import hashes

from onetrail.cloudtrail.digests.digest import digest_of, signing_string
from onetrail.cloudtrail.digests.publickeys import verify
from tests.unit.cloudtrail.signing import BEGIN, HOUR, Signed, der, packed, public_key, sign, signed_digest


def _cli_accepts(made: Signed, signature: str, raw: bytes, number: int = 0) -> bool:
    body = {**json.loads(raw), "_signature": signature}
    try:
        Sha256RSADigestValidator().validate("b", "k", base64.b64encode(der(number)), body, raw)
    except DigestError:
        return False
    return True


def _we_accept(signature: str, raw: bytes, number: int = 0) -> bool:
    return verify(public_key(number), signature, signing_string(digest_of(raw), raw))


def _pair() -> tuple[Signed, Signed]:
    first = signed_digest(BEGIN, None)
    return first, signed_digest(BEGIN + HOUR, first, [("acme-logs", "AWSLogs/x.json.gz", b"{}")])


@pytest.mark.parametrize("at", [0, 1], ids=["first of a chain", "with a predecessor"])
def test_a_genuine_signature_is_accepted_by_both(at: int) -> None:
    made = _pair()[at]
    assert _cli_accepts(made, made.signature, made.raw) and _we_accept(made.signature, made.raw)
    assert signing_string(digest_of(made.raw), made.raw) == made.message


WRONG: list[tuple[str, Callable[[Signed], bytes]]] = [
    ("an empty predecessor instead of null", lambda m: m.message.removesuffix(b"null")),
    ("the hash of the gzip file", lambda m: _with_hash(m, packed(m.raw))),
    ("a line feed at the end", lambda m: m.message + b"\n"),
    ("the JSON written anew", lambda m: _with_hash(m, json.dumps(m.body).encode())),
    ("Windows line ends", lambda m: m.message.replace(b"\n", b"\r\n")),
    ("the bucket it was moved to", lambda m: m.message.replace(b"acme-audit-eu-west-1/", b"central/")),
    ("the hash in capitals", lambda m: _with_text(m, hashlib.sha256(m.raw).hexdigest().upper())),
    ("the start instead of the end", lambda m: m.message.replace(b"T09:", b"T08:", 1)),
]


def _with_hash(made: Signed, data: bytes) -> bytes:
    return _with_text(made, hashlib.sha256(data).hexdigest())


def _with_text(made: Signed, text: str) -> bytes:
    return made.message.replace(hashlib.sha256(made.raw).hexdigest().encode(), text.encode())


@pytest.mark.parametrize(("what", "variant"), WRONG, ids=[row[0] for row in WRONG])
def test_a_wrong_signing_string_is_refused_by_both(what: str, variant: Callable[[Signed], bytes]) -> None:
    made = _pair()[0]
    assert variant(made) != made.message
    signature = sign(variant(made))
    assert not _cli_accepts(made, signature, made.raw)
    assert not _we_accept(signature, made.raw)


def test_a_wrong_key_is_refused_by_both() -> None:
    made = _pair()[0]
    assert not _cli_accepts(made, made.signature, made.raw, 1) and not _we_accept(made.signature, made.raw, 1)


def test_changed_content_is_refused_by_both() -> None:
    made = _pair()[1]
    changed = made.raw.replace(b"acme-logs", b"acme-lugs")
    assert not _cli_accepts(made, made.signature, changed) and not _we_accept(made.signature, changed)


def test_a_sha1_signature_is_refused_by_us_though_the_cli_takes_it() -> None:
    made = _pair()[0]
    signature = sign(made.message, algorithm=hashes.SHA1())
    assert _cli_accepts(made, signature, made.raw)
    assert not _we_accept(signature, made.raw)


@pytest.mark.parametrize("signature", ["", "zz", "0", "00" * 255, "00" * 256, "é"])
def test_a_malformed_signature_is_refused_without_an_error(signature: Any) -> None:
    assert not _we_accept(signature, _pair()[0].raw)
