"""Brings a fresh estate into the states of a move that an earlier version made: its requests again, through the door,
each signed anew.

The estate gives out the same ids and bytes for the same requests at the same instants, so what it holds then is what
the kept run folders name. `make.py` says how both files came about.
"""

import gzip
import hashlib
import hmac
import http.client
import json
import re
import tarfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from onetrail.aws.estate import PracticeEstate

HERE: Final = Path(__file__).resolve().parent
ENABLED: Final = "PolicyTypeAlreadyEnabledException"
"""That version enabled service control policies itself; in the estate of today the owner has done so."""


class NotAsItWas(AssertionError):
    """The estate answered a kept request in another way than it did then; the message names the request."""


def states(door: PracticeEstate) -> Iterator[str]:
    """Send everything; yields the name of each state when the estate is in it.

    The policies of that version are taken as its own estate took them, whatever is refused today.
    """
    door.control("POST", "fault", {"kind": "unjudged-policies"})
    keys = {door.access_key_id: (door.access_key_id, door.secret_access_key, "")}
    address = urlsplit(door.endpoint)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
    with gzip.open(HERE / "requests.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            kept = json.loads(line)
            if "wait" in kept:
                door.control("POST", "wait", {"seconds": kept["wait"]})
            elif "state" in kept:
                yield kept["state"]
            else:
                if kept["key"] not in keys:
                    raise NotAsItWas(f"the estate did not give out {kept['key']}: begin with it as it begins")
                body = _sent(connection, kept, keys[kept["key"]])
                if kept["operation"] == "AssumeRole" and kept["status"] == 200:
                    given = [_text(body, name) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")]
                    keys[given[0]] = (given[0], given[1], given[2])
    connection.close()
    door.control("POST", "fault", {"kind": "clear"})


def run_folder(state: str, to: Path) -> None:
    """Unpack the run folder as it was in this state."""
    with tarfile.open(HERE / "run-folders.tar.xz") as tar:
        for member in tar:
            name, _, member.name = member.name.partition("/")
            if name == state:
                tar.extract(member, to, filter="data")


def _sent(connection: http.client.HTTPConnection, kept: Mapping[str, Any], key: tuple[str, str, str]) -> str:
    body = kept["body"].encode()
    path = f"{kept['path']}?{kept['query']}" if kept["query"] else kept["path"]
    connection.request(kept["method"], path, body, _signed(kept, body, f"{connection.host}:{connection.port}", *key))
    answer = connection.getresponse()
    said = answer.read().decode(errors="replace")
    if answer.status != kept["status"] and not (kept["operation"] == "EnablePolicyType" and ENABLED in said):
        raise NotAsItWas(
            f"{kept['service']}:{kept['operation']} {kept['resource']} at {kept['at']}: "
            f"{answer.status} instead of {kept['status']}: {said[:300]}"
        )
    return said


def _signed(kept: Mapping[str, Any], body: bytes, host: str, key_id: str, secret: str, token: str) -> dict[str, str]:
    """Its headers with a signature of this moment (IAM User Guide, "Create a signed AWS API request")."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {**kept["headers"], "host": host, "x-amz-date": stamp}
    if token:
        headers["x-amz-security-token"] = token
    path = kept["path"] if kept["service"] == "s3" else quote(kept["path"], safe="/~")
    pairs = (part.partition("=") for part in kept["query"].split("&") if part)
    query = sorted((_escaped(name), _escaped(value)) for name, _, value in pairs)
    names = ";".join(sorted(headers))
    canonical = "\n".join(
        (
            kept["method"],
            path,
            "&".join(f"{name}={value}" for name, value in query),
            "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in sorted(headers)),
            names,
            headers.get("x-amz-content-sha256", hashlib.sha256(body).hexdigest()),
        )
    )
    scope = [stamp[:8], kept["region"], kept["service"], "aws4_request"]
    text = ["AWS4-HMAC-SHA256", stamp, "/".join(scope), hashlib.sha256(canonical.encode()).hexdigest()]
    signing = f"AWS4{secret}".encode()
    for part in scope:
        signing = hmac.digest(signing, part.encode(), "sha256")
    signature = hmac.digest(signing, "\n".join(text).encode(), "sha256").hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={key_id}/{'/'.join(scope)}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


def _escaped(raw: str) -> str:
    return quote(unquote(raw), safe="-_.~")


def _text(xml: str, name: str) -> str:
    found = re.search(rf"<{name}>([^<]*)</{name}>", xml)
    if found is None:
        raise NotAsItWas(f"an answer to AssumeRole has no {name}")
    return found[1]
