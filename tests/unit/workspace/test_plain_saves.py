"""What a notebook holds that is saved while a person searches a table."""

import copy
from types import SimpleNamespace

from onetrail.workspace import plain_saves
from onetrail.workspace.plain_saves import CONTROLS, without_controls

TABLE = {"output_type": "display_data", "data": {"text/html": "<table>"}, "metadata": {}}
WIDGET = {"output_type": "display_data", "data": {"application/vnd.jupyter.widget-view+json": {}}}
CONTENT = {
    "cells": [
        {"cell_type": "markdown", "source": "a"},
        {"cell_type": "code", "outputs": [{**WIDGET, "metadata": {CONTROLS: True}}, TABLE]},
        {"cell_type": "code", "outputs": [{**WIDGET, "metadata": {}}]},
    ]
}


def test_controls_that_say_the_same_in_html_are_saved_as_that():
    """As the gate does. Twin: without the mark, its widget stays."""
    both = {"data": {"application/vnd.jupyter.widget-view+json": {}, "text/html": "<p>", "text/plain": "p"}}
    for marked, kept in ((True, {"text/html", "text/plain"}), (False, set(both["data"]))):
        cell = {"outputs": [{**both, "metadata": {CONTROLS: marked}}]}
        without_controls({"type": "notebook", "content": {"cells": [cell]}})
        assert set(cell["outputs"][0]["data"]) == kept


def test_only_what_is_marked_as_controls_is_left_out():
    """Twin: a widget of the reader's own stays, as does every other output."""
    model = {"type": "notebook", "content": copy.deepcopy(CONTENT)}
    without_controls(model=model, path="a.ipynb", contents_manager=None)
    assert model["content"]["cells"] == [
        CONTENT["cells"][0],
        {"cell_type": "code", "outputs": [TABLE]},
        CONTENT["cells"][2],
    ]


def test_a_file_that_is_no_notebook_is_left_alone():
    """Twin: what has no content, as in a rename."""
    for model in ({"type": "file", "content": "cells"}, {"type": "notebook", "content": None}):
        before = copy.deepcopy(model)
        without_controls(model=model, path="a", contents_manager=None)
        assert model == before


def test_the_server_asks_it_before_each_save():
    """By the name that `onetrail lab` gives. Twin: nothing else is registered."""
    hooks = []
    manager = SimpleNamespace(register_pre_save_hook=hooks.append)
    assert plain_saves._jupyter_server_extension_points() == [{"module": "onetrail.workspace.plain_saves"}]
    plain_saves._load_jupyter_server_extension(SimpleNamespace(contents_manager=manager))
    assert hooks == [without_controls]
