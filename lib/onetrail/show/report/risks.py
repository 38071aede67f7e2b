"""What no policy can stop, said per attacker and lock mode.

Sources: S3 User Guide, Object Lock; IAM User Guide, privileged tasks (S3UnlockBucketPolicy) and root; Organizations User Guide, closing an
account, service control policies. Read in 2026.
"""

from typing import Final, NamedTuple

from onetrail.settings import Settings
from onetrail.show.report.model import Prose, Section, table


class Risk(NamedTuple):
    """One attacker: what is left for him under each lock mode, and what withstands him."""

    who: str
    none: str
    governance: str
    compliance: str
    withstands: str


RISKS: Final = (
    Risk(
        "a credential of a source account, its administrator included",
        "stop or delete the new trail where no guard rail is attached: no further log; nothing of what is in the archive",
        "the same as without a lock",
        "the same as without a lock",
        "the archive refuses every other account; the guard rail around the trail; an alarm on StopLogging",
    ),
    Risk(
        "an administrator of the log account",
        "where no guardrail is attached: rewrite the trust of the break-glass role, become it, and then change the policy and delete every log",
        "the same: break-glass may bypass governance",
        "the same up to the policy; no locked version can be deleted before its date, by anybody",
        "the archive's policy refuses him until he is break-glass; the guardrail around the archive, which refuses changes of our roles; few people with IAM rights there; an alarm on UpdateAssumeRolePolicy",
    ),
    Risk(
        "who holds break-glass",
        "change the policy, and delete every log",
        "the same, by bypassing governance",
        "change the policy and hide objects behind delete markers; no locked version can be deleted before its date",
        "two people for its use; the access log of the archive; the guard rail spares this role on purpose",
    ),
    Risk(
        "root of the log account",
        "put, read and delete the bucket's policy whatever it says, and then delete every log",
        "the same",
        "remove the policy; no locked version can be deleted before its date",
        "root without credentials (central root access); a guard rail, which reaches root of a member account",
    ),
    Risk(
        "an administrator of the management account",
        "take the bucket's policy away by sts:AssumeRoot with S3UnlockBucketPolicy, or give root a password; then delete every log",
        "the same",
        "take the policy away; no locked version can be deleted before its date",
        "no service control policy reaches the management account: limit sts:AssumeRoot and sts:TaskPolicyArn there, and few administrators",
    ),
    Risk(
        "the management account closing the log account",
        "after 90 days of suspension everything in it is deleted",
        "the same",
        "the same: closing the account deletes locked versions too",
        "nothing technical: a copy in an organization of its own, or the 90 days, in which the account can be reopened",
    ),
    Risk(
        "whoever can write to the folder of this run",
        "rewrite record, ledger and this page together; who holds break-glass as well can remove the stored heads",
        "the same, by bypassing governance",
        "rewrite the folder, and as break-glass remove the heads stored before step 06; no head stored since then can be deleted before its date",
        "the heads of the record in the work bucket, under the lock that the chain of custody shows; what comes after the last head is bound by this machine alone",
    ),
)  # fmt: skip
"""In the order of what they can reach."""
WITHOUT_AN_ORGANIZATION: Final = "No organization is named, so no guardrail stands: an administrator of the log account can become break-glass."


def section(settings: Settings) -> Section:
    """Every mode beside the one in force, so that the choice can be judged."""
    mode = settings.object_lock
    names = {"none": "without a lock", "governance": "under governance", "compliance": "under compliance"}
    heads = (
        "who",
        *(f"{name}{' (in force)' if one == mode else ''}" for one, name in names.items()),
        "what withstands",
    )
    rows = [[risk.who, *(getattr(risk, one) for one in names), risk.withstands] for risk in RISKS]
    said = {
        "compliance": "Under compliance nobody deletes a locked log before its date; what stays is the closing of the whole account.",
        "governance": "Under governance break-glass, and whoever becomes it, can delete every log.",
        "none": "Without a lock the bucket's policy is all that keeps the logs.",
    }[mode]
    alone = () if settings.organization_id else (WITHOUT_AN_ORGANIZATION,)
    words = Prose(
        (
            *alone,
            "A lock keeps the versions it stands on, until their own dates. It does not keep a delete marker from hiding an object: the version stays, and is seen by listing versions.",
            "Logs that no digest signs are equal to what lay in the old bucket; that nobody changed them there before the move cannot be proven by anybody.",
            "From its last digest on, up to about two hours, the new trail's own logs are named by no digest yet.",
        )
    )
    return Section(
        "risks",
        "What no policy can stop",
        said,
        (table("What is left, per attacker and lock mode", heads, rows), words),
    )
