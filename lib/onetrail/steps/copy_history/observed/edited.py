"""What somebody else changed in a policy while a grant was open, as the run record shows it."""

from collections.abc import Mapping
from typing import Any

from onetrail.change import Finding, FindingState, entries
from onetrail.settings import Settings
from onetrail.steps.registry import COPY_HISTORY


def edited_policies(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """Bucket or key -> one line for each thing that others changed there between an opening and its closing, in this
    run."""
    found: dict[str, tuple[str, ...]] = {}
    for line in entries(settings.run_folder, "intent"):
        said = _changed(line) if line.get("step") == COPY_HISTORY.number and "resource" in line else []
        if said:
            found[line["resource"]] = tuple(dict.fromkeys((*found.get(line["resource"], ()), *said)))
    return found


def _changed(line: Mapping[str, Any]) -> list[str]:
    said = line.get("restores", {}).get("changed_by_others")
    return [str(one) for one in said] if isinstance(said, list) else []


def edited_findings(
    settings: Settings, edited: Mapping[str, tuple[str, ...]], archive_is_steady: bool
) -> list[Finding]:
    """A note for each policy that was changed meanwhile, and a finding for the archive's while it is not as it was
    built."""
    account = settings.log_account.account_id
    return [
        Finding(
            "05.policy-edited",
            FindingState.FINDING if name == settings.bucket_name and not archive_is_steady else FindingState.NOTE,
            account if name == settings.bucket_name else "-",
            settings.home_region if name == settings.bucket_name else "-",
            name,
            f"someone else changed the policy while the grant was open, and the change was kept: {'; '.join(lines)}",
        )
        for name, lines in sorted(edited.items())
    ]
