"""A folder to work in: the notebooks and parameters files of one version, laid out by `onetrail init`."""

from onetrail.workspace.lay_out import Fate, Layout, apply, propose
from onetrail.workspace.manifest import Manifest, UnfitWorkspace
from onetrail.workspace.shipped import NotShipped, Shipped, shipped
from onetrail.workspace.version import laid_out_by_another

__all__ = [
    "Fate",
    "Layout",
    "Manifest",
    "NotShipped",
    "Shipped",
    "UnfitWorkspace",
    "apply",
    "laid_out_by_another",
    "propose",
    "shipped",
]
