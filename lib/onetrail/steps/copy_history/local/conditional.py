"""Whether S3 itself refuses a copy over an object that is there: tried on the pilot's copies, kept in the run record.

Sources: API Reference, CopyObject (If-None-Match); AWS What's New of October 2025, "Amazon S3 adds conditional write
functionality to copy operations"; S3 User Guide, conditional-writes-enforce, which still says that a copy with that
header is answered 501.
"""

from typing import Any, Final

from botocore.exceptions import ClientError

from onetrail.change import RunRecord, entries
from onetrail.change.run_record.line_kind import LineKind
from onetrail.s3.copying.engine import CopyStage, CopyStep, CopyTask, call_of
from onetrail.s3.http.calls import S3Call
from onetrail.s3.http.client import S3Client
from onetrail.s3.http.retries import NoAnswer, code_of
from onetrail.settings import Settings
from onetrail.steps.copy_history.local.pilot import PilotProperty
from onetrail.steps.copy_history.no_object import NO_ETAG
from onetrail.steps.registry import COPY_HISTORY

_KIND: Final = LineKind.PROBE
_ASKED: Final = "If-None-Match on CopyObject"
_OVER: Final = "a copy over it"
_OVER_UNASKED: Final = "a copy over it that does not ask"


def conditional_copies(settings: Settings) -> bool:
    """False once a pilot of this run saw that S3 here takes no If-None-Match on a copy."""
    pilots = entries(settings.run_folder, _KIND)
    return all(line["taken"] for line in pilots if line["asked"] == _ASKED)


def taken(client: S3Client, task: CopyTask, record: RunRecord) -> bool:
    """Ask S3 whether it takes the header, by a copy that could write nothing: it names an ETag that no object has. A no
    is recorded."""
    if _answer(client, call_of(CopyStep(_unwritable(task), CopyStage.COPY))) != _refused("NotImplemented"):
        return True
    record.append(_KIND, step=COPY_HISTORY.number, asked=_ASKED, taken=False)
    return False


def over(client: S3Client, task: CopyTask) -> list[PilotProperty]:
    """A second copy of what the pilot has just copied, refused because something is there; and one that does not ask,
    refused by policy.

    The first would write the same bytes beside the copy if it were let in, the second nothing.
    """
    key = task.target_key or task.key
    deeds = (
        (_OVER, "PreconditionFailed", CopyStep(task, CopyStage.COPY)),
        (_OVER_UNASKED, "AccessDenied", CopyStep(_unwritable(task), CopyStage.BARE)),
    )
    return [
        PilotProperty(task.source_bucket, key, name, _refused(code), _answer(client, call_of(step)))
        for name, code, step in deeds
    ]


def _unwritable(task: CopyTask) -> CopyTask:
    return task._replace(etag=NO_ETAG.strip('"'))


def _refused(code: str) -> str:
    return f"refused: {code}"


def _answer(client: S3Client, call: S3Call[Any]) -> str:
    try:
        client.do(call)
    except (ClientError, NoAnswer) as err:
        return _refused(code_of(err))
    return "written"
