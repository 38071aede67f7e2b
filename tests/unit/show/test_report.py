"""The report: findings first, one file that fetches nothing, every name escaped, and the same text for the same
observation."""

import base64
import hashlib
import html
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import TypeGuard

import pytest

from onetrail.change import Finding, FindingState, RunRecord
from onetrail.cloudtrail.digests.verdict import Chain, Interval, IntervalState
from onetrail.cloudtrail.digests.verdict import FileState as File
from onetrail.estate.guardrails import OrganizationGuardrail
from onetrail.estate.old_estate import OldBucket, OldEstate
from onetrail.estate.status import Status, StepStage
from onetrail.looked import Unread
from onetrail.settings import Settings
from onetrail.show.report import moved, page, sections
from onetrail.show.report.buckets import buckets
from onetrail.show.report.findings import headline
from onetrail.show.report.model import Table
from onetrail.show.report.promise import _guardrails
from onetrail.show.report.risks import RISKS, WITHOUT_AN_ORGANIZATION
from onetrail.show.report.signs import SIGNS
from onetrail.show.steps.evidence import files, kept
from onetrail.steps import verification
from onetrail.steps.evidence import (
    Anchors,
    Chapter,
    EvidenceObservation,
    FileSeen,
    Fit,
    SavedReport,
    read_custody,
)
from onetrail.steps.evidence.ledger import LedgerSum
from onetrail.steps.verification import ArchiveChain, BucketVerdict, DayCoverage, KeySource, TroubleGroup
from tests.unit.change.given import MovableClock, given_a_change, given_a_plan
from tests.unit.steps import test_bucket_creation as made
from tests.unit.steps.given_record import given_a_grant, killed, sent

NOW = datetime(2026, 1, 20, 9, tzinfo=UTC)
SETTINGS = Settings.from_file(Path(__file__).parents[3] / "parameters" / "practice.yaml")
ACCOUNT = "111122223333"
NASTY = "AWSLogs/<script>alert('x')</script>&\"quoted\".json.gz"
IDS = [
    "scope",
    "tool",
    "method",
    "summary",
    "findings",
    "exceptions",
    "plans",
    "steps",
    "moved",
    "chains",
    "coverage",
    "promise",
    "access",
    "permissions",
    "custody",
    "risks",
    "check",
    "index",
    "words",
    "signatures",
]
PROVEN = Interval(NOW - timedelta(days=9), NOW, IntervalState.PROVEN)
GAP = Interval(NOW - timedelta(days=5), NOW - timedelta(days=4), IntervalState.GAP, "digests are missing", 24)


def given(folder: Path, *findings: Finding, **said) -> EvidenceObservation:
    """An observation over the record in `folder`."""
    chapter = Chapter(
        "05", "Copy of the history", findings or (Finding("05.copied", FindingState.OK, "-", "-", "x", "y"),)
    )
    return EvidenceObservation(NOW, (chapter,), read_custody(folder), Anchors(), **said)


def given_a_verification(*intervals: Interval, key: str = "", **bucket) -> verification.VerificationObservation:
    """One old bucket, one chain, two months of coverage."""
    counted = {"objects": 12, "size": 1200, "logs_and_digests": 10, "equal": 10, "full": True, **bucket}
    chain = Chain(
        ACCOUNT,
        "eu-west-1",
        "audit",
        "eu-west-1",
        False,
        intervals or (PROVEN,),
        {File.VALID: 4},
        {File.VALID: 6},
    )
    trouble = (
        (TroubleGroup("old", ACCOUNT, "eu-west-1", "log", "invalid", "its hash differs", 1, (key,)),) if key else ()
    )
    after = counted["equal"]
    return verification.VerificationObservation(
        Status("05", StepStage.DONE, ""),
        buckets=(BucketVerdict("old", ACCOUNT, "eu-west-1", **counted),),
        chains=(ArchiveChain(chain, "trail"),),
        coverage=(
            DayCoverage(ACCOUNT, "eu-west-1", date(2025, 11, 3), 5, 5, 5, 0, 0),
            DayCoverage(ACCOUNT, "eu-west-1", date(2026, 1, 3), 5, after - 5, after - 5, 0, 0),
        ),
        troubles=trouble,
        keys=(KeySource("eu-west-1", "saved", 2),),
        now=NOW,
    )


class Fetches(HTMLParser):
    """Everything that a browser would fetch, run, or leave the page for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "link", "iframe", "object", "embed", "base", "form"):
            self.found.append(tag)
        for name, value in attrs:
            inside = (value or "").startswith(("#", "data:"))
            if name in ("src", "srcset", "action", "background", "poster", "data") and not inside:
                self.found.append(f"{name}={value}")
            if name in ("href", "xlink:href") and not inside:
                self.found.append(f"{name}={value}")
            if name.startswith("on"):
                self.found.append(name)


def section_of(text: str, name: str) -> str:
    """The section as it reads, with its annexes: without the places where a line may break."""
    section = text.split(f'<section id="{name}">')[1].split("</section>")[0]
    for annex in re.findall(r'<section id="annex-\d+".*?</section>', text, re.DOTALL):
        section += annex if f'href="#{name}"' in annex else ""
    return re.sub(r'<span class="k">(\S+)</span><wbr>', r"\1", section).replace("<wbr>", "")


def verdict_of(text: str, name: str) -> str:
    return re.search(r'<p class="verdict">(.*?)</p>', section_of(text, name)).group(1)


def test_every_section_is_there_in_its_order_with_a_verdict(tmp_path: Path) -> None:
    """Also where there is no record, and no step could be looked at: nothing is left out in silence."""
    text = page(SETTINGS, given(tmp_path))
    assert re.findall(r'<section id="([a-z]+)">', text) == IDS
    assert all(verdict_of(text, name).endswith(".") for name in IDS)
    assert "There is no record" in verdict_of(text, "custody")
    assert "not evaluated" in section_of(text, "promise")
    assert "could not be read" in verdict_of(text, "access")


@pytest.mark.parametrize("full", [True, False])
def test_nothing_is_fetched_and_no_script_runs_but_the_pages_own(tmp_path: Path, full: bool) -> None:
    """And the page forbids it to whoever shows it. The twins below are found."""
    sent(tmp_path, given_a_grant())
    text = page(SETTINGS, given(tmp_path, verified=given_a_verification() if full else None))
    assert Fetches(text).found == ["script"]
    assert allowed(text) == {
        "default-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "img-src": "data:",
    } | {
        f"{kind}-src": f"'sha256-{hash_of(inside)}'"
        for kind, inside in (("script", text.split("<script>")[1]), ("style", text.split("<style>")[1]))
    }
    assert not re.search(r"url\(|@import", text)
    for bad in (
        '<img src="https://x/y.png">',
        "<script></script>",
        '<a href="http://x">x</a>',
        '<p onclick="x">',
    ):
        assert Fetches(bad).found != []


def test_a_script_or_a_style_that_is_not_the_pages_own_has_another_hash(tmp_path: Path) -> None:
    """Twin of the above: one letter more, and the policy does not allow it."""
    text = page(SETTINGS, given(tmp_path))
    for kind in ("script", "style"):
        own = text.split(f"<{kind}>")[1]
        assert allowed(text)[f"{kind}-src"] == f"'sha256-{hash_of(own)}'"
        assert allowed(text)[f"{kind}-src"] != f"'sha256-{hash_of(' ' + own)}'"
    assert " style=" not in text


def allowed(text: str) -> dict[str, str]:
    """The page's Content-Security-Policy by directive."""
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', text).group(1))
    return dict(part.strip().split(" ", 1) for part in policy.split(";"))


def hash_of(text: str) -> str:
    """SHA-256 of what stands before the next end tag, as a policy writes it."""
    inside = re.split("</(?:script|style)>", text)[0]
    return base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()


def test_findings_come_before_everything_else(tmp_path: Path) -> None:
    """In the headline, and in the first section."""
    bad = Finding("05.conflict", FindingState.FINDING, ACCOUNT, "eu-west-1", "old", "other bytes in the archive")
    text = page(SETTINGS, given(tmp_path, bad))
    assert "✗ 1 finding needs attention" in text.split("<nav")[0]
    assert "other bytes in the archive" in section_of(text, "findings")
    fine = page(SETTINGS, given(tmp_path))
    assert "✓ Everything is as planned" in fine.split("<nav")[0]
    assert verdict_of(fine, "findings").startswith("There are none: ")


def test_what_could_not_be_looked_at_is_in_the_headline_too(tmp_path: Path) -> None:
    """It is never taken for fine."""
    blind = Finding("05.looked", FindingState.COULD_NOT_LOOK, "-", "-", "old", "AccessDenied")
    assert "1 check was not evaluated" in page(SETTINGS, given(tmp_path, blind)).split("<nav")[0]


def test_the_headline_counts_the_notes(tmp_path: Path) -> None:
    """Whatever else it says. Twin: without a note it names none."""
    note = Finding("06.unsigned", FindingState.NOTE, ACCOUNT, "eu-west-1", "old", "no digest names them")
    blind = Finding("05.looked", FindingState.COULD_NOT_LOOK, "-", "-", "old", "AccessDenied")
    fine = Finding("05.copied", FindingState.OK, "-", "-", "x", "y")
    assert headline([fine, note]) == "Everything is as planned, with 1 note: none of 2 checks needs attention."
    assert headline([note, note, blind]) == "1 check was not evaluated, of 3 checks, with 2 notes."
    assert headline([fine, fine]) == "Everything is as planned: none of 2 checks needs attention."


def test_the_page_says_why_step_08_ends_with_one_check_more(tmp_path: Path) -> None:
    """The first page of a run has three checks, the terminal four. Twin: the next page counts that check itself."""
    first = section_of(page(SETTINGS, given(tmp_path)), "steps")
    assert "These 3 checks were made before this page was saved." in first
    assert "08.report, can only be checked afterwards: step 08 makes that check too, and ends with 4 checks." in first
    saved = FileSeen("report.html", Fit.FITS, "0" * 64)
    again = section_of(page(SETTINGS, given(tmp_path, report=saved)), "steps")
    assert "These 4 checks were made before this page was saved; 08.report among them" in again
    assert "ends with" not in again


def test_a_move_that_is_not_finished_is_not_called_done(tmp_path: Path) -> None:
    """Planned is neither fine nor a finding."""
    waiting = Finding("05.waiting", FindingState.PLANNED, "-", "-", "old", "waiting for 04")
    head = page(SETTINGS, given(tmp_path, waiting)).split("<nav")[0]
    assert "→ The move is not finished" in head
    assert "Everything is as planned" not in head


def test_names_are_escaped_wherever_they_stand(tmp_path: Path) -> None:
    """A key may hold anything; in a table, in a picture, in a finding."""
    seen = given_a_verification(key=NASTY)
    cell = replace_cell(seen, region="<b>eu</b>")
    bad = Finding("06.log-invalid", FindingState.FINDING, ACCOUNT, "eu-west-1", NASTY, "its hash differs")
    text = page(SETTINGS, given(tmp_path, bad, verified=cell, files=(FileSeen(NASTY, Fit.CHANGED, "0" * 64),)))
    assert text.count("<script>") == 1  # the page's own, at its end
    assert "<script>" not in text.split("</main>")[0]
    assert "<b>eu</b>" not in text
    assert text.count("&lt;script&gt;") >= 3


def replace_cell(seen: verification.VerificationObservation, **said) -> verification.VerificationObservation:
    return replace(seen, coverage=tuple(cell._replace(**said) for cell in seen.coverage))


def test_the_same_observation_gives_the_same_page(tmp_path: Path) -> None:
    """No clock, no chance."""
    sent(tmp_path, given_a_grant())
    one, two = (page(SETTINGS, given(tmp_path, verified=given_a_verification())) for _ in range(2))
    assert one == two


def test_left_and_right_are_shown_with_their_totals(tmp_path: Path) -> None:
    """And the line says what is missing; the twin lacks one."""
    sums = (LedgerSum("copy", "old", "copied", 10, 990),)
    whole = page(SETTINGS, given(tmp_path, verified=given_a_verification(), ledger=sums))
    assert "10 of 10 logs and digests" in verdict_of(whole, "moved")
    assert "none is missing" in verdict_of(whole, "moved")
    assert "990" in section_of(whole, "moved")
    assert 'class="total"' in section_of(whole, "moved")
    lacking = page(SETTINGS, given(tmp_path, verified=given_a_verification(equal=9, missing=1)))
    assert "9 of 10 logs and digests" in verdict_of(lacking, "moved")
    assert "1 is missing" in verdict_of(lacking, "moved")


@pytest.mark.parametrize(
    ("estate", "where"),
    [("practice", "only AWS can confirm it"), ("aws", "The pilot checked the behaviour of jobs on AWS")],
)
def test_copies_by_jobs_are_said_with_where_their_behaviour_was_seen(tmp_path: Path, estate: str, where: str) -> None:
    """A record in which jobs were made; twin: one in which this machine copied says nothing of jobs."""
    settings = SETTINGS.with_values(
        estate=estate, **({"scenario": "default", "approve": ""} if estate == "aws" else {})
    )
    sent(tmp_path / "local", given_a_grant())
    local = page(settings, given(tmp_path / "local", verified=given_a_verification()))
    assert "Batch Operations" not in section_of(local, "moved")
    making = given_a_change("batch-copy-jobs", service="s3control", call="CreateJob", parameters={})
    sent(tmp_path / "jobs", given_a_plan(making, step="05"))
    by_jobs = section_of(page(settings, given(tmp_path / "jobs", verified=given_a_verification())), "moved")
    assert "Batch Operations" in by_jobs and where in by_jobs


def test_what_was_not_compared_is_not_told_as_the_same(tmp_path: Path) -> None:
    """Twin: the test above, where everything was."""
    unclear = page(SETTINGS, given(tmp_path, verified=given_a_verification(equal=8, uncompared=2)))
    assert "8 of 10 logs and digests" in verdict_of(unclear, "moved")
    assert "2 are not compared" in verdict_of(unclear, "moved")
    assert "none differs" not in verdict_of(unclear, "moved")


def test_files_that_are_not_proven_are_named_where_there_is_no_digest_at_all(tmp_path: Path) -> None:
    """Unsigned logs are counted, and a file that is missing is named. Twin: a run without either has no such table."""
    bare = replace(given_a_verification(key="AWSLogs/x.json.gz", logs={File.UNSIGNED: 7}), chains=())
    text = section_of(page(SETTINGS, given(tmp_path, verified=bare)), "chains")
    assert "No chain was checked" in text
    assert "7 moved logs are not named by a digest" in text
    assert "AWSLogs/" in text
    plain = replace(given_a_verification(), chains=())
    assert "<table" not in section_of(page(SETTINGS, given(tmp_path, verified=plain)), "chains")


def test_files_of_the_record_have_their_sum_and_the_page_says_which_checks_it_counts(tmp_path: Path) -> None:
    """In the notebook: one row for each kind, and all of them. Twin: with no file there is no sum."""
    several = (
        FileSeen("ledger/a.parquet", Fit.FITS, ""),
        FileSeen("ledger/b.parquet", Fit.CHANGED, ""),
        FileSeen("inventory.parquet", Fit.FITS, ""),
    )
    rows = [line.split() for line in files(given(tmp_path, files=several)).text.splitlines()]
    assert ["all", "2", "1", "0", "0", "0", "0"] in rows
    assert not any(row[:1] == ["all"] for row in map(str.split, files(given(tmp_path)).text.splitlines()))
    assert (
        "the check of the page itself, 08.report, comes after it"
        in kept(SavedReport("report.html", 9, "0" * 64, "")).text
    )


def test_a_gap_is_told_as_a_gap_with_its_dates(tmp_path: Path) -> None:
    """A chain without one has no such table."""
    text = section_of(page(SETTINGS, given(tmp_path, verified=given_a_verification(PROVEN, GAP))), "chains")
    assert "2026-01-15T09:00:00Z" in text
    assert "2026-01-16T09:00:00Z" in text
    assert "0 of 1 chain is whole" in text
    whole = section_of(page(SETTINGS, given(tmp_path, verified=given_a_verification())), "chains")
    assert "1 of 1 chain is whole" in whole
    assert "Gaps" not in whole


def test_coverage_is_a_picture_whose_states_do_not_rest_on_colour(tmp_path: Path) -> None:
    """A lost month is crossed out and named in the legend, and the numbers stand below."""
    text = section_of(page(SETTINGS, given(tmp_path, verified=given_a_verification(equal=9))), "coverage")
    assert text.count('class="lost"') == 2  # the month and its legend
    assert text.count('class="nothing"') == 2  # December, and its legend
    assert "1 log of the old buckets has no equal copy in the archive" in text
    whole = section_of(page(SETTINGS, given(tmp_path, verified=given_a_verification())), "coverage")
    assert whole.count('class="lost"') == 1


def test_permissions_have_opening_closing_duration_and_request_ids(tmp_path: Path) -> None:
    """One that is left open is named in the line."""
    sent(tmp_path / "closed", given_a_grant())
    text = page(SETTINGS, given(tmp_path / "closed"))
    assert "1 temporary permission was opened, and it was closed again." in verdict_of(text, "permissions")
    for said in ("the copier may read", "2 min", "R-open-old", "R-close-old", "2026-01-12T18:00:00Z"):
        assert said in section_of(text, "permissions")
    killed(tmp_path / "open", given_a_grant(), at="work")
    text = page(SETTINGS, given(tmp_path / "open"))
    assert "1 temporary permission was opened; it is not shown as closed: old" in verdict_of(text, "permissions")
    assert "opened 2026-01-12" in section_of(text, "findings")


@pytest.mark.parametrize(
    ("name", "proofs"),
    [
        ("grant_revoked", 1),
        ("hole_closed", 1),  # what versions up to 0.2.0 wrote
        ("restored", 0),
    ],
)
def test_the_proof_that_a_grant_was_revoked_is_shown_whatever_version_wrote_it(
    tmp_path: Path, name: str, proofs: int
) -> None:
    """The line of the record with what was seen. Twin: another requirement proves no revocation."""
    sent(tmp_path, given_a_grant())
    with RunRecord(tmp_path, "practice", MovableClock()) as record:
        record.append("requirement", step="05", name=name, met=True, why="read back, and refused")
    assert read_custody(tmp_path).check.whole
    text = section_of(page(SETTINGS, given(tmp_path)), "permissions")
    assert text.count("Proof that the grant was revoked") == proofs
    assert text.count("read back, and refused") == proofs


def test_every_change_and_approval_of_the_record_is_there(tmp_path: Path) -> None:
    """With its request id; and whether the chain is whole."""
    plan = given_a_grant()
    sent(tmp_path, plan)
    whole = page(SETTINGS, given(tmp_path))
    text = section_of(whole, "custody")
    assert plan.id in section_of(whole, "plans")
    assert all(said in text for said in ("R-open-old", "R-work", "R-close-old", "chain", "intact"))
    path = tmp_path / "record.jsonl"
    path.write_text(path.read_text().replace("R-work", "R-play"))
    broken = page(SETTINGS, given(tmp_path))
    assert "is NOT complete" in verdict_of(broken, "custody")
    assert "was changed" in section_of(broken, "findings")


@pytest.mark.parametrize("mode", ["none", "governance", "compliance"])
def test_what_no_policy_can_stop_is_said_for_the_mode_in_force(tmp_path: Path, mode: str) -> None:
    """And for every attacker."""
    text = section_of(page(SETTINGS.with_values(object_lock=mode), given(tmp_path)), "risks")
    assert text.count("(in force)") == 1
    assert all(risk.who in text for risk in RISKS)
    assert all(word in text for word in ("S3UnlockBucketPolicy", "root of the log account", "closes the log account"))


@pytest.mark.parametrize("organization", ["", "o-practice01"])
def test_without_an_organization_the_report_says_who_can_become_break_glass(tmp_path: Path, organization: str) -> None:
    """In one sentence; twin: where one is named, the guardrail refuses it and the sentence is not there."""
    settings = SETTINGS.with_values(organization_id=organization)
    text = section_of(page(settings, given(tmp_path)), "risks")
    assert (WITHOUT_AN_ORGANIZATION in text) is (not organization)


@pytest.mark.parametrize(
    ("mode", "in_force", "held"),
    [
        ("compliance", "COMPLIANCE", "✓ as planned"),
        ("compliance", "GOVERNANCE", "→ still to do"),  # until step 06
        ("governance", "GOVERNANCE", "✓ as planned"),
    ],
)
@pytest.mark.parametrize("what", ["archive", "work bucket"])
def test_a_default_lock_is_as_promised_in_the_mode_of_the_parameters_only(
    tmp_path: Path, what: str, mode: str, in_force: str, held: str
) -> None:
    """The archive's, and the work bucket's with the record's heads. Twin: governance where compliance is promised."""
    settings = SETTINGS.with_values(object_lock=mode)
    name = settings.bucket_name if what == "archive" else settings.work_bucket
    seen = made.given_all_made(settings)
    days = seen.buckets[name].lock["Rule"]["DefaultRetention"]["Days"]
    seen = made.with_bucket(seen, name, lock=made._lock(in_force, days))
    (row,) = [row for row in buckets(settings, given(tmp_path, creation=seen)) if row[0] == f"{what}: lock"]
    assert row[1:] == (f"new objects are locked for {days:,} days, under {mode}", f"{in_force} {days} days", held)


def test_long_tables_are_folded_on_a_screen_and_whole_on_paper(tmp_path: Path) -> None:
    """The style sheet opens every fold when it prints, and repeats the heads."""
    sent(tmp_path, given_a_grant())
    text = page(SETTINGS, given(tmp_path))
    assert "Show all 3 changes" in text
    printed = text.split("@media print")[1]
    assert re.search(r"\.fold > \.inner \{ display: block; \}", printed)
    assert "table-header-group" in printed
    assert "overflow-wrap: anywhere" in text


def test_old_buckets_and_permissions_in_them_are_told_account_by_account(tmp_path: Path) -> None:
    """An open one is no promise kept."""
    statement = {"Sid": "OnetrailCopyRead", "Effect": "Allow"}
    bucket = OldBucket("old", ACCOUNT, "eu-west-1", policy={"Version": "2012-10-17", "Statement": [statement]})
    for one, there in ((bucket, True), (replace(bucket, policy=None), False)):
        text = section_of(page(SETTINGS, given(tmp_path, estate=OldEstate((), (), (one,)))), "promise")
        assert (">yes</td>" in text.split("Old buckets of")[-1]) is there


def test_what_was_done_is_summed_for_each_of_several_source_accounts(tmp_path: Path) -> None:
    """Twin: one source account has no such table, since the sums of the section are its own."""
    here, other = ACCOUNT, "222233334444"
    verified = given_a_verification()
    (bucket,) = verified.buckets
    lacking = replace(bucket, name="acme-other", account=other, equal=bucket.equal - 1, missing=1)
    verified = replace(verified, buckets=(bucket, lacking))
    settings = SETTINGS.with_values(source_accounts=[{"account_id": here}, {"account_id": other}])
    (rows,) = [p.rows for p in moved.section(settings, given(tmp_path, verified=verified)).parts if is_by_account(p)]
    assert [row[0] for row in rows] == [here, other]
    assert [row[3] for row in rows] == ["1", "1"]
    assert [row[6] for row in rows] == ["1", "0"]
    assert (rows[0][8], rows[1][8].startswith("acme-other: ")) == ("none", True)
    alone = moved.section(SETTINGS, given(tmp_path / "one", verified=verified))
    assert not any(is_by_account(part) for part in alone.parts)


def is_by_account(part: object) -> TypeGuard[Table]:
    return isinstance(part, Table) and part.caption == "What was done in each source account"


def test_the_sections_are_values(tmp_path: Path) -> None:
    """Every row has as many cells as its table has heads, every total too."""
    sent(tmp_path, given_a_grant())
    for section in sections(SETTINGS, given(tmp_path, verified=given_a_verification(PROVEN, GAP, key="k"))):
        for part in section.parts:
            if part.kind == "table":
                assert {len(row) for row in part.rows} <= {len(part.heads)}
                assert len(part.total) in (0, len(part.heads))


@pytest.mark.parametrize(
    ("guardrail", "said", "verdict"),
    [
        (
            {"content": Unread("ListRoots: AccessDenied")},
            "not evaluated",
            FindingState.COULD_NOT_LOOK,
        ),
        ({"management": ACCOUNT}, "does not exist yet", FindingState.PLANNED),
        ({"why": "no organization is named"}, "no organization is named", FindingState.NOTE),
    ],
)
def test_a_guardrail_that_could_not_be_read_is_not_one_that_is_to_come(tmp_path, guardrail, said, verdict):
    """Twins: it is not there, and it is not set from here."""
    seen = replace(given_a_verification(), guardrail=OrganizationGuardrail("onetrail-archive-rail", **guardrail))
    (row,) = [one for one in _guardrails(given(tmp_path, verified=seen)) if "onetrail-archive-rail" in one[0]]
    assert (row[2], row[3]) == (said, SIGNS[verdict])
