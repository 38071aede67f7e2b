"""What a person sees of step 04: every trail, and where the new one has delivered."""

from onetrail.change.words import counted
from onetrail.estate.delivery import RegionDelivery
from onetrail.estate.old_estate import status_of
from onetrail.estate.old_trails import left_alone
from onetrail.settings import Settings
from onetrail.show.html import Shown, paragraph
from onetrail.show.table import framed, table
from onetrail.steps.trail_cutover.observe import CutoverObservation, delivered_everywhere


def trails(observation: CutoverObservation) -> Shown:
    """The new trail first, then the old ones: whether each is logging, and what it delivered last."""
    estate = observation.estate
    rows = []
    for trail in (*estate.new_trails, *estate.old_trails):
        status, new = status_of(trail), trail in estate.new_trails
        what = "the new trail" if new else "left as it is" if left_alone(estate, trail) else "old"
        logging = "not evaluated" if trail.status is None else "yes" if status.is_logging else "no"
        row = [
            trail.account,
            trail.home_region,
            trail.name,
            what,
            logging,
            None if status.is_logging else status.stopped,
            status.latest_delivery,
        ]
        rows.append([*row, status.latest_digest if trail.validation else None])
    columns = [
        "account",
        "region",
        "trail",
        "role",
        "logging",
        "stopped",
        "last log file",
        "last digest",
    ]
    frame = framed(rows, columns=columns)
    return table(frame, "Every trail", verdict=_trails_verdict(observation), if_any=("stopped",))


def delivery(settings: Settings, observation: CutoverObservation) -> Shown:
    """One row per enabled region: the first file of the new trail in the archive, or why there is none."""
    seen = {(row.account, row.region): row for row in observation.deliveries}
    rows = [
        [account, region, *_delivered(seen.get((account, region)))]
        for account in settings.source_account_ids
        for region in observation.regions[account]
    ]
    frame = framed(rows, columns=["account", "region", "state", "evidence", "file"])
    everywhere = delivered_everywhere(settings, observation)
    line = f"{everywhere.why[:1].upper()}{everywhere.why[1:]}."
    if not observation.estate.new_trails:
        line = (
            f"There is no new trail yet; it must deliver in {counted(len(rows), 'region')} before an old one is"
            " stopped."
        )
        return paragraph(line, strong=True)
    return table(frame, "Delivery of the new trail into the archive", verdict=line, if_any=("file",))


def _delivered(row: RegionDelivery | None) -> list[str]:
    if row is None:
        return ["· not yet", "no new trail", ""]
    sign = (
        "? not evaluated"
        if row.could_not_look
        else "✗ fails"
        if row.error
        else "✓ delivered"
        if row.proven
        else "· not yet"
    )
    return [sign, row.line, row.evidence_key.rsplit("/", 1)[-1]]


def _trails_verdict(observation: CutoverObservation) -> str:
    old = observation.estate.old_trails
    states = [trail.status for trail in old]
    logging = sum(status is not None and status.is_logging for status in states)
    blind = sum(status is None for status in states)
    there = len(observation.estate.new_trails)
    said = (
        f"{there} new and {counted(len(old), 'old trail')};"
        f" {counted(logging, 'of the old ones is', 'of the old ones are')} logging"
    )
    said += f", {blind} not evaluated" if blind else ""
    failed = observation.could_not_look
    return f"{said}." + (f" Not evaluated: {'; '.join(failed)}." if failed else "")
