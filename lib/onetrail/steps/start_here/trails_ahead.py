"""What the trails that are there mean for the one that is to come: places, its name, whose buckets they deliver to.
Pure."""

from collections.abc import Iterator

from onetrail.change import Finding, FindingState
from onetrail.estate.elsewhere import missing_line, of_others
from onetrail.estate.old_trails import MOST_TRAILS, all_left_alone, name_taken, no_place, places_taken, taken_line
from onetrail.settings import Settings
from onetrail.steps.start_here.adoption_ahead import adoption_ahead
from onetrail.steps.start_here.preflight_seen import PreflightFacts


def trails_ahead(settings: Settings, seen: PreflightFacts) -> Iterator[Finding]:
    """The checks of step 00 about trails."""
    yield from _quota(settings, seen)
    yield from _name(settings, seen)
    yield from adoption_ahead(settings, seen)
    yield from _denied(seen)
    yield from _out_of_reach(seen)
    yield from _elsewhere(seen)
    yield from _without_trail(seen)
    yield from _chosen(seen)


def _quota(settings: Settings, seen: PreflightFacts) -> Iterator[Finding]:
    if settings.trail_mode == "adopt":
        return
    for account in settings.source_account_ids:
        if any(trail.account == account for trail in seen.estate.new_trails):
            yield Finding(
                "00.trails",
                FindingState.OK,
                account,
                "-",
                "trails",
                "the new trail has its place in every region",
            )
            continue
        most, full = places_taken(seen.estate, account)
        if why := no_place(settings, seen.estate, account):
            yield Finding("00.trails", FindingState.FINDING, account, ", ".join(full), "trails", why)
        else:
            text = f"at most {most} of {MOST_TRAILS} places are taken in a region; the new trail takes one in each"
            yield Finding("00.trails", FindingState.OK, account, "-", "trails", text)


def _denied(seen: PreflightFacts) -> Iterator[Finding]:
    """Where the organization refuses to show trails, in one line per account."""
    for one in seen.estate.denied:
        yield Finding("00.region-deny", FindingState.FINDING, one.account, ", ".join(one.regions), "regions", one.line)


def _name(settings: Settings, seen: PreflightFacts) -> Iterator[Finding]:
    for trail in name_taken(settings, seen.estate):
        text = taken_line([trail])
        yield Finding("00.trail-name", FindingState.FINDING, trail.account, trail.home_region, trail.name, text)


def _out_of_reach(seen: PreflightFacts) -> Iterator[Finding]:
    """Trails that cannot be stopped, since nothing can be done in their home region."""
    for trail in seen.estate.old_trails:
        why, home = seen.estate.out_of_reach.get(trail.arn, ""), trail.home_region
        if not why or of_others(trail) or trail.arn in seen.estate.left_trails:
            continue
        off = home not in seen.regions.get(trail.account, (home,))
        first = f"its home region {home} is disabled in this account" if off else why
        fed = f"it delivers to {trail.bucket}" if trail.bucket else "where it delivers is unknown"
        way = "enable the region" if off or "disabled" in why else f"add {home} to regions"
        text = f"{first}; {fed}: it is not stopped, and no bucket that it may feed is retired; {way}, or leave it by"
        text += f" leave_trails: [{trail.arn}]"
        yield Finding("00.old-region", FindingState.FINDING, trail.account, home, trail.name, text)


def _elsewhere(seen: PreflightFacts) -> Iterator[Finding]:
    """Buckets of old trails that are no source account's: their history stays where it is."""
    for bucket in seen.estate.elsewhere:
        named = ", ".join(sorted(arn.rsplit("/", 1)[-1] for arn in bucket.trails))
        text = f"{named} delivers to it: {bucket.line}"
        if not bucket.gone:
            text += "; its logs are not moved, and the trail is left as it is"
        yield Finding("00.bucket-elsewhere", FindingState.NOTE, bucket.account, "-", bucket.name, text)
    for trail, why in all_left_alone(seen.estate):
        where = (trail.account, trail.home_region, trail.name)
        yield Finding("00.trail-left", FindingState.NOTE, *where, f"left as it is: {why}")


def _without_trail(seen: PreflightFacts) -> Iterator[Finding]:
    """History that no trail names any more, what is left by choice, and where nobody could look for more."""
    for bucket in seen.estate.buckets:
        if not bucket.trails and not (bucket.held or bucket.closed or bucket.emptied) and bucket.key_prefixes:
            below = ", ".join(f"{prefix}/" if prefix else "its root" for prefix in bucket.key_prefixes)
            text = (
                f"no trail names it, and it holds CloudTrail logs of a source account below {below}: they are moved"
                f" too; to leave it as it is, set overrides: {{{bucket.name}: {{leave: true}}}}"
            )
            yield Finding("00.no-trail", FindingState.NOTE, bucket.account, bucket.region, bucket.name, text)
    for name in seen.estate.left:
        text = "left as it is by overrides in the parameters: its logs are not moved"
        yield Finding("00.bucket-left", FindingState.NOTE, "-", "-", name, text)
    for line in seen.estate.not_searched:
        name, _, why = line.partition(": ")
        text = f"no trail names it, and whether it holds CloudTrail logs was not seen everywhere: {why}"
        yield Finding("00.not-searched", FindingState.NOTE, "-", "-", name, text)


def _chosen(seen: PreflightFacts) -> Iterator[Finding]:
    """Buckets and trails that the parameters name and that are not there."""
    for name in seen.estate.missing:
        text = missing_line(name).partition(": ")[2]
        yield Finding("00.more-buckets", FindingState.FINDING, "-", "-", name, text)
    there = {trail.arn for trail in (*seen.estate.new_trails, *seen.estate.old_trails)}
    for arn in seen.estate.left_trails:
        if arn not in there:
            text = "leave_trails names it, and no source account shows such a trail: correct the ARN, or leave it out"
            yield Finding("00.leave-trails", FindingState.FINDING, arn.split(":")[4], arn.split(":")[3], arn, text)
