"""Everything that is wrong with parameters is reported at once, each mistake in one line with its cure."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from onetrail.settings import Settings, SettingsError
from onetrail.settings.mistakes import MOST_LISTED, Mistake
from onetrail.settings.rendered import template_text
from onetrail.settings.secrets import is_secret_key
from tests.unit.test_settings import GOOD


def refused(path: Path, text: str | bytes) -> SettingsError:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingsError) as said:
        Settings.from_file(path)
    return said.value


def given_text(**changes: Any) -> str:
    return yaml.safe_dump({**GOOD, **changes}, sort_keys=False)


def test_every_empty_value_of_the_template_is_reported_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    """With its line, what is wrong, and the cure. Twin: the text of the error is one line, and counts the others."""
    error = refused(tmp_path / "mine.yaml", template_text())
    lines = template_text().splitlines()
    at = {key: 1 + next(n for n, line in enumerate(lines) if line.startswith(key)) for key in GOOD}
    principal = "is empty: name at least one"
    short = "is empty: write the name of a bucket, as in acme-audit-archive"
    folder = "is empty: write a name, as in move-2026"
    arn = "is empty: write an ARN, as in arn:aws:iam::123456789012:role/Name, or leave it out"
    twelve = "is empty: write 12 digits in quotes"
    lock = 'is not chosen, and compliance cannot be undone: write object_lock: "none", "governance" or "compliance"'
    source, log = at["source_accounts"], at["log_account"]
    assert error.lines == (
        f"12 mistakes in {tmp_path}/mine.yaml; nothing was changed:",
        f"  line {at['run_name']}: run_name {folder}",
        f"  line {source + 1}: source_accounts[0].account_id {twelve}",
        f"  line {source + 2}: source_accounts[0].role_arn {arn}",
        f"  line {log + 1}: log_account.account_id {twelve}",
        f"  line {log + 2}: log_account.role_arn {arn}",
        f"  line {at['break_glass_principals']}: break_glass_principals {principal}",
        f"  line {at['operator_principals']}: operator_principals {principal}",
        f"  line {at['home_region']}: home_region is empty: write a region, as in us-east-1",
        f"  line {at['bucket_name']}: bucket_name {short}",
        f"  line {at['access_log_bucket']}: access_log_bucket {short}",
        f"  line {at['work_bucket']}: work_bucket {short}",
        f"  line {at['object_lock']}: object_lock {lock}",
    )
    assert str(error) == f"{tmp_path}/mine.yaml: run_name {folder} (and {len(error.mistakes) - 1} more)"


def test_what_contradicts_is_reported_beside_what_is_wrong_by_itself(tmp_path: Path) -> None:
    """A value that is wrong by itself leads to no contradiction. Twin: once it is right, it may."""
    text = given_text(work_bucket="acme-archive", run_name="", home_region="eu-west-9", regions=["us-east-1"])
    assert [one.split(": ", 1)[1][:40] for one in refused(tmp_path / "x.yaml", text).lines[1:]] == [
        "run_name is empty: write a name, as in m",
        'home_region is "eu-west-9", which is not',
        "work_bucket is acme-archive, the same as",
    ]
    assert [one.said[:40] for one in refused(tmp_path / "x.yaml", text.replace("west-9", "west-1")).mistakes] == [
        "run_name is empty: write a name, as in m",
        "work_bucket is acme-archive, the same as",
        "regions does not include home_region eu-",
    ]


def test_mistakes_of_every_kind_are_reported_together(tmp_path: Path) -> None:
    """How it is written, keys, values, and what is missing. Twin: of a file that breaks off, what comes before."""
    text = given_text(retention_years=99, approve="p-12") + "zzz: 1\ngrant_hours: 1:30\nestate: aws\nkms_key: &a none\n"
    text = text.replace("bucket_name: acme-archive\n", "buket_name: acme-archive\n", 1)
    error = refused(tmp_path / "x.yaml", text)
    assert [one.said[:34] for one in error.mistakes] == [
        "buket_name is not a parameter; did",
        "retention_years is 99, and must be",
        'approve is "p-12", and must be emp',
        "zzz is not a parameter; parameters",
        "grant_hours is written 1:30, which",
        "estate is written twice, first in ",
        "kms_key has the anchor &a, and anc",
        "bucket_name is missing, and has no",
    ]
    broken = refused(tmp_path / "x.yaml", "grant_hours: 010\nestate: [aws\n")
    assert [one.place for one in broken.mistakes] == ["line 1", "line 3"]


def test_one_mistake_is_one_line_and_very_many_are_counted(tmp_path: Path) -> None:
    one = refused(tmp_path / "x.yaml", given_text(run_name=""))
    assert one.lines == (one.line,)
    many = refused(tmp_path / "x.yaml", given_text(**{f"zz{n}": 1 for n in range(100)}))
    assert (len(many.lines), many.lines[-1]) == (MOST_LISTED + 2, "  40 more")
    assert not [line for line in many.lines if "\n" in line]


def test_a_kernel_shows_every_mistake_and_a_program_gets_one_line() -> None:
    error = SettingsError(Mistake("a is b", ("a",), "line 1", 1), Mistake("c is d"), where="x.yaml")
    assert error._render_traceback_() == [
        "SettingsError: 2 mistakes in x.yaml; nothing was changed:",
        "  line 1: a is b",
        "  c is d",
    ]
    assert str(error) == error.line == "x.yaml: a is b (and 1 more)"


NO_FILE = "no such file; parameters/practice.yaml is the one to start with"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("missing", NO_FILE),
        ("folder", "is a folder: name the parameters file in it"),
        ("pipe", "it is not a regular file; name a file such as parameters/practice.yaml"),
        ("loop", "too many levels of symbolic links; name a file such as parameters/practice.yaml"),
        ("shut", "permission denied: let your user read it, or name another file"),
        ("empty", "is empty; parameters/template.yaml shows every key"),
        ("comments", "is empty; parameters/template.yaml shows every key"),
        ("list", "holds a list instead of keys with values; parameters/template.yaml shows every key"),
        ("bytes", "is not text in UTF-8; parameters/template.yaml shows every key"),
    ],
)
def test_what_is_no_parameters_file_is_one_line_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, said: str
) -> None:
    path = tmp_path / "mine.yaml"
    texts = {"empty": b"", "comments": b"# nothing\n---\n", "list": b"- estate\n", "bytes": b"\xff\xfe\x00"}
    if kind in texts:
        path.write_bytes(texts[kind])
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "shut":
        path.touch()
        monkeypatch.setattr("builtins.open", shut)
    with pytest.raises(SettingsError) as refused:
        Settings.from_file(path)
    assert refused.value.lines == (f"{path}: {said}",)


def shut(*args: object, **more: object) -> None:
    raise PermissionError(13, "Permission denied")


SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
KEY_ID = "AKIA" + "IOSFODNN7EXAMPLE"
NO_SECRET = (
    "no secret is a parameter: leave it out, since credentials come from your AWS configuration, and let it be replaced"
    " if others may have read it"
)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (f"aws_secret_access_key: {SECRET}\n", "aws_secret_access_key looks like a secret"),
        (f'AWS_SESSION_TOKEN: "{SECRET}"\n', "AWS_SESSION_TOKEN looks like a secret"),
        # A value that a reader of YAML could take for something else is not quoted either.
        ("password: 0123456\n", "password looks like a secret"),
        ("api-key: {a: !x 0123456, b: *c}\n", "api-key looks like a secret"),
        (f"overrides: {{old-1: {{credentials: {SECRET}}}}}\n", "overrides.old-1.credentials looks like a secret"),
        (f"contacts: [ann, {KEY_ID}]\n", "contacts[1] holds what looks like a credential"),
        # A key that is the secret itself is not shown either.
        (f"overrides: {{{KEY_ID}: {{}}}}\n", "a key of overrides looks like a secret"),
        (f"{KEY_ID}: x\n", "a key looks like a secret"),
        (f"{KEY_ID}: 010\n", "a key looks like a secret"),
        (f"trail_name: {KEY_ID}\n", "trail_name holds what looks like a credential"),
        ("contacts: ['-----BEGIN RSA PRIVATE KEY-----']\n", "contacts[0] holds what looks like a credential"),
    ],
)
def test_what_looks_like_a_secret_is_refused_and_not_shown(tmp_path: Path, text: str, at: str) -> None:
    """Twin: without that line the file is taken."""
    error = refused(tmp_path / "x.yaml", given_text() + text)
    assert [one.said for one in error.mistakes] == [f"{at}, and {NO_SECRET}"]
    for secret in (SECRET, KEY_ID, "123456"):
        assert secret not in "\n".join(error.lines) + str(error)
    assert Settings.from_mapping(GOOD).run_name == "move-1"


def test_no_parameter_is_taken_for_a_secret() -> None:
    assert not [key for key in Settings.model_fields if is_secret_key(key)]
