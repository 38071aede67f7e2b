"""What `onetrail record verify` does. The verb itself imports this when it is called, so that its help costs
nothing."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from onetrail.change import RecordError, entries
from onetrail.change.words import counted
from onetrail.cli.say import say
from onetrail.errors import OnetrailError, WrongUse
from onetrail.estate.custody.custody import Custody, read_custody
from onetrail.estate.proof.anchors import Anchors, read_files, read_heads
from onetrail.settings.place import from_home
from onetrail.validation.bucket import read_by_boto3

_NO_HEADS: Final = (
    "Anybody who can write to the folder can rewrite the whole chain: compare it with the heads in the work bucket by"
    " --heads."
)


def verify(run: str, heads: str | None, bucket_owner: str) -> None:
    """Do what `onetrail record verify` was asked to, print the state of the record, and exit."""
    folder = Path(run) if Path(run).is_dir() else from_home("runs", Path.cwd()) / run
    if not folder.is_dir():
        raise WrongUse(f"there is no run {run}: give the name of a folder in {folder.parent}, or a folder")
    stored = _stored(heads, _run_of(folder), bucket_owner) if heads else Anchors()
    custody = read_custody(folder, stored.heads)
    problems = [*custody.check.problems, *(_beside(custody, stored) if heads else ())]
    for problem in problems:
        say(problem)
    for said in filter(None, (custody.check.torn, custody.check.looks)):
        say(said)
    compared = not stored.could_not_look
    count = counted(len(problems), "problem")
    said = f"is not whole: {count}" if custody.check.problems or (problems and compared) else "is whole"
    lines = counted(custody.check.lines, "line")
    say(f"The record of {folder.resolve().name} {said}. {lines}, head {custody.check.head}")
    say(_outer_end(stored) if heads and compared else _NO_HEADS)
    sys.exit(3 if problems else 0)


def _run_of(folder: Path) -> str:
    """The run that the record names; without a record, the folder's name."""
    try:
        first = next(entries(folder), None)
    except RecordError:
        first = None
    return str(first["run"]) if first else folder.resolve().name


def _stored(heads: str, run: str, owner: str) -> Anchors:
    if heads.startswith("s3://"):
        found = _of_bucket(heads.removeprefix("s3://").rstrip("/"), run, owner)
    elif Path(heads).exists():
        found = read_files(Path(heads), run)
    else:
        raise WrongUse(f"there are no heads at {heads}: give a folder, a file, or s3://BUCKET")
    if not (found.held or found.strange or found.unread or found.could_not_look):
        raise WrongUse(f"{heads} holds no head of the run {run}: give the work bucket, or files downloaded from it")
    return found


def _of_bucket(bucket: str, run: str, owner: str) -> Anchors:
    try:
        client, known = read_by_boto3(bucket, owner)
    except WrongUse:
        raise
    except OnetrailError as err:
        return Anchors(could_not_look=err.line)
    return read_heads(client, run, Bucket=bucket, **({"ExpectedBucketOwner": known} if known else {}))


def _beside(custody: Custody, stored: Anchors) -> Iterator[str]:
    """What the heads say that the chain does not."""
    if stored.could_not_look:
        yield f"the heads could not be read: {stored.could_not_look}"
        return
    yield from stored.strange
    yield from (f"the head of line {line} could not be read: {why}" for line, why in stored.unread.items())
    for one in stored.held:
        if one.above:
            yield (
                f"{one.key} was written or hidden {counted(one.above, 'time')} after it was stored; its oldest version"
                " is what counts here"
            )
    if custody.check.behind:
        yield custody.check.behind
    last = max(stored.heads, default=0)
    if last and custody.reports and custody.reports[-1].line > last:
        yield (
            f"the report of line {custody.reports[-1].line} is under no head, since its run had no approval: run step"
            " 08 in a run that has one"
        )
    gone = sorted(set(custody.anchored) - set(stored.heads) - set(stored.unread))
    if gone:
        more = f" and of {counted(len(gone) - 1, 'more line')}" if gone[1:] else ""
        yield f"the record says that the head of line {gone[0]}{more} was stored, and it is not among the heads"


def _outer_end(stored: Anchors) -> str:
    last = max(stored.heads, default=0)
    return f"{counted(len(stored.held), 'head')}, up to line {last}, stored outside this folder."
