"""Opening the gate of one step: the record of the run, the approval, and the anchor that keeps the record's head out of our hands."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from onetrail.aws.clients import Clients, say_line
from onetrail.aws.look import look
from onetrail.change import Change, Gate, RunRecord, iso


@contextmanager
def open_gate(clients: Clients, approve: str | None = None) -> Iterator[Gate]:
    """A gate over the run's record; only one process at a time may hold it. Raises RunFolderBusy, RecordError.

    `approve` is what a person typed; without it, what the parameters say.
    """
    settings = clients.settings
    with RunRecord(settings.run_folder, settings.run_name, clients.clock) as record:
        gate = Gate(
            settings.approve if approve is None else approve,
            settings.estate,
            clients,
            record,
            clients.clock,
            clients.guard,
            say_line,
        )
        gate.anchor = lambda held: anchor_head(clients, held)
        yield gate


def anchor_head(clients: Clients, record: RunRecord) -> None:
    """Put the record's head into the locked work bucket, if it is there yet; covered by the approval of the plan just applied."""
    settings = clients.settings
    account = settings.log_account.account_id
    owner = {"Bucket": settings.work_bucket, "ExpectedBucketOwner": account}
    s3 = clients.client("s3", account, settings.home_region)
    if not look(s3.head_bucket, absent=("404", "NoSuchBucket"), **owner).seen:
        return
    line, head = record.lines, record.head
    body = json.dumps(
        {"run": settings.run_name, "line": line, "head": head, "at": iso(clients.clock.now())}
    ).encode()
    change = Change(
        key=f"head-{line}",
        account=account,
        region=settings.home_region,
        service="s3",
        call="PutObject",
        parameters={
            **owner,
            "Key": f"records/{settings.run_name}/head-{line:06d}.json",
            "Body": body,
            "IfNoneMatch": "*",
        },
        resource=f"{settings.work_bucket}/records/{settings.run_name}/head-{line:06d}.json",
        before=None,
        reason="the record's head is kept where the operator cannot change it",
        undo="none: the head is locked with the bucket",
    )
    with clients.guard.opened(change, change.parameters):
        answer = clients.send(change, change.parameters)
    record.append("anchor", line=line, head=head, resource=change.resource, request_id=answer["RequestId"])
