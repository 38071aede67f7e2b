"""Copies read and hashed once more, as the reader, before a bucket's first batch is deleted: which ones nobody knows
beforehand."""

import hashlib
import random  # noqa: TID251 - which copies are read must not be known beforehand; it touches no output
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from onetrail.aws import Clients
from onetrail.aws.actors import READER
from onetrail.aws.sessions import CannotEnter
from onetrail.cloudtrail.gzipped import GzipError, gunzip_sha256
from onetrail.errors import OnetrailError
from onetrail.estate.proof.receipt_rows import ProvenRow
from onetrail.s3.http import calls
from onetrail.s3.http.retries import code_of
from onetrail.s3.http.session import hot
from onetrail.s3.rows import Body
from onetrail.settings import Settings
from onetrail.steps.retirement.counterparts import AGAIN, LOOK_AGAIN, CopyProblem

MANY: Final = 50
"""So many copies of a bucket are read, or all of them where it has fewer."""


class RowSample:
    """Rows picked at random from a stream, each with the same chance, in the memory of `many` rows."""

    def __init__(self, many: int = MANY) -> None:
        self.rows: list[ProvenRow] = []
        self._many, self._seen, self._random = many, 0, random.SystemRandom()

    def add(self, row: ProvenRow) -> None:
        """The next row of the stream."""
        self._seen += 1
        if len(self.rows) < self._many:
            self.rows.append(row)
        elif (place := self._random.randrange(self._seen)) < self._many:
            self.rows[place] = row


def read_back(settings: Settings, clients: Clients, rows: list[ProvenRow]) -> CopyProblem | None:
    """The first of these copies that the reader is refused, or whose bytes are not those that were proven; None where
    all are."""
    account = settings.log_account.account_id
    try:
        client = hot(clients, account, settings.home_region, READER)
    except CannotEnter as err:
        cure = "name in reader_principals who runs this, run step 02, then step 07 again"
        return CopyProblem(settings.bucket_name, f"no copy could be read as the reader: {err.line}", cure)
    found: CopyProblem | None = None
    asked = (
        (calls.get_object(settings.bucket_name, account, row.archive_key, version_id=row.version_id), row)
        for row in rows
    )
    try:
        for ended in client.run(asked):
            row = ended.context
            if ended.error is None:
                found = found or _compared(row, ended.result)
            elif code_of(ended.error) != "InvalidObjectState":  # archived by INTELLIGENT_TIERING, which no listing says
                found = found or CopyProblem(row.archive_key, f"the reader cannot read it: {ended.error}", LOOK_AGAIN)
    except (ClientError, BotoCoreError, OnetrailError) as err:
        return CopyProblem(settings.bucket_name, f"no copy could be read as the reader: {err}", LOOK_AGAIN)
    return found


def _compared(row: ProvenRow, body: Body) -> CopyProblem | None:
    if (len(body.content), hashlib.sha256(body.content).hexdigest()) != (row.size, row.sha256):
        return CopyProblem(
            row.archive_key,
            f"the bytes of its version {row.version_id} are not those that were proven",
            AGAIN,
        )
    if row.content_sha256:
        try:
            content = gunzip_sha256(body.content)
        except GzipError as err:
            content = err.why
        if content != row.content_sha256:
            return CopyProblem(
                row.archive_key, f"the content of its version {row.version_id} is not what was proven", AGAIN
            )
    return None
