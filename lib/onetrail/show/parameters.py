"""Every parameter as a form shows it: its value, where this comes from, and what it means, by sections."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

from onetrail.aws import environment
from onetrail.change.words import counted
from onetrail.settings.origins import OriginKind
from onetrail.show.html import Column, Shown, escape, paragraph, together
from onetrail.show.table import NOTHING, simple

if TYPE_CHECKING:
    from onetrail.settings import Settings


def parameters(settings: "Settings") -> Shown:
    """A table per section, with a row per parameter.

    With `ONETRAIL_LIVE=0` it is the same on every machine and however the values were given: without where they come
    from, and with the name alone of the folder of runs.
    """
    from onetrail.settings.parameters import Parameters  # needs pydantic, and `validate` shows tables without
    from onetrail.settings.rendered import SECTIONS

    live = environment.live()
    columns = [Column(head) for head in ("parameter", "value", *(["from"] if live else []), "meaning")]
    values = settings.parameters()
    if not live:
        values["runs_dir"] = Path(settings.runs_dir).name

    def row(key: str) -> list[Any]:
        origin = [place_of(settings, key)] if live else []
        return [key, _value(values[key]), *origin, Parameters.model_fields[key].description or ""]

    sections = [simple(section, columns, [row(key) for key in keys]) for section, keys in SECTIONS]
    return together(*([paragraph(source_line(settings), strong=True)] if live else []), *sections)


def source_line(settings: "Settings") -> str:
    """Where the values come from, in a sentence: the file with its hash, and by name what does not come from it."""
    origins = settings.origins
    if not origins.of:
        return "A program gave every value."
    injected, edited = (origins.keys_by(kind) for kind in (OriginKind.INJECTED, OriginKind.CELL))
    edited = [key for key in edited if key != "parameters_file"]
    ways = [f"{_named(injected)} injected"] if injected else []
    ways += [f"{_named(edited)} from the parameters cell"] if edited else []
    if origins.file:
        if not origins.keys_by(OriginKind.FILE):
            return f"Injected by a run from {origins.file}, sha256 {origins.sha256}."
        of = counted(len(origins.keys_by(OriginKind.FILE)), "parameter")
        return "; ".join([f"{of} from {origins.file}, sha256 {origins.sha256}", *ways]) + "."
    return f"No parameters file; {'; '.join(ways)}." if ways else "No parameters file: every value is the default."


_MOST_NAMED: Final = 6


def _named(keys: Sequence[str]) -> str:
    return ", ".join(keys) if len(keys) <= _MOST_NAMED else counted(len(keys), "parameter")


def place_of(settings: "Settings", key: str) -> str:
    """Where one value comes from, in words; a dash where a program gave it."""
    origin = settings.origins.of.get(key)
    if origin is None:
        return NOTHING
    return f"{PurePath(settings.origins.file).name}:{origin.line}" if origin.kind is OriginKind.FILE else origin.kind


def _value(value: Any) -> str | Shown:
    """Text as it is; of a list, each item on a line of its own."""
    if isinstance(value, Mapping) and "account_id" not in value:
        value = [f"{name}: {_flat(item)}" for name, item in value.items()]
    if isinstance(value, list):
        items = [_flat(item) for item in value]
        if len(items) != 1:
            return Shown("<br>".join(map(escape, items)), ", ".join(items)) if items else NOTHING
        value = items[0]
    return _flat(value) or NOTHING


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        account = value.get("account_id")
        rest = ", ".join(f"{name} {item}" for name, item in value.items() if name != "account_id")
        return f"{account} ({rest})" if account and rest else str(account or rest)
    return str(value)
