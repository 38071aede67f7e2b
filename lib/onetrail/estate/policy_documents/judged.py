"""The three buckets' policies are judged before they are put: each request they must allow or refuse, with the
statement that decides."""

from collections.abc import Mapping
from typing import Any

from onetrail.change import Requirement
from onetrail.errors import OnetrailError
from onetrail.estate.archive import standing_archive
from onetrail.iam import Archive, ExpectationResult, Opening, judge, judge_beside, judge_key
from onetrail.iam.build import central_bucket
from onetrail.iam.expectations import PolicyState
from onetrail.iam.limits import DocumentKind, size, too_large
from onetrail.settings import Settings


def verdicts(settings: Settings, document: Mapping[str, Any] | None = None) -> list[ExpectationResult]:
    """What the document (without one, the policy this step puts) says to every request it must decide."""
    archive = standing_archive(settings, document)
    return judge(archive, document if document is not None else central_bucket(archive), PolicyState.STEADY)


class KeyPolicyWrong(OnetrailError):
    """The key's policy would decide a request otherwise than it must; the message names the first one."""


def judged_key(archive: Archive, document: Mapping[str, Any]) -> dict[str, Any]:
    """The policy of the archive's key, judged request by request before it comes into a plan. Raises KeyPolicyWrong."""
    for verdict in judge_key(archive, document):
        if not verdict.as_wanted:
            said = f"{verdict.expectation.name}: {verdict.decision.explain}"
            raise KeyPolicyWrong(f"the key's policy would be wrong, and is not put: {said}; report this")
    return dict(document)


class OpeningWrong(OnetrailError):
    """The archive's policy with a grant open would decide a request otherwise than it must; the message names the first
    one."""


def judged_opening(archive: Archive, document: Mapping[str, Any], opening: Opening) -> dict[str, Any]:
    """The archive's policy as 05 opens it, judged while open and from the expiry on before it comes into a plan. Raises
    OpeningWrong."""
    if too_large(DocumentKind.BUCKET, size(DocumentKind.BUCKET, document)):
        return dict(document)  # it comes into no plan anyway
    for state in (PolicyState.OPEN, PolicyState.EXPIRED):
        wrong = next((v for v in judge(archive, document, state, opening) if not v.as_wanted), None)
        if wrong:
            said = f"{wrong.expectation.name}: {wrong.decision.explain}"
            raise OpeningWrong(f"the grant would be wrong, and is not opened: {state}: {said}; report this")
    return dict(document)


def policy_judged(archive: Archive, document: Mapping[str, Any], bucket: str = "") -> Requirement:
    """Met when the document decides every request as the policy of that bucket must; the archive's, where none is
    named."""
    beside = bucket not in ("", archive.bucket)
    said = judge_beside(archive, bucket, document) if beside else judge(archive, document, PolicyState.STEADY)
    wrong = [v for v in said if not v.as_wanted]
    if not wrong:
        return Requirement(True, f"{len(said)} requests evaluated, each decided as it must be")
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    where = f"of {bucket} " if beside else ""
    return Requirement(
        False,
        f"the policy {where}would be wrong: {wrong[0].expectation.name}: {wrong[0].decision.explain}{more}",
    )
