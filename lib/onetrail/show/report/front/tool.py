"""What the page was made with: version and commit of onetrail, and the parameters with their hash."""

import hashlib
from collections.abc import Iterator
from typing import Any, Final

from onetrail.change import canonical_json
from onetrail.settings import Settings
from onetrail.show.report.model import Section, table
from onetrail.steps.evidence import EvidenceObservation

_OF_THIS_MACHINE: Final = ("runs_dir", "parameters_file")
"""Parameters that name folders and files of the machine: they are left out of table and hash."""


def section(settings: Settings, observation: EvidenceObservation) -> Section:
    """The parameters are a table of its own; none of them is a secret."""
    build = observation.build
    if not build.commit:
        commit = "not recorded: this onetrail was installed, not run from a checkout"
    else:
        commit = build.commit + ("; files of lib/ were changed since, and not committed" if build.changed else "")
    values = stated(settings)
    rows = [
        ["onetrail", build.version or "not recorded"],
        ["commit", commit],
        ["parameters", f"{len(values):,}, all of them in the annex to this section"],
        ["SHA-256 of the parameters", sha256(settings)],
        ["parameters file", _file(settings)],
    ]
    line = f"This page was made by onetrail {build.version or '(version not recorded)'}."
    heads = ("parameter", "value", "from")
    parts = (
        table(
            "What this page was made with",
            ("subject", "value"),
            rows,
            verdict=(
                f"The hash is over the parameters as JSON with sorted keys and no spaces, without"
                f" {' and '.join(_OF_THIS_MACHINE)}, which name places of one machine."
            ),
        ),
        table(
            "Parameters in force when this page was made",
            heads,
            [[name, text(value), _origin(settings, name)] for name, value in values.items()],
            folded=f"Show all {len(values):,} parameters",
        ),
    )
    return Section("tool", "Version and parameters", line, parts)


def _file(settings: Settings) -> str:
    """By its name, and the hash of its bytes as they were read."""
    origins = settings.origins
    if not origins.file:
        return "none is named: the values are those of the notebook, or were given by onetrail run"
    return f"{origins.file}, SHA-256 {origins.sha256 or 'not recorded'}"


def _origin(settings: Settings, name: str) -> str:
    """Where one value comes from, with its line in the file."""
    origin = settings.origins.of.get(name)
    if origin is None:
        return "not recorded"
    return f"{origin.kind.value}, line {origin.line:,}" if origin.line else origin.kind.value


def stated(settings: Settings) -> dict[str, Any]:
    """Every parameter that says something of the move."""
    return {name: value for name, value in settings.parameters().items() if name not in _OF_THIS_MACHINE}


def sha256(settings: Settings) -> str:
    """Over what `stated` has, whatever the order."""
    return hashlib.sha256(canonical_json(stated(settings)).encode()).hexdigest()


def text(value: Any) -> str:
    """One value on one line: lists and tables with their names; an empty text is two quotes, an empty list is none."""
    return "; ".join(_pieces(value)) or ('""' if value == "" else "none")


def _pieces(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            inner = ", ".join(_pieces(item))
            yield f"{name}: {inner}"
    elif isinstance(value, list | tuple):
        for item in value:
            yield ", ".join(_pieces(item))
    elif value is None:
        yield "none"
    elif value != "":
        yield str(value)
