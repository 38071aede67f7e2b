"""Every command that docs/verification.md prints, run as it is printed; a stub stands for the AWS command line where it
asks AWS."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from onetrail.cli import main
from onetrail.cli import validating as module
from onetrail.validation import Directory
from tests.unit.cloudtrail.signing import REGION, Scene, der, given_a_chain, kept_keys, put, written

PAGE = Path(__file__).parents[3] / "docs" / "verification.md"
STUB = """#!/usr/bin/env python3
# head-object and list-public-keys as the AWS command line prints them, from files; one digest in whose answer the line breaks down.
import pathlib, sys
here = pathlib.Path(__file__).parent
words = sys.argv[1:]
said = dict(zip(words[2::2], words[3::2], strict=True))
if words[:2] == ["s3api", "head-object"] and set(said) == {"--bucket", "--key", "--output"} and said["--output"] == "json":
    text = (here / "heads" / said["--key"].replace("/", "+")).read_text()
    broken = (here / "broken").read_text() == said["--key"]
    sys.stdout.write(text[: len(text) // 2] if broken else text)
    sys.exit(255 if broken else 0)
if words[:2] == ["cloudtrail", "list-public-keys"] and set(said) == {"--region", "--start-time", "--output"}:
    assert (said["--start-time"], said["--output"]) == ("2015-10-01", "json")
    sys.stdout.write((here / "keys" / (said["--region"] + ".json")).read_text())
    sys.exit(0)
sys.exit(f"what is this: {words}")
"""  # noqa: E501


def commands() -> list[str]:
    """Each command of the page, whole: a line with those that it goes on in, without what stands after `#`."""
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    found: list[str] = []
    for line in "\n".join(blocks).splitlines():
        if line.startswith("  "):
            found[-1] += f"\n{line}"
        elif line:
            found.append(line.split("  #")[0].rstrip())
    return found


class Answers:
    """CloudTrail's public keys, as boto3 gives them."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def list_public_keys(self, **_: Any) -> dict[str, Any]:
        key = self.scene.keys[0]
        return {
            "PublicKeyList": [
                {
                    "Value": der(),
                    "ValidityStartTime": key.valid_from,
                    "ValidityEndTime": key.valid_to,
                    "Fingerprint": key.fingerprint,
                }
            ]
        }


class Archive(Directory):
    """The bucket that the page names."""

    bucket = "acme-archive"
    owner, practice = "044455556666", False


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in which everything is where the page says: the archive, a download without metadata, and `aws`."""
    scene = given_a_chain(4)
    written(scene, tmp_path / "bucket")
    for path in sorted((tmp_path / "bucket").rglob("*.gz")):
        put(tmp_path / "desk" / "downloaded", str(path.relative_to(tmp_path / "bucket")), path.read_bytes())
    for found in scene.objects:
        said = json.dumps({"ContentLength": 1, "Metadata": dict(found.metadata)}, indent=4)
        put(tmp_path / "bin" / "heads", found.key.replace("/", "+"), said.encode())
    (tmp_path / "bin" / "broken").write_text("")
    kept_keys(scene, tmp_path / "bin" / "keys")
    (tmp_path / "desk" / "runs" / "acme").mkdir(parents=True)
    kept_keys(scene, tmp_path / "desk" / "runs" / "acme" / "public-keys")
    (tmp_path / "desk" / "keys").mkdir()
    (tmp_path / "bin" / "aws").write_text(STUB)
    (tmp_path / "bin" / "aws").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path / "desk")
    monkeypatch.setattr(module, "open_bucket", lambda *_: Archive(tmp_path / "bucket"))
    monkeypatch.setattr(module, "cloudtrail", lambda: lambda region: Answers(scene))
    yield tmp_path


def in_shell(command: str) -> int:
    """Run in `sh`, and what it ends with."""
    return subprocess.run(["sh", "-c", command], check=False, timeout=60, capture_output=True).returncode


def by_verb(command: str) -> Result:
    """Run in this process, and everything proven."""
    return CliRunner().invoke(main, shlex.split(command)[1:])


def test_every_command_of_the_page_is_run_by_one_of_these_tests() -> None:
    """A new one needs its test. Twin: the lists below."""
    shells = [one for one in commands() if not one.startswith("onetrail")]
    assert [one.split()[0] for one in shells] == ["cd", "aws"]
    assert [one.split()[1] for one in commands() if one.startswith("onetrail")] == ["validate"] * 4


def test_what_the_page_prints_proves_a_download(desk: Path) -> None:
    """Keys and metadata by the page's own lines, then each of its lines of validate. Twin: without the loop the newest
    digest is unsigned."""
    loop, keys = [one for one in commands() if not one.startswith("onetrail")]
    assert in_shell(keys) == 0
    assert "1 digest is unsigned" in by_verb("onetrail validate downloaded --public-keys keys").stdout
    assert in_shell(loop) == 0
    for command in commands():
        if command.startswith("onetrail"):
            done = by_verb(command)
            assert (done.exit_code, "proven" in done.stdout) == (0, True), (command, done.output)
    assert [path.name for path in Path("keys").iterdir()] == [f"{REGION}.json"]


def test_metadata_is_written_whole_or_not_at_all(desk: Path) -> None:
    """Where a call ends in the middle of its answer nothing is left of it. Twin: every other digest has its file."""
    loop = next(one for one in commands() if one.startswith("cd"))
    digests = sorted(Path("downloaded").rglob("*CloudTrail-Digest*.json.gz"))
    broken = digests[1]
    (desk / "bin" / "broken").write_text(str(broken.relative_to("downloaded")))
    in_shell(loop)
    made = sorted(Path("downloaded").rglob("*.metadata.json"))
    assert [path.name for path in made] == [f"{one.name}.metadata.json" for one in digests if one != broken]
    assert all(json.loads(path.read_text())["Metadata"]["signature"] for path in made)
    assert [path.name for path in Path("downloaded").iterdir()] == ["AWSLogs"]
    assert by_verb("onetrail validate downloaded --public-keys runs/acme/public-keys").exit_code == 0
