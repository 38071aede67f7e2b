"""`s3://BUCKET[/PREFIX]`: what a person names when they want everything below it. Pure."""

import re
from typing import NamedTuple

from onetrail.errors import WrongUse

_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]")


class S3Prefix(NamedTuple):
    """A bucket and the prefix of the keys meant, `""` for all of them, otherwise closed by a slash."""

    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


def folder(text: str) -> S3Prefix:
    """The folder that `s3://BUCKET[/PREFIX]` names; a prefix means the folder of that name, with or without its closing
    slash.

    Raises WrongUse for anything else.
    """
    scheme, mark, rest = text.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme != "s3" or not mark or not _BUCKET.fullmatch(bucket):
        raise WrongUse(f"{text!r} is not in the form s3://BUCKET or s3://BUCKET/PREFIX")
    return S3Prefix(bucket, f"{prefix.rstrip('/')}/" if prefix.rstrip("/") else "")


def refuse_overlap(source: S3Prefix, target: S3Prefix) -> None:
    """Raises WrongUse where one folder holds the other: copies would be listed, and copied again, as if they were
    originals."""
    if source.bucket != target.bucket:
        return
    if source.prefix == target.prefix:
        raise WrongUse(f"{source} and {target} are the same: name another bucket or prefix to copy to")
    if source.prefix.startswith(target.prefix) or target.prefix.startswith(source.prefix):
        outer, inner = sorted((source, target), key=lambda one: len(one.prefix))
        raise WrongUse(f"{inner} is inside {outer}: name prefixes that do not contain each other")
