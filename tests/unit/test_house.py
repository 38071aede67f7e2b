"""The rooms stay small enough to be found: folders, modules, and what most modules are long."""

from pathlib import Path
from statistics import median

import pytest

LIBRARY = Path(__file__).resolve().parents[2] / "lib" / "onetrail"
SIDE_BY_SIDE = 20
"""Modules in one folder, at most; `__init__.py` is the folder's own."""
LONGEST = 350
"""Lines of a module, at most."""
MEDIAN = 130
"""Half of the modules have fewer lines than this."""


def lines_of(library):
    """Module -> its lines; the `__init__.py` of folders that hold no more than a sentence are no modules."""
    found = {path.relative_to(library).as_posix(): path for path in library.rglob("*.py")}
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in found.items()}
    return {name: count for name, count in lines.items() if not name.endswith("__init__.py") or count > 3}


def crowded(library):
    """Folders with more modules than fit side by side."""
    folders = {}
    for name in lines_of(library):
        if not name.endswith("__init__.py"):
            folders.setdefault(str(Path(name).parent), []).append(name)
    return sorted(folder for folder, names in folders.items() if len(names) > SIDE_BY_SIDE)


def too_long(library):
    """Modules with more lines than a module has."""
    return sorted(name for name, count in lines_of(library).items() if count > LONGEST)


def middle(library):
    """The length of the middle module."""
    return median(lines_of(library).values())


def test_no_folder_is_crowded():
    """A folder's names are read at one glance."""
    assert crowded(LIBRARY) == []


def test_no_module_is_too_long():
    """What is longer holds more than one idea."""
    assert too_long(LIBRARY) == []


def test_most_modules_are_short():
    """One idea a module."""
    assert middle(LIBRARY) < MEDIAN


@pytest.fixture
def library(tmp_path):
    """A folder that is full, and whose middle module is as long as any may be."""
    for number in range(SIDE_BY_SIDE):
        (tmp_path / f"idea_{number}.py").write_text("\n" * (LONGEST if number >= SIDE_BY_SIDE // 2 else 10))
    (tmp_path / "__init__.py").write_text('"""A folder."""\n')
    return tmp_path


def test_one_module_more_crowds_a_folder(library):
    """Twin: the full folder itself, and its `__init__.py`, which is no module beside the others."""
    assert crowded(library) == []
    (library / "one_more.py").write_text("")
    assert crowded(library) == ["."]


def test_one_line_more_makes_a_module_too_long(library):
    """Twin: the longest that may be."""
    assert too_long(library) == []
    (library / "idea_19.py").write_text("\n" * (LONGEST + 1))
    assert too_long(library) == ["idea_19.py"]


def test_a_house_of_long_modules_is_seen(library):
    """Twin: one whose modules are short but for half of them."""
    assert middle(library) == (10 + LONGEST) / 2
    (library / "idea_0.py").write_text("\n" * LONGEST)
    assert middle(library) == LONGEST > MEDIAN
