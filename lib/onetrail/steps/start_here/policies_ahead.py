"""What the policies of the old buckets will refuse to the plan, before it begins: to the copier, and to the identity
that freezes, opens and closes them. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from onetrail.change import Finding, FindingState
from onetrail.change.words import counted
from onetrail.estate.backlog.backlog import direction_of
from onetrail.estate.backlog.direction import Direction
from onetrail.estate.backlog.obstacles import policy_obstacles
from onetrail.estate.old_estate import OldBucket
from onetrail.estate.policy_documents.foreseen import foreseen, owner_refused
from onetrail.looked import Unread
from onetrail.settings import Settings
from onetrail.steps.start_here.preflight_seen import PreflightFacts

ID: Final = "00.bucket-policy"


def policies_ahead(settings: Settings, seen: PreflightFacts, open_steps: Sequence[str]) -> Iterator[Finding]:
    """One finding per statement that will refuse something; one line for all buckets of which none does."""
    copied, changed = "05" in open_steps, bool({"02", "05", "07"} & set(open_steps))
    owners = {account: identity.arn for account, identity in seen.identities.items()}
    fine = 0
    for bucket in seen.estate.buckets:
        if bucket.emptied or isinstance(bucket.policy, Unread) or not changed:
            continue
        where = (bucket.account, bucket.region, bucket.name)
        found = list(_of_copier(settings, bucket)) if copied else []
        found += _of_owner(settings, bucket, owners.get(bucket.account, ""))
        yield from (Finding(ID, state, *where, text) for state, text in found)
        fine += not found
    if fine:
        text = f"{counted(fine, 'policy refuses', 'policies refuse')} nothing of what the steps do"
        yield Finding(ID, FindingState.OK, "-", "-", "old buckets", text)


def _of_copier(settings: Settings, bucket: OldBucket) -> Iterator[tuple[FindingState, str]]:
    direction, _ = direction_of(settings, bucket, 0)
    refused = foreseen(settings, bucket).pull_refused
    if direction == Direction.PUSH and refused and settings.direction_for(bucket.name) == "auto":
        yield FindingState.NOTE, f"{refused} to onetrail-copier of the log account: 05 pushes its logs instead"
    for one in policy_obstacles(settings, bucket, direction):
        yield FindingState.FINDING if one.stops else FindingState.NOTE, one.line


def _of_owner(settings: Settings, bucket: OldBucket, owner: str) -> Iterator[tuple[FindingState, str]]:
    for one in owner_refused(settings, bucket, owner) if owner else ():
        unless = f", unless the call carries the {', '.join(one.open_keys)} it asks for" if not one.sure else ""
        text = (
            f"{one} to {owner.split(':', 5)[5]}{unless}: let the bucket's owner exempt that identity, name another one"
            f" in source_accounts, or leave the bucket out by overrides: {{{bucket.name}: {{leave: true}}}}"
        )
        yield FindingState.FINDING if one.sure else FindingState.NOTE, text
