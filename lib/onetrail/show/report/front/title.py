"""What the report is called, its own id, and the facts below its title."""

from onetrail.change import iso
from onetrail.settings import Settings
from onetrail.steps.evidence import EvidenceObservation


def title(settings: Settings) -> str:
    """What was done, and for whom."""
    accounts = settings.source_account_ids
    whose = f"account {accounts[0]}" if len(accounts) == 1 else f"{len(accounts):,} accounts"
    return f"Move of the CloudTrail logs of {whose} to one trail and one archive{_for_whom(settings)}"


def report_id(settings: Settings, observation: EvidenceObservation) -> str:
    """Run, last line of the record that the page shows, and the start of that line's hash: with the record it can be
    checked."""
    check = observation.custody.check
    return f"{settings.run_name}-{check.lines}-{check.head[:12]}" if check.lines else f"{settings.run_name}-0"


def estate(settings: Settings) -> str:
    """Which world the page is about."""
    if settings.estate == "practice":
        return f"practice estate, scenario {settings.scenario}: nothing here is real"
    return "AWS"


def facts(settings: Settings, observation: EvidenceObservation) -> list[tuple[str, str]]:
    """Below the title."""
    return [
        ("Report", report_id(settings, observation)),
        ("Run", settings.run_name),
        ("Estate", estate(settings)),
        ("Read at", f"{iso(observation.now)}, by the estate's clock"),
        ("Responsible", ", ".join(settings.contacts) or "not named"),
    ]


def _for_whom(settings: Settings) -> str:
    return f", for organization {settings.organization_id}" if settings.organization_id else ""
