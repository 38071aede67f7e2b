"""What `onetrail validate` does. The verb itself imports this when it is called, so that its help costs nothing."""

import re
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from onetrail.aws.estate import EstateNotRunning, PracticeClock, PracticeEstate
from onetrail.aws.telling import say_line
from onetrail.change import WallClock
from onetrail.change.words import counted, sized
from onetrail.cli.interrupt import Interrupts
from onetrail.cli.say import say_lines, terminal_width
from onetrail.cloudtrail.digests.verdict import FileVerdict
from onetrail.collecting import seldom_collecting
from onetrail.errors import OnetrailError, WrongUse
from onetrail.instants import utc
from onetrail.show import validation as show
from onetrail.show.validation_json import json_text
from onetrail.validation import (
    CheckScope,
    Directory,
    LogPlace,
    PlaceCheck,
    PublicKeys,
    ValidationResult,
    cloudtrail,
    open_bucket,
)

if TYPE_CHECKING:
    from onetrail.validation.kept import KeptChains

SAY_EACH_SECONDS: Final = 5.0


@dataclass(frozen=True)
class ValidationRequest:
    """What `onetrail validate` was asked to, option by option."""

    where: str
    saved: Path | None
    keep: Path | None
    moved_from: tuple[str, ...]
    since: str
    until: str
    expected_end: str
    account: str
    region: str
    trail: str
    bucket_owner: str
    resumed: Path | None
    as_json: bool
    parquet: Path | None


def validate(asked: ValidationRequest) -> None:
    """Do what `onetrail validate` was asked to, print what it found, and exit."""
    if asked.as_json and asked.parquet:
        raise WrongUse("--json and --parquet exclude each other")
    wanted = CheckScope(  # without the clock yet: a directory is what it was when it was downloaded
        asked.account,
        asked.region,
        asked.trail,
        _instant("since", asked.since),
        _instant("until", asked.until),
        _instant("expected-end", asked.expected_end),
    )
    _refuse(wanted)
    place: LogPlace
    with ExitStack() as stack:
        stack.enter_context(seldom_collecting())
        if _names_a_bucket(asked.where):
            bucket = open_bucket(*_bucket(asked.where), asked.bucket_owner)
            stack.callback(bucket.close)
            place, owner = bucket, bucket.owner
            practice = bucket.practice
            wanted = replace(wanted, now=_now(practice))
        else:
            directory = Directory(Path(asked.where))
            stack.callback(directory.close)
            place, owner, practice = directory, "", False
        ask = cloudtrail() if asked.keep is not None or asked.saved is None else None
        keys = PublicKeys(asked.saved, ask, asked.keep)
        kept = _kept(asked.resumed, practice) if asked.resumed else None
        check = PlaceCheck(place, keys, wanted, asked.moved_from or None, owner, _Progress().tell, kept)
        if asked.as_json:
            print_json(check)
        else:
            if asked.parquet:
                from onetrail.validation.parquet import write

                write(asked.parquet, check.verdicts())
            else:
                _drain(check.verdicts())
            say_lines(show.text(check.result, terminal_width()))
    sys.exit(0 if check.result.proven else 3)


def print_json(check: PlaceCheck) -> None:
    """The whole document, also if Ctrl-C comes while it is written, or if its reader is gone."""
    with Interrupts() as interrupts:
        for piece in json_text(interrupts.amid(check.verdicts()), check.result):
            sys.stdout.write(piece)
        sys.stdout.flush()


class _Progress:
    """A line on standard error every few seconds."""

    def __init__(self) -> None:
        self._begun = self._said = time.monotonic()

    def tell(self, result: ValidationResult, done: int, of: int) -> None:
        now = time.monotonic()
        if now - self._said < SAY_EACH_SECONDS:
            return
        self._said = now
        rate = result.read / (now - self._begun)
        say_line(
            f"validate: {done} of {counted(of, 'region')} done, {counted(sum(result.digests.values()), 'digest')}, "
            f"{counted(result.read, 'log')} read ({sized(result.size)}, {rate:,.0f}/s)"
        )


def _kept(folder: Path, practice: bool) -> "KeptChains":
    from onetrail.validation.kept import KeptChains

    try:
        return KeptChains(folder, lambda: _now(practice))
    except OnetrailError as err:
        raise WrongUse(err.line) from err


def _drain(verdicts: Iterator[FileVerdict]) -> None:
    for _ in verdicts:
        pass


def _names_a_bucket(where: str) -> bool:
    """Whether it is no directory. Raises WrongUse for other ways to name a bucket, with the one that is taken."""
    scheme, colon, rest = where.partition(":")
    if not colon or Path(where).is_dir():
        return False
    if scheme.lower() == "s3":
        return True
    instead = "write s3://BUCKET or s3://BUCKET/PREFIX"
    if scheme.lower() == "arn":
        *_, resource = rest.split(":")
        name = resource.removeprefix("accesspoint/").removeprefix("accesspoint:")
        if "accesspoint" in where:
            raise WrongUse(f"{where} names an access point; name its bucket: {instead}")
        raise WrongUse(f"{where} is an ARN: write s3://{name.rstrip('/*')}")
    if scheme.lower() in ("http", "https"):
        raise WrongUse(f"{where} is an address: {instead}, and set AWS_ENDPOINT_URL where it is not AWS")
    return False


def _bucket(where: str) -> tuple[str, str]:
    bucket, _, prefix = where.partition(":")[2].removeprefix("//").partition("/")
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,255}", bucket):
        raise WrongUse(f"{where} is not the name of a bucket: write s3://BUCKET or s3://BUCKET/PREFIX")
    prefix = f"{prefix.rstrip('/')}/" if prefix.rstrip("/") else ""
    if "AWSLogs/" in prefix:
        raise WrongUse(
            f"{where} is below AWSLogs/: name the prefix that contains AWSLogs/, and narrow by --account and --region"
        )
    return bucket, prefix


def _instant(option: str, said: str) -> datetime | None:
    if not said:
        return None
    try:
        found = datetime.fromisoformat(said)
    except ValueError as err:
        raise WrongUse(f"--{option} {said!r} is not a time: write it as 2025-01-31T09:00:00Z") from err
    return utc(found)


def _now(practice: bool) -> datetime:
    """The instant, by the practice estate's own clock where that answers and can be asked."""
    if practice:
        with suppress(EstateNotRunning):
            return PracticeClock(PracticeEstate.running()).now()
    return WallClock().now()


def _refuse(wanted: CheckScope) -> None:
    if wanted.since and wanted.until and wanted.since >= wanted.until:
        raise WrongUse("--since is not before --until")
    if wanted.account and not (len(wanted.account) == 12 and wanted.account.isdecimal()):
        raise WrongUse(f"--account {wanted.account!r} is not an account id: give 12 digits, with leading zeros")
