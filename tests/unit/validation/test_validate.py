"""`onetrail validate DIRECTORY`: what is proven, what is not, and what bad input becomes; without credentials and
without a network."""

import json
import os
import socket
import subprocess
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from onetrail.cli import main
from onetrail.cloudtrail.litter import begins_as_log
from onetrail.errors import OnetrailError
from onetrail.s3.http import calls
from onetrail.validation import directory as directory_module
from onetrail.validation import place as place_module
from onetrail.validation.bucket import nothing_is_changed
from onetrail.validation.days import Days
from onetrail.validation.directory import Directory
from onetrail.validation.named import NamedLog, NamedLogs
from tests.unit.cloudtrail.signing import (
    ACCOUNT,
    BEGIN,
    HOUR,
    OLD,
    REGION,
    Scene,
    der,
    given_a_chain,
    kept_keys,
    log_key,
    packed,
    put,
    signed_digest,
    written,
)


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No environment and no network: whoever asks for either gets an error that no test expects."""

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)


def validated(where: Path, *words: str) -> Any:
    """What the verb prints, with the saved keys beside the directory."""
    return CliRunner().invoke(main, ["validate", str(where), "--public-keys", str(where.parent / "keys"), *words])


def told(where: Path, *words: str) -> dict[str, Any]:
    """The same as JSON."""
    done = validated(where, *words, "--json")
    assert done.exit_code in (0, 3), done.output
    return json.loads(done.stdout)


def bad(said: dict[str, Any]) -> list[tuple[str, str]]:
    """Kind and state of every file that is not valid."""
    return sorted((one["kind"], one["state"]) for one in said["files"] if one["state"] != "valid")


def digests(where: Path) -> list[Path]:
    return sorted(path for path in where.rglob("*CloudTrail-Digest*.json.gz"))


def logs(where: Path) -> list[Path]:
    return sorted(path for path in where.rglob("*_CloudTrail_*.json.gz"))


def beside(path: Path) -> Path:
    return path.with_name(path.name + ".metadata.json")


def test_an_untouched_directory_is_proven_without_credentials_and_network(there: Path) -> None:
    """Every file by key, the chain as intervals, exit code 0. Twin: every row of the table below."""
    said = told(there)
    keys = {str(path.relative_to(there)) for path in [*digests(there), *logs(there)]}
    assert {(one["key"], one["state"], one["why"]) for one in said["files"]} == {(key, "valid", "") for key in keys}
    (chain,) = said["chains"]
    assert [(i["from"], i["to"], i["state"]) for i in chain["intervals"]] == [
        ("2023-05-01T08:12:07Z", "2023-05-01T12:12:07Z", "proven")
    ]
    assert {
        "account": "044455556666",
        "region": REGION,
        "trail": "audit",
        "home_region": REGION,
    }.items() <= chain.items()
    assert said["summary"]["believed"] == [{"bucket": OLD, "because": "signed digests name it", "chains": 1}]
    done = validated(there)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == "All proven: 1 chain, 4 digests, 3 logs."


def _gone(path: Path) -> None:
    path.unlink()
    beside(path).unlink()


def _link(path: Path, target: Path) -> None:
    kept = target.parent / f"outside-{path.name}"
    path.rename(kept)
    path.symlink_to(kept)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _escaping(where: Path) -> None:
    """A digest, signed, that names a log outside of the directory."""
    put(where.parent, "secret.json.gz", packed(b"{}"))
    scene = given_a_chain(4)
    name = "AWSLogs/../../secret.json.gz"
    scene.objects.append(signed_digest(BEGIN + 4 * HOUR, scene.digests[3], [(OLD, name, b"{}")]).object())
    written(scene, where)


Harm = Callable[[Path], Any]
HARMED: list[tuple[str, Harm, list[tuple[str, str]], str]] = [
    # what became of the directory, how, every file that is not valid, words of the output
    ("a log changed", lambda w: logs(w)[1].write_bytes(packed(b"{}")), [("log", "invalid")], "1 log is invalid"),
    ("a log deleted", lambda w: logs(w)[1].unlink(), [("log", "missing")], "1 log is missing"),
    (
        "a log planted",
        lambda w: put(w, log_key(BEGIN, "planted"), packed(b"{}")),
        [("log", "unsigned")],
        "put there by somebody else",
    ),
    ("the first digest deleted", lambda w: _gone(digests(w)[0]), [("digest", "missing")], "an unknown time"),
    (
        "a digest deleted",
        lambda w: _gone(digests(w)[1]),
        [("digest", "missing"), ("log", "unsigned")],
        "1 chain has gaps",
    ),
    (
        "a digest changed",
        lambda w: digests(w)[1].write_bytes(packed(b"{}")),
        [("digest", "invalid"), ("log", "unsigned")],
        "1 digest is invalid",
    ),
    (
        "the newest digest without metadata",
        lambda w: beside(digests(w)[-1]).unlink(),
        [("digest", "unsigned"), ("log", "unsigned")],
        "head-object",
    ),
    (
        "the newest digest with metadata that is no JSON",
        lambda w: beside(digests(w)[-1]).write_text("no"),
        [("digest", "unsigned"), ("log", "unsigned")],
        ".metadata.json cannot be used: not JSON",
    ),
    (
        "the newest digest with empty metadata",
        lambda w: beside(digests(w)[-1]).write_text(""),
        [("digest", "unsigned"), ("log", "unsigned")],
        ".metadata.json cannot be used: it is empty",
    ),
    (
        "an archived digest",
        lambda w: (beside(digests(w)[1]).write_text('{"StorageClass": "GLACIER"}'), digests(w)[1].write_bytes(b"")),
        [("digest", "archived"), ("log", "unsigned")],
        "restore it first",
    ),
    ("a log that is a link", lambda w: _link(logs(w)[1], w.parent), [("log", "unreadable")], "symbolic link"),
    (
        "a digest that is a link",
        lambda w: _link(digests(w)[1], w.parent),
        [("digest", "unreadable"), ("log", "unsigned")],
        "symbolic link",
    ),
    (
        "logs below a link",
        lambda w: _link(w / f"AWSLogs/044455556666/CloudTrail/{REGION}", w.parent),
        [("foreign", "unreadable")] + [("log", "unreadable")] * 3,
        "symbolic link",
    ),
    (
        "a link to nothing",
        lambda w: (w / "AWSLogs/here").symlink_to("/nowhere"),
        [("foreign", "unreadable")],
        "symbolic link",
    ),
    ("a log that is a pipe", lambda w: _pipe(logs(w)[1]), [("log", "unreadable")], "neither a file nor a folder"),
    ("a name that leads outside", _escaping, [("foreign", "foreign")], "not one that CloudTrail gives a log: not read"),
]


@pytest.mark.parametrize(("what", "harm", "states", "words"), HARMED, ids=[row[0] for row in HARMED])
def test_what_was_harmed_is_named(
    there: Path, what: str, harm: Harm, states: list[tuple[str, str]], words: str
) -> None:
    """State and words, exit code 3, and never a crash. Twin: the untouched directory."""
    harm(there)
    said = told(there)
    assert bad(said) == states
    assert said["summary"]["proven"] is False
    done = validated(there)
    assert (done.exit_code, words in done.stdout) == (3, True), done.stdout


def _elsewhere(where: Path) -> Path:
    return where.parent / "elsewhere"


HARMLESS: list[tuple[str, Harm, Counter[tuple[str, str]]]] = [
    (
        "what is not CloudTrail's",
        lambda w: put(w, "AWSLogs/044455556666/Config/x.json.gz", b"x"),
        Counter({("foreign", "foreign"): 1}),
    ),
    (
        "a name that no terminal should see",
        lambda w: put(w, "a\x1b[31m\n\udcff", b"x"),
        Counter({("foreign", "foreign"): 1}),
    ),
    ("metadata of nothing", lambda w: put(w, "x.metadata.json", b"x"), Counter({("foreign", "foreign"): 1})),
    (
        "metadata that is lost where a next digest quotes it",
        lambda w: [beside(path).unlink() for path in digests(w)[:-1]],
        Counter(),
    ),
    (
        "below a key prefix",
        lambda w: (
            (w / "AWSLogs").rename(w.parent / "moved"),
            (w / "old/bucket").mkdir(parents=True),
            (w.parent / "moved").rename(w / "old/bucket/AWSLogs"),
        ),
        Counter(),
    ),
    (
        "everything twice",
        lambda w: written(given_a_chain(4), w, "again/"),
        Counter({("digest", "duplicate"): 4, ("log", "duplicate"): 3}),
    ),
]


@pytest.mark.parametrize(("what", "change", "states"), HARMLESS, ids=[row[0] for row in HARMLESS])
def test_what_is_harmless_is_proven(there: Path, what: str, change: Harm, states: Counter[tuple[str, str]]) -> None:
    """Told, and not judged. Twin: the harmed ones."""
    change(there)
    said = told(there)
    assert Counter(bad(said)) == states
    assert said["summary"]["proven"] is True
    done = validated(there)
    assert done.exit_code == 0
    assert all(line.isprintable() for line in done.stdout.splitlines())


LOG_DAY = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2023/05/01/"
STRAYS: list[tuple[str, bytes]] = [
    (f"{LOG_DAY}evil.json.gz", b"x"),
    (f"{LOG_DAY}{ACCOUNT}_CloudTrail_{REGION}_20230501T0850Z_Mu0KsOhtH1ar15ZZ-2.json.gz", packed(b"{}")),
    (f"{LOG_DAY}deeper/evil", b"x"),
    (f"{LOG_DAY}AWSLogs/evil", b"x"),
    (LOG_DAY.replace("/CloudTrail/", "/CloudTrail-Digest/") + "evil.json.gz", b"x"),
    (LOG_DAY.replace("AWSLogs/", "AWSLogs/o-practice01/") + "evil.json.gz", b"x"),
    (LOG_DAY.replace("2023", "2019") + "evil.json.gz", b"x"),
    (f"AWSLogs/{ACCOUNT}/CloudTrail/evil.json.gz", b"x"),
    # a name of a download that was cut short, over what a log says
    (f"{LOG_DAY}evil.json.gz.6eF5b5da", b' {"Records": []}'),
    (f"{LOG_DAY}Thumbs.db", b"\xef\xbb\xbf[]"),
    (f"{LOG_DAY}evil.json.gz.6eF5b5da", packed(b' {"Records": []}')),
    (f"{LOG_DAY}evil.json.gz.6eF5b5da", packed(b"") + packed(b"\n") + packed(b"[]") + b"x"),
    (f"{LOG_DAY}.DS_Store", packed(packed(b"{}"))),
]


@pytest.mark.parametrize(("key", "content"), STRAYS)
def test_what_lies_among_the_logs_and_is_none_is_named(there: Path, key: str, content: bytes) -> None:
    """In the text and the JSON, exit code 3: Athena reads whatever lies there. Twin: the same elsewhere, below."""
    put(there, key, content)
    said = told(there)
    assert bad(said) == [("foreign", "foreign")]
    (one,) = [one for one in said["files"] if one["state"] != "valid"]
    assert (one["key"], "lies among the logs" in one["why"]) == (key, True)
    summary = said["summary"]
    assert (summary["proven"], summary["foreign_objects_among_logs"], summary["foreign_objects"]) == (
        False,
        1,
        0,
    )
    done = validated(there)
    assert done.exit_code == 3 and f"Not CloudTrail's, among the logs:\n  {key}: " in done.stdout, done.stdout
    assert "1 object that is not CloudTrail's is among the logs" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "key",
    [
        "README.md",
        f"AWSLogs/{ACCOUNT}/CloudTrail/README.md",
        f"AWSLogs/{ACCOUNT}/Config/{REGION}/2023/05/01/x.json.gz",
        f"{LOG_DAY}.DS_Store",
        f"{LOG_DAY}Thumbs.db",
        f"{LOG_DAY}x.json.gz.6eF5b5da",
    ],
)
def test_what_lies_elsewhere_or_is_left_by_a_desktop_is_not_judged(there: Path, key: str) -> None:
    """Told as a count. Twin: the table above."""
    put(there, key, packed(b"{}")[:-4])
    done = validated(there)
    assert done.exit_code == 0, done.stdout
    assert "1 object is not CloudTrail's and not among the logs: not checked." in done.stdout


def test_more_strays_than_are_named_are_counted(there: Path) -> None:
    """The count is of all of them, however few are kept by name."""
    for number in range(203):
        put(there, f"{LOG_DAY}evil{number:03}", b"x")
    done = validated(there)
    assert "  and 193 more; --json and --parquet have all" in done.stdout
    assert "203 objects that are not CloudTrail's are among the logs" in done.stdout.splitlines()[-1]
    assert told(there)["summary"]["foreign_objects_among_logs"] == 203


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], 3),
        (["--since", "2023-04-30T23:00:00Z"], 3),
        (["--since", "2023-05-01T09:30:00Z"], 3),
        (["--since", "2023-05-01T23:59:00Z", "--until", "2023-05-02T12:00:00Z"], 3),
        (["--account", ACCOUNT, "--region", REGION], 3),
        # the day of the file is not asked for
        (["--since", "2023-05-02"], 2),
        (["--trail", "audit"], 0),
    ],
)
def test_what_is_asked_for_narrows_what_is_judged_among_the_logs(there: Path, words: list[str], code: int) -> None:
    """By the day of the folder, since such a name has no time. Twins: the rows beside each other."""
    put(there, f"{LOG_DAY}evil.json.gz", b"x")
    done = validated(there, *words)
    if code == 2:
        assert "evil" not in done.output
    else:
        assert (done.exit_code, "evil.json.gz" in done.stdout) == (code, code == 3), done.output


UNFIT: list[tuple[str, str, str]] = [
    ("empty", "", "it is empty"),
    ("a line feed", "\n", "it is empty"),
    ("YAML", "Metadata:\n  signature: ab\n", "not JSON"),
    ("half of it", '{"Metadata": {"signature": "ab', "not JSON"),
    ("a list", "[]", "head-object` prints"),
    ("metadata that is none", '{"Metadata": 7}', "head-object` prints"),
    ("a signature that is none", '{"Metadata": {"signature": 7}}', "head-object` prints"),
    ("a storage class that is none", '{"StorageClass": 7}', "head-object` prints"),
    ("brackets without end", "[" * 60_000, "not JSON"),
]


@pytest.mark.parametrize(("what", "text", "why"), UNFIT, ids=[row[0] for row in UNFIT])
def test_metadata_that_cannot_be_used_is_named_and_the_next_digest_proves(
    there: Path, what: str, text: str, why: str
) -> None:
    """Exit code 0. Twin: the newest digest, which has no next one, among the harmed."""
    beside(digests(there)[1]).write_text(text)
    said = told(there)
    assert (bad(said), said["summary"]["proven"]) == ([], True)
    (one,) = [one for one in said["files"] if one["why"]]
    assert one["key"].endswith(digests(there)[1].name)
    assert f"{digests(there)[1].name}.metadata.json cannot be used: " in one["why"] and why in one["why"]
    done = validated(there)
    assert done.exit_code == 0 and f"Valid, with a remark:\n  {one['key']}: " in done.stdout, done.stdout


EVENTS = b'{"Records": [{"eventName": "ConsoleLogin"}]}'


@pytest.mark.parametrize(
    "content",
    [
        EVENTS,
        packed(EVENTS),
        EVENTS.decode().encode("utf-16"),
        b'{"\\u0052ecords": [{"eventName": "ConsoleLogin"}]',
        EVENTS[:-1],
        b'{"Metadata": {}, "records": []}',
        b'{"Metadata": {}, "eventName": "ConsoleLogin"}',
        b'{"StorageClass": "GLACIER", "Records": []}',
        b'{"Metadata": {}, "ResponseMetadata": {"Records": []}}',
        b'{"Metadata": {}, "ResponseMetadata": {"HTTPHeaders": {"etag": [{"eventName": "ConsoleLogin"}]}}}',
        b" " * 70_000,
    ],
)
@pytest.mark.parametrize("of", [logs, digests])
def test_a_log_that_has_the_name_of_metadata_is_named(
    there: Path, of: Callable[[Path], list[Path]], content: bytes
) -> None:
    """Beside a log or digest. Twins: what `head-object` prints, and what merely cannot be used, above."""
    beside(of(there)[0]).write_bytes(content)
    said = told(there)
    assert bad(said) == [("foreign", "foreign")]
    assert [one["key"] for one in said["files"] if one["state"] == "foreign"] == [
        str(beside(of(there)[0]).relative_to(there))
    ]
    assert said["summary"]["proven"] is False
    beside(of(there)[0]).write_text('{"ContentLength": 9, "Metadata": {"by": "Records"}}')
    assert bad(told(there)) == []
    answer = {"HTTPStatusCode": 200, "RetryAttempts": 0, "HTTPHeaders": {"etag": "ab"}}
    beside(of(there)[0]).write_text(json.dumps({"ResponseMetadata": answer, "Metadata": {}}))
    assert bad(told(there)) == []


@pytest.mark.parametrize(
    ("of", "strays"),
    [
        (".DS_Store", [".DS_Store.metadata.json"]),
        ("Thumbs.db", ["Thumbs.db.metadata.json", "Thumbs.db.metadata.json.metadata.json"]),
        ("x.json.gz.6eF5b5da", ["x.json.gz.6eF5b5da.metadata.json"]),
    ],
)
def test_nothing_but_a_log_or_digest_has_metadata(there: Path, of: str, strays: list[str]) -> None:
    """What lies beside anything else is a file like any other. Twin: beside a log, above."""
    put(there, LOG_DAY + of, b"x")
    for name in strays:
        put(there, LOG_DAY + name, b'{"Metadata": {}}')
    assert told(there)["summary"]["foreign_objects_among_logs"] == len(strays)


def test_a_whole_log_of_which_metadata_says_nothing_is_listed_with_it(there: Path) -> None:
    """Metadata of a log that is not there, with events in it. Twin: with an archive class alone the log is archived."""
    path = beside(logs(there)[0].with_name(log_key(BEGIN, "gone").rpartition("/")[2]))
    path.write_text('{"StorageClass": "GLACIER", "Records": []}')
    assert bad(told(there)) == [("foreign", "foreign")]
    path.write_text('{"StorageClass": "GLACIER"}')
    assert bad(told(there)) == [("log", "unsigned")]


def test_metadata_that_is_a_link_is_not_followed(there: Path) -> None:
    """Passed over like any that cannot be used. Twin: a file with the same content."""
    path = beside(digests(there)[1])
    kept = path.rename(there.parent / "outside")
    path.symlink_to(kept)
    (one,) = [one for one in told(there)["files"] if one["why"]]
    assert (one["state"], "symbolic link" in one["why"]) == ("valid", True)


def test_a_second_copy_of_a_log_is_read_too(there: Path) -> None:
    """A changed one is invalid though the first is whole. Twin: the whole second copy above."""
    written(given_a_chain(4), there, "again/")
    (there / "again" / logs(there / "again")[1].relative_to(there / "again")).write_bytes(packed(b"{}"))
    said = told(there)
    assert ("log", "invalid") in bad(said)
    (one,) = [one for one in said["files"] if one["state"] == "invalid"]
    assert one["key"].startswith("again/") and "another copy" in one["why"]


@pytest.mark.parametrize(
    ("words", "states", "code"),
    [
        (["--moved-from", OLD], {"valid": 7}, 0),
        # somebody else's bucket alone is believed: nothing here is
        (["--moved-from", "other"], {"foreign": 4, "unsigned": 3}, 3),
        (["--account", "044455556666", "--region", REGION, "--trail", "audit"], {"valid": 7}, 0),
        # from the second digest on: the first is not missed, and the log that it names is not called unsigned
        (["--since", "2023-05-01T09:30:00Z"], {"valid": 6}, 0),
        (["--until", "2023-05-01T09:30:00"], {"valid": 3}, 0),
        (["--expected-end", "2023-05-01T12:12:07Z"], {"valid": 7}, 0),
        (["--expected-end", "2023-05-01T14:12:07Z"], {"valid": 7}, 3),
    ],
)
def test_options_choose(there: Path, words: list[str], states: dict[str, int], code: int) -> None:
    """Each by what it leaves. Twins: the rows beside each other."""
    done = validated(there, "--json", *words)
    said = json.loads(done.stdout)
    assert (Counter(one["state"] for one in said["files"]), done.exit_code) == (states, code)


@pytest.mark.parametrize(
    "words",
    [
        ["--until", "9999-12-31"],
        ["--until", "9999-12-31T23:59:59.999999"],
        ["--until", "9999-12-31T23:59:59-12:00"],
        ["--since", "0001-01-01"],
        ["--since", "0001-01-01T00:00:00+14:00"],
        ["--since", "0001-01-01", "--until", "9999-12-31"],
    ],
)
def test_the_ends_of_time_leave_nothing_out(there: Path, words: list[str]) -> None:
    """Taken as open, in whatever zone. Twin: the table above."""
    done = validated(there, *words)
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (
        0,
        "All proven: 1 chain, 4 digests, 3 logs.",
    ), done.output


def test_an_end_of_time_that_every_chain_must_reach_is_a_gap(there: Path) -> None:
    """Counted, and no crash. Twin: an end that is reached, in the table above."""
    done = validated(there, "--expected-end", "9999-12-31T23:59:59-12:00")
    assert (done.exit_code, "to 9999-12-31T23:59:59Z" in done.stdout) == (3, True), done.output


@pytest.mark.parametrize("stamp", ["00010101", "99991231"])
def test_files_named_at_the_ends_of_time_are_findings(there: Path, stamp: str) -> None:
    """A digest and a log that anyone can put there, in a region that has a chain and in one that has none. Twin:
    without them."""
    day = f"{stamp[:4]}/{stamp[4:6]}/{stamp[6:]}"
    for region in (REGION, "us-east-1"):
        for kind, tail in (
            ("CloudTrail-Digest", f"audit_{region}_{stamp}T235959Z"),
            ("CloudTrail", f"{stamp}T2359Z_planted"),
        ):
            put(
                there,
                f"AWSLogs/{ACCOUNT}/{kind}/{region}/{day}/{ACCOUNT}_{kind}_{region}_{tail}.json.gz",
                packed(b"{}"),
            )
    said = told(there)
    assert bad(said) == [("digest", "invalid")] * 2 + [("log", "unsigned")] * 2
    assert said["summary"]["proven"] is False
    done = validated(there)
    assert done.exit_code == 3, done.output


WRONG: list[tuple[list[str], str]] = [
    (["--since", "2024-01-02", "--until", "2024-01-01"], "--since is not before --until"),
    (["--since", "soon"], "is not a time"),
    (["--account", "44455556666"], "12 digits"),
    (["--account", "111122223333"], "it has 044455556666 eu-west-1"),
    (["--trail", "other"], "no digest of a trail other"),
    (["--json", "--parquet", "x"], "exclude each other"),
]


@pytest.mark.parametrize(("words", "said"), WRONG, ids=[" ".join(row[0]) for row in WRONG])
def test_wrong_use_is_one_line(there: Path, words: list[str], said: str) -> None:
    """Exit code 2 and what to do."""
    done = validated(there, *words)
    assert (done.exit_code, said in done.stderr, len(done.stderr.splitlines())) == (2, True, 1), done.stderr


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("nowhere", "there is no directory"),
        ("keys", "contains no CloudTrail log or digest"),
        ("s3://", "is not the name of a bucket"),
        ("s3://b/AWSLogs/044455556666/", "is below AWSLogs/"),
    ],
)
def test_a_place_with_nothing_to_prove_is_wrong_use(there: Path, where: str, said: str) -> None:
    """Nothing is proven of nothing. Twin: the untouched directory."""
    named = where if where.startswith("s3:") else str(there.parent / where)
    done = CliRunner().invoke(main, ["validate", named, "--public-keys", str(there.parent / "keys")])
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr


def test_without_keys_and_credentials_it_says_what_is_lacking(there: Path) -> None:
    """Twin: the untouched directory."""
    done = CliRunner().invoke(main, ["validate", str(there)])
    assert (done.exit_code, "--public-keys" in done.stderr, len(done.stderr.splitlines())) == (2, True, 1)


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("nobody", "The config profile (nobody) could not be found"),
        ("reader", "cannot be used"),  # its source profile has no credentials
        ("engineer", "set AWS_ENDPOINT_URL to it"),  # the practice estate's, which go nowhere else
    ],
)
def test_credentials_that_cannot_be_used_are_one_line(
    there: Path, monkeypatch: pytest.MonkeyPatch, profile: str, said: str
) -> None:
    """Exit code 2, and nothing is sent. Twin: tests/integration/test_validate_logs.py, where they can be."""
    config = there.parent / "config"
    role = "role_arn = arn:aws:iam::111122223333:role/r\nsource_profile = empty"
    keys = "aws_access_key_id = OTPRACTICE0ENGINEER0\naws_secret_access_key = practice-only-engineer"
    config.write_text(f"[profile empty]\n[profile reader]\n{role}\n[profile engineer]\n{keys}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", profile)
    done = CliRunner().invoke(main, ["validate", "s3://acme-archive"])
    assert (done.exit_code, said in done.stderr, len(done.stderr.splitlines())) == (2, True, 1), done.stderr


def test_a_region_without_keys_is_unreadable_and_never_called_tampered(there: Path) -> None:
    """What is lacking is told. Twin: the untouched directory."""
    (there.parent / "keys" / f"{REGION}.json").rename(there.parent / "keys" / "notes.json")
    said = told(there)
    assert {one["state"] for one in said["files"] if one["kind"] == "digest"} == {"unreadable"}
    assert said["summary"]["public_keys"][0]["why"] == f"{there.parent / 'keys'} has no {REGION}.json"


STORES: list[tuple[str, str, str]] = [
    ("not JSON", "no", "is not what `aws cloudtrail list-public-keys"),
    ("a list", "[]", "no PublicKeyList"),
    ("an entry without a fingerprint", '{"PublicKeyList": [{}]}', "has no Fingerprint"),
    ("nothing", "", "is not what"),
    ("brackets without end", "[" * 100_000, "is not what"),
    (
        "a name twice",
        '{"PublicKeyList": [], "PublicKeyList": []}',
        "the name 'PublicKeyList' stands twice in one object",
    ),
]


@pytest.mark.parametrize(("what", "text", "said"), STORES, ids=[row[0] for row in STORES])
def test_a_key_store_that_cannot_be_used_ends_the_check(there: Path, what: str, text: str, said: str) -> None:
    """Nothing is proven with it. Twin: the untouched store."""
    (there.parent / "keys" / f"{REGION}.json").write_text(text)
    done = validated(there)
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr


def test_one_key_twice_with_other_times_ends_the_check(there: Path) -> None:
    """In one line with the file, whichever comes last. Twin: the same entry twice."""
    path = there.parent / "keys" / f"{REGION}.json"
    (entry,) = json.loads(path.read_text())["PublicKeyList"]
    path.write_text(json.dumps({"PublicKeyList": [entry, entry]}))
    assert validated(there).exit_code == 0
    other = {**entry, "ValidityEndTime": entry["ValidityEndTime"] + 1}
    for entries in ([entry, other], [other, entry]):
        path.write_text(json.dumps({"PublicKeyList": entries}))
        done = validated(there)
        assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
        assert str(path) in done.stderr and entry["Fingerprint"] in done.stderr


REFUSED: dict[str, Callable[[Path], list[str]]] = {
    "a bad instant": lambda w: ["--since", "soon"],
    "an account that is none": lambda w: ["--account", "1"],
    "instants in the wrong order": lambda w: ["--since", "2024-01-02", "--until", "2024-01-01"],
    "an option that is none": lambda w: ["--jsn"],
    "no keys": lambda w: ["--public-keys", str(w.parent / "nowhere")],
    "unfit keys": lambda w: [str((w.parent / "keys" / f"{REGION}.json").write_text("no"))][1:],
    "no credentials": lambda w: ["--save-public-keys", str(w.parent / "new")],
    "a file as folder to resume from": lambda w: ["--resume", str(digests(w)[0])],
    "a folder that cannot be made": lambda w: ["--resume", str(digests(w)[0] / "x")],
    "a file to write beside the document": lambda w: ["--parquet", "x"],
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_before_the_check_leaves_no_half_document(there: Path, what: str) -> None:
    """Standard output is empty, and one line on standard error says why. Twin: what ends a check that has begun."""
    done = validated(there, "--json", *REFUSED[what](there))
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1), done.output


def test_what_is_refused_before_a_place_is_found_leaves_no_half_document(there: Path) -> None:
    """A directory that is not there, and a bucket without credentials."""
    for where in (there.parent / "nowhere", "s3://acme-archive"):
        done = CliRunner().invoke(main, ["validate", str(where), "--json"])
        assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1), done.output


@pytest.mark.parametrize("kind", ["a pipe", "a device", "a folder", "a link to nothing"])
def test_a_key_store_that_is_no_file_ends_the_check(there: Path, kind: str) -> None:
    """Opening a pipe that nobody writes to would never return. Twin: the untouched store."""
    path = there.parent / "keys" / f"{REGION}.json"
    path.unlink()
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero" if kind == "a device" else "nowhere")
    done = validated(there)
    said = f"onetrail: {path}: it "
    assert (done.exit_code, done.stderr.startswith(said), len(done.stderr.splitlines())) == (2, True, 1)


def _as_it_is(path: Path) -> tuple[int, int, int, int]:
    """What it is and holds; looking at a link may change when it was last looked at."""
    found = path.lstat()
    return found.st_mode, found.st_ino, found.st_size, found.st_mtime_ns


@pytest.mark.parametrize("option", ["--parquet", "--resume", "--save-public-keys"])
@pytest.mark.parametrize("kind", ["a pipe", "a device", "a link to nothing", "the other kind"])
def test_an_output_never_takes_the_place_of_what_is_no_file(there: Path, option: str, kind: str) -> None:
    """Refused before anything is looked at, and it stays as it is."""
    path = there.parent / "out"
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "the other kind":
        path.mkdir() if option == "--parquet" else path.write_text("x")
    else:
        path.symlink_to(os.devnull if kind == "a device" else "nowhere")
    before = _as_it_is(path)
    done = validated(there, option, str(path))
    kind_wanted = "regular file" if option == "--parquet" else "folder"
    assert f"{path} exists and is not a {kind_wanted}: name a" in done.stderr
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert _as_it_is(path) == before


def test_parquet_replaces_a_file_and_nothing_beside_it(there: Path, tmp_path: Path) -> None:
    """Also where somebody has a file, or a pipe, of the name that one would make up for the time of writing."""
    (tmp_path / "files.parquet").write_text("old")
    os.mkfifo(tmp_path / "files.parquet.new")
    assert validated(there, "--parquet", str(tmp_path / "files.parquet")).exit_code == 0
    assert pq.read_table(tmp_path / "files.parquet").num_rows == 7
    assert (tmp_path / "files.parquet.new").is_fifo()


def test_a_key_under_anothers_fingerprint_ends_the_check(there: Path) -> None:
    """An attacker's key with the genuine fingerprint would prove everything he signs."""
    path = there.parent / "keys" / f"{REGION}.json"
    said = json.loads(path.read_text())
    import base64

    said["PublicKeyList"][0]["Value"] = base64.b64encode(der(1)).decode()
    path.write_text(json.dumps(said))
    done = validated(there)
    assert (done.exit_code, "cannot be trusted: its bytes do not have its fingerprint" in done.stderr) == (
        2,
        True,
    )


def test_parquet_has_every_file(there: Path, tmp_path: Path) -> None:
    """The rows of the JSON, and nothing is left beside the file."""
    logs(there)[1].write_bytes(packed(b"{}"))
    done = validated(there, "--parquet", str(tmp_path / "files.parquet"))
    rows = pq.read_table(tmp_path / "files.parquet").to_pylist()
    wanted = [(one["key"], one["state"]) for one in told(there)["files"]]
    assert (done.exit_code, [(row["key"], row["state"]) for row in rows]) == (3, wanted)
    assert list(tmp_path.glob("files.parquet?*")) == []


def test_what_is_too_large_is_not_read(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log and a digest, each by its own bound. Twin: the untouched directory."""
    monkeypatch.setattr(place_module, "MAX_STORED_LOG", 10)
    said = told(there)
    assert bad(said) == [("log", "unreadable")] * 3
    whys = [one["why"] for one in said["files"] if one["state"] == "unreadable"]
    assert all("more than 10 are not read" in why for why in whys)
    monkeypatch.setattr(place_module, "MAX_STORED_DIGEST", 10)
    assert ("digest", "unreadable") in bad(told(there))


def test_a_file_that_the_system_refuses_is_unreadable(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For want of permission, as for a disk that fails. Twin: the untouched directory."""
    refused, real = logs(there)[1].name, os.open

    def opened(path: Any, *words: Any, **named: Any) -> int:
        if path == refused:
            raise PermissionError(13, "Permission denied")
        return real(path, *words, **named)

    monkeypatch.setattr(directory_module.os, "open", opened)
    said = told(there)
    assert bad(said) == [("log", "unreadable")]
    assert "Permission denied" in next(one["why"] for one in said["files"] if one["state"] == "unreadable")


def test_a_folder_that_cannot_be_listed_ends_the_check(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in it would be called missing otherwise."""
    real = os.scandir

    def listed(path: Any) -> Any:
        if str(path).endswith("CloudTrail"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(directory_module.os, "scandir", listed)
    done = validated(there)
    assert (done.exit_code, "cannot be listed: Permission denied" in done.stderr) == (1, True), done.stderr


def test_progress_is_said_on_standard_error(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Regions, digests, logs, bytes and rate. Twin: nothing where outputs must not vary."""
    monkeypatch.setattr("onetrail.cli.validating.SAY_EACH_SECONDS", 0)
    for live, lines in (("1", True), ("0", False)):
        monkeypatch.setenv("ONETRAIL_LIVE", live)
        done = validated(there)
        assert ("validate: 0 of 1 region done, " in done.stderr) == lines
        assert done.stdout.endswith("All proven: 1 chain, 4 digests, 3 logs.\n")


def test_rows_come_in_the_order_of_their_keys_and_after_any_of_them(tmp_path: Path) -> None:
    """As S3 lists: `a-b/c` before `a/b`, and what comes after a key is the rest of the list."""
    keys = sorted(["a/b", "a-b/c", "a/b.c", "a.b", "a0", "a/c/d", "b/é", "b/z", "a/c-d/e"])
    for key in keys:
        put(tmp_path, key, b"")
    place = Directory(tmp_path)
    assert [row.key for row in place.rows()] == keys
    for key in [*keys, "a/", "a/c", "a0", "aé", "zz"]:
        assert [row.key for row in place.rows("", key)] == [other for other in keys if other > key]
        assert [row.key for row in place.rows(key)] == [other for other in keys if other.startswith(key)]


def test_a_day_is_listed_with_the_days_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each day's own rows in whatever order they are asked for; back in time one listing takes several. Twins: forward,
    and far away."""
    monkeypatch.setattr("onetrail.validation.days.DAYS_AT_ONCE", 4)
    names = [f"2023/05/{day:02}" for day in range(1, 20) if day != 4]
    for name in names:
        put(tmp_path, f"AWSLogs/f/{name}/a", b"")
        put(tmp_path, f"AWSLogs/f/{name}/b", b"")
    put(tmp_path, "AWSLogs/f/0001/01/01/a", b"")
    place, listed = Directory(tmp_path), []
    real = place.rows
    monkeypatch.setattr(place, "rows", lambda prefix="", after="": (listed.append(prefix), real(prefix, after))[1])

    def listings(*order: int) -> int:
        """How many listings it takes to see these days, each as it is."""
        listed.clear()
        days = Days(place)
        for day in order:
            name = f"AWSLogs/f/2023/05/{day:02}/"
            assert sorted(days.of(name)) == ([] if day in (4, 20) else [f"{name}a", f"{name}b"])
            assert len(days._kept) <= 4
        return len(listed)

    assert listings(6, 5, 4, 3) == 1
    assert listings(9, 8, 7, 6, 5, 4, 3, 2) == 2
    assert listings(6, 7) == 2
    assert listings(20, 19, 2) == 2
    assert list(Days(place).of("AWSLogs/f/0001/01/01/")) == ["AWSLogs/f/0001/01/01/a"]


def test_a_day_is_whole_where_a_server_passes_over_the_folder_it_lists_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As SeaweedFS does, where the name of a folder without its slash is what is listed after. Twin: S3's order, in the
    test above."""
    put(tmp_path, "AWSLogs/f/2023/05/01/a", b"")
    put(tmp_path, "AWSLogs/f/2023/05/02/a", b"")
    place = Directory(tmp_path)
    real = place.rows

    def rows(prefix: str = "", after: str = "") -> Any:
        return (row for row in real(prefix, after) if not (after and row.key.startswith(f"{after}/")))

    monkeypatch.setattr(place, "rows", rows)
    assert [row.key for row in place.rows("", "AWSLogs/f/2023/05/01")] == ["AWSLogs/f/2023/05/02/a"]
    days = Days(place)
    for day in ("01", "02"):
        assert list(days.of(f"AWSLogs/f/2023/05/{day}/")) == [f"AWSLogs/f/2023/05/{day}/a"]


def test_named_logs_come_sorted_however_few_are_kept_in_memory() -> None:
    """With a run for every two, and with none."""
    rows = [NamedLog(f"k{n * 7 % 10}\t\n", "x", "h") for n in range(10)]
    for at_once in (2, 1000):
        with NamedLogs(at_once) as named:
            for row in rows:
                named.add(row)
            assert list(named.sorted()) == sorted(rows)


def test_two_trails_share_a_region(tmp_path: Path) -> None:
    """A log that the other trail's digest names is not unsigned. Twin: with one trail's digests gone it is."""
    first, second = given_a_chain(3), given_a_chain(3, trail="second")
    for at, made in enumerate(second.digests):
        content = b'{"Records":[]}'
        key = log_key(BEGIN + at * HOUR - timedelta(minutes=15), f"second{at}")
        made = signed_digest(
            BEGIN + at * HOUR, second.digests[at - 1] if at else None, [(OLD, key, content)], trail="second"
        )
        second.digests[at], second.objects[at] = made, made.object()
        put(tmp_path / "down", key, packed(content))
    second.logs = {}
    written(second, written(first, tmp_path / "down"))
    kept_keys(first, tmp_path / "keys")
    said = told(tmp_path / "down")
    assert (bad(said), len(said["chains"])) == ([], 2)
    assert {one["trail"] for one in told(tmp_path / "down", "--trail", "second")["chains"]} == {"second"}
    for path in digests(tmp_path / "down"):
        if "_second_" in path.name:
            _gone(path)
    assert bad(told(tmp_path / "down")) == [("log", "unsigned")] * 3


def test_a_scene_is_written_as_it_is_looked_at(there: Path) -> None:
    """The helper of these tests leaves nothing out."""
    scene: Scene = given_a_chain(4)
    assert len(digests(there)) == len(scene.objects)
    assert len(logs(there)) == len(scene.logs)


@pytest.mark.parametrize(
    "call",
    [
        calls.list_objects("b", "1", ""),
        calls.head_object("b", "1", "k"),
        calls.get_object("b", "1", "k"),
    ],
)
def test_validate_of_a_bucket_lets_reads_through(call: calls.S3Call[Any]) -> None:
    """Twin: the next test."""
    nothing_is_changed("s3", call.operation, call.parameters)


@pytest.mark.parametrize(
    "call",
    [
        calls.put_object("b", "1", "k", b""),
        calls.delete_objects("b", "1", [("k", "", "e")]),
    ],
)
def test_validate_of_a_bucket_sends_nothing_else(call: calls.S3Call[Any]) -> None:
    with pytest.raises(OnetrailError, match="validate only reads"):
        nothing_is_changed("s3", call.operation, call.parameters)


@pytest.mark.parametrize(
    ("body", "log"),
    [
        (b"", False),
        (b"\0\0\0\1Bud1", False),
        (packed(b"x"), False),
        (packed(b""), False),
        (packed(b"{}")[:-1], False),
        (packed(b"") + packed(b"{}")[:-1], False),
        (b"\x1f\x8bxx", False),
        (packed(b"{}"), True),
        (packed(b"") + packed(b"{}"), True),
        (packed(b"[" + bytes(3_000_000)), True),
        (packed(bytes(3_000_000)), False),
        (packed(b" " * 3_000_000 + b"{"), True),
    ],
)
def test_what_begins_as_a_log_is_seen_in_whole_gzip_members(body: bytes, log: bool) -> None:
    """A download that was cut short has none. Twins: the rows beside each other."""
    assert begins_as_log(body) is log


@pytest.mark.parametrize(("depth", "state"), [(290, "foreign"), (1500, "unreadable")])
def test_folders_without_end_are_told(there: Path, depth: int, state: str) -> None:
    """What lies in them is not looked at, so it is not proven. Twin: folders that can be."""
    at = os.open(there, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("a", dir_fd=at)
        inner = os.open("a", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = inner
    os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=at))
    os.close(at)
    try:
        said = told(there)
    finally:
        subprocess.run(["rm", "-rf", str(there / "a")], check=True)  # which pytest could not remove
    assert bad(said) == [("foreign", state)]
    assert said["summary"]["proven"] is (state == "foreign")
