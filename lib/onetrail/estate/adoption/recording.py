"""Whether an old trail may be stopped: the new or adopted one records at least as much. Pure."""

from onetrail.change import Requirement
from onetrail.cloudtrail.merged_selectors import MAX_VALUES, merge_selectors
from onetrail.cloudtrail.selector import Selectors
from onetrail.cloudtrail.selector_coverage import lost
from onetrail.cloudtrail.trail import Trail
from onetrail.estate.old_estate import OldEstate, status_of
from onetrail.estate.old_trails import new_trail, touchable
from onetrail.settings import Settings

_UNREAD = "what it records is not readable here"


def records_as_much(settings: Settings, estate: OldEstate, old: Trail) -> Requirement:
    """Whether the new or adopted trail records everything that this one does; if not, which events would be lost."""
    new = new_trail(settings, estate, old.account)
    if new is None:
        named = settings.trail_arn or settings.new_trail_name
        return Requirement(False, f"no event of {old.account} is recorded by {named}")
    if new.selectors is None:
        if settings.accept_unread_selectors == new.arn:
            return Requirement(True, f"{new.name}: {_UNREAD}, and accept_unread_selectors accepts it")
        return Requirement(
            False,
            f"{new.name}: {_UNREAD}: enter its owner's account or a delegated administrator's as one of the accounts,"
            f" or have its owner confirm that it records what {old.name} records, and set accept_unread_selectors",
        )
    missing = lost(old, new)
    if missing:
        return Requirement(
            False,
            f"{new.name} does not record what {old.name} records: {'; '.join(missing)}; have its owner add that, or"
            f" put {old.arn} into leave_trails, so that it goes on",
        )
    return Requirement(True, f"{new.name} records everything that {old.name} records")


def unrecorded(settings: Settings, estate: OldEstate) -> list[tuple[Trail, str]]:
    """Old trails that log and may not be stopped beside the adopted one, each with why; none in create, where the new
    trail is made to record what they do."""
    if settings.trail_mode == "create":
        return []
    logging = [old for old in touchable(estate) if status_of(old).is_logging]
    asked = [(old, records_as_much(settings, estate, old)) for old in logging]
    return [(old, said.why) for old, said in asked if not said.met]


def accepted_line(settings: Settings, estate: OldEstate) -> str:
    """That the old trails are stopped on somebody's word; empty where they are not."""
    adopted = next((trail for trail in estate.new_trails if trail.arn == settings.trail_arn), None)
    if adopted is None or adopted.selectors is not None or settings.accept_unread_selectors != adopted.arn:
        return ""
    return f"{adopted.name}: {_UNREAD}, and accept_unread_selectors accepts it"


def merged(estate: OldEstate, account: str) -> Selectors:
    """What the new trail must record: everything any old trail of the account records, and never less than it does
    already."""
    mine = [t for t in estate.new_trails if t.account == account]
    return merge_selectors((t for t in touchable(estate) if t.account == account), mine)


def does_not_fit(settings: Settings, estate: OldEstate, account: str) -> str:
    """Why no trail can be made for the account; empty where AWS takes its selectors, and in adopt."""
    if settings.trail_mode == "adopt":
        return ""
    found = merged(estate, account)
    if found.fits:
        return ""
    number = sum(len(values) for selector in found.events for _, _, values in selector)
    return (
        f"the selectors of its old trails have {number:,} values together, and AWS allows {MAX_VALUES} for one trail:"
        " nothing is planned for this account; have an old trail select whole resource types, then run this step again"
    )


def widened(settings: Settings, estate: OldEstate, account: str) -> tuple[str, ...]:
    """What the new trail will record beyond the old ones, with its price; none in adopt."""
    return () if settings.trail_mode == "adopt" else merged(estate, account).limits
