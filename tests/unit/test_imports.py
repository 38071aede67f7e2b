"""No module imports, over others or for its types alone, what imports it: each can be read, tested and moved without
the rest."""

import sys
from graphlib import CycleError, TopologicalSorter

import grimp
import pytest


def circle(package):
    """The modules of one circle, sorted; none where there is none. What is imported under TYPE_CHECKING counts, and
    what a function imports."""
    graph = grimp.build_graph(package, cache_dir=None)
    imports = {one: graph.find_modules_directly_imported_by(one) for one in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as err:
        return sorted({*err.args[1]})
    return []


def test_no_modules_of_the_library_import_each_other():
    """A package's own module counts as one: what lies inside it does not import from it what it passes on."""
    assert circle("onetrail") == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("from other_rooms.b import x", "from other_rooms.a import y"),
        (
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from other_rooms.b import x",
            "import other_rooms.a",
        ),
        ("def f():\n    from other_rooms.b import x", "from other_rooms import a"),
    ],
)
def test_a_circle_is_found_however_it_is_imported(tmp_path, monkeypatch, first, second):
    """Twin of the test before. Without the second import there is none."""
    room = tmp_path / "other_rooms"
    room.mkdir()
    for name, content in (("__init__", ""), ("a", first), ("b", second)):
        (room / f"{name}.py").write_text(content + "\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        assert circle("other_rooms") == ["other_rooms.a", "other_rooms.b"]
        (room / "b.py").write_text("")
        assert circle("other_rooms") == []
    finally:
        sys.modules.pop("other_rooms", None)
