"""Findings, worst first; checks without a finding have one row each."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from onetrail.change import Finding, FindingState, ordered, verdict
from onetrail.show.html import Column, Shown, folded, paragraph, together
from onetrail.show.table import simple
from onetrail.show.tables.rows import TableRows

_IN_SIGHT: Final = 8
"""Findings of one check and state with a row each; more are folded into one row."""
SIGNS: Final = {
    FindingState.FINDING: "✗ finding",
    FindingState.COULD_NOT_LOOK: "? not evaluated",
    FindingState.PLANNED: "→ planned",
    FindingState.NOTE: "· note",
    FindingState.OK: "✓ ok",
}
"""State as a sign and in words, so that it reads without colour."""
STATES: Final = tuple(sign.split(" ", 1)[1] for sign in SIGNS.values())
"""The states in words, as heads of columns, worst first."""
_CAPTION: Final = "Checks, worst first"
_COLUMNS: Final = [Column(head) for head in ("state", "check", "account", "region", "what", "evidence")]


class CheckState(StrEnum):
    """How the checks of a step ended, as its notebook says it to the runner."""

    CHECKED = "checked"
    FINDINGS = "findings"


def findings(found: Iterable[Finding]) -> Shown:
    """The findings as a table with its verdict; the runner reads the exit code from it. Its DataFrame, and a search,
    have each finding in a row of its own."""
    listed = ordered(found)
    read = verdict(listed)
    result = {
        "step": listed[0].id.split(".")[0] if listed else "",
        "state": (CheckState.FINDINGS if read.exit_code else CheckState.CHECKED).value,
        "exit_code": read.exit_code,
        "line": read.line,
        "plan": "",
    }
    line = paragraph(read.line, strong=True)
    if listed:
        line = together(
            simple(_CAPTION, _COLUMNS, [r for group in _groups(listed) for r in _rows(group)]),
            line,
        )
    every = [[SIGNS[f.state], f.id, f.account, f.region, f.resource, f.evidence] for f in listed]
    return Shown(line.html, line.text, result, (TableRows(_CAPTION, _COLUMNS, every, every),) if every else ())


def _groups(listed: list[Finding]) -> list[list[Finding]]:
    groups: dict[tuple[FindingState, str], list[Finding]] = {}
    for one in listed:
        groups.setdefault((one.state, one.id), []).append(one)
    return list(groups.values())


def _rows(group: list[Finding]) -> list[list[str | Shown]]:
    first = group[0]
    if len(group) <= (1 if first.state is FindingState.OK else _IN_SIGHT):
        return [[SIGNS[f.state], f.id, f.account, f.region, f.resource, f.evidence] for f in group]
    return [[SIGNS[first.state], first.id, *_shared(group), f"{len(group):,} resources", _evidence(group)]]


def _shared(group: list[Finding]) -> list[str]:
    """The account and the region where all have the same, else how many."""
    return [
        next(iter(seen)) if len(seen) == 1 else f"{len(seen)} {what}"
        for seen, what in (({f.account for f in group}, "accounts"), ({f.region for f in group}, "regions"))
    ]


def _evidence(group: list[Finding]) -> str | Shown:
    said = {f.evidence for f in group}
    line = next(iter(said)) if len(said) == 1 else f"for example {group[0].resource}: {group[0].evidence}"
    rows = [[f.account, f.region, f.resource, f.evidence] for f in group]
    names = [Column(head) for head in ("account", "region", "what", "evidence")]
    inner = simple(f"{group[0].id}: all {len(group):,}", names, rows)
    return Shown(folded(line, inner).html, line)
