"""Sending the copy plan: the engine behind each bulk rule, and the pilot before it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from onetrail.aws import Clients
from onetrail.aws.bulk_progress import expected
from onetrail.change import (
    BulkAction,
    CheckKind,
    Done,
    Gate,
    Outcome,
    Plan,
    RequiredCheck,
    Requirement,
    StepState,
    run_plan,
)
from onetrail.change.rest import RemainingClosings, close_rest
from onetrail.change.words import counted
from onetrail.estate.old_estate import OldEstate, read_old_estate
from onetrail.s3.bulk import reasons
from onetrail.s3.bulk.tally import WANTED
from onetrail.s3.decisions.decide import DecisionKind
from onetrail.steps.copy_history.copying import Copying
from onetrail.steps.copy_history.jobs.copies import BatchCopy
from onetrail.steps.copy_history.jobs.watch import jobs_role_settled
from onetrail.steps.copy_history.local import restores
from onetrail.steps.copy_history.permissions.revoked_proof import grant_revoked, policies_back, reads_refused

_COPIES = (BulkAction.PILOT, BulkAction.COPY)


def apply(plan: Plan, gate: Gate, clients: Clients) -> Outcome:
    """Open, pilot, copy, close, prove. Whatever fails, what was opened is closed."""
    copying = Copying(clients, gate, _expected(plan, clients) if gate.approve else {})
    copying.begins(plan)
    named = dict.fromkeys(change.resource for change in plan.changes)
    opened = [copying.buckets[name] for name in named if name in copying.buckets]

    def ended() -> Requirement:
        copying.write_rows(plan)
        return grant_revoked(clients, gate.say, opened_old_keys(plan))

    requires = {
        RequiredCheck(CheckKind.GRANT_REVOKED): ended,
        RequiredCheck(CheckKind.POLICIES_BACK): lambda: _policies_back(clients, copying.estate, plan),
        RequiredCheck(CheckKind.READS_REFUSED): lambda: reads_refused(clients, opened, gate.say),
        RequiredCheck(CheckKind.JOBS_ROLE_SETTLED): lambda: jobs_role_settled(clients, gate),
        RequiredCheck(CheckKind.SOURCES_READY): lambda: copying.sources_ready(plan),
        RequiredCheck(CheckKind.RESTORED): lambda: restores.restored(
            clients.settings, clients, copying.live, (DecisionKind.RESTORING,)
        ),
    }
    outcome = run_plan(plan, gate, requires=requires, bulk=BatchCopy(clients, gate, copying).carry_out)
    may_write = gate.approve and not gate.record.busy
    if may_write and (outcome.done or outcome.state in (StepState.NOTHING, StepState.WITHHELD)):
        copying.write_rows(plan, waits=outcome.state is StepState.NOT_YET)
    return replace(
        outcome, line=" ".join([outcome.line, *_left_out(copying), *_not_copied(outcome), *_unhashed(outcome)])
    )


def _expected(plan: Plan, clients: Clients) -> dict[str, int]:
    found = Counter[str]()
    for deed in (BulkAction.PILOT, BulkAction.COPY):
        found.update(expected(plan, deed, lambda bulk: str(bulk.fixed["CopySource.Bucket"])))
    return clients.still_expected("copied", found)


def _policies_back(clients: Clients, estate: OldEstate, plan: Plan | RemainingClosings) -> Requirement:
    """Whether no policy that the plan opened names a copier any more; not where one of its buckets is in no list
    because a list was refused."""
    there = {bucket.name: bucket for bucket in estate.buckets}
    ours = (clients.settings.bucket_name, clients.settings.work_bucket)
    named = dict.fromkeys(
        change.resource
        for change in plan.changes
        if change.service == "s3" and change.call.endswith("BucketPolicy") and change.resource not in ours
    )
    lost = [name for name in named if name not in there]
    if lost and estate.could_not_look:
        return Requirement(False, f"the policy of {lost[0]} could not be read: {estate.could_not_look[0]}")
    return policies_back(clients, [there[name] for name in named if name in there], opened_old_keys(plan))


def close(rest: RemainingClosings, gate: Gate, clients: Clients) -> tuple[Done, ...]:
    """Close what a plan of this step left open when its process died. Raises StillOpen, and what a closing raises.

    The old buckets are read when a closing needs that: an account that cannot be entered keeps no other closing
    waiting.
    """

    def unmet(check: RequiredCheck) -> str:
        if check.kind is not CheckKind.POLICIES_BACK:
            return f"{check} is asked by the step itself"
        back = _policies_back(clients, read_old_estate(clients.settings, clients), rest)
        return "" if back.met else back.why

    return close_rest(rest, gate, unmet)


def _left_out(copying: Copying) -> list[str]:
    """One sentence for each bucket whose pilot was refused."""
    return [f"{name} is left out: {why}." for name, why in sorted(copying.left_out.items())]


def _not_copied(outcome: Outcome) -> list[str]:
    """One sentence on objects that were tried and not copied, where there are any, with the commonest reasons of those
    that failed."""
    left: Counter[str] = Counter()
    why: Counter[str] = Counter()
    for result in _copies(outcome):
        left.update({o: n for o, n in result.get("outcomes", {}).items() if o not in WANTED})
        why = reasons.together(why, result.get("reasons", {}))
    if not left:
        return []
    each = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in sorted(left.items()))
    were = counted(left.total(), "object was", "objects were")
    because = f" Why: {reasons.in_words(why)}." if why else ""
    return [f"{were} not copied ({each}): the ledger names each, and the next run tries again.{because}"]


def _unhashed(outcome: Outcome) -> list[str]:
    """One sentence on copies of which S3 gave no SHA-256, where there are any."""
    number = sum(result.get("unhashed", 0) for result in _copies(outcome))
    return [f"S3 returned no SHA-256 for {counted(number, 'copy', 'copies')}."] if number else []


def _copies(outcome: Outcome) -> list[Mapping[str, Any]]:
    """What the copying rules came to."""
    return [done.result for done in outcome.done if done.change.bulk and done.change.bulk.deed in _COPIES]


def opened_old_keys(plan: Plan | RemainingClosings) -> list[tuple[str, str]]:
    """Account and ARN of every key of an old bucket whose policy the plan changes; the archive's own key is seen to
    elsewhere."""
    changed = {(c.account, str(c.parameters["KeyId"])) for c in plan.changes if c.call == "PutKeyPolicy"}
    return sorted(one for one in changed if one[0] != plan.accounts[-1])
