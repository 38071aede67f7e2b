"""The proof that a grant is closed: every policy read back, and each copier refused."""

from onetrail import iam
from onetrail.aws import Clients, look
from onetrail.change import COPIER, Requirement
from onetrail.change.words import counted
from onetrail.iam import build
from onetrail.steps.archive import archive_of
from onetrail.steps.archive_key import archive_key_arn
from onetrail.steps.copy_history.batch_seen import see_batch
from onetrail.steps.copy_history.observe import opens_key, read_key_policy
from onetrail.steps.old_estate import read_old_estate


def hole_closed(clients: Clients) -> Requirement:
    """Every policy read back as it was before the grant, and each copier refused where it could read a minute ago."""
    settings = clients.settings
    account = settings.log_account.account_id
    client = clients.client("s3", account, settings.home_region)
    seen = look(client.get_bucket_policy, Bucket=settings.bucket_name, ExpectedBucketOwner=account)
    if not seen.seen:
        return Requirement(False, f"the archive's policy could not be read back: {seen.why}")
    if iam.canonical(iam.parse(seen.value["Policy"])) != iam.canonical(
        build.central_bucket(archive_of(settings))
    ):
        return Requirement(False, "the archive's policy read back is not the steady one")
    key = archive_key_arn(settings, clients)
    policy = read_key_policy(settings, clients, key.value or "")
    if key.failed or policy.failed or opens_key(policy.value):
        why = key.why or policy.why
        return Requirement(False, f"the key's policy is not back: {why or 'copiers may still use it'}")
    batch = see_batch(settings, clients)
    if batch.open or batch.could_not_look:
        stands = [*batch.could_not_look, *(f"the temporary role {name} stands" for name in batch.roles)]
        return Requirement(False, (stands or ["jobs may still write into the work bucket"])[0])
    estate = read_old_estate(settings, clients)
    still = [bucket.name for bucket in estate.buckets if bucket.grant_open]
    if still or estate.could_not_look:
        return Requirement(
            False, f"old bucket policies are not back: {', '.join(still) or estate.could_not_look[0]}"
        )
    copier = clients.client("s3", account, settings.home_region, COPIER)
    for bucket in estate.buckets:
        tried = look(
            copier.list_objects_v2, Bucket=bucket.name, ExpectedBucketOwner=bucket.account, MaxKeys=1
        )
        if not tried.why.startswith("AccessDenied"):
            return Requirement(
                False, f"the copier is not refused on {bucket.name}: {tried.why or 'it can still list'}"
            )
    return Requirement(
        True,
        f"the archive's policy and {counted(len(estate.buckets), 'old policy', 'old policies')} are as before; the copier is refused everywhere",
    )
