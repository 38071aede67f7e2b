"""The archive's policy is judged before it is put: each request it must allow or refuse, with the statement that decides."""

from collections.abc import Mapping
from typing import Any

from onetrail.change import Requirement
from onetrail.iam import Archive, Verdict, judge
from onetrail.iam.build import central_bucket
from onetrail.settings import Settings
from onetrail.steps.archive import archive_of


def verdicts(settings: Settings, document: Mapping[str, Any] | None = None) -> list[Verdict]:
    """What the document (without one, the policy this step puts) says to every request it must decide."""
    archive = archive_of(settings)
    return judge(archive, document if document is not None else central_bucket(archive), "steady")


def policy_judged(archive: Archive, document: Mapping[str, Any]) -> Requirement:
    """Met when the document decides every request as it must."""
    said = judge(archive, document, "steady")
    wrong = [v for v in said if not v.as_wanted]
    if not wrong:
        return Requirement(True, f"{len(said)} requests judged, each decided as it must be")
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    return Requirement(
        False, f"the policy would be wrong: {wrong[0].expectation.name}: {wrong[0].decision.explain}{more}"
    )
