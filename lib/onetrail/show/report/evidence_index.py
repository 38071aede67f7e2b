"""The files of the run folder that are evidence, with their size and SHA-256: in sums, and one by one in an annex."""

from collections.abc import Sequence
from typing import Final

from onetrail.change.words import counted, share
from onetrail.show.report.model import Part, Prose, Section, table
from onetrail.steps.evidence import EvidenceObservation, FileSeen, Fit

_CONTENT: Final = {
    "record.jsonl": "run record",
    "inventory.parquet": "objects of the old buckets, as step 01 listed them",
    "ledger": "one row per object copied, locked or deleted",
    "policies": "text of each policy before and after a change",
    "public-keys": "CloudTrail's public keys",
    "receipts": "what was proven of each old bucket, and the list of its objects",
    "tokens": "receipts of an earlier release",
}
_HEADS: Final = ("file of the run folder", "bytes", "SHA-256 of its bytes", "beside the record")


def section(observation: EvidenceObservation) -> Section:
    """The record first; every other file as the record binds it."""
    files = ([observation.record] if observation.record else []) + list(observation.files)
    title = "Index of evidence"
    if not files:
        return Section("index", title, "There is no file in the run folder yet.")
    bad = [one for one in observation.files if one.fit is not Fit.FITS]
    parts: list[Part] = [_by_folder(files)]
    if bad:
        rows = [[one.name, one.fit.value, one.found or None, one.sha256 or None] for one in bad]
        heads = ("file of the run folder", "beside the record", "SHA-256 of its bytes", "SHA-256 in the record")
        parts.append(table("Files that differ from the record", heads, rows))
    parts.append(
        table(
            "Every file with its SHA-256",
            _HEADS,
            [[_name(one), one.size, one.found or None, one.fit.value] for one in files],
            summed=(1,),
            folded=f"Show all {len(files):,} files",
            verdict=(
                "A receipt is bound by the hash over its fields, which it contains; here every hash is that of the"
                " file's bytes, as sha256sum gives it."
            ),
        )
    )
    parts.append(
        Prose(
            (
                (
                    "The executed notebooks and run.log are in it too; no line of the record binds them, so they are"
                    " no evidence."
                ),
            )
        )
    )
    return Section("index", title, _line(observation, bad), tuple(parts))


def _line(observation: EvidenceObservation, bad: Sequence[FileSeen]) -> str:
    whole = len(observation.files)
    said = f"Beside the record itself, {share(whole - len(bad), whole, 'file')} as the record says"
    return f"{said}; not: {bad[0].name}{f' and {len(bad) - 1:,} more' if len(bad) > 1 else ''}." if bad else f"{said}."


def _name(one: FileSeen) -> str:
    return f"{one.name}, {counted(one.rows, 'line')} from the first" if one.name == "record.jsonl" else one.name


def _by_folder(files: Sequence[FileSeen]) -> Part:
    kinds: dict[str, list[FileSeen]] = {}
    for one in files:
        kinds.setdefault(one.name.split("/")[0], []).append(one)
    rows = [
        [
            f"{kind}/" if any("/" in one.name for one in of) else kind,
            _CONTENT.get(kind),
            len(of),
            sum(one.size or 0 for one in of),
            sum(one.fit is Fit.FITS for one in of),
            sum(one.fit is not Fit.FITS for one in of),
        ]
        for kind, of in kinds.items()
    ]
    heads = ("file or folder", "content", "files", "bytes", "as the record says", "not so")
    return table("Evidence in the run folder", heads, rows, summed=(2, 3, 4, 5))
