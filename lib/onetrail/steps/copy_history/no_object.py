"""What no object has: copies and probes that name it can write nothing, even where they are let in."""

from typing import Final

NO_ETAG: Final = '"onetrail-canary"'
"""An ETag that no object has: a copy that was let in would fail its condition."""
