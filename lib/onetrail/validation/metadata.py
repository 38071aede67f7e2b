"""A file with an object's metadata, as `aws s3api head-object` prints it, and what only has the name of one."""

import json
import re
from typing import Any, Final

from onetrail.cloudtrail.gzipped import GZIP_MAGIC
from onetrail.cloudtrail.object_key import DIGEST_KINDS, LOG_KINDS, KeyKind, parse
from onetrail.errors import OnetrailError

METADATA: Final = ".metadata.json"
"""What follows the key in the name of the file that holds an object's metadata."""
MAX_METADATA_BYTES: Final = 64 * 1024
_EVENTS: Final = re.compile(rb"records|event|\\u|\0", re.IGNORECASE)
"""What speaks of records in something that cannot be read whole, plainly or in a way that hides it."""
_EVENT_NAME: Final = re.compile(r"records|event", re.IGNORECASE)


class UnfitMetadata(OnetrailError):
    """A file with an object's metadata does not say it in the form that is read."""


def said(text: bytes) -> tuple[dict[str, str], str]:
    """User metadata and storage class. Raises UnfitMetadata for anything but what `aws s3api head-object` prints."""
    if len(text) > MAX_METADATA_BYTES:
        raise UnfitMetadata(f"more than {MAX_METADATA_BYTES} bytes")
    if not text.strip():
        raise UnfitMetadata("it is empty")
    try:
        answer: Any = json.loads(text)
    except (ValueError, RecursionError) as err:
        raise UnfitMetadata(f"not JSON: {err}") from err
    if not isinstance(answer, dict) or not all(map(_is_plain, answer.items())):
        raise UnfitMetadata("not what `aws s3api head-object` prints")
    return dict(answer.get("Metadata", {})), answer.get("StorageClass", "STANDARD")


def may_hold_events(text: bytes) -> bool:
    """Whether something in the place of metadata could be taken for a log; what is merely empty, cut off or of another
    form is not."""
    try:
        said(text)
    except UnfitMetadata:
        cut = len(text) > MAX_METADATA_BYTES
        return cut or text.startswith(GZIP_MAGIC) or bool(_EVENTS.search(text))
    return False


def kind_beside(of: str) -> KeyKind:
    """The kind of the log or digest whose metadata would be beside it, by its key or the one that it has while it is
    packed."""
    kind = parse(of).kind
    return kind if kind in LOG_KINDS | DIGEST_KINDS | {KeyKind.CONFLICT} else parse(f"{of}.gz").kind


def _is_plain(pair: tuple[str, Any]) -> bool:
    """Whether head-object, or an SDK's answer to it, can have printed this: texts in `Metadata`, and no list or object
    anywhere else."""
    name, value = pair
    if name == "ResponseMetadata":
        return isinstance(value, dict) and all(map(_is_of_an_answer, value.items()))
    if name == "Metadata":
        return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
    if name == "StorageClass":
        return isinstance(value, str)
    return not isinstance(value, (dict, list)) and not _EVENT_NAME.match(name)


def _is_of_an_answer(pair: tuple[str, Any]) -> bool:
    """Whether this can be in what boto3 says of a response: plain values, and the headers."""
    name, value = pair
    if name == "HTTPHeaders":
        return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
    return not isinstance(value, (dict, list)) and not _EVENT_NAME.match(name)
