"""Whatever a name of somebody else holds, each table, plan, finding, picture and page shows it, and no form of them
obeys it."""

import importlib
import inspect
import pkgutil
import typing
import unicodedata
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from onetrail import printable as doors
from onetrail import show
from onetrail.change import Done, Finding, FindingState, Outcome, StepState
from onetrail.cloudtrail.digests.publickeys import KeyStore
from onetrail.progress import Progress, Standing
from onetrail.runner.result import StepResult
from onetrail.runner.run import RunResult
from onetrail.show import html, panel_parts
from onetrail.show.plots import Pictured
from onetrail.show.run_map import shown as run_map
from onetrail.show.tables.as_html import rows_as_html
from onetrail.show.validation import text
from onetrail.show.validation_json import json_text
from onetrail.validation import RegionKeys, ValidationResult
from tests.unit.change.given import given_a_change, given_a_plan
from tests.unit.show import hostile
from tests.unit.show.hostile import HOSTILE, made
from tests.unit.steps.test_recorded import ended, mapped

SEEN = r"k\x1b[31m\r\x9b\u202e\u200f\u200b\ud800\n$x$ z"
"""How the hostile name reads, whole."""
WITHOUT_NAMES = {
    "steps.batch_jobs.engines",
    "steps.bucket_creation.lives",
    "coverage.proofs_made",
    "coverage.waiting",
    "steps.inventory_pictures.ages",
    "steps.inventory_pictures.sizes",
    "steps.start_here.steps",
    "steps.verification.evidence",
}
"""Show counts alone, or what onetrail itself says, of an observation in which everything is hostile."""


def unsafe(said: str) -> list[str]:
    """C0, C1, bidirectional and unseen characters, surrogates; our own line ends are none of them."""
    return sorted({ascii(c) for c in said if c not in "\n " and unicodedata.category(c)[0] in "CZ"})


def functions(module: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Those of a module of `show` that take an observation."""
    for name, function in vars(importlib.import_module(module)).items():
        ours = inspect.isfunction(function) and function.__module__ == module and not name.startswith("_")
        if ours and "observation" in inspect.signature(function).parameters:
            yield f"{module.removeprefix('onetrail.show.')}.{name}", function


EVERY = {
    name: function
    for info in pkgutil.walk_packages(show.__path__, "onetrail.show.")
    for name, function in functions(info.name)
    if not name.startswith("report.") or name == "report.page.page"  # its sections are on the page
}


def forms(name: str) -> list[str]:
    """What the function of this name makes of a hostile observation, in every form."""
    function = EVERY[name]
    hints = typing.get_type_hints(function, vars(inspect.getmodule(function)))
    out = function(**{each: made(hints[each]) for each in inspect.signature(function).parameters})
    if isinstance(out, Pictured):
        return [str(out), out.numbers.html, out.numbers.text]
    return [str(out), getattr(out, "html", "")]


@pytest.mark.parametrize("name", sorted(EVERY))
@pytest.mark.filterwarnings("ignore:constrained_layout:UserWarning")
def test_every_table_and_the_report_show_a_hostile_name_and_obey_none(name: str) -> None:
    said = forms(name)
    assert [unsafe(form) for form in said] == [[] for _ in said]
    if name not in WITHOUT_NAMES:
        whole = "".join(said).replace("<wbr>", "")
        assert r"\x1b[31m\r\x9b\u202e\u200f\u200b\ud800" in whole
        assert r"\n$x$" in whole, "a line end within a name is a line end of the layout"


MARKUP = "\"'><img src=x onerror=alert(1)></td></table><script>alert(2)</script>[x](javascript:3) `<b>` &lt;i&gt;"
"""What a tag, a ticket, a trail's name and an error message of AWS can hold, a bucket's name cannot."""


class Tags(HTMLParser):
    """The elements of a page, the attributes that could run something, and what a reader sees."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.live: list[str] = []
        self.said = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name.startswith("on") or (value or "").strip().casefold().startswith(("javascript:", "data:text")):
                self.live.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        self.said += data


@pytest.fixture
def _named_like_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    named = {kind: MARKUP if value == HOSTILE else value for kind, value in hostile._PLAIN.items()}
    monkeypatch.setattr(hostile, "_PLAIN", named)


@pytest.mark.parametrize("name", sorted(EVERY))
@pytest.mark.usefixtures("_named_like_markup")
@pytest.mark.filterwarnings("ignore:constrained_layout:UserWarning")
def test_no_table_and_no_report_takes_a_text_for_markup(name: str) -> None:
    """It is read as it is. Twin: unescaped, the parser sees a picture that runs something."""
    *_, html_form = [form for form in forms(name) if form.startswith("<")] or [""]
    seen = Tags(html_form)
    assert seen.tags & {"img", "iframe", "object", "form", "base"} == set()
    assert seen.live == []
    assert ("script" in seen.tags) is (name == "report.page.page")
    assert "alert(2)</script>" not in html_form
    if "onerror" in html_form:
        assert "<img src=x onerror=alert(1)>" in seen.said
    assert Tags(f"<p>{MARKUP}</p>").live == ["img onerror=alert(1)"]


def plan() -> show.Shown:
    sent = {
        "Bucket": HOSTILE,
        "Policy": {"Statement": [{"Sid": HOSTILE, "Principal": {"AWS": HOSTILE}}], HOSTILE: 1},
    }
    changes = [
        given_a_change(
            f"{n}{HOSTILE}",
            resource=HOSTILE,
            reason=HOSTILE,
            undo=HOSTILE,
            actor=HOSTILE,
            account=HOSTILE,
            region=HOSTILE,
            parameters=sent,
            before={"Statement": [{"Sid": HOSTILE * 2}]},
        )
        for n in range(5)
    ]
    made_of = given_a_plan(*changes, notes=(HOSTILE,))
    done = tuple(Done(change, HOSTILE, {}) for change in changes)
    outcome = show.outcome(Outcome(made_of, StepState.STOPPED, HOSTILE, done))
    return show.together(show.plan(made_of), show.undo(made_of), outcome)


def findings() -> show.Shown:
    few = Finding("06.log", FindingState.FINDING, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    return show.findings(
        [few, *(Finding("07.log", FindingState.NOTE, HOSTILE, HOSTILE, HOSTILE, HOSTILE) for _ in range(20))]
    )


def pieces() -> show.Shown:
    inner = html.preformatted([HOSTILE])
    return show.together(
        show.bullets([HOSTILE]),
        show.paragraph(HOSTILE),
        show.folded(HOSTILE, inner),
        html.below([HOSTILE, HOSTILE]),
        html.preformatted(html.as_json({HOSTILE: [HOSTILE, "long" * 50]}).split("\n")),
    )


def progress() -> show.Shown:
    standing = Standing()
    standing(Progress(HOSTILE, HOSTILE, 1, where=HOSTILE, unit=HOSTILE, note=HOSTILE))
    return html.together(
        panel_parts.plain(standing, HOSTILE, live=True),
        panel_parts.under_way([(HOSTILE, HOSTILE)], standing, HOSTILE, HOSTILE),
        panel_parts.calls([HOSTILE], 1, 1),
    )


def steps() -> show.Shown:
    """The map of a run: a step that stopped says why in the words of AWS, and a plan's id is as the record has it."""
    stopped = mapped(ended("05", "stopped", HOSTILE, plan=HOSTILE))
    return show.together(run_map(stopped, HOSTILE), run_map(mapped(ended("00", "stopped", HOSTILE)), "r"))


def given_markup() -> dict[str, show.Shown]:
    """The same with markup, where each is made of texts of others."""
    change = given_a_change("k", resource=MARKUP, reason=MARKUP, undo=MARKUP, actor=MARKUP, parameters={"Tag": MARKUP})
    gone = Done(change, MARKUP, {})
    made_of = given_a_plan(
        change, *(given_a_change(f"{n}", resource=f"{n}{MARKUP}", undo=f"{n}{MARKUP}") for n in range(5))
    )
    standing = Standing()
    standing(Progress("copied", MARKUP, 1, 2, where=MARKUP, note=MARKUP))
    return {
        "plan": show.plan(made_of),
        "undo": show.undo(made_of),
        "outcome": show.outcome(Outcome(made_of, StepState.STOPPED, MARKUP, (gone,))),
        "map": run_map(mapped(ended("05", "stopped", MARKUP, plan=MARKUP)), MARKUP),
        "panel": panel_parts.under_way([("copied", MARKUP)], standing, "copied", MARKUP),
        "calls": panel_parts.calls([MARKUP], 1, 1),
        "end": panel_parts.plain(standing, "copied", live=True),
        "findings": show.findings([Finding("06.log", FindingState.FINDING, MARKUP, MARKUP, MARKUP, MARKUP)] * 20),
    }


@pytest.mark.parametrize("name", list(given_markup()))
def test_no_plan_no_map_and_no_panel_takes_a_text_for_markup(name: str) -> None:
    """Each is read as it is. Twin: in the tables above."""
    seen = Tags(given_markup()[name].html)
    assert seen.tags & {"img", "script", "b", "i"} == set()
    assert seen.live == []
    assert "<img src=x onerror=alert(1)>" in seen.said


@pytest.mark.parametrize("made_of", [plan, findings, pieces, progress, steps], ids=lambda made_of: made_of.__name__)
def test_plans_findings_outcomes_and_progress_obey_no_name(made_of: Callable[[], show.Shown]) -> None:
    shown = made_of()
    assert unsafe(shown.text) == unsafe(shown.html) == []
    assert r"\x1b[31m\r\x9b\u202e\u200f\u200b\ud800\n$x$" in shown.text
    assert shown.text.count("\n$x$") == shown.html.count("\n$x$") == 0


def test_what_a_run_and_a_check_of_any_place_say_obeys_no_name() -> None:
    step = StepResult("05_copy_history", "findings", 3, HOSTILE, "p-0123456789ab", Path(HOSTILE))
    assert unsafe(doors.printable_lines(RunResult((step,), step.path).text)) == []
    assert "\n$x$" not in RunResult((step,), step.path).text
    result = made(ValidationResult, keys={})
    assert unsafe(doors.printable_lines(text(result))) == []
    assert "".join(json_text([], result)).isascii()


@pytest.mark.parametrize("believed", [frozenset({HOSTILE}), None])
@pytest.mark.parametrize("ended", [HOSTILE, ""])
def test_no_name_prints_a_line_of_its_own_in_what_a_check_says(believed: frozenset[str] | None, ended: str) -> None:
    """A bucket called "a\\nAll proven" would say that of everything."""
    keys = {"eu-west-1": RegionKeys("eu-west-1", KeyStore(()), HOSTILE)}
    result = made(ValidationResult, keys=keys, believed=believed, ended=ended, place="s3://a", buckets={HOSTILE: 1})
    said = text(result)
    assert HOSTILE not in said and "\n$x$" not in said
    assert said.count(SEEN) >= 3 or said.count("\\n$x$") >= 3


def test_the_check_bites(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: without the one rule for what is unseen, each of them obeys."""
    monkeypatch.setattr(doors, "_SHOWN", {})
    named = (
        "steps.inventory.contents",
        "steps.verification.troubles",
        "steps.retirement.buckets",
        "report.page.page",
    )
    assert [name for name in named if not any(map(unsafe, forms(name)))] == []
    assert unsafe(findings().text) and unsafe(plan().text) and unsafe(progress().text)


def test_names_from_right_to_left_stand_by_themselves_on_a_page() -> None:
    """Numbers beside them stay where they are; text has no isolates, since a copied name would carry them along."""
    shown = show.paragraph("תיקייה אחת: 12 logs of سجل/2026")
    assert "<bdi>תיקייה אחת</bdi>: 12 logs of <bdi>سجل</bdi>/2026" in shown.html
    assert shown.text == "תיקייה אחת: 12 logs of سجل/2026"
    assert "<bdi>" not in show.paragraph("Prüfung 監査").html
    assert "<bdi>תיקייה</bdi>/<wbr>" in rows_as_html(
        "c", [html.Column("a")], [["a" * 40 + "/תיקייה/" + "b" * 40]]
    ).replace("/<wbr><bdi>", "<bdi>")
