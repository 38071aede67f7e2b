"""Parameters, validated: what a person decides before a run, as one frozen value.

`Settings.from_file`, `Settings.from_notebook` and `Settings.from_mapping` read them;
each raises `SettingsError`, which has every mistake in a line that names the key, what is wrong and how to write it.
"""

from typing import TYPE_CHECKING

from onetrail.lazily import lazily

if TYPE_CHECKING:
    from onetrail.settings.mistakes import SettingsError
    from onetrail.settings.model import Settings
    from onetrail.settings.parameters import Account, Override

__all__ = ["Account", "Override", "Settings", "SettingsError"]

if not TYPE_CHECKING:
    # These need pydantic.
    __getattr__ = lazily(__name__, __all__, "model", "parameters", "mistakes")
