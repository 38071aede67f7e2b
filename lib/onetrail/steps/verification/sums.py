"""What was seen of buckets and of regions put together: a verdict for each bucket, and the coverage by region and
day."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from onetrail.change.words import some
from onetrail.cloudtrail.digests.verdict import FileState
from onetrail.cloudtrail.object_key import DIGEST_KINDS, MOVED_KINDS, KeyKind
from onetrail.settings import Settings
from onetrail.steps.verification.equality import BucketComparison, Day
from onetrail.steps.verification.region.chains import RegionSeen
from onetrail.steps.verification.troubles import TroubleGroup
from onetrail.steps.verification.verdict import BucketVerdict, DayCoverage

_NAMED: Final = 5
"""So many regions are named in one sentence; the others are counted."""


class VerificationSums:
    """Puts what was seen of buckets and of regions together."""

    def __init__(
        self,
        settings: Settings,
        seen: list[BucketComparison],
        read: list[RegionSeen],
        regions: Mapping[tuple[str, str], list[Any]],
    ) -> None:
        self.settings, self.seen, self.read = settings, seen, read
        self._codes = {
            (place, number): origin.bucket
            for place, places in regions.items()
            for number, (origin, _, _) in enumerate(places, start=1)
        }
        self._wanted = {place: {origin.bucket for origin, _, _ in places} for place, places in regions.items()}
        self._whole = {(one.account, one.region) for one in read}

    def verdict(self, one: BucketComparison, classes: tuple[str, ...]) -> BucketVerdict:
        left, kinds, states = one.left, one.kinds, one.states
        unread = [place for place, buckets in self._wanted.items() if left.name in buckets and place not in self._whole]
        known = not (left.emptied and left.live)
        logs = self._states(left.name, "logs")
        signed = ["signed"] if any(kinds[kind] for kind in DIGEST_KINDS) else []
        unsigned = ["unsigned"] if logs.get(FileState.UNSIGNED) or not signed else []
        return BucketVerdict(
            left.name,
            left.account,
            left.region,
            proven_before=not left.live,
            half_emptied=left.half_emptied,
            emptied=left.emptied,
            objects=one.listing.objects,
            size=one.listing.size,
            newest=one.listing.newest,
            logs_and_digests=sum(kinds[kind] for kind in MOVED_KINDS),
            markers=kinds[KeyKind.MARKER],
            foreign=kinds[KeyKind.FOREIGN],
            equal=states["equal"],
            missing=states["missing"],
            different=states["different"],
            uncompared=states["uncompared"],
            changed_metadata=self._sum(left.name, "changed_metadata"),
            unread_metadata=self._sum(left.name, "unread_metadata"),
            digests=self._states(left.name, "digests"),
            logs=logs,
            lost_digests=self._sum(left.name, "lost"),
            doubtful=self._sum(left.name, "doubtful"),
            unsealed=self._noted(left.name, "unsealed"),
            unlocked=self._noted(left.name, "unlocked"),
            old_versions=one.old_versions,
            delete_markers=one.delete_markers,
            listing=one.listing.hexdigest() if known and not one.could_not_look else "",
            classes=(*signed, *unsigned, *classes) if known else (),
            full=self.settings.digest_check == "full" and known,
            could_not_look=one.could_not_look
            or (
                f"{some([' '.join(place) for place in unread[:_NAMED]], len(unread))} could not be read"
                if unread
                else ""
            ),
        )

    def archive(self) -> BucketVerdict:
        """What nobody moved: the new trail's own files."""
        settings = self.settings
        digests, logs = self._states("", "digests"), self._states("", "logs")
        count = sum(digests.values()) + sum(logs.values())
        return BucketVerdict(
            settings.bucket_name,
            settings.log_account.account_id,
            settings.home_region,
            objects=count,
            logs_and_digests=count,
            digests=digests,
            logs=logs,
            lost_digests=self._sum("", "lost"),
            doubtful=self._sum("", "doubtful"),
            unsealed=self._noted("", "unsealed"),
            unlocked=self._noted("", "unlocked"),
            full=settings.digest_check == "full",
        )

    def coverage(self) -> tuple[DayCoverage, ...]:
        """One cell for each account, region and day that has a log on either side."""
        parts: list[Counter[Day]] = [Counter() for _ in range(5)]
        for one in self.seen:
            parts[0].update(one.before)
            parts[1].update(one.after)
        for read in self.read:
            for total, counted in zip(parts[2:], (read.proven, read.unsigned, read.new), strict=True):
                total.update(counted)
        days = sorted(set().union(*parts))
        return tuple(DayCoverage(*day, *(part[day] for part in parts)) for day in days)

    def troubles(self) -> tuple[TroubleGroup, ...]:
        """The files that are not simply valid, sorted."""
        every = [*(one.troubles for one in self.seen), *(one.troubles for one in self.read)]
        return tuple(sorted(group for troubles in every for group in troubles.groups()))

    def unread(self) -> tuple[TroubleGroup, ...]:
        """The logs that hold no records that can be read, sorted."""
        return tuple(sorted(group for one in self.read for group in one.unread.groups()))

    def _of(self, bucket: str, read: RegionSeen, code: int) -> bool:
        return (self._codes.get(((read.account, read.region), code), "") if code else "") == bucket

    def _states(self, bucket: str, part: str) -> dict[FileState, int]:
        total: Counter[FileState] = Counter()
        for read in self.read:
            for code, states in getattr(read, part).items():
                if self._of(bucket, read, code):
                    total.update(states)
        return {state: total[state] for state in FileState if total[state]}

    def _sum(self, bucket: str, part: str) -> int:
        return sum(n for read in self.read for code, n in getattr(read, part).items() if self._of(bucket, read, code))

    def _noted(self, bucket: str, part: str) -> int:
        return sum(
            n for read in self.read for code, n in getattr(read.notes, part).items() if self._of(bucket, read, code)
        )
