"""Step 08: the verdict over all accounts, each temporary permission from opening to closing, and the chain of custody.

Changes nothing on AWS. Everything is read again: a report that repeats what a notebook once showed would prove nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from onetrail.aws import Clients, look, pages
from onetrail.change import Finding, Gate, Outcome, Plan, State, run_plan
from onetrail.settings import Settings
from onetrail.steps import (
    account_lockdown,
    bucket_creation,
    copy_history,
    retirement,
    trail_cutover,
    verification,
)
from onetrail.steps.custody import Custody, read_custody

STEP = "08"


@dataclass(frozen=True)
class Chapter:
    """One step's observation and what its check says of it now."""

    step: str
    title: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Observation:
    """All checks, the record, and what the notebooks' own observations hold for the report."""

    chapters: tuple[Chapter, ...]
    custody: Custody
    anchors: Mapping[int, str]
    anchors_why: str
    lockdown: account_lockdown.Observation
    cutover: trail_cutover.Observation
    verified: verification.Observation
    retired: retirement.Observation
    now: datetime


def observe(settings: Settings, clients: Clients) -> Observation:
    """Look at everything again."""
    lockdown = account_lockdown.observe(settings, clients)
    creation = bucket_creation.observe(settings, clients)
    cutover = trail_cutover.observe(settings, clients)
    copied = copy_history.observe(settings, clients)
    verified = verification.observe(settings, clients)
    retired = retirement.observe(settings, clients)
    anchors, why = _anchors(settings, clients)
    chapters = (
        Chapter("02", "Account lockdown", tuple(account_lockdown.check(settings, lockdown))),
        Chapter("03", "Bucket creation", tuple(bucket_creation.check(settings, creation))),
        Chapter("04", "Trail cutover", tuple(trail_cutover.check(settings, cutover))),
        Chapter("05", "Copy of the history", tuple(copy_history.check(settings, copied))),
        Chapter("06", "Verification", tuple(verification.check(settings, verified))),
        Chapter("07", "Retirement", tuple(retirement.check(settings, retired))),
    )
    custody = read_custody(settings.run_folder, anchors)
    return Observation(
        chapters, custody, anchors, why, lockdown, cutover, verified, retired, clients.clock.now()
    )


def propose(settings: Settings, observation: Observation) -> Plan:
    """Always empty: evidence changes nothing."""
    return Plan(STEP, settings.estate, tuple(settings.all_account_ids), ())


def apply(plan: Plan, gate: Gate) -> Outcome:
    """Notes in the record that the evidence was drawn up."""
    return run_plan(plan, gate)


def check(settings: Settings, observation: Observation) -> list[Finding]:
    """Every finding of every step, and those of the record itself."""
    findings = [finding for chapter in observation.chapters for finding in chapter.findings]
    return [*findings, *_record_findings(settings, observation)]


def _record_findings(settings: Settings, observation: Observation) -> list[Finding]:
    custody, run = observation.custody, settings.run_name
    if not custody.check.lines:
        return [
            Finding("08.record", State.NOTE, "-", "-", run, "nothing was changed yet, so there is no record")
        ]
    findings = [
        Finding("08.record", State.FINDING, "-", "-", run, problem) for problem in custody.check.problems
    ] or [Finding("08.record", State.OK, "-", "-", run, "the chain of the record is whole")]
    if observation.anchors_why:
        findings.append(
            Finding(
                "08.anchors", State.COULD_NOT_LOOK, "-", "-", settings.work_bucket, observation.anchors_why
            )
        )
    elif observation.anchors:
        findings.append(
            Finding(
                "08.anchors",
                State.OK,
                "-",
                "-",
                settings.work_bucket,
                "every head in the work bucket fits the record",
            )
        )
    findings += [
        Finding(
            "08.permission",
            State.FINDING,
            permission.account,
            "-",
            permission.what,
            f"opened {permission.opened}, never seen closed",
        )
        for permission in custody.left_open
    ]
    if custody.permissions and not custody.left_open:
        evidence = f"{len(custody.permissions)} temporary permissions, each closed"
        findings.append(Finding("08.permission", State.OK, "-", "-", run, evidence))
    return findings


def _anchors(settings: Settings, clients: Clients) -> tuple[dict[int, str], str]:
    """The record's heads as the work bucket holds them, by line; or why they could not be read."""
    account = settings.log_account.account_id
    s3 = clients.client("s3", account, settings.home_region)
    owner = {"Bucket": settings.work_bucket, "ExpectedBucketOwner": account}
    listed = pages(
        s3,
        "list_objects_v2",
        "Contents",
        absent=("NoSuchBucket",),
        Prefix=f"records/{settings.run_name}/head-",
        **owner,
    )
    if listed.absent:
        return {}, ""
    if listed.value is None:
        return {}, f"ListObjectsV2: {listed.why}"
    anchors: dict[int, str] = {}
    for said in listed.value:
        got = look(s3.get_object, Key=said["Key"], **owner)
        if not got.seen:
            return {}, f"{said['Key']}: {got.why}"
        head = json.loads(got.value["Body"].read())
        anchors[int(head["line"])] = str(head["head"])
    return anchors, ""
