"""What a person sees of step 08 in the notebook: the state of every step, the permissions, the custody, and the saved
page."""

import os
from collections import Counter
from pathlib import Path
from urllib.parse import quote

from onetrail.aws import environment
from onetrail.change import verdict
from onetrail.change.words import counted
from onetrail.settings import Settings
from onetrail.show.findings import SIGNS, STATES
from onetrail.show.html import Shown, escape, paragraph
from onetrail.show.report import page
from onetrail.show.report.findings import headline
from onetrail.show.table import framed, table
from onetrail.steps.evidence import ChangeEnding, EvidenceObservation, Fit, Permission, SavedReport, check

__all__ = ["custody", "files", "kept", "page", "permissions", "report", "steps"]


def steps(settings: Settings, observation: EvidenceObservation) -> Shown:
    """One row per step: how many of its checks are in which state."""
    found = check(settings, observation)
    names = {chapter.step: chapter.title for chapter in observation.chapters} | {"08": "Record and files"}
    rows = []
    for step, title in names.items():
        counts = verdict([one for one in found if one.id.startswith(f"{step}.")]).counts
        worst = next((SIGNS[state] for state in SIGNS if counts[state]), None)
        rows.append([step, title, *(counts[state] for state in SIGNS), worst])
    total = {"subject": "all"} | {name: verdict(found).counts[state] for name, state in zip(STATES, SIGNS, strict=True)}
    frame = framed(rows, columns=["step", "subject", *STATES, "worst"])
    return table(frame, "Checks by step and state", verdict=headline(found), total=total)


def permissions(observation: EvidenceObservation) -> Shown:
    """One row per temporary permission, with what it allowed and whether the record shows it closed."""
    found = observation.custody.permissions
    rows = [
        [one.opened.account, one.what, one.lets, one.until or "does not", one.opened.actor, _end(one)] for one in found
    ]
    columns = ["account", "on", "allowed", "expires at", "opened as", "closed"]
    left = len(observation.custody.left_open)
    line = f"{left:,} of {len(found):,} are not shown as closed." if left else f"All {len(found):,} were closed again."
    return table(
        framed(rows, columns=columns),
        "Temporary permissions, in the order of opening",
        verdict=line if found else "The record shows no temporary permission.",
        attention=[at for at, one in enumerate(found) if one.closed is None],
    )


def custody(observation: EvidenceObservation) -> Shown:
    """One row per step: the changes that the record holds, by how they ended."""
    sent = observation.custody.sent
    counts = Counter((one.step, one.ended) for one in sent)
    rows = [
        [
            step,
            *(counts[step, ended] for ended in ChangeEnding),
            sum(sum(o.objects.values()) for o in sent if o.step == step),
        ]
        for step in sorted({one.step for one in sent})
    ]
    names = [ended.value for ended in ChangeEnding]
    frame = framed(rows, columns=["step", *names, "object calls in bulk"])
    total = {"step": "all"} | {name: frame[name].sum() for name in frame.columns[1:]} if rows else None
    return table(frame, "Changes that were sent", verdict=_record(observation), total=total)


def files(observation: EvidenceObservation) -> Shown:
    """How many files of the run folder match the record, by kind."""
    counts = Counter((one.name.split("/")[0] if "/" in one.name else one.name, one.fit) for one in observation.files)
    kinds = sorted({kind for kind, _ in counts})
    frame = framed(
        [[kind, *(counts[kind, fit] for fit in Fit)] for kind in kinds],
        columns=["file or folder", *(fit.value for fit in Fit)],
    )
    bad = sum(count for (_, fit), count in counts.items() if fit is not Fit.FITS)
    line = (
        f"{counted(bad, 'file differs', 'files differ')} from the record." if bad else "Every file matches the record."
    )
    total = {"file or folder": "all"} | {name: frame[name].sum() for name in frame.columns[1:]}
    return table(
        frame,
        "Files that the record binds",
        verdict=line if counts else "The record names no file yet.",
        total=total if counts else None,
    )


def kept(saved: SavedReport) -> Shown:
    """Where the page is, and what binds it; or why it was not saved."""
    if saved.unsaved:
        line = f"The report was not saved: another process is writing this run ({saved.unsaved}). Once it has ended,"
        return paragraph(f"{line} run this notebook again.", strong=True)
    rows = [[saved.name, "the report for auditors", "its SHA-256 is in the run record"]]
    rows += [[saved.kept, "the previous report, kept", "its SHA-256 is in the run record"]] if saved.kept else []
    if saved.keys:
        new = counted(saved.keys, "public key that CloudTrail took", "public keys that CloudTrail took")
        rows.append(["public-keys/", f"{new} since step 01", "the SHA-256 of each file is in the run record"])
    return table(
        framed(rows, columns=["file of the run folder", "content", "bound by"]),
        "Files on this machine",
        verdict=(
            f"{saved.name} counts the checks that were made before it was saved; the check of the page itself,"
            " 08.report, comes after it."
        ),
    )


def report(settings: Settings, saved: SavedReport) -> Shown:
    """A link to the page, from where this notebook is: JupyterLab opens it in a tab."""
    if saved.unsaved:
        return kept(saved)
    place = Path(saved.name)
    if not environment.unattended():  # the runner executes a notebook into the run folder, beside the page
        place = Path(os.path.relpath(settings.run_folder.absolute() / saved.name))
    link = f'<a href="{quote(place.as_posix())}">Open {escape(saved.name)}</a>'
    line = paragraph(f"{saved.name} of run {settings.run_name}, in its run folder")
    return Shown(f'<p style="margin:.4em 0">{link}, the report of run {escape(settings.run_name)}.</p>', line.text)


def _end(one: Permission) -> str:
    if one.closed is None:
        return "not closed by this record"
    return "yes" if one.closed.plan == one.opened.plan else "yes, by a later plan"


def _record(observation: EvidenceObservation) -> str:
    check_ = observation.custody.check
    if not check_.begun:
        return "There is no record here."
    if not check_.lines:
        return f"No line of the record can be read: {next(iter(check_.problems), check_.torn)}."
    chain = "its chain is intact" if check_.whole else f"its chain is not intact: {check_.problems[0]}"
    anchors = observation.anchors
    if anchors.could_not_look:
        return f"The record exists and {chain}; the heads in the work bucket could not be read."
    return (
        f"The record exists and {chain}; {counted(len(anchors.held), 'of its heads is', 'of its heads are')} in the"
        " locked work bucket."
    )
