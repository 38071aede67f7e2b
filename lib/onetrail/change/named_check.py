"""The checks that a plan names: what must hold before a change is sent, or before a step counts as finished."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self


class CheckKind(StrEnum):
    """What is asked. Steps match this, never the text; plan ids and records hold the text, so a member keeps its
    value."""

    MAY_ADMINISTER = "may_administer"
    """Before a role is made as break-glass: that identity may really look into IAM by now."""
    OPERATOR_SETTLED = "operator_settled"
    """The same, and the operator role has propagated: until then AWS takes no trust policy that names it."""
    NEW_ENTRY_ROLES = "new_entry_roles"
    """Both new roles were really assumed."""
    POLICY_JUDGED = "policy_judged"
    """Each policy decides every request of the table as it must, in the form in which it is sent."""
    ACCESS_LOG_ARRIVED = "access_log_arrived"
    """A first access log of each of our buckets has arrived."""
    DELIVERED_EVERYWHERE = "delivered_everywhere"
    """The new trail delivers in every region. Its subject is the ARN of the old trail that is then stopped."""
    LAST_FILES_IN = "last_files_in"
    """The last files of the stopped trails are in."""
    SOURCES_READY = "sources_ready"
    """Every old bucket is frozen, no writer is left, and what was archived can be read."""
    JOBS_ROLE_SETTLED = "jobs_role_settled"
    """The new roles of the jobs can be used by now."""
    READS_REFUSED = "reads_refused"
    """The copier is refused on every old bucket that was opened."""
    POLICIES_BACK = "policies_back"
    """No policy that the plan opened names a temporary role any more."""
    GRANT_REVOKED = "grant_revoked"
    """Nothing of the grant is open."""
    RESTORED = "restored"
    """Restores that are under way have come to their end."""
    BREAK_GLASS = "break_glass"
    """Break-glass can be assumed with the current credentials."""
    SEALER = "sealer"
    """The role that seals the record's head can be assumed with the current credentials."""
    SEALED = "sealed"
    """The default locks of archive and work bucket are as the parameters say."""
    PROVEN_QUIET_COOLED = "proven_quiet_cooled"
    """The old bucket, its subject, holds what its receipt proved, nothing new came, and the cooling-off is over."""
    TRAIL_AS_REVIEWED = "trail_as_reviewed"
    """The old trail, its subject by ARN, is as it was reviewed, and what it wrote is proven."""
    CLOSED = "closed"
    """Nobody can write into the old bucket, its subject, any more."""
    EMPTY = "empty"
    """Nothing is left in the old bucket, its subject."""
    EXPIRED = "expired"
    """Lifecycle rules have emptied every bucket that they were given."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        """The check that earlier versions wrote under another name."""
        now = _FORMER.get(str(value))
        return cls(now) if now else None


_FORMER: Final = {"new_way_in": "new_entry_roles", "hole_closed": "grant_revoked"}
"""Names that versions up to 0.2.0 wrote into run folders: what they say there still counts."""


@dataclass(frozen=True)
class RequiredCheck:
    """One check. `subject` is the bucket or trail that it is made for, empty for a check that is about the whole
    step."""

    kind: CheckKind
    subject: str = ""

    def __str__(self) -> str:
        """As plan ids and records hold it: `kind`, or `kind:subject`."""
        return f"{self.kind}:{self.subject}" if self.subject else self.kind.value

    @classmethod
    def read(cls, written: str) -> Self:
        """The check of that text; the subject may hold colons, a kind holds none. Raises ValueError for a kind that
        there is not."""
        kind, _, subject = written.partition(":")
        return cls(CheckKind(kind), subject)
