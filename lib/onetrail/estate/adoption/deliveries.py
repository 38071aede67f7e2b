"""Every trail that delivers goes on: where a plan puts a policy of a bucket into which a trail delivers, the new
document must let that trail in as the old one does. Asked of the library's evaluator with the ARNs that are seen,
before the plan is shown. Pure.

Source: CloudTrail User Guide, bucket policy for CloudTrail: GetBucketAcl, and PutObject below the folder of the trail's
owner; of an organization's trail also below the organization's.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from onetrail import iam, names
from onetrail.change import Change, Document, Finding, FindingState
from onetrail.cloudtrail.trail import Trail
from onetrail.estate.old_estate import OldEstate, status_of
from onetrail.estate.policy_documents.sizes import as_sent
from onetrail.settings import Settings

_CLOUDTRAIL: Final = "cloudtrail.amazonaws.com"
_PUTS: Final = ("PutBucketPolicy", "DeleteBucketPolicy")


def all_trails_of(estate: OldEstate) -> tuple[Trail, ...]:
    """Every trail that was seen, those of others too."""
    return (*estate.new_trails, *estate.old_trails)


def shut_out(id: str, settings: Settings, changes: Iterable[Change], trails: Sequence[Trail]) -> list[Finding]:
    """One finding of that id for each trail that delivers now and that a policy of these changes would keep out.

    What a change closes again is not asked: it puts back what stood before, and is never kept back.
    """
    found = []
    for change in changes:
        if change.service != "s3" or change.call not in _PUTS or change.closes:
            continue
        bucket = str(change.parameters["Bucket"])
        for trail in trails:
            if trail.bucket == bucket and status_of(trail).is_logging:
                found += [_finding(id, change, trail, why) for why in _refused(settings, change, bucket, trail)][:1]
    return found


def _finding(id: str, change: Change, trail: Trail, why: str) -> Finding:
    text = (
        f"trail {trail.name} of {trail.account} delivers to it, and the policy of this plan would keep it out: {why};"
        " nothing is planned: stop that trail or point it at another bucket, then run this step again"
    )
    return Finding(id, FindingState.FINDING, change.account, change.region, str(change.parameters["Bucket"]), text)


def _refused(settings: Settings, change: Change, bucket: str, trail: Trail) -> Iterator[str]:
    """What the trail may do by the policy that stands, and may not by the one that is put."""
    sent = change.parameters.get("Policy")
    after = as_sent(sent.value) if isinstance(sent, Document) else None
    before = as_sent(change.before) if isinstance(change.before, Mapping) else None
    if before is None:
        return
    for request in _requests(settings, change.account, bucket, trail):
        if not _decided(request, before).allowed:
            continue
        verdict = _decided(request, after)
        if not verdict.allowed:
            yield f"{request.action} on {request.resource}: {verdict.explain}"


def _decided(request: iam.Request, policy: Mapping[str, Any] | None) -> iam.PolicyDecision:
    return iam.evaluate(request, iam.Policies(resource=iam.prepared(policy) if policy else None))


def _requests(settings: Settings, owner: str, bucket: str, trail: Trail) -> Iterator[iam.Request]:
    arn, who = names.bucket_arn(settings.partition, bucket), iam.service(_CLOUDTRAIL)
    given = {"aws:SourceArn": trail.arn, "aws:SourceAccount": trail.account, "aws:SecureTransport": "true"}
    if settings.organization_id:
        given |= {"aws:SourceOrgID": settings.organization_id}
    yield iam.Request(who, "s3:GetBucketAcl", arn, owner, given)
    folders = [trail.account]
    if trail.is_organization and settings.organization_id:
        folders += [
            f"{settings.organization_id}/{account}" for account in (trail.account, *settings.source_account_ids)
        ]
    prefix = f"{trail.key_prefix}/" if trail.key_prefix else ""
    for folder in folders:
        for kind in ("CloudTrail", "CloudTrail-Digest"):
            key = f"{prefix}AWSLogs/{folder}/{kind}/{trail.home_region}/2026/01/12/file.json.gz"
            put = {**given, "s3:x-amz-acl": "bucket-owner-full-control"}
            yield iam.Request(who, "s3:PutObject", f"{arn}/{key}", owner, put)
