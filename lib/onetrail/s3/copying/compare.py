"""Are two objects the same bytes? Read both and hash them: for where ETags and sizes cannot say."""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from onetrail.s3.http import calls
from onetrail.s3.http.client import S3Client
from onetrail.s3.rows import Body

AT_ONCE = 256
"""Pairs read together; memory is at most this many bodies on their way, hashes after that."""


class ObjectPlace(NamedTuple):
    """One object; `version_id` is `""` for the current one."""

    bucket: str
    owner: str
    key: str
    version_id: str = ""


class ObjectComparison(NamedTuple):
    """`equal` is None where one side could not be read, and `error` says why. Hashes are SHA-256, hex, of the stored
    bytes."""

    source: ObjectPlace
    destination: ObjectPlace
    equal: bool | None
    source_sha256: str
    destination_sha256: str
    error: Exception | None


def compare_bytes(
    pairs: Iterable[tuple[ObjectPlace, ObjectPlace]], source_client: S3Client, destination_client: S3Client
) -> Iterator[ObjectComparison]:
    """Each pair, in the order given. Reads both objects whole, so it is for few objects or small ones."""
    left = iter(pairs)
    while chunk := list(islice(left, AT_ONCE)):
        ours = _hashes([source for source, _ in chunk], source_client)
        theirs = _hashes([destination for _, destination in chunk], destination_client)
        for (source, destination), one, other in zip(chunk, ours, theirs, strict=True):
            error = next((side for side in (one, other) if isinstance(side, Exception)), None)
            names = ["" if isinstance(side, Exception) else side for side in (one, other)]
            yield ObjectComparison(source, destination, None if error else one == other, names[0], names[1], error)


def _hashes(places: list[ObjectPlace], client: S3Client) -> list[str | Exception]:
    found: list[str | Exception] = [""] * len(places)
    asked = (
        (calls.get_object(place.bucket, place.owner, place.key, version_id=place.version_id), number)
        for number, place in enumerate(places)
    )
    for ended in client.run(asked):
        body: Body = ended.result
        found[ended.context] = ended.error or hashlib.sha256(body.content).hexdigest()
    return found
