"""What `onetrail policies` prints. The verb itself imports this when it is called, so that its help costs nothing."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

import click

from onetrail import iam
from onetrail.aws.estate import EstateNotRunning, PracticeClock, PracticeEstate
from onetrail.change import WallClock, iso
from onetrail.change.words import counted
from onetrail.cli.say import say, say_lines, terminal_width
from onetrail.errors import WrongUse
from onetrail.estate.policy_documents.printed import documents as policy_documents
from onetrail.estate.policy_documents.printed import named_buckets, printed_archive, printed_openings
from onetrail.iam.expectations import PolicyState
from onetrail.printable import json_safe
from onetrail.settings import Settings
from onetrail.show.html import Column
from onetrail.show.table import simple

_STANDING: Final[dict[PolicyState, str]] = {
    PolicyState.STEADY: "central_bucket",
    PolicyState.WINDOW: "central_bucket_window",
}
_ARCHIVE: Final = "‹archive›"
_GRANTED: Final = (PolicyState.OPEN, PolicyState.EXPIRED)


def policies(path: Path, old_buckets: tuple[str, ...], expires: str, explain: bool) -> None:
    """Print what `onetrail policies` was asked for."""
    settings = Settings.from_file(path)
    until = expires or _expires(settings)
    try:
        documents = policy_documents(settings, old_buckets=old_buckets, expires=until)
    except iam.PolicyError as err:  # the parameters are validated, so it is --expires or --old-bucket
        raise WrongUse(str(err)) from err
    if not explain:
        click.echo(json_safe(json.dumps(documents, indent=2, ensure_ascii=False)))
        return
    archive, judged = printed_archive(settings), dict[tuple[str, str], list[iam.ExpectationResult]]()
    openings = printed_openings(settings, named_buckets(settings, old_buckets), until)
    for name, state, opening in _judged(openings):
        verdicts = iam.judge(archive, documents[name], state, opening)
        judged[name, state] = verdicts
        say_lines(_table(name, state, verdicts, archive.bucket_arn) + "\n")
    say_lines(_totals(judged) + "\n")
    if wrong := sum(not verdict.as_wanted for verdicts in judged.values() for verdict in verdicts):
        raise WrongVerdicts(
            f"{counted(wrong, 'request gets an unexpected verdict', 'requests get unexpected verdicts')}: see the rows"
            " marked ✗"
        )
    say("Every request gets the expected verdict.")


class WrongVerdicts(WrongUse):
    """The central bucket's policy allows or denies a request that it must not."""

    exit_code = 3


def _judged(openings: Mapping[str, iam.Opening]) -> Iterator[tuple[str, PolicyState, iam.Opening | None]]:
    """Each form of the central bucket's policy, the state it is judged in, and the grant it is judged by."""
    yield from ((name, state, None) for state, name in _STANDING.items())
    yield from ((name, state, opening) for name, opening in openings.items() for state in _GRANTED)


def _table(name: str, state: str, verdicts: list[iam.ExpectationResult], bucket: str) -> str:
    """As wide as the terminal; the caption has the archive's ARN, so that the rows need not."""
    columns = [Column(head) for head in ("", "principal", "does", "where", "verdict", "by")]
    rows = [
        [
            "✓" if v.as_wanted else "✗",
            v.row.who,
            v.row.does,
            _short(v.row.where, bucket),
            v.row.verdict,
            v.row.statement,
        ]
        for v in verdicts
    ]
    caption = f"{name}, {state}: {_ARCHIVE} is {bucket}"
    return simple(caption, columns, rows, terminal=terminal_width()).text


def _short(where: str, bucket: str) -> str:
    return _ARCHIVE + where.removeprefix(bucket) if where == bucket or where.startswith(f"{bucket}/") else where


def _totals(judged: Mapping[tuple[str, str], list[iam.ExpectationResult]]) -> str:
    """How many requests were evaluated against each document in each state, and with what result."""
    rows = [[name, state, *_counts(verdicts)] for (name, state), verdicts in judged.items()]
    every = _counts([verdict for verdicts in judged.values() for verdict in verdicts])
    columns = [Column("document"), Column("state"), *(Column(head, right=True) for head in _COUNTED)]
    return simple("Requests evaluated", columns, rows, ["all", "", *every]).text


_COUNTED: Final = ("requests", "allowed", "denied", "unexpected")


def _counts(verdicts: list[iam.ExpectationResult]) -> list[str]:
    allowed = sum(verdict.row.verdict == "allow" for verdict in verdicts)
    wrong = sum(not verdict.as_wanted for verdict in verdicts)
    return [f"{count:,}" for count in (len(verdicts), allowed, len(verdicts) - allowed, wrong)]


def _expires(settings: Settings) -> str:
    """`grant_hours` from now: the practice estate's now if it runs, else the wall clock's."""
    try:
        clock = PracticeClock(PracticeEstate.running()) if settings.estate == "practice" else WallClock()
    except EstateNotRunning:
        clock = WallClock()
    return iso(clock.now() + timedelta(hours=settings.grant_hours))
