"""The benchmarks keep working: their workers do their work on a null S3 of a few hundred keys, and their tables say
what was measured."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from benchmarks import ours, starting, validate
from benchmarks.__main__ import PARTS, README, main, validated
from benchmarks.measure import Failed, Measured, in_the_middle, main_of, ran
from benchmarks.nginx import Program, configuration, far_configuration
from benchmarks.table import flat, table, targets, with_part
from onetrail.cli import main as onetrail
from tests.unit.benchmarks.lua_s3 import served


@pytest.fixture
def null_s3(tmp_path, monkeypatch):
    """A null S3 in this process, and an environment in which boto3 finds it."""
    with served() as url:
        for name, value in {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "AKIDNULL",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_CONFIG_FILE": f"{tmp_path}/none",
            "AWS_SHARED_CREDENTIALS_FILE": f"{tmp_path}/none",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        yield url


def test_what_is_measured_does_its_work(null_s3, capsys):
    """Every object is listed, planned, copied, and found again. Twin: of a bucket that is not there nothing is said to
    be done."""
    for what in ("list", "plan", "decide"):
        ours.main([what, "s3://logs-100", "s3://archive-0"])
        assert json.loads(capsys.readouterr().out)["objects"] == 100
    owners = ("--from-owner", ours.SOURCE_OWNER, "--to-owner", ours.TARGET_OWNER)
    copied = CliRunner().invoke(onetrail, ["copy", "s3://logs-100", "s3://archive-0", *owners])
    assert (copied.exit_code, "the ledger: 100 rows" in copied.stdout) == (0, True), copied.output
    again = CliRunner().invoke(onetrail, ["copy", "s3://logs-100", "s3://archive-100", *owners])
    assert (again.exit_code, "no new part" in again.stdout) == (0, True), again.output
    assert CliRunner().invoke(onetrail, ["copy", "s3://logs", "s3://archive-0", *owners]).exit_code == 2


@pytest.mark.parametrize(("module", "count", "objects"), [("chain", 3, [3]), ("sessions", 1, [4, 4])])
def test_what_is_measured_in_memory_does_its_work(module, count, objects):
    """Digests and logs that were verified, clients that were made."""
    assert [one.objects for one in main_of(module, count)] == objects


def test_a_command_is_measured_from_outside():
    """Its CPU, its memory and its output; one that fails is an error and never a figure."""
    run, said = ran("python", 10, ["python3", "-c", "print(sum(range(10**6)))"], {"PATH": "/usr/bin:/bin"})
    assert (run.objects, said) == (10, "499999500000\n")
    assert run.wall > 0 and run.cpu > 0 and run.megabytes > 1
    with pytest.raises(Failed, match="python ended with 3: no"):
        ran(
            "python",
            10,
            ["python3", "-c", "import sys; sys.exit(print('no') or 3)"],
            {"PATH": "/usr/bin:/bin"},
        )


OURS = Measured("ours", 2000, 1.0, 0.5, 150, 2002)
PEER = Measured("peer", 1000, 5.0, 1.0, 60.4)


def test_the_time_of_a_process_that_goes_on_by_itself_counts_too(tmp_path):
    """And its end is awaited. Twin: a command that does nothing takes none."""
    left, works = tmp_path / "left", "for _ in range(20_000_000): pass"

    def asked(*command):
        words = [sys.executable, "-m", "benchmarks.cpu_of", *command]
        done = subprocess.run(words, cwd=README.parents[1], capture_output=True, text=True, check=False)
        return done.returncode, float(done.stderr.split()[0])

    code, seconds = asked("sh", "-c", f"setsid {sys.executable} -c '{works}' && touch {left} & exit 3")
    assert (code, left.exists()) == (3, True)
    assert seconds > asked("true")[1]


def test_a_table_has_units_and_ratios_to_the_first_row():
    """Faster in the one sense, cheaper in the other."""
    head, rule, ours_row, peer_row = table([OURS, PEER]).splitlines()
    assert [cell.strip() for cell in head.split("|")[1:-1]] == [
        "",
        "objects",
        "objects/s",
        "ours is",
        "CPU ms/1,000",
        "of ours",
        "requests/1,000",
        "peak MB",
    ]
    assert [cell.strip() for cell in ours_row.split("|")[1:-1]] == [
        "ours",
        "2,000",
        "2,000",
        "",
        "250.0",
        "",
        "1,001",
        "150",
    ]
    assert [cell.strip() for cell in peer_row.split("|")[1:-1]] == [
        "peer",
        "1,000",
        "200",
        "10.0 x as fast",
        "1,000.0",
        "4.0 x",
        "–",
        "60",
    ]
    assert rule.count("|") == head.count("|")


def test_a_table_without_ratios_has_the_figures_alone():
    """For what has nothing beside it."""
    head, _, row, _ = table([OURS, PEER], ratios=False).splitlines()
    assert [cell.strip() for cell in head.split("|")[1:-1]] == [
        "",
        "objects",
        "objects/s",
        "CPU ms/1,000",
        "requests/1,000",
        "peak MB",
    ]
    assert [cell.strip() for cell in row.split("|")[1:-1]] == [
        "ours",
        "2,000",
        "2,000",
        "250.0",
        "1,001",
        "150",
    ]


def test_a_target_is_met_or_not():
    """On either side of its bound."""
    said = targets([("copies", 3000, "a second", 3200.4, True), ("CPU", 250, "ms", 260.0, False)])
    assert [line.rsplit("|", 2)[1].strip() for line in said.splitlines()[2:]] == ["yes", "no"]
    assert "at least 3,000 a second" in said and "at most 250 ms" in said


def test_the_middle_of_three_runs():
    """Each figure by itself, and the most memory."""
    runs = [Measured("x", 10, wall, cpu, mb) for wall, cpu, mb in ((1, 9, 50), (3, 7, 70), (2, 8, 60))]
    assert in_the_middle(runs) == Measured("x", 10, 2, 8, 70)


@pytest.mark.parametrize(
    ("marks", "first", "last"),
    [
        ([(50, 0.5), (100, 1.0), (1000, 10.0)], 100, 100),
        ([(100, 1.0), (500, 5.0), (1000, 15.0)], 100, 50),  # slower towards the end
        ([(1000, 10.0)], 100, 100),
    ],
)
def test_the_rate_of_the_first_and_the_last_tenth(marks, first, last):
    """From marks that do not fall on the tenths."""
    assert flat(marks, 100) == pytest.approx((first, last))


def test_a_part_of_the_page_is_replaced_and_nothing_else():
    """A page without the markers is refused."""
    page = "a\n<!-- copy: made by make bench -->\nold\n<!-- end of copy -->\nb\n"
    made = with_part(page, "copy", "new \\1")
    assert made == page.replace("\nold\n", "\n\nnew \\1\n\n")
    with pytest.raises(ValueError, match="no place for list"):
        with_part(page, "list", "x")


@pytest.mark.parametrize("part", PARTS)
def test_the_page_has_a_place_for_each_part(part):
    """Where `make bench` writes what it measured."""
    with_part(README.read_text(encoding="utf-8"), part, "x")


def test_a_part_that_does_not_exist_is_wrong_use(capsys):
    """Exit code 2, and the parts there are."""
    assert main(["--only", "speed"]) == 2
    assert "give some of copy, again, list" in capsys.readouterr().err


def test_without_nginx_the_packages_are_named(monkeypatch, capsys):
    """One line, exit code 2; apt is not there either."""
    monkeypatch.setattr("benchmarks.nginx.Program.complete", False)
    monkeypatch.setattr("benchmarks.nginx.shutil.which", lambda name: None)
    assert main(["--only", "copy", "--scale", "0.01"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("apt-get install nginx libnginx-mod-http-lua")


def test_the_way_to_a_far_server_keeps_the_host_and_nothing_is_left_to_fill_in(tmp_path):
    """The signature covers the host, and a connection is not made anew for each request."""
    text = far_configuration(Program(tmp_path), tmp_path, 4433, "http://127.0.0.1:8333", 0.05)
    for line in (
        "listen 127.0.0.1:4433;",
        "server 127.0.0.1:8333;",
        "ngx.sleep(0.05)",
        "proxy_set_header Host $http_host;",
        'proxy_set_header Connection "";',
    ):
        assert line in text
    assert "@" not in text


def test_a_beginning_of_the_files_is_a_chain_of_its_own():
    """What is looked at far away is what the smaller set would be, digest for digest. Twin: one digest less is another
    set."""
    some, more = validate.given_files(40), validate.given_files(80)
    assert list(some.items()) == list(more.items())[:42]
    assert sum("-Digest" in key for key in some) == 2


def test_both_distances_stand_in_the_table_of_targets():
    """Each with its own ratio and its own answer."""
    slow = Measured("theirs", 1000, 4.0, 1.0, 60)
    found = validate.Found([OURS, PEER, slow], [OURS, slow], [("a core", 500.0)])
    text = validated(found)
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| beside")]
    assert [(row[3].strip(), row[4].strip()) for row in rows] == [
        ("10 times as fast", "yes"),
        ("8 times as fast", "no"),
    ]
    assert "The server 50 ms away:" in text and "- a core: 500 MB" in text


def test_nginx_listens_on_loopback_and_nothing_is_left_to_fill_in(tmp_path):
    """With a certificate, or without."""
    for tls in (True, False):
        text = configuration(Program(tmp_path), tmp_path, 4433, 0.05, 0.01, 0.0, tls=tls)
        assert f"listen 127.0.0.1:4433{' ssl' if tls else ''};" in text
        assert "@" not in text
        assert ("ssl_certificate" in text) is tls


def test_what_starting_takes_is_measured_once_for_each(tmp_path):
    """The help, and each notebook's first code cell and no other. Twin: a cell that fails ends it."""
    cells = [{"cell_type": "markdown", "source": ["x"]}, {"cell_type": "code", "source": ["import json"]}]
    notebook = tmp_path / "00_x.ipynb"
    notebook.write_text(json.dumps({"cells": [*cells, {"cell_type": "code", "source": ["1 / 0"]}]}))
    found = dict(starting.rows(tmp_path, times=1))
    assert list(found) == ["`onetrail --help`", "first cell of `00_x`"]
    assert all(seconds > 0 for seconds in found.values())
    notebook.write_text(json.dumps({"cells": [{"cell_type": "code", "source": ["1 / 0"]}]}))
    with pytest.raises(subprocess.CalledProcessError):
        starting.of_first_cell(notebook, times=1)
