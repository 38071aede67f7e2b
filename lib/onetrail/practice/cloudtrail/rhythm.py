"""When logs and digests land: five-minute marks, hours, and the delays in between.

Source: CloudTrail User Guide, "How CloudTrail works" and "CloudTrail digest file structure"; marks, delays and the
first digest as measured on real files.
"""

from datetime import datetime, timedelta
from typing import Final

MARK: Final = timedelta(minutes=5)
LAST_LOGS: Final = timedelta(minutes=15)
"""After this the last log files of a stopped trail have landed; the next digest is the final one."""
_LEAST_WAIT: Final = timedelta(seconds=150)
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def mark_of(moment: datetime) -> datetime:
    """The five-minute mark in the key of the file that holds an event of that instant: 150 to 450 s later."""
    waited = moment + _LEAST_WAIT - _EPOCH
    return _EPOCH + -(-waited // MARK) * MARK


def log_arrival(mark: datetime, nonce: bytes) -> datetime:
    """When a log file lands: 100 s before its mark to 190 s after."""
    return mark + timedelta(seconds=nonce[16] * 290 // 255 - 100)


def digest_arrival(end: datetime, nonce: bytes) -> datetime:
    """When a digest lands: 26 to 30 minutes after the end of its hour."""
    return end + timedelta(minutes=26, seconds=nonce[0] * 240 // 255)
