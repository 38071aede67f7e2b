"""Lines for people while calls are under way: progress on standard error, and word of an AWS that does not answer."""

import os
import sys
from typing import Any

from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from onetrail.printable import printable


def say_line(line: str) -> None:
    """Progress for people and logs, on standard error; silent where outputs must not vary."""
    if os.environ.get("ONETRAIL_LIVE", "1") != "0":
        print(printable(line), file=sys.stderr, flush=True)


def tell_silence(event_name: str, attempts: int, caught_exception: BaseException | None, **_: Any) -> None:
    """Say of each try of a boto3 call that it ended without an answer; botocore itself asks again in silence.

    A handler of botocore's `needs-retry.SERVICE.OPERATION`, which it emits after each try (botocore, hooks).
    """
    if isinstance(caught_exception, ReadTimeoutError | ConnectTimeoutError):
        say_line(f"no answer to {':'.join(event_name.split('.')[1:])} in time (try {attempts})")
