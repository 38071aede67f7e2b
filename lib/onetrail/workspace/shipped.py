"""What this version brings along: its notebooks and its parameters files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import onetrail
from onetrail.errors import OnetrailError
from onetrail.settings.place import is_checkout

LAID_OUT: Final = ("practice.yaml", "template.yaml")
"""The parameters files that a person is given."""
BLANK: Final = "template.yaml"
"""The one that a person's own is made from."""
MINE: Final = "parameters/mine.yaml"
"""The person's own, below a laid-out folder, unless they choose another."""


class NotShipped(OnetrailError):
    """The package was installed without its notebooks or parameters files."""


@dataclass(frozen=True)
class Shipped:
    """`notebooks` and `parameters` are folders; `checkout` says whether they are a repository's own, with recorded
    outputs."""

    notebooks: Path
    parameters: Path
    checkout: bool

    def files(self) -> dict[str, Path]:
        """What `onetrail init` lays out: path below the laid-out folder -> file. Sorted."""
        found = {f"notebooks/{path.name}": path for path in self.notebooks.glob("[0-9][0-9]_*.ipynb")}
        found |= {f"parameters/{name}": self.parameters / name for name in LAID_OUT}
        return dict(sorted(found.items()))


def shipped(package: Path | None = None) -> Shipped:
    """`notebooks/` and `parameters/` at the top of the checkout that holds the package, else inside the package. Raises
    NotShipped.

    `package` is the folder of the package `onetrail`; without it, of the one that runs.
    """
    package = (package or Path(onetrail.__file__)).resolve()
    package = package if package.is_dir() else package.parent
    checkout = package.parent.name == "lib" and is_checkout(package.parents[1])
    folder = package.parents[1] if checkout else package
    found = Shipped(folder / "notebooks", folder / "parameters", checkout)
    for part in (found.notebooks, found.parameters):
        if not part.is_dir():
            raise NotShipped(f"{part} is not there: install onetrail again, from its wheel or a checkout")
    return found
