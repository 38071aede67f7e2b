"""The front of the report: what was done and for whom, its id, scope, version, parameters, limits, and the summary."""

import hashlib
import html
import itertools
import json
import re
from dataclasses import replace
from pathlib import Path

from onetrail.change import Finding, FindingState
from onetrail.settings import Settings
from onetrail.show.report import page
from onetrail.show.report.front import tool
from onetrail.show.report.layout import css_text
from onetrail.workspace.build import Build
from tests.unit.show.test_report import (
    ACCOUNT,
    GAP,
    PROVEN,
    SETTINGS,
    given,
    given_a_verification,
    section_of,
    verdict_of,
)
from tests.unit.show.test_report_plans import rows_of
from tests.unit.steps.given_record import given_a_grant, killed, sent

MADE_WITH = "What this page was made with"
IN_FORCE = "Parameters in force when this page was made"


def items(text: str, name: str) -> list[str]:
    """The list of a section, as text."""
    found = re.findall(r"<li>(.*?)</li>", section_of(text, name), re.DOTALL)
    return [html.unescape(re.sub("<[^>]+>", "", one)) for one in found]


def scope(text: str) -> dict[str, str]:
    return {row[0]: row[1] for row in rows_of(section_of(text, "scope"), "Scope")}


def test_the_title_says_what_was_done_and_for_whom_and_not_the_runs_name(tmp_path: Path) -> None:
    """Twin: without an organization it names none; several accounts are counted."""
    text = page(SETTINGS, given(tmp_path))
    title = "Move of the CloudTrail logs of account 111122223333 to one trail and one archive"
    assert f"<h1>{title}, for organization o-practice01</h1>" in text
    assert f"<title>{title}, for organization o-practice01: report practice-0</title>" in text
    alone = SETTINGS.with_values(
        organization_id="", source_accounts=[{"account_id": ACCOUNT}, {"account_id": "222233334444"}]
    )
    assert "<h1>Move of the CloudTrail logs of 2 accounts to one trail and one archive</h1>" in page(
        alone, given(tmp_path)
    )


def test_the_reports_own_id_names_the_last_line_that_it_shows(tmp_path: Path) -> None:
    """In its facts, its title and on every printed page. Twin: one change more gives another id."""
    sent(tmp_path, given_a_grant())
    last = json.loads((tmp_path / "record.jsonl").read_text().splitlines()[-1])
    number = f"practice-{last['n']}-{last['hash'][:12]}"
    text = page(SETTINGS, given(tmp_path))
    assert f"<dt>Report</dt><dd>{number}</dd>" in text
    assert f": report {number}</title>" in text
    assert f"@bottom-left {{ content: {css_text('Report ' + number)}; }}" in text
    assert f"The signatures are for report {number}." in text
    sent(tmp_path, given_a_grant())
    assert number not in page(SETTINGS, given(tmp_path))


def test_each_printed_page_has_its_number_and_the_title(tmp_path: Path) -> None:
    """A name in it cannot end the string or the style. Twin: plain letters stand as they are."""
    style = page(SETTINGS, given(tmp_path)).split("<style>")[1].split("</style>")[0]
    assert 'content: "Page " counter(page) " of " counter(pages)' in style
    assert "size: A4 portrait" in style
    assert css_text('a"</style>\\z') == '"a\\000022\\00003c\\00002fstyle\\00003e\\00005cz"'
    assert css_text("Report7") == '"Report7"'


def test_scope_and_periods_are_those_of_the_data(tmp_path: Path) -> None:
    """Twin: what could not be read is not evaluated, and without a record there is no period of the move."""
    sent(tmp_path / "run", given_a_grant())
    said = scope(page(SETTINGS, given(tmp_path / "run", verified=given_a_verification(foreign=2))))
    assert said["source accounts"] == "111122223333"
    assert said["log account"] == "044455556666"
    assert said["old buckets"] == "1 with 12 objects (1,200 bytes)"
    assert said["old trails"] == "0 deleted by this run; not evaluated"
    assert said["period of the logs"] == "2025-11-03 to 2026-01-03, by the days in their names"
    assert said["period of the move"] == "2026-01-12T12:00:00Z to 2026-01-12T12:03:00Z, by the clock of the record"
    assert said["archive"] == "bucket onetrail-archive-044455556666 in us-east-1"
    assert said["retention"] == "7 years from the date in the key of each log; locked under compliance"
    assert said["not in scope"] == "2 objects of old buckets that are not CloudTrail's; not evaluated"
    blind = scope(page(SETTINGS, given(tmp_path / "none")))
    assert blind["period of the logs"].startswith("not evaluated")
    assert blind["period of the move"].startswith("not recorded")
    assert blind["regions"] == blind["old buckets"] == "not evaluated"


def test_version_commit_and_the_hash_of_the_parameters_are_named(tmp_path: Path) -> None:
    """Twin: an installed onetrail has no commit, and a changed checkout says so."""
    observation = given(tmp_path, build=Build("0.2.0", "c0ffee" * 6, False))

    def rows(observation) -> list[list[str]]:
        return rows_of(section_of(page(SETTINGS, observation), "tool"), MADE_WITH)

    assert rows(observation)[:2] == [["onetrail", "0.2.0"], ["commit", "c0ffee" * 6]]
    changed = replace(observation, build=Build("0.2.0", "c0ffee" * 6, True))
    assert rows(changed)[1][1].endswith("; files of lib/ were changed since, and not committed")
    installed = replace(observation, build=Build("0.2.0"))
    assert rows(installed)[1][1].startswith("not recorded: ")


def test_the_parameters_file_is_named_with_the_hash_of_what_was_read(tmp_path: Path) -> None:
    """And each value with its line there. Twin: values of a program come from no file, and none is made up."""
    file = Path(__file__).parents[3] / "parameters" / "practice.yaml"
    lines = file.read_text(encoding="utf-8").splitlines()
    number = next(n for n, line in enumerate(lines, 1) if line.startswith("retention_years:"))
    text = section_of(page(SETTINGS, given(tmp_path)), "tool")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert rows_of(text, MADE_WITH)[-1][1] == f"{file}, SHA-256 {digest}"
    assert {row[0]: row[2] for row in rows_of(text, IN_FORCE)}["retention_years"] == f"file, line {number}"
    program = Settings.from_mapping(SETTINGS.parameters())
    text = section_of(page(program, given(tmp_path)), "tool")
    assert rows_of(text, MADE_WITH)[-1][1].startswith("none is named: ")
    assert {row[2] for row in rows_of(text, IN_FORCE)} == {"not recorded"}


def test_every_parameter_is_there_but_those_of_the_machine_and_the_hash_is_over_them(tmp_path: Path) -> None:
    """Made by hand here as the page says that it is made. Twin: another retention gives another hash."""
    text = section_of(page(SETTINGS, given(tmp_path)), "tool")
    table = {row[0]: row[1] for row in rows_of(text, IN_FORCE)}
    left_out = {"runs_dir", "parameters_file"}
    assert set(table) == set(SETTINGS.parameters()) - left_out
    assert table["retention_years"] == "7"
    assert table["log_account"] == (
        "account_id: 044455556666; role_arn: arn:aws:iam::044455556666:role/OrganizationAccountAccessRole"
    )
    assert table["source_accounts"] == (
        "account_id: 111122223333, role_arn: arn:aws:iam::111122223333:role/TrailConsolidation"
    )
    values = {name: value for name, value in SETTINGS.parameters().items() if name not in left_out}
    said = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert hashlib.sha256(said).hexdigest() in text
    other = SETTINGS.with_values(retention_years=8)
    assert tool.sha256(other) != tool.sha256(SETTINGS)
    assert tool.sha256(SETTINGS.with_values(runs_dir="/elsewhere")) == tool.sha256(SETTINGS)


def test_the_summary_is_five_sentences_made_from_the_data(tmp_path: Path) -> None:
    """Twin below: nothing was looked at."""
    sent(tmp_path, given_a_grant())
    note = Finding("06.gap", FindingState.NOTE, ACCOUNT, "eu-west-1", "trail", "not proven")
    said = items(page(SETTINGS, given(tmp_path, note, verified=given_a_verification())), "summary")
    assert said == [
        (
            "Moved: of 1 old bucket with 12 objects (1,200 bytes), 10 of 10 logs and digests of the old buckets are in"
            " the archive with equal bytes; none is missing, none differs."
        ),
        (
            "Proven: 1 of 1 chain is whole: 4 valid digests, 6 logs with the hash in a signed digest; 0 old buckets"
            " have a receipt of what was proven."
        ),
        "Removed: 0 old trails, 0 objects of old buckets (0 bytes) and 0 old buckets were deleted.",
        "Left: not evaluated.",
        (
            "Verdict: The move is not finished: 1 thing is still to be done; none of 5 checks needs attention, with 2"
            " notes."
        ),
    ]


def test_a_summary_of_nothing_says_that_nothing_was_looked_at(tmp_path: Path) -> None:
    said = items(page(SETTINGS, given(tmp_path)), "summary")
    assert said[:4] == [
        "Moved: no old bucket was compared with the archive: not evaluated.",
        "Proven: no chain was checked: the chains were not evaluated; 0 old buckets have a receipt of what was proven.",
        "Removed: nothing; the record shows no change.",
        "Left: not evaluated.",
    ]


def test_the_limits_have_their_numbers(tmp_path: Path) -> None:
    """Checks that could not be evaluated, lines after the last head, gaps. Twin: without them they are not there."""
    sent(tmp_path, given_a_grant())
    blind = Finding("05.looked", FindingState.COULD_NOT_LOOK, "-", "-", "old", "AccessDenied")
    said = " ".join(items(page(SETTINGS, given(tmp_path, blind, verified=given_a_verification(PROVEN, GAP))), "method"))
    assert "1 check could not be evaluated: nothing is known of these, and nothing is assumed." in said
    assert "8 lines of it follow the last head outside that machine." in said
    assert "The digest chains have 1 gap and 0 new starts" in said
    fine = page(SETTINGS, given(tmp_path, verified=given_a_verification()))
    assert "could not be evaluated: nothing is known" not in section_of(fine, "method")
    assert "new start" not in section_of(fine, "method")
    assert verdict_of(fine, "method").endswith("; 0 could not be evaluated.")


def test_what_was_removed_counts_what_is_done_and_not_what_was_tried(tmp_path: Path) -> None:
    """A process that died on its way to delete. Twin in the summary of a whole run, among the integration tests."""
    killed(tmp_path, given_a_grant(), at="work")
    assert items(page(SETTINGS, given(tmp_path)), "summary")[2].startswith("Removed: 0 old trails, 0 objects")


def test_a_long_table_is_a_numbered_annex_and_findings_never_are(tmp_path: Path) -> None:
    """In its place there is a reference by number. Twin: one row less, and it is in its section."""

    def many(count: int, state: FindingState) -> list[Finding]:
        return [Finding("05.copied", state, ACCOUNT, "eu-west-1", f"bucket-{n}", f"line {n}") for n in range(count)]

    def body_of(text: str, name: str) -> str:
        return text.split(f'<section id="{name}">')[1].split("</section>")[0]

    for count, there in ((40, True), (41, False)):
        text = page(SETTINGS, given(tmp_path, *many(count, FindingState.PLANNED)))
        assert ("line 39" in body_of(text, "steps")) is there
        assert ("Still to be done (41 rows)." in body_of(text, "steps")) is not there
        assert "line 39" in text
    text = page(SETTINGS, given(tmp_path, *many(99, FindingState.FINDING)))
    assert "line 98" in body_of(text, "findings")


def test_a_very_long_annex_is_not_printed_and_says_where_its_rows_are(tmp_path: Path) -> None:
    """On a screen it is whole. Twin: with one row less it is on paper too."""
    said = (
        "Its 101 rows are not printed. They are in report.html of the run folder; the run record holds the SHA-256 of"
        " that file, in its last line with the kind report."
    )
    for count, printed in ((101, False), (100, True)):
        found = [Finding("05.copied", FindingState.OK, ACCOUNT, "eu-west-1", f"b-{n}", f"l {n}") for n in range(count)]
        text = page(SETTINGS, given(tmp_path, *found))
        (annex,) = re.findall(
            r'<section id="annex-\d+" class="annex[^"]*">\n<h3>[^<]*Checks that passed.*?</section>', text, re.DOTALL
        )
        assert annex.count("<tr>") == count + 1
        assert (said in annex, 'class="annex unprinted"' in annex) == (not printed, not printed)


def test_annexes_are_numbered_in_order_and_each_is_referred_to_from_its_section(tmp_path: Path) -> None:
    """Every reference leads to one annex, and every annex back to its section."""
    sent(tmp_path, given_a_grant())
    text = page(SETTINGS, given(tmp_path, verified=given_a_verification()))
    body, annexes = text.split('<div id="annexes"')
    numbers = re.findall(r'<a href="#annex-(\d+)">Annex \1</a>', body)
    assert numbers == [str(n) for n in range(1, len(numbers) + 1)]
    assert re.findall(r'<section id="annex-(\d+)"', annexes) == numbers
    sections = set(re.findall(r'<section id="([a-z]+)">', body))
    assert {name for name in re.findall(r'href="#([a-z]+)"', annexes)} <= sections


def test_the_page_can_be_read_with_a_screen_reader(tmp_path: Path) -> None:
    """A language, a title, one h1, headings without a step left out, a scope on every head, a name for every table, and
    no id twice; the first cell of each row heads it."""
    sent(tmp_path, given_a_grant())
    text = page(SETTINGS, given(tmp_path, verified=given_a_verification(PROVEN, GAP)))
    assert '<html lang="en">' in text
    levels = [int(level) for level in re.findall(r"<h(\d)[ >]", text)]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    assert re.findall(r"<th(?! scope=)[ >]", text) == []
    assert text.count('<th scope="row"') > 100
    assert text.count("<table>") == text.count("<caption ") == text.count("aria-labelledby=")
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:for|aria-labelledby)="([^"]+)"', text)) <= set(ids)
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)


def test_without_its_script_the_page_hides_nothing_but_the_filter(tmp_path: Path) -> None:
    """The field is there for the script to show; no row is hidden by the page itself."""
    text = page(SETTINGS, given(tmp_path))
    assert text.count(" hidden>") == 1 + text.count('<p class="sideways" hidden>')
    assert '<div class="filter" hidden>' in text
    assert "@media screen { .filtering tr.out { display: none; } }" in text


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2."""
    colour = colour if len(colour) == 7 else "#" + "".join(2 * one for one in colour[1:])
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2: 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_every_colour_of_text_has_the_contrast_that_wcag_asks_for(tmp_path: Path) -> None:
    """On a light and on a dark screen and on paper. Twin: grey on white is below it."""
    style = page(SETTINGS, given(tmp_path)).split("<style>")[1].split("</style>")[0]
    schemes = [
        dict(re.findall(r"--([a-z]+): (#[0-9a-f]{3,6});", one))
        for one in re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    ]
    assert len(schemes) == 3
    for colours in schemes:
        for name in ("ink", "soft", "good", "bad"):
            assert contrast(colours[name], colours["paper"]) >= 4.5, (name, colours)
        assert contrast(colours["ink"], colours["tint"]) >= 4.5
    assert contrast("#999999", "#fff") < 4.5
