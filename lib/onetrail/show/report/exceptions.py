"""Every note with why it is accepted, who owns it, and until when."""

from collections.abc import Sequence
from typing import Final

from onetrail.change import Finding, FindingState, ordered
from onetrail.change.words import counted
from onetrail.settings import Settings
from onetrail.show.report.accepted import ACCEPTED, NEXT_DIGEST, Accepted
from onetrail.show.report.findings import listed_names, shared_region
from onetrail.show.report.model import Prose, Section, table

_UNSTATED = Accepted("not recorded: its owner has to say", "not recorded")
YET_TO_COME: Final = "logs of the new trail that no digest names yet"
_HEADS: Final = ("note", "account", "region", "on", "what", "why accepted", "owner", "until")


def section(settings: Settings, found: Sequence[Finding]) -> Section:
    """Notes of one check and account with the same text are one row."""
    title = "Exceptions"
    notes = [one for one in ordered(found) if one.state is FindingState.NOTE]
    if not notes:
        return Section("exceptions", title, "There are none: no check ended with a note.")
    owner = ", ".join(settings.contacts) or "not named"
    groups: dict[tuple[str, str, str, Accepted], list[Finding]] = {}
    for one in notes:
        groups.setdefault((one.id, one.account, _text(settings, one), reason(settings, one)), []).append(one)
    rows = [
        [
            name,
            account or "-",
            shared_region([one.region or "-" for one in group]),
            listed_names([one.resource for one in group]),
            said,
            why.why,
            owner,
            why.until,
        ]
        for (name, account, said, why), group in groups.items()
    ]
    count = f"{counted(len(notes), 'note')}, in {counted(len(rows), 'row')}"
    line = f"{count}; the reason why each is accepted is beside it."
    words = (
        "The reasons are those of onetrail's method; the record holds no acceptance by a person. The owner is the"
        " contact that the parameters name. The signatures at the end accept these exceptions."
    )
    return Section("exceptions", title, line, (table("Notes, and why each is accepted", _HEADS, rows), Prose((words,))))


def reason(settings: Settings, one: Finding) -> Accepted:
    """By the check; logs that wait for their digest are distinguished from those that will never have one."""
    if one.id == "06.log-unsigned" and one.resource == settings.bucket_name:
        return NEXT_DIGEST
    return ACCEPTED.get(one.id, _UNSTATED)


def _text(settings: Settings, one: Finding) -> str:
    """Its evidence; of logs that wait for their digest without the number, so that the regions are one row."""
    return YET_TO_COME if reason(settings, one) is NEXT_DIGEST else one.evidence
