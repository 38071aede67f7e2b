"""What no policy can stop, per attacker and lock mode.

Sources: S3 User Guide, Object Lock; IAM User Guide, privileged tasks (S3UnlockBucketPolicy) and root; Organizations
User Guide, closing an account, service control policies. Read in 2026.
"""

from typing import Final, NamedTuple

from onetrail.settings import Settings
from onetrail.show.report.model import Prose, Section, table


class Risk(NamedTuple):
    """One attacker: what remains possible under each lock mode, and what protects against it."""

    who: str
    none: str
    governance: str
    compliance: str
    withstands: str


RISKS: Final = (
    Risk(
        "a credential of a source account, its administrator included",
        "stop or delete the new trail where no guardrail is attached: no further logs; the archive is not affected",
        "the same as without a lock",
        "the same as without a lock",
        "the archive denies every other account; the guardrail around the trail; an alarm on StopLogging",
    ),
    Risk(
        "an administrator of the log account",
        "where no guardrail is attached: rewrite the trust policy of the break-glass role, assume it, then change the"
        " policy and delete every log",
        "the same: break-glass may bypass governance",
        "the same up to the policy; no locked version can be deleted before its date, by anybody",
        "the archive's policy denies everything until the break-glass role is assumed; the guardrail around the"
        " archive, which denies changes of our roles; few people with IAM rights there; an alarm on"
        " UpdateAssumeRolePolicy",
    ),
    Risk(
        "a principal that may assume break-glass",
        "change the policy, and delete every log",
        "the same, by bypassing governance",
        "change the policy and hide objects behind delete markers; no locked version can be deleted before its date",
        "two people for its use; the access log of the archive; the guardrail exempts this role deliberately",
    ),
    Risk(
        "root of the log account",
        "put, read and delete the bucket's policy regardless of its content, and then delete every log",
        "the same",
        "remove the policy; no locked version can be deleted before its date",
        "root without credentials (central root access); a guardrail, which applies to root of a member account",
    ),
    Risk(
        "an administrator of the management account",
        "remove the bucket's policy by sts:AssumeRoot with S3UnlockBucketPolicy, or give root a password; then delete"
        " every log",
        "the same",
        "remove the policy; no locked version can be deleted before its date",
        "no service control policy applies to the management account: limit sts:AssumeRoot and sts:TaskPolicyArn there,"
        " and few administrators",
    ),
    Risk(
        "the management account closes the log account",
        "after 90 days of suspension everything in it is deleted",
        "the same",
        "the same: closing the account deletes locked versions too",
        "no technical control: a copy in a separate organization, or the 90 days in which the account can be reopened",
    ),
    Risk(
        "anybody who can write to the folder of this run",
        "rewrite record, ledger and this page together; with break-glass too, remove the stored heads",
        "the same, by bypassing governance",
        "rewrite the folder, and with break-glass remove the heads stored before step 06; no head stored since then can"
        " be deleted before its date",
        "the heads of the record in the work bucket, under the lock that the chain of custody shows; lines after the"
        " last head are bound on this machine only",
    ),
)
"""In the order of their reach."""
WITHOUT_AN_ORGANIZATION: Final = (
    "No organization is named, so there is no guardrail: an administrator of the log account can become break-glass."
)


def section(settings: Settings) -> Section:
    """Every mode beside the one in force, so that the choice can be compared."""
    mode = settings.object_lock
    names = {"none": "without a lock", "governance": "under governance", "compliance": "under compliance"}
    heads = (
        "attacker",
        *(f"{name}{' (in force)' if one == mode else ''}" for one, name in names.items()),
        "protection",
    )
    rows = [[risk.who, *(getattr(risk, one) for one in names), risk.withstands] for risk in RISKS]
    said = {
        "compliance": (
            "Under compliance nobody can delete a locked log before its date; the remaining risk is the closure of the"
            " whole account."
        ),
        "governance": "Under governance every principal that can assume break-glass can delete every log.",
        "none": "Without a lock only the bucket's policy protects the logs.",
    }[mode]
    alone = () if settings.organization_id else (WITHOUT_AN_ORGANIZATION,)
    words = Prose(
        (
            *alone,
            (
                "A lock protects versions until their own dates. A delete marker can still hide an object: the version"
                " stays, and a listing of versions shows it."
            ),
            (
                "Logs without a digest are equal to the old bucket's objects; nobody can prove that they were not"
                " changed there before the move."
            ),
            "The new trail's own logs of up to about two hours after its last digest have no digest yet.",
        )
    )
    return Section(
        "risks",
        "What no policy can stop",
        said,
        (table("Remaining risk per attacker and lock mode", heads, rows), words),
    )
