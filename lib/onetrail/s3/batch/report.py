"""Completion reports: where the results are, and what each row says. Pure.

Source: S3 User Guide, "Examples: S3 Batch Operations completion reports". The page names the columns `ErrorCode,
HTTPStatusCode` and shows rows in which they stand the other way round, so a row is read by what it holds. The API
Reference speaks of `report.json`, the examples of `manifest.json`: both names are looked for.
"""

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple
from urllib.parse import unquote_plus

from onetrail.errors import OnetrailError, described

TOP_NAMES: Final = ("manifest.json", "report.json")
_COLUMNS: Final = 7


class BadReport(OnetrailError):
    """A completion report is not of the form that S3 documents."""


class ResultFile(NamedTuple):
    """One CSV of results. `md5` is hex, `""` where none is given."""

    bucket: str
    key: str
    md5: str


class TaskResult(NamedTuple):
    """What the report says of one object. `code` is `""` where it succeeded or none was given, `status` 0 where none
    was given."""

    key: str
    succeeded: bool
    code: str
    status: int
    message: str


def top_keys(prefix: str, job_id: str) -> list[str]:
    """Keys under which the report's own manifest may lie."""
    return [f"{prefix.strip('/')}/job-{job_id}/{name}" for name in TOP_NAMES]


def result_files(content: bytes) -> list[ResultFile]:
    """The result files that a report's manifest names. Raises BadReport."""
    try:
        said = json.loads(content)
        return [ResultFile(one["Bucket"], one["Key"], one.get("MD5Checksum", "")) for one in said["Results"]]
    except (ValueError, KeyError, TypeError) as err:
        raise BadReport(f"the manifest of a completion report cannot be read: {described(err)}") from err


def results(lines: Iterable[str]) -> Iterator[TaskResult]:
    """Each row of a result file, as a stream. Raises BadReport with the number of the row."""
    for number, row in enumerate(csv.reader(lines), start=1):
        if len(row) != _COLUMNS or row[3] not in ("succeeded", "failed"):
            raise BadReport(f"row {number} of a completion report is not of the documented form: {row[:5]}")
        yield _result(row)


def _result(row: list[str]) -> TaskResult:
    first, second = row[4].strip(), row[5].strip()
    status, code = (first, second) if first.isdigit() or not second.isdigit() else (second, first)
    return TaskResult(unquote_plus(row[1]), row[3] == "succeeded", code, int(status) if status.isdigit() else 0, row[6])
