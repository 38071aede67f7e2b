"""Why a log file holds no records that can be read, in the words a person needs to look for another copy of it."""

from enum import StrEnum


class UnreadBytes(StrEnum):
    """What the bytes of such a file are."""

    EMPTY = "0 bytes"
    TRUNCATED = "truncated"
    TRAILING = "trailing bytes"
    SECOND = "a second gzip member follows the first"
    DAMAGED = "damaged gzip data"
    NOT_GZIP = "not gzip"
    NOT_JSON = "not JSON"
    NO_RECORDS = "records missing"
    TOO_LARGE = "too large to be read as a whole"
