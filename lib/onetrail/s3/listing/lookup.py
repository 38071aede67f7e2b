"""Single keys looked up in one folder, in rising order: one listing, begun where the first is asked for, that ends with
the folder."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Final

from onetrail.s3.rows import ObjectRow

WORTH_SKIPPING: Final = 2000
"""Rows passed over, two pages of S3's, before it is cheaper to list from the key that is wanted on."""


class Lookup:
    """`listing` gives the folder's rows after a key. A key before the one asked for last begins a listing of its own.

    `jumps` is False where a listing cannot begin in the middle, so that it is gone through to the key however far that
    is.
    """

    def __init__(self, listing: Callable[[str], Iterator[ObjectRow]], *, jumps: bool = True) -> None:
        self._listing, self._most = listing, WORTH_SKIPPING if jumps else None
        self._rows: Iterator[ObjectRow] | None = None
        self._ahead: ObjectRow | None = None
        self._asked = ""

    def find(self, key: str) -> ObjectRow | None:
        """The row of this key, None where the folder has none. Raises what the listing raises."""
        if self._rows is None or key < self._asked or not self._reaches(key):
            # What comes right before the key is not known; its own beginning comes before it, and lists little more.
            self._rows = self._listing(key[:-1])
            self._ahead = next(self._rows, None)
            while self._ahead is not None and self._ahead.key < key:
                self._ahead = next(self._rows, None)
        self._asked = key
        return self._ahead if self._ahead is not None and self._ahead.key == key else None

    def _reaches(self, key: str) -> bool:
        """Go on to the key; False where it is too far."""
        assert self._rows is not None
        for _ in count() if self._most is None else range(self._most):
            if self._ahead is None or self._ahead.key >= key:
                return True
            self._ahead = next(self._rows, None)
        return False
