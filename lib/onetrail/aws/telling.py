"""Lines for people while calls are under way: progress, and word of an AWS that does not answer."""

import sys
from typing import Any, TextIO

from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from onetrail.aws import environment
from onetrail.printable import printable


def progress_out() -> TextIO:
    """Where lines of progress go: standard error, and in a kernel standard output, since a notebook shows standard
    error as an error."""
    shown = sys.modules.get("IPython")
    kernel = getattr(shown.get_ipython(), "kernel", None) if shown is not None else None
    return sys.stderr if kernel is None else sys.stdout


def say_line(line: str) -> None:
    """Progress for people and logs; silent where outputs must not vary."""
    if environment.live():
        print(printable(line), file=progress_out(), flush=True)


def tell_silence(event_name: str, attempts: int, caught_exception: BaseException | None, **_: Any) -> None:
    """Say of each try of a boto3 call that it ended without an answer; botocore itself asks again in silence.

    A handler of botocore's `needs-retry.SERVICE.OPERATION`, which it emits after each try (botocore, hooks).
    """
    if isinstance(caught_exception, ReadTimeoutError | ConnectTimeoutError):
        say_line(f"no answer to {':'.join(event_name.split('.')[1:])} in time (try {attempts})")
