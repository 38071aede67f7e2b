"""Every deed that may be done to a layout, by name. Nothing of onetrail is imported here."""

from typing import Final

from tests.fuzz import beside, breaking, forging
from tests.fuzz.deeds import Deeds

DEEDS: Final = Deeds({**breaking.deed, **forging.deed, **beside.deed})
