"""README and docs say what is so: made from the code or checked against it."""

import re
import tomllib
from functools import cache
from pathlib import Path

import click
import pytest

from docs import pages, picture
from onetrail import names
from onetrail.change import CheckKind
from onetrail.change.finding import FindingState
from onetrail.change.run_record.line_kind import LineKind
from onetrail.cli.main import main
from onetrail.cloudtrail.digests.verdict import FileState, IntervalState
from onetrail.practice import faults
from onetrail.practice.s3.batch import tasks as s3_batch_tasks
from onetrail.practice.scenarios import damage as scenario_faults
from onetrail.practice.scenarios.catalog import SCENARIOS
from onetrail.practice.scenarios.items import BY_NAME
from onetrail.runner.notebooks import all_notebooks
from onetrail.s3.bulk.tally import ObjectOutcome
from onetrail.s3.decisions.decide import DecisionKind
from onetrail.s3.ledger.parts import schema
from onetrail.settings import Settings
from onetrail.steps.trail_cutover.observe import GUARDRAIL as TRAIL_GUARDRAIL
from onetrail.steps.verification.observe import GUARDRAIL as ARCHIVE_GUARDRAIL
from onetrail.steps.verification.region.sample import NEWEST, SPREAD
from onetrail.workspace.shipped import MINE

ROOT = Path(__file__).resolve().parents[2]
STEPS, ESTATE = (ROOT / "lib" / "onetrail" / name for name in ("steps", "estate"))
WRITTEN = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "benchmarks").glob("*.md")])
NAMES = [str(path.relative_to(ROOT)) for path in WRITTEN]
each = pytest.mark.parametrize("name", NAMES)


def _text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def _prose(text):
    """The page without its fenced blocks."""
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def _rows(text, heading):
    """What stands in code in the first column of the table below a heading, all of it."""
    part = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    first = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    return [word for cell in first for word in re.findall(r"`([^`]+)`", cell)]


# --- What is made


def test_the_pages_are_what_the_code_makes():
    """`make docs` would change nothing."""
    assert pages.stale_among(pages.made()) == []


def test_a_page_that_differs_is_named():
    """So that a stale page is found."""
    assert pages.stale_among({"docs/cli.md": "something else", "docs/none.md": ""}) == [
        "docs/cli.md",
        "docs/none.md",
    ]


def test_a_part_needs_its_marks():
    """A page whose marks were lost is refused, and the line says which."""
    good = "a\n<!-- x: made by docs/pages.py -->\nold\n<!-- end of x -->\nb"
    assert pages.with_part(good, "x", "new") == good.replace("old", "new")
    for broken in (good.replace("end of x", "end of y"), "a"):
        with pytest.raises(pages.UnfitPage, match="end of x"):
            pages.with_part(broken, "x", "new")


def test_every_policy_document_says_what_it_is_for(monkeypatch):
    """One that nobody explained is refused, and the line says where to explain it."""
    printed = re.findall(r"^## `(\w+)`$", _text("docs/policies.md"), re.MULTILINE)
    assert [name for name in printed if not pages.POLICIES[name].endswith(".")] == []
    monkeypatch.setattr(pages, "POLICIES", {name: "x." for name in printed if name != "scp"})
    with pytest.raises(pages.UnfitPage, match=r"scp: say in POLICIES"):
        pages.policies_page()


def test_every_parameter_is_explained():
    """One heading a key, in the order of `Settings`."""
    assert re.findall(r"^### `(\w+)`$", _text("docs/parameters.md"), re.MULTILINE) == list(Settings.model_fields)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 30}, "a whole number, 1 or more, at most 30"),
        ({"type": "integer", "exclusiveMinimum": 0}, "a whole number, 1 or more"),
        ({"enum": ["full", "none"], "type": "string"}, "one of `full`, `none`"),
        ({"items": {"type": "string"}, "type": "array"}, "a list, each text"),
        ({"anyOf": [{"const": "enabled"}, {"type": "string"}]}, "`enabled` or text"),
    ],
)
def test_a_type_in_words(said, words):
    """What a JSON schema says, for people."""
    assert pages.type_of(said, {}) == words


def test_the_end_of_make_test_has_its_shape():
    """The README shows import-linter's line with the contracts there are, and pytest's last line once it was taken from
    a run."""
    block = _text("README.md").split("<!-- test: made by docs/pages.py -->")[1].split("<!-- end of test -->")[0]
    fence, command, *lines, end = block.strip().splitlines()
    assert (fence, command, end) == ("```text", "$ make test", "```")
    contracts = tomllib.loads(_text("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    said = [line for line in lines if line != "..."]
    assert said[0] == f"Contracts: {len(contracts)} kept, 0 broken."
    assert all(pages.SUM.fullmatch(line) for line in said[1:])


def test_the_end_of_make_test_is_taken_from_its_log():
    """Only from one in which everything passed."""
    log = "x\nContracts: 3 kept, 0 broken.\n....\n==== 12 passed in 3.4s ====\n"
    assert pages.last_lines_of_the_tests(log).splitlines()[1:-1] == [
        "$ make test",
        "...",
        "Contracts: 3 kept, 0 broken.",
        "...",
        "12 passed in 3.4s",
    ]
    for broken in (
        "",
        "x\n",
        log.replace("12 passed", "1 failed, 11 passed"),
        log.replace("12 passed", "2 passed, 1 skipped"),
    ):
        with pytest.raises(pages.UnfitPage, match="whole `make test`"):
            pages.last_lines_of_the_tests(broken)


def test_the_picture_shows_recorded_outputs():
    """Each part of it is the output of a cell of a committed notebook, and the file is there and small."""
    shown = picture.page()
    assert shown.count("<section") == len(picture.PARTS)
    assert "p-" in shown
    held = picture.TARGET.read_bytes()
    assert held[:8] == b"\x89PNG\r\n\x1a\n"
    assert len(held) < picture.MOST_BYTES


def test_a_picture_of_nothing_is_refused():
    """A cell that is not there is named."""
    with pytest.raises(picture.NothingToShow, match=r"notebook 01 .* seen\.nothing\("):
        picture.cell_of("01", "seen.nothing(")
    cell = picture.cell_of("01", "seen.coverage(")
    with pytest.raises(picture.NothingToShow, match="audio/wav"):
        picture.outputs(cell, ["audio/wav"])


# --- Links and names


def _anchors(text):
    heads = re.findall(r"^#+ (.+)$", _prose(text), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads]
    return {f"{one}-{plain[:at].count(one)}" if one in plain[:at] else one for at, one in enumerate(plain)}


def broken_links(text, page):
    """Links of a page in the folder of `page` that lead nowhere."""
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", _prose(text)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path) if path else page
        said = text if place == page else _text(place) if place.suffix == ".md" and place.exists() else ""
        if not place.exists() or (anchor and anchor not in _anchors(said)):
            broken.append(target)
    return broken


@each
def test_every_link_leads_somewhere(name):
    """To a file that is there, and to a heading of it."""
    assert broken_links(_text(name), ROOT / name) == []


def test_a_broken_link_is_found():
    """A file that is not there, a heading that is not there."""
    text = "# Here\n[a](none.md) [b](#here) [c](#there) [d](steps.md#none) [e](https://example.com/none)"
    assert broken_links(text, ROOT / "docs" / "concepts.md") == ["none.md", "#there", "steps.md#none"]


def missing_files(text):
    """Paths of the repository in code that are not there; a star stands for any name. A person's own parameters file is
    in the folder that `onetrail init` laid out."""
    folders = r"`((?:lib|tests|docs|notebooks|parameters|benchmarks|\.ci)/[\w./*-]*)`"
    return [path for path in re.findall(folders, text) if path != MINE and not list(ROOT.glob(path.rstrip("/")))]


@each
def test_every_file_that_is_named_is_there(name):
    """Paths from the repository's root."""
    assert missing_files(_text(name)) == []


def test_a_missing_file_is_found():
    """With and without a star."""
    assert missing_files("`lib/onetrail/none.py` `docs/*.md` `tests/none_*.py`") == [
        "lib/onetrail/none.py",
        "tests/none_*.py",
    ]


def unknown_commands(text):
    """Calls of `onetrail` and of `make` in code that there are none of."""
    unknown = []
    shell = "\n".join(re.findall(r"```(?:sh|text)\n(.*?)```", text, re.DOTALL))
    lines = re.findall(r"`(onetrail [^`\n]+|make [a-z-]+)", _prose(text)) + re.findall(
        r"^(?:\$ )?(onetrail [a-z][^\n]*|make [a-z-]+)", shell, re.MULTILINE
    )
    for line in lines:
        words = line.split("#")[0].split()
        if words[0] == "make":
            found = re.search(rf"^{words[1]}:", _text("Makefile"), re.MULTILINE)
        else:
            found = _verb(words[1:])
        unknown += [] if found else [" ".join(words)]
    return unknown


def _verb(words):
    command = main
    for word in words:
        if not isinstance(command, click.Group):
            break
        if word.startswith("-"):
            return word in {opt for one in command.params for opt in one.opts} | {"-h", "--help"}
        command = command.commands.get(word.split("|")[0])
    options = {opt for one in getattr(command, "params", []) for opt in one.opts}
    return command is not None and all(word in options for word in words if re.match(r"--?[a-z]", word))


@each
def test_every_command_that_is_named_exists(name):
    """Each verb with its options, each make target."""
    assert unknown_commands(_text(name)) == []


def test_an_unknown_command_is_found():
    """A verb, an option, a target."""
    text = (
        "`onetrail fly` `onetrail run -f x` `onetrail run --fast` `make nothing` `make demo`\n```sh\nonetrail practice"
        " melt now # x\n```"
    )
    assert unknown_commands(text) == [
        "onetrail fly",
        "onetrail run --fast",
        "make nothing",
        "onetrail practice melt now",
    ]


@cache
def known_findings():
    """Every finding id that the steps can make."""
    found = set()
    for number, step in ((one.number, one.step) for one in all_notebooks(ROOT / "notebooks")):
        places = [STEPS / f"{step}.py"] if (STEPS / f"{step}.py").exists() else (STEPS / step).rglob("*.py")
        code = "\n".join(path.read_text(encoding="utf-8") for path in places)
        names = re.findall(r'\{STEP\}\.([a-z-]+)"', code) + re.findall(r'said\((?:settings, )?\s*"([a-z-]+)"', code)
        found |= {f"{number}.{name}" for name in names}
    for path in (*STEPS.rglob("*.py"), *ESTATE.rglob("*.py")):
        found |= set(re.findall(r'"(0\d\.[a-z-]+)"', path.read_text(encoding="utf-8")))
    found |= {
        f"{number}.guardrail" for number in ("04", "06")
    }  # lib/onetrail/estate/guardrails.py is given the step's number
    found |= {f"05.{kind.value.replace('_', '-')}" for kind in DecisionKind}
    return found | {f"06.{kind}-{state.value}" for kind in ("log", "digest") for state in FileState}


def unknown_findings(text):
    """Ids in code that no step makes."""
    return sorted(set(re.findall(r"`(0\d\.[a-z-]+)`", text)) - known_findings())


@each
def test_every_finding_that_is_named_exists(name):
    """Ids are stable, and so are the docs that name them. The changelog also names those that were renamed."""
    unknown = unknown_findings(_text(name))
    assert unknown == (sorted(FORMER) if name == "CHANGELOG.md" else [])


FORMER = {
    "00.way-in",
    "00.rails",
    "01.canary",
    "01.hole",
    "02.first-way-in",
    "02.could-not-look",
    "03.could-not-look",
    "04.rail",
    "06.rail",
    "06.token",
    "08.token",
}
"""Ids of versions up to 0.2.0, each beside its new one in the changelog."""


def test_an_unknown_finding_is_found():
    """Of a step that is there, and of one that is not."""
    assert unknown_findings("`02.held` `02.melted` `09.held` `06.log-invalid`") == ["02.melted", "09.held"]


def test_every_step_has_its_section():
    """With the same parts in each, so that a reader finds them."""
    text = _text("docs/steps.md")
    heads = re.findall(r"^## (\d\d [A-Z].+)$", text, re.MULTILINE)
    for notebook in all_notebooks(ROOT / "notebooks"):
        title = next(head for head in heads if head.startswith(notebook.number))
        assert title[3:].lower().replace(" ", "_") == notebook.step
        part = text.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]
        assert [word for word in ("Reads", "Proposes", "Undo") if f"**{word}**" not in part] == []


def test_every_requirement_that_is_named_exists():
    """A named check of the docs is one that a change can ask for."""
    named = set()
    for line in _text("docs/steps.md").splitlines():
        if line.startswith("**Requires**"):
            named |= set(
                re.findall(r"`([a-z_]+)`", line.replace("`quiet_hours`", "").replace("`cooling_off_days`", ""))
            )
    assert named - {kind.value for kind in CheckKind} == set()
    assert {"new_entry_roles", "delivered_everywhere", "grant_revoked"} <= named


def unknown_names(text):
    """Statements, roles and guardrails in code that no document and no step knows."""
    sids = set(re.findall(r'"Sid": "(\w+)"', _text("docs/policies.md")))
    ours = {value for value in vars(names).values() if isinstance(value, str)} | {TRAIL_GUARDRAIL, ARCHIVE_GUARDRAIL}
    said = {word for word in re.findall(r"`([A-Z][a-z]+(?:[A-Z][A-Za-z]*)+)`", text) if word not in OF_AWS}
    return sorted((said - sids) | (set(re.findall(r"`(onetrail-[a-z-]+)`", text)) - ours))


OF_AWS = {"AdministratorAccess", "OrganizationAccountAccessRole"}


@pytest.mark.parametrize("name", ["docs/security-model.md", "docs/concepts.md", "docs/steps.md"])
def test_every_statement_and_role_that_is_named_exists(name):
    """By the Sid that the printed documents have, by the name that the library gives."""
    assert unknown_names(_text(name)) == []


def test_an_unknown_statement_or_role_is_found():
    """One of each beside one that exists."""
    said = "`OnlyTls` `OnlyMelts` `onetrail-copier` `onetrail-melter`"
    assert unknown_names(said) == ["OnlyMelts", "onetrail-melter"]


# --- Tables that repeat what the code knows


@pytest.mark.parametrize(
    ("name", "heading", "known"),
    [
        ("docs/verification.md", "The states of a file", [state.value for state in FileState]),
        ("docs/verification.md", "Gaps", [state.value for state in IntervalState]),
        ("docs/evidence.md", "The ledger", schema().names),
        ("docs/practice-estate.md", "Scenarios", SCENARIOS),
        ("docs/practice-estate.md", "Scenario items", BY_NAME),
        (
            "docs/practice-estate.md",
            "Faults",
            [
                *faults.REQUEST_KINDS,
                *faults.OBJECT_KINDS,
                *scenario_faults.KINDS,
                s3_batch_tasks.FAULT,
                "clear",
            ],
        ),
    ],
)
def test_a_table_names_what_there_is(name, heading, known):
    """Everything, and nothing else."""
    assert sorted(_rows(_text(name), heading)) == sorted(known)


def test_the_kinds_of_record_lines_are_all_named():
    """Whoever reads a record finds each kind explained."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "lib" / "onetrail").rglob("*.py"))
    written = {name.lower() for name in re.findall(r"record\.append\(\s*LineKind\.(\w+)", code)}
    assert written - {*LineKind} == set()
    assert {*LineKind} - set(_rows(_text("docs/evidence.md"), "The run record")) == set()
    assert {"intent", "done", "anchor"} <= written


def test_words_and_numbers_in_prose_are_those_of_the_code():
    """States of findings, outcomes of objects, how large a sample is, how many objects the estate holds."""
    concepts, evidence = _text("docs/concepts.md"), _text("docs/evidence.md")
    finding = concepts.split("**Finding**", 1)[1].split("\n\n", 1)[0]
    assert [state.value for state in FindingState if f"`{state.value}`" not in finding] == []
    outcomes = evidence.split("The outcomes are", 1)[1].split("\n", 1)[0]
    assert re.findall(r"`(\w+)`", outcomes) == [outcome.value for outcome in ObjectOutcome]
    assert f"the newest {NEWEST} of each chain and {SPREAD} more" in _text("docs/verification.md")
    said = re.search(r"\| `default` \|.* ([\d,]+) objects", _text("docs/practice-estate.md"))
    assert f"{said[1]} objects, 0 of them foreign" in _text("notebooks/01_inventory.ipynb")


# --- How it reads


@each
def test_one_sentence_a_line(name):
    """In prose, so that a change of one sentence is a change of one line; tables and lists are let be."""
    assert crowded_lines(_text(name)) == []


def crowded_lines(text):
    """Lines of prose with a second sentence."""
    lines = [line for line in _prose(text).splitlines() if not re.match(r"[|\-#< ]|\d", line)]
    return [line for line in lines if re.search(r"[a-z`)*]\. [A-Z]", line)]


def test_a_second_sentence_is_found():
    """In prose, and not in a list."""
    assert crowded_lines("One. Two.\n- One. Two.\nOne.\n") == ["One. Two."]


def test_no_page_is_left_out_of_the_index():
    """docs/README.md names every page."""
    index = _text("docs/README.md")
    there = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert {name for name in there if f"({name})" not in index} == set()
