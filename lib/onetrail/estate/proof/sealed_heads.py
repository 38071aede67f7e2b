"""Sealed heads: what ends step 06, put into the work bucket by a role that the operator may not assume.

The operator owns the run folder and may put heads of the record, so neither says that 06 really found what a receipt
says. A sealed head names the receipts that one run of 06 wrote, by their hashes, and the line of the record after the
last of them. The work bucket's policy lets the sealer alone write below `sealed/`, and nobody overwrite there.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from botocore.exceptions import BotoCoreError

from onetrail.aws import Clients, look, pages_for
from onetrail.aws.actors import SEALER
from onetrail.change import RunRecord, verify_record
from onetrail.change.run_record.heads import HeadRefused, RecordHead, folder_of, parse_head
from onetrail.estate.proof.anchors import SEALED, read_anchors
from onetrail.estate.proof.receipts import Receipt, Receipts, lines_of, read_receipts
from onetrail.looked import Unread, or_none
from onetrail.settings import Settings

LARGEST: Final = 4 * 1024 * 1024
"""Bytes of a sealed head: about 150 for each receipt."""
_RECEIPTS: Final = "receipts"
RENEW: Final = "write a new one: onetrail run -f FILE --from 06 --to 06"


class SealedHead(NamedTuple):
    """One sealed head: the line of the record it speaks of, that line's hash, the receipts' hashes by bucket, and where
    it lies."""

    line: int
    head: str
    receipts: Mapping[str, str]
    key: str


@dataclass(frozen=True)
class SealedHeads:
    """All of one run. `strange` names what is stored there and is none; `could_not_look` says why they could not be
    read."""

    held: tuple[SealedHead, ...] = ()
    strange: tuple[str, ...] = ()
    could_not_look: str = ""

    def why_not(self, receipt: Receipt, line: int) -> str:
        """Why none of them speaks of this receipt, which `line` of the record tells of; empty where one does."""
        naming = [one for one in self.held if one.receipts.get(receipt.bucket) == receipt.sha256]
        if not naming:
            return "no sealed head in the work bucket names it"
        if line > max(one.line for one in naming):
            return f"line {line:,} of the record names it, and the sealed head that names it is of an earlier line"
        return ""


def folder(run: str) -> str:
    """Below which key the sealed heads of a run are in the work bucket."""
    return f"{folder_of(run)}{SEALED}"


def key_of(run: str, line: int) -> str:
    """The one key at which the sealed head of that line may lie."""
    return f"{folder(run)}head-{line:06d}.json"


def put_sealed_head(clients: Clients, record: RunRecord, receipts: Mapping[str, str]) -> Mapping[str, Any]:
    """Put the record's head with these receipts, as the sealer, under an open change; returns what the record says of
    it."""
    settings = clients.settings
    account = settings.log_account.account_id
    head = RecordHead(
        settings.run_name,
        record.lines,
        record.head,
        record.at,
        more={_RECEIPTS: dict(sorted(receipts.items()))},
    )
    key = key_of(head.run, head.line)
    s3 = clients.client("s3", account, settings.home_region, SEALER)
    answer = s3.put_object(
        Bucket=settings.work_bucket, ExpectedBucketOwner=account, Key=key, Body=head.body(), IfNoneMatch="*"
    )
    request_id = answer.get("ResponseMetadata", {}).get("RequestId", "")
    return {
        "line": head.line,
        "head": head.head,
        "object": key,
        "receipts": len(receipts),
        "RequestId": request_id,
    }


def read_sealed_heads(settings: Settings, clients: Clients) -> SealedHeads:
    """Every sealed head of this run: of each key the oldest version."""
    account = settings.log_account.account_id
    s3 = clients.client("s3", account, settings.home_region)
    owner = {"Bucket": settings.work_bucket, "ExpectedBucketOwner": account}
    below = {"Prefix": folder(settings.run_name), **owner}
    written = or_none(pages_for(s3, "list_object_versions", "Versions", ("NoSuchBucket",), **below))
    hidden = or_none(pages_for(s3, "list_object_versions", "DeleteMarkers", ("NoSuchBucket",), **below))
    if isinstance(written, Unread):
        return SealedHeads(could_not_look=f"{settings.work_bucket}: ListObjectVersions: {written.why}")
    if isinstance(hidden, Unread):
        return SealedHeads(could_not_look=f"{settings.work_bucket}: ListObjectVersions: {hidden.why}")
    oldest = {said["Key"]: said for said in written or ()}  # S3 lists a key's versions newest first
    count = Counter(said["Key"] for said in (*(written or ()), *(hidden or ())))
    held, strange = [], []
    for key, said in sorted(oldest.items()):
        got = look(s3.get_object, Key=key, VersionId=said["VersionId"], **owner)
        if isinstance(got, Unread):
            return SealedHeads(could_not_look=f"{settings.work_bucket}/{key}: GetObject: {got.why}")
        try:
            held.append(_parsed(settings.run_name, key, got.value["Body"].read(LARGEST + 1)))
        except (BotoCoreError, OSError) as err:
            return SealedHeads(could_not_look=f"{settings.work_bucket}/{key}: {err}")
        except HeadRefused as err:
            strange.append(f"{key!a:.300} {err.line}")
    strange += [f"{key!a:.300} was written or hidden after it was stored" for key, n in sorted(count.items()) if n > 1]
    return SealedHeads(tuple(held), tuple(strange))


def sealed_receipts(settings: Settings, clients: Clients) -> Receipts:
    """The receipts of this run, and of them as `held` those alone that permit something now.

    A receipt permits nothing where the record disagrees with a head of any kind, where no sealed head names its hash,
    or where the sealed head that does is of an earlier line than the receipt's own.
    """
    receipts = read_receipts(settings.run_folder)
    return _sealed(settings, clients, receipts, read_sealed_heads(settings, clients)) if receipts.held else receipts


def receipts_and_missing(settings: Settings, clients: Clients) -> Receipts:
    """As `sealed_receipts`, and which receipts the sealed heads name that are not here: these heads are read even where
    none is."""
    receipts, sealed = read_receipts(settings.run_folder), read_sealed_heads(settings, clients)
    found = (
        _sealed(settings, clients, receipts, sealed)
        if receipts.held
        else replace(receipts, strange=sealed.strange, could_not_look=sealed.could_not_look)
    )
    return replace(found, missing=_missing(found, sealed))


def _missing(receipts: Receipts, sealed: SealedHeads) -> dict[str, str]:
    """By bucket: the last sealed head that names its receipt, where that receipt is not here. One that is here and
    broken is named as that."""
    last = {
        bucket: (one, sha256)
        for one in sorted(sealed.held, key=lambda one: one.line)
        for bucket, sha256 in one.receipts.items()
    }
    broken = receipts.broken.keys() - receipts.earlier.keys()
    return {
        bucket: f"{one.key} names the receipt {sha256:.64}, which is not here"
        for bucket, (one, sha256) in last.items()
        if bucket not in broken and (bucket not in receipts.held or receipts.held[bucket].sha256 != sha256)
    }


def _sealed(settings: Settings, clients: Clients, receipts: Receipts, sealed: SealedHeads) -> Receipts:
    """The receipts that are whole, beside the heads in the work bucket."""
    anchors = read_anchors(settings, clients)
    unread = anchors.could_not_look or sealed.could_not_look or next(iter(anchors.unread.values()), "")
    if unread:
        why = f"the work bucket could not be read, and so nothing vouches for its receipt: {unread}"
        return replace(
            _none(receipts, why),
            could_not_look=f"the work bucket could not be read: {unread}; run this step again",
        )
    for heads in (anchors.heads, {one.line: one.head for one in sealed.held}):
        check = verify_record(settings.run_folder, heads)
        if not check.whole:
            why = (
                f"the run record disagrees with what the work bucket holds: {check.problems[0]}; keep it as evidence,"
                " and use another run_name"
            )
            return _none(receipts, why)
    lines = lines_of(settings.run_folder)
    held, broken, unsealed = {}, dict(receipts.broken), {}
    for name, receipt in receipts.held.items():
        why = sealed.why_not(receipt, lines[receipt.sha256])
        if why:
            broken[name] = f"{name}.json permits nothing: {why}; {RENEW}"
            unsealed[name] = receipt
        else:
            held[name] = receipt
    return replace(receipts, held=held, broken=broken, unsealed=unsealed, strange=sealed.strange)


def _none(receipts: Receipts, why: str) -> Receipts:
    broken = {**receipts.broken, **dict.fromkeys(receipts.held, why)}
    return replace(receipts, held={}, broken=broken, unsealed=receipts.held)


def _parsed(run: str, key: str, content: bytes) -> SealedHead:
    if len(content) > LARGEST:
        raise HeadRefused(f"is larger than {LARGEST:,} bytes")
    head = parse_head(content, also=(_RECEIPTS,))
    if head.run != run or key_of(run, head.line) != key:
        raise HeadRefused(f"is a head of line {head.line} of the run {head.run[:80]!a}, and is elsewhere")
    receipts = head.more[_RECEIPTS]
    if not isinstance(receipts, dict) or not all(type(said) is str for said in receipts.values()):
        raise HeadRefused("does not name receipts by bucket and hash")
    return SealedHead(head.line, head.head, receipts, key)
