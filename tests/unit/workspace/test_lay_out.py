"""`onetrail init`: what becomes of each file, and nothing of a person's is overwritten."""

import json
from pathlib import Path

import pytest

from onetrail.workspace.lay_out import Fate, Layout, NotLaidOut, apply, propose
from onetrail.workspace.manifest import UnfitWorkspace
from onetrail.workspace.shipped import shipped
from tests.unit.workspace.given_version import BLANK, FILLED, MINE, STEP, Versions

SET = {STEP, FILLED, BLANK, MINE, ".onetrail.json"}


def fates(layout: Layout) -> dict[str, str]:
    return {one.path: one.fate.value for one in layout.files}


def remark(layout: Layout, path: str) -> str:
    return next(one.remark for one in layout.files if one.path == path)


def test_a_new_folder_gets_every_file_with_its_version_and_hash(versions: Versions) -> None:
    """And `.onetrail.json` says so."""
    layout = versions.lay_out("0.2.0")
    assert fates(layout) == {STEP: "new", FILLED: "new", BLANK: "new", MINE: "new"}
    assert versions.names() == SET
    said = json.loads(versions.text(".onetrail.json"))
    assert said["onetrail"] == "0.2.0"
    assert set(said["files"]) == SET - {".onetrail.json"}
    assert all(len(one["sha256"]) == 64 for one in said["files"].values())


def test_the_practice_estates_outputs_are_not_laid_out(versions: Versions) -> None:
    """An engineer must not take them for their own. Twin: the notebook that is brought along has them."""
    ships = versions.install("0.2.0")
    apply(propose(versions.folder, ships))
    assert "recorded" in (ships.notebooks / Path(STEP).name).read_text()
    laid_out = json.loads(versions.text(STEP))["cells"][1]
    assert (laid_out["outputs"], laid_out["execution_count"]) == ([], None)
    assert laid_out["source"] == ["observe()"]


def test_what_is_proposed_changes_nothing_yet(versions: Versions) -> None:
    propose(versions.folder, versions.install("0.2.0"))
    assert not versions.folder.exists()


def test_the_same_version_once_more_leaves_everything(versions: Versions) -> None:
    versions.lay_out("0.2.0")
    assert set(fates(versions.lay_out("0.2.0")).values()) == {"unchanged"}


def test_a_newer_version_updates_what_nobody_touched(versions: Versions) -> None:
    """Twin: what did not change is said to be unchanged."""
    versions.lay_out("0.2.0")
    layout = versions.lay_out("0.3.0", STEP="observe(again)", BLANK="estate: aws\nnew: 1\n")
    assert fates(layout) == {STEP: "updated", FILLED: "unchanged", BLANK: "updated", MINE: "updated"}
    assert (versions.text(BLANK), versions.names()) == ("estate: aws\nnew: 1\n", SET)
    assert json.loads(versions.text(".onetrail.json"))["onetrail"] == "0.3.0"


def test_what_a_person_edited_stays_and_the_new_one_is_put_beside_it(versions: Versions) -> None:
    """Also where that is a notebook's source; the next init says it is edited, and puts nothing beside it again."""
    versions.lay_out("0.2.0")
    versions.write(FILLED, "estate: practice\nrun_name: mine\n")
    versions.write(STEP, versions.text(STEP).replace("observe()", "observe(mine)"))
    mine = versions.text(STEP)
    layout = versions.lay_out("0.3.0", STEP="observe(again)", FILLED="estate: practice\nnew: 1\n")
    assert fates(layout) == {STEP: "edited", FILLED: "edited", BLANK: "unchanged", MINE: "unchanged"}
    assert remark(layout, FILLED) == "kept as you have it; the new one is parameters/practice.0.3.0.yaml"
    assert (versions.text(FILLED), versions.text(STEP)) == ("estate: practice\nrun_name: mine\n", mine)
    assert versions.text("parameters/practice.0.3.0.yaml") == "estate: practice\nnew: 1\n"
    assert "observe(again)" in versions.text("notebooks/01_inventory.0.3.0.ipynb")
    (versions.folder / "parameters/practice.0.3.0.yaml").unlink()
    again = versions.lay_out("0.3.0", STEP="observe(again)", FILLED="estate: practice\nnew: 1\n")
    assert (fates(again), remark(again, FILLED)) == (fates(layout), "kept as you have it")
    assert "parameters/practice.0.3.0.yaml" not in versions.names()


def test_what_was_edited_and_did_not_change_meanwhile_stays_alone(versions: Versions) -> None:
    versions.lay_out("0.2.0")
    versions.write(FILLED, "mine")
    layout = versions.lay_out("0.3.0")
    assert (fates(layout)[FILLED], versions.names()) == ("edited", SET)


def test_a_notebook_that_was_only_run_is_updated_and_its_outputs_are_kept(versions: Versions) -> None:
    """Otherwise nobody who opened it would ever get a newer one."""
    versions.lay_out("0.2.0")
    mine = versions.run_by_hand(STEP)
    layout = versions.lay_out("0.3.0", STEP="observe(again)")
    assert fates(layout)[STEP] == "updated"
    assert remark(layout, STEP).endswith("with your outputs, is notebooks/01_inventory.0.2.0.ipynb")
    assert "observe(again)" in versions.text(STEP)
    assert versions.text("notebooks/01_inventory.0.2.0.ipynb") == mine


def test_a_notebook_that_was_only_run_and_did_not_change_is_left(versions: Versions) -> None:
    versions.lay_out("0.2.0")
    mine = versions.run_by_hand(STEP)
    layout = versions.lay_out("0.3.0")
    assert (fates(layout)[STEP], remark(layout, STEP)) == ("unchanged", "with outputs of your own")
    assert (versions.text(STEP), versions.names()) == (mine, SET)


def test_a_place_beside_it_that_is_taken_is_not_overwritten_either(versions: Versions) -> None:
    """It says so each time, and gives the new one once the place is free."""
    versions.lay_out("0.2.0")
    versions.write(FILLED, "mine")
    versions.write("parameters/practice.0.3.0.yaml", "mine too")
    for _ in range(2):
        layout = versions.lay_out("0.3.0", FILLED="new")
        assert "parameters/practice.0.3.0.yaml is in the way" in remark(layout, FILLED)
        assert versions.text("parameters/practice.0.3.0.yaml") == "mine too"
    (versions.folder / "parameters/practice.0.3.0.yaml").unlink()
    versions.lay_out("0.3.0", FILLED="new")
    assert versions.text("parameters/practice.0.3.0.yaml") == "new"


def test_outputs_whose_place_is_taken_are_not_overwritten_either(versions: Versions) -> None:
    versions.lay_out("0.2.0")
    mine = versions.run_by_hand(STEP)
    versions.write("notebooks/01_inventory.0.2.0.ipynb", "mine too")
    assert fates(versions.lay_out("0.3.0", STEP="observe(again)"))[STEP] == "edited"
    assert versions.text(STEP) == mine
    assert versions.text("notebooks/01_inventory.0.2.0.ipynb") == "mine too"


def test_a_link_or_a_folder_in_the_place_of_a_file_is_kept(versions: Versions, tmp_path: Path) -> None:
    """The person's file behind the link would change otherwise."""
    versions.lay_out("0.2.0")
    outside = tmp_path / "outside.yaml"
    (versions.folder / FILLED).rename(outside)
    (versions.folder / FILLED).symlink_to(outside)
    (versions.folder / BLANK).unlink()
    (versions.folder / BLANK).mkdir()
    layout = versions.lay_out("0.3.0", FILLED="new", BLANK="new")
    assert (fates(layout)[FILLED], fates(layout)[BLANK]) == ("edited", "edited")
    assert (outside.read_text(), (versions.folder / FILLED).is_symlink()) == ("estate: practice\n", True)
    assert versions.text("parameters/practice.0.3.0.yaml") == "new"


def test_what_is_half_written_goes_through_nothing_that_is_there(versions: Versions, tmp_path: Path) -> None:
    """A file or a link of a person's that has the name of a half-written file stays, and so does what the link leads
    to."""
    versions.lay_out("0.2.0")
    outside = tmp_path / "outside.yaml"
    outside.write_text("mine")
    (versions.folder / "parameters/.practice.yaml.0.part").symlink_to(outside)
    versions.write("parameters/.practice.yaml.1.part", "mine too")
    assert fates(versions.lay_out("0.3.0", FILLED="new"))[FILLED] == "updated"
    assert (versions.text(FILLED), (versions.folder / FILLED).is_symlink()) == ("new", False)
    assert (outside.read_text(), versions.text("parameters/.practice.yaml.1.part")) == ("mine", "mine too")


def test_all_notebooks_name_the_one_parameters_file_that_was_chosen(versions: Versions) -> None:
    """It is chosen once, kept by the next init, and can be changed. Twin: without a choice it is mine.yaml."""
    cell = 'parameters_file: str = ""  # said'
    versions.lay_out("0.2.0", STEP=cell)
    assert 'parameters_file: str = \\"parameters/mine.yaml\\"' in versions.text(STEP)
    assert json.loads(versions.text(".onetrail.json"))["parameters"] == MINE
    changed = versions.lay_out("0.2.0", parameters=FILLED, STEP=cell)
    assert fates(changed) == {STEP: "updated", FILLED: "unchanged", BLANK: "unchanged", MINE: "left"}
    for _ in range(2):
        assert 'parameters_file: str = \\"parameters/practice.yaml\\"' in versions.text(STEP)
        assert versions.lay_out("0.2.0", STEP=cell).parameters == FILLED
    assert MINE in versions.names()


def test_a_parameters_file_that_is_there_is_never_overwritten(versions: Versions) -> None:
    """Filled in by a person before or after an init, it is reported, and nothing is put beside it. Twin: one that
    nobody touched follows the template."""
    versions.folder.mkdir()
    versions.lay_out("0.2.0")
    versions.write(MINE, "estate: aws\nrun_name: move\n")
    layout = versions.lay_out("0.3.0", BLANK="estate: aws\nnew: 1\n")
    assert (fates(layout)[MINE], remark(layout, MINE)) == ("edited", "kept as you have it")
    assert (versions.text(MINE), versions.names()) == ("estate: aws\nrun_name: move\n", SET)
    (versions.folder / "parameters/ours.yml").write_text("theirs")
    other = versions.lay_out("0.3.0", parameters="parameters/ours.yml", BLANK="estate: aws\nnew: 1\n")
    assert (fates(other)["parameters/ours.yml"], versions.text("parameters/ours.yml")) == ("edited", "theirs")
    new = versions.lay_out("0.3.0", parameters="more/own.yaml", BLANK="estate: aws\nnew: 1\n")
    assert remark(new, "more/own.yaml") == "from template.yaml: fill it in"
    assert versions.text("more/own.yaml") == versions.text(BLANK)
    versions.lay_out("0.4.0", BLANK="estate: aws\nnewer: 1\n")
    assert versions.text("more/own.yaml") == "estate: aws\nnewer: 1\n"


@pytest.mark.parametrize("file", ["/etc/x.yaml", "../x.yaml", "a//x.yaml", "./x.yaml", "notebooks/01.ipynb", "x"])
def test_a_parameters_file_lies_below_the_folder(versions: Versions, file: str) -> None:
    """Others are refused before anything is written. Twin: so they are where `.onetrail.json` has one."""
    with pytest.raises(UnfitWorkspace, match="is not a parameters file below the folder: name one as in"):
        versions.lay_out("0.2.0", parameters=file)
    assert not versions.folder.exists()
    versions.lay_out("0.2.0")
    versions.write(".onetrail.json", json.dumps({"onetrail": "0.2.0", "parameters": file, "files": {}}))
    with pytest.raises(UnfitWorkspace, match="was not written by onetrail init"):
        versions.lay_out("0.2.0")


def test_a_file_that_is_missing_comes_back(versions: Versions) -> None:
    versions.lay_out("0.2.0")
    (versions.folder / BLANK).unlink()
    layout = versions.lay_out("0.3.0")
    assert (fates(layout)[BLANK], remark(layout, BLANK)) == ("new", "it was missing")
    assert versions.text(BLANK) == "estate: aws\n"


def test_a_file_that_is_no_longer_part_of_onetrail_is_left(versions: Versions) -> None:
    """Twin: of the next init it is no matter any more."""
    versions.lay_out("0.2.0")
    ships = versions.install("0.3.0")
    (ships.notebooks / Path(STEP).name).rename(ships.notebooks / "02_other.ipynb")
    layout = propose(versions.folder, ships)
    apply(layout)
    assert (fates(layout)[STEP], fates(layout)["notebooks/02_other.ipynb"]) == ("left", "new")
    assert STEP in versions.names()
    assert STEP not in fates(propose(versions.folder, ships))


def test_a_folder_of_somebody_else_is_refused_and_left(versions: Versions) -> None:
    """Names that begin with a dot do not count: a repository or an environment that was just made. Twin: any other name
    does."""
    versions.folder.mkdir()
    (versions.folder / ".git").mkdir()
    propose(versions.folder, versions.install("0.2.0"))
    versions.write("notes.txt", "mine")
    with pytest.raises(UnfitWorkspace, match=r"mine is not empty, and onetrail init did not lay it out"):
        versions.lay_out("0.2.0")
    assert versions.names() == {"notes.txt"}


def test_onetrails_own_checkout_is_refused() -> None:
    found = shipped()
    with pytest.raises(UnfitWorkspace, match="is not empty"):
        propose(found.notebooks.parent, found)


@pytest.mark.parametrize(("laid_out", "installed"), [("0.10.0", "0.9.1"), ("1.0", "0.2.0"), ("0.2.1", "0.2.0")])
def test_an_older_version_is_refused(versions: Versions, laid_out: str, installed: str) -> None:
    """It would take newer files back. Twin: the other way round all is well."""
    versions.lay_out(laid_out)
    with pytest.raises(UnfitWorkspace, match=rf"laid out by onetrail {laid_out}, and {installed} is installed"):
        versions.lay_out(installed, FILLED="older")
    assert versions.text(FILLED) == "estate: practice\n"
    versions.lay_out(installed.replace("0", "2", 1), FILLED="newer")
    assert versions.text(FILLED) == "newer"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"onetrail": "0.2.0"}',
        '{"onetrail": "0.2.0", "files": {"a": 1}}',
        *(
            json.dumps({"onetrail": version, "files": {}})
            for version in ("", "../../0.2.0", "0.2.0/x", "0.2.0\0", "0.2.0\n", "9" * 5000, None, ["0.2.0"])
        ),  # a version becomes part of file names
    ],
)
def test_a_broken_manifest_is_refused_in_one_line(versions: Versions, text: str) -> None:
    """Without it nobody can tell what a person edited."""
    versions.lay_out("0.2.0")
    versions.write(".onetrail.json", text)
    with pytest.raises(UnfitWorkspace, match="take it back from a copy") as said:
        versions.lay_out("0.3.0", FILLED="new")
    assert "\n" not in said.value.line
    assert versions.text(FILLED) == "estate: practice\n"


def test_one_that_was_cut_off_goes_on(versions: Versions, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk half-way: the folder is known as ours, nothing half-written stays, and the next init does the
    rest."""
    written: list[str] = []

    def full(self: Path, content: bytes) -> int:
        if len(written) == 2:
            raise OSError(28, "No space left on device", str(self))
        written.append(self.name)
        return real(self, content)

    real = Path.write_bytes
    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        with pytest.raises(NotLaidOut, match="No space left on device; correct that and run onetrail init again"):
            versions.lay_out("0.2.0")
    assert versions.names() == {STEP, ".onetrail.json"}
    assert fates(versions.lay_out("0.2.0")) == {STEP: "unchanged", FILLED: "new", BLANK: "new", MINE: "new"}
    assert versions.names() == SET


@pytest.mark.parametrize("version", ["0.2.0", "1.0", "0.3.0rc1", "1.2.0.post1+local.7", "2026.11.30.dev3"])
def test_each_form_of_a_version_is_taken(versions: Versions, version: str) -> None:
    versions.lay_out(version)
    assert set(fates(versions.lay_out(version)).values()) == {"unchanged"}


def test_every_fate_has_a_line(versions: Versions) -> None:
    """What is printed: the word, the file and what to know of it."""
    versions.lay_out("0.2.0")
    versions.write(FILLED, "mine")
    text = versions.lay_out("0.3.0", FILLED="new", STEP="observe(again)").text
    assert text.splitlines() == [
        "  updated    notebooks/01_inventory.ipynb",
        "  edited     parameters/practice.yaml: kept as you have it; the new one is parameters/practice.0.3.0.yaml",
        "  unchanged  parameters/template.yaml",
        "  unchanged  parameters/mine.yaml",
    ]
    assert {fate.value for fate in Fate} == {"new", "unchanged", "updated", "edited", "left"}


def test_a_folder_that_cannot_be_read_or_written_is_one_line(
    versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the place and the cause."""
    versions.folder.mkdir()

    def refused(self: Path) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "iterdir", refused)
        with pytest.raises(NotLaidOut, match="mine cannot be read: Permission denied; correct that"):
            versions.lay_out("0.2.0")
    versions.write(".onetrail.json", '{"onetrail": "0.2.0", "files": {}}')
    versions.write("notebooks", "a file")
    with pytest.raises(NotLaidOut, match="notebooks cannot be written: File exists; correct that"):
        versions.lay_out("0.2.0")
    assert versions.text("notebooks") == "a file"
