"""Each temporary permission of the move: what it allowed, when it was opened and closed, and by which request."""

from onetrail.change.words import counted
from onetrail.show.report.model import Prose, Section, table
from onetrail.steps.evidence import EvidenceObservation, Permission

_HEADS = (
    "on",
    "account",
    "allowed",
    "expires at",
    "opened",
    "as",
    "closed",
    "open for",
    "record lines",
    "request ids",
)


def section(observation: EvidenceObservation) -> Section:
    """In the order of opening."""
    custody = observation.custody
    title = "Temporary permissions"
    if not custody.permissions:
        return Section("permissions", title, "The record shows no temporary permission.")
    rows = [_row(one) for one in custody.permissions]
    open_ = len(custody.left_open)
    line = counted(len(rows), "temporary permission was opened", "temporary permissions were opened")
    line += (
        f"; {'it is' if len(rows) == 1 else counted(open_, 'of them is', 'of them are')} not shown as closed:"
        f" {', '.join(sorted({one.what for one in custody.left_open}))}."
        if open_
        else (", and it was closed again." if len(rows) == 1 else ", and each was closed again.")
    )
    parts = [table("Temporary permissions, in the order of opening", _HEADS, rows, verdict=line)]
    proofs = [[c.line, c.at, c.step, "yes" if c.met else "no", c.why] for c in custody.conditions if c.of_revocation]
    if proofs:
        parts.append(
            table(
                "Proof that the grant was revoked: policies read back, and the copiers refused",
                ("line", "at", "step", "held", "evidence"),
                proofs,
            )
        )
    words = Prose(
        (
            (
                "The instants are those of the estate's clock, which the record keeps; on the practice estate that"
                " clock moves only when something waits."
            ),
        )
    )
    return Section("permissions", title, line, (*parts, words))


def _row(one: Permission) -> list[object]:
    closed = one.closed
    lines = f"{one.opened.line:,} to {closed.ended_line:,}" if closed else f"{one.opened.line:,} on"
    ids = [one.opened.request_id, closed.request_id if closed else ""]
    return [
        one.what,
        one.opened.account,
        one.lets,
        one.until or "does not",
        one.opened.ended_at or f"{one.opened.at} (no answer)",
        one.opened.actor,
        closed.ended_at if closed else "not closed by this record",
        duration(one.seconds),
        lines,
        "\n".join(i for i in ids if i) or None,
    ]


def duration(seconds: int | None) -> str:
    """Hours, minutes and seconds in words; a dash for what has no end."""
    if seconds is None:
        return "–"
    hours, minutes = divmod(seconds // 60, 60)
    parts = [
        f"{hours:,} h" if hours else "",
        f"{minutes} min" if minutes else "",
        f"{seconds % 60} s" if seconds % 60 else "",
    ]
    return " ".join(part for part in parts if part) or "0 s"
