"""The parameters of a run as one frozen value, read from where a person writes them, and in which no two contradict
each other."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from pydantic import PrivateAttr, model_validator

from onetrail import names
from onetrail.settings import crosschecks, sources
from onetrail.settings.checking import mistakes_in
from onetrail.settings.mistakes import SettingsError
from onetrail.settings.origins import Origins
from onetrail.settings.parameters import Parameters
from onetrail.settings.place import from_home


class Settings(Parameters):
    """Everything a person decides before a run. Two are equal where their parameters are, wherever these come from."""

    _origins: Origins = PrivateAttr(default_factory=Origins)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Settings) and self.__dict__ == other.__dict__

    @property
    def origins(self) -> Origins:
        """Where the values come from."""
        return self._origins

    @model_validator(mode="after")
    def _no_contradiction(self) -> Self:
        if lines := list(crosschecks.contradictions(self)):
            raise ValueError(lines[0])
        return self

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Settings from plain values. Raises SettingsError, with every mistake in a line that names the key."""
        if mistakes := mistakes_in(values):
            raise SettingsError(*mistakes)
        return cls.model_validate(dict(values))

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Settings from a YAML file. Raises SettingsError, with every mistake by its line in the file and its key."""
        return cls._of(sources.of_file(Path(path)))

    @classmethod
    def from_notebook(cls, names: Mapping[str, Any]) -> Self:
        """Settings from a notebook's globals, and from the file that its `parameters_file` names, for the folder that
        the notebook is in. Raises SettingsError, for an unknown parameter too."""
        start = Path.cwd()  # a kernel works in its notebook's folder
        return cls._of(sources.of_notebook(names, start)).meant_from(start)

    @classmethod
    def _of(cls, source: sources.Source) -> Self:
        if mistakes := source.mistakes:
            raise SettingsError(*mistakes, where=source.origins.file)
        return cls.model_validate(dict(source.values))._from(source.origins)

    def with_values(self, **changes: Any) -> Self:
        """The same settings with some keys changed, validated again. Raises SettingsError."""
        of = {key: origin for key, origin in self.origins.of.items() if key not in changes}
        return self.from_mapping({**self.parameters(), **changes})._from(replace(self.origins, of=of))

    def meant_from(self, start: Path) -> Self:
        """The same settings with an absolute runs_dir: a relative one is resolved from the home of `start`, else from
        `start`. Raises SettingsError."""
        return self.with_values(runs_dir=str(from_home(self.runs_dir, start)))._from(self.origins)

    def own_role_arn(self, account: str, role: str) -> str:
        """ARN of a role of onetrail's in an account."""
        return names.role_arn(self.partition, account, role, self.role_path)

    def administrators_of(self, owner: str) -> tuple[str, ...]:
        """Who may change the policy of an account's old buckets: `owner`, the ARN of who works there, and those whom
        bucket_administrators names in its account."""
        account = owner.split(":")[4]
        return (owner, *(arn for arn in self.bucket_administrators if arn.split(":")[4] == account and arn != owner))

    def _from(self, origins: Origins) -> Self:
        self._origins = origins
        return self

    def parameters(self) -> dict[str, Any]:
        """Every key as plain lists, dicts, text and numbers: what papermill is given and YAML can hold."""
        plain = self.model_dump(mode="json")
        plain["source_accounts"] = [account.model_dump(exclude_none=True) for account in self.source_accounts]
        plain["log_account"] = self.log_account.model_dump(exclude_none=True)
        plain["overrides"] = {name: override.model_dump(exclude_none=True) for name, override in self.overrides.items()}
        return plain
