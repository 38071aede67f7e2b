"""The parameters of a run as one frozen value, read from where a person writes them, and in which no two contradict
each other."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError, model_validator

from onetrail.settings import crosschecks, sources
from onetrail.settings.as_written import parameters_file
from onetrail.settings.parameters import Account, Override, Parameters
from onetrail.settings.place import from_home
from onetrail.settings.refusal import SettingsError, one_line, unfit_text, unknown


class Settings(Parameters):
    """Everything a person decides before a run."""

    @model_validator(mode="after")
    def _no_contradiction(self) -> Self:
        line = crosschecks.contradiction(self)
        if line:
            raise ValueError(line)
        return self

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Settings from plain values. Raises SettingsError, one line that names the key."""
        others = [str(key) for key in values if key not in cls.model_fields]
        if others:
            raise SettingsError(unknown(others, tuple(cls.model_fields)))
        if fault := unfit_text(values):
            raise SettingsError(fault)
        try:
            return cls.model_validate(dict(values))
        except ValidationError as err:
            known = {
                "source_accounts": Account.model_fields,
                "log_account": Account.model_fields,
                "overrides": Override.model_fields,
            }
            raise SettingsError(one_line(err, known)) from err

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Settings from a YAML file. Raises SettingsError that names the file and the key, or the line."""
        values = parameters_file(Path(path))
        try:
            return cls.from_mapping(values)
        except SettingsError as err:
            raise SettingsError(f"{path}: {err}") from err

    @classmethod
    def from_notebook(cls, names: Mapping[str, Any]) -> Self:
        """Settings from a notebook's globals, and from the file that its `parameters_file` names, for the folder that
        the notebook is in. Raises SettingsError, for an unknown parameter too."""
        start = Path.cwd()  # a kernel works in its notebook's folder
        values, file = sources.of_notebook(names, tuple(cls.model_fields), start)
        try:
            return cls.from_mapping(values).meant_from(start)
        except SettingsError as err:
            raise SettingsError(f"{file}: {err}" if file else str(err)) from err

    def with_values(self, **changes: Any) -> Self:
        """The same settings with some keys changed, validated again. Raises SettingsError."""
        return self.from_mapping({**self.parameters(), **changes})

    def meant_from(self, start: Path) -> Self:
        """The same settings with an absolute runs_dir: a relative one is resolved from the home of `start`, else from
        `start`. Raises SettingsError."""
        return self.with_values(runs_dir=str(from_home(self.runs_dir, start)))

    def parameters(self) -> dict[str, Any]:
        """Every key as plain lists, dicts, text and numbers: what papermill is given and YAML can hold."""
        plain = self.model_dump(mode="json")
        plain["source_accounts"] = [account.model_dump(exclude_none=True) for account in self.source_accounts]
        plain["log_account"] = self.log_account.model_dump(exclude_none=True)
        plain["overrides"] = {name: override.model_dump(exclude_none=True) for name, override in self.overrides.items()}
        return plain
