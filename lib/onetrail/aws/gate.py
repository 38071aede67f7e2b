"""Opening the gate of one step: the record of the run, the approval, and the anchor that keeps the record's head out of
our hands."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from onetrail.aws.clients import Clients
from onetrail.aws.look import look, look_for_bucket
from onetrail.aws.refused import error_code
from onetrail.aws.witness import EstateWitness
from onetrail.change import Change, Gate, GivenApproval, RecordError, RunRecord
from onetrail.change.approval import ApprovalTerms
from onetrail.change.interrupt import interrupted_in_one_line
from onetrail.change.plan_end import interrupted
from onetrail.change.run_record.heads import LARGEST, HeadRefused, RecordHead, key_of, parse_head
from onetrail.change.run_record.line_kind import LineKind
from onetrail.collecting import seldom_collecting
from onetrail.errors import OnetrailError
from onetrail.looked import Absent, Unread
from onetrail.policies import PolicyStore
from onetrail.progress import Standing

if TYPE_CHECKING:
    from onetrail.settings import Settings

_THERE_ALREADY: Final = ("PreconditionFailed", "412")


@contextmanager
def open_gate(clients: Clients, approve: str | GivenApproval | None = None) -> Iterator[Gate]:
    """A gate over the run's record. Only one process at a time writes it: beside another one, nothing is written and no
    plan is applied, and what has nothing to apply goes on. Raises RecordError.

    `approve` is what a person typed, or the id alone; without it, what the parameters say. On leaving, the head of what
    was written since the last one is put into the work bucket. An interrupt leaves in one line: how far the plan came,
    and that everything is closed.
    """
    settings = clients.settings
    gate: Gate | None = None
    did = Standing()
    with (
        interrupted_in_one_line(lambda: interrupted(gate.ended if gate else None, did.line)),
        seldom_collecting(),
        clients.panel(look=False) as panel,
        RunRecord(settings.run_folder, settings.run_name, clients.clock, estate=clients.name, if_free=True) as record,
    ):
        did = panel.standing
        given = _given(settings, approve)
        gate = Gate(
            given.approve,
            settings.estate,
            clients,
            record,
            clients.clock,
            clients.guard,
            PolicyStore(record.folder, clients.texts),
            panel.say,
            panel,
            panel.sent,
            terms=ApprovalTerms(
                given.confirm,
                given.ticket,
                given.typed,
                settings.approval_hours,
                settings.second_person == "required",
                given.shown,
            ),
            witness=given.witness or EstateWitness(clients),
        )
        gate.anchor = lambda held: anchor_head(clients, held)
        try:
            yield gate
        finally:
            why = gate.seal()
            if why:
                panel.say(why)


def _given(settings: "Settings", approve: str | GivenApproval | None) -> GivenApproval:
    """The approval with the other parameters that belong to it."""
    if isinstance(approve, GivenApproval):
        return approve
    return GivenApproval(settings.approve if approve is None else approve, settings.confirm, settings.ticket)


def anchor_head(clients: Clients, record: RunRecord) -> str:
    """Put the record's head into the locked work bucket, if it is there yet, and say so in the record.

    The approval of the plan that made the bucket covers it. Returns why it could not be put, which is in the record
    too; empty where it was, and where there is no bucket yet.
    """
    line = record.lines
    try:
        _put_head(clients, record)
    except (OnetrailError, ClientError, BotoCoreError) as err:
        why = " ".join(str(err).split())
        with suppress(RecordError):
            record.append(LineKind.NOT_ANCHORED, line=line, why=why)
        return (
            "the record's head could not be put into the work bucket, so nothing outside this machine holds line"
            f" {line}: {why}"
        )
    return ""


def _put_head(clients: Clients, record: RunRecord) -> None:
    settings = clients.settings
    account = settings.log_account.account_id
    owner = {"Bucket": settings.work_bucket, "ExpectedBucketOwner": account}
    s3 = clients.client("s3", account, settings.home_region)
    there = look_for_bucket(s3, settings.work_bucket, account)
    if isinstance(there, Absent):
        return
    if isinstance(there, Unread):
        raise OnetrailError(f"{settings.work_bucket}: HeadBucket: {there.why}")
    head = RecordHead(settings.run_name, record.lines, record.head, record.at)
    key = key_of(head.run, head.line)
    change = Change(
        key=f"head-{head.line}",
        account=account,
        region=settings.home_region,
        service="s3",
        call="PutObject",
        parameters={**owner, "Key": key, "Body": head.body(), "IfNoneMatch": "*"},
        resource=f"{settings.work_bucket}/{key}",
        before=None,
        reason="the record's head is kept where the operator cannot change it",
        undo="none: the head is locked with the bucket",
    )
    try:
        with clients.guard.opened(change, change.parameters):
            request_id = str(clients.send(change, change.parameters)["RequestId"])
    except ClientError as err:
        if error_code(err) not in _THERE_ALREADY:
            raise
        _is_ours(s3, head, {**owner, "Key": key})
        request_id = ""
    record.append(LineKind.ANCHOR, line=head.line, head=head.head, resource=change.resource, request_id=request_id)


def _is_ours(s3: Any, head: RecordHead, where: dict[str, str]) -> None:
    """Pass where what is there is that very head, put by a request whose answer was lost; else raise."""
    got = look(s3.get_object, **where)
    if isinstance(got, Unread):
        raise OnetrailError(f"{where['Key']} is there already and cannot be read: {got.why}")
    try:
        found = parse_head(got.value["Body"].read(LARGEST + 1))
    except (HeadRefused, OSError) as err:
        raise OnetrailError(f"something else is at {where['Key']} already: it {err}") from err
    if found != head:
        raise OnetrailError(f"another head is at {where['Key']} already: its hash is {found.head}")
