"""The only source of time: on AWS the wall clock, in the practice estate the estate's own."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from onetrail.change.values import iso
from onetrail.errors import NotYet

SHORT_WAIT_SECONDS = 120
"""Longer waits end the step with `not yet`; shorter ones are waited out with a line that says so."""


class Clock(Protocol):
    """What steps know of time."""

    def now(self) -> datetime:
        """The instant, in UTC."""
        ...

    def wait_until(self, moment: datetime, why: str, say: Callable[[str], None]) -> None:
        """Return once `moment` has come; raises NotYet where that is too long to sit out."""
        ...


class WallClock:
    """Real time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait_until(self, moment: datetime, why: str, say: Callable[[str], None]) -> None:
        left = (moment - self.now()).total_seconds()
        if left > SHORT_WAIT_SECONDS:
            raise NotYet(f"not yet: {why}: run this step again after {iso(moment)}")
        if left > 0:
            say(f"waiting {left:.0f} s: {why}")
            time.sleep(left)
