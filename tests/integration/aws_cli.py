"""The real AWS command line, as its users have it, with the estate as its endpoint."""

import contextlib
import io
import json
import os
from collections.abc import Iterator
from typing import Any

import boto3
from awscli.clidriver import create_clidriver

SOURCE = "111122223333"
ROLE = f"arn:aws:iam::{SOURCE}:role/TrailConsolidation"


def environment(endpoint: str) -> dict[str, str]:
    """What the command line needs to be the source account's administrator on the estate."""
    session = boto3.Session("OTPRACTICE0ENGINEER0", "practice-only-engineer", region_name="us-east-1")
    entered = session.client("sts", endpoint_url=endpoint).assume_role(
        RoleArn=ROLE, RoleSessionName="oracle"
    )["Credentials"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "AWS_ACCESS_KEY_ID": entered["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": entered["SecretAccessKey"],
        "AWS_SESSION_TOKEN": entered["SessionToken"],
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


class Aws:
    """`aws WORDS`, in this process: one start for many questions. Its exit code is 0, or the answer is an assertion's."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment | {
            "AWS_DATA_PATH": os.environ["AWS_DATA_PATH"]
        }  # awscli's own, set on import

    def said(self, *words: str) -> str:
        """What it prints."""
        out, err = _Out(), _Out()
        with (
            _as_environment(self._environment),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = create_clidriver().main([*words])
        text = out.text + err.text
        assert code in (0, None) or words[1] == "validate-logs", f"aws {' '.join(words)}: {text}"
        return text

    def asked(self, *words: str) -> Any:
        """Its JSON answer."""
        return json.loads(self.said(*words, "--output", "json"))

    def verdicts(self, trail_arn: str, region: str, start: str, end: str) -> dict[str, bool]:
        """What `validate-logs` says of each file: its key -> whether it is valid."""
        said = self.said(
            "cloudtrail", "validate-logs", "--trail-arn", trail_arn, "--region", region, "--verbose",
            "--start-time", start, "--end-time", end,
        )  # fmt: skip
        rows = [
            line.split("\t") for line in said.splitlines() if line.startswith(("Digest file\t", "Log file\t"))
        ]
        return {place.removeprefix("s3://").partition("/")[2]: word == "valid" for _, place, word in rows}


class _Out(io.StringIO):
    """The command line writes bytes and text; both are kept as text."""

    def __init__(self) -> None:
        super().__init__()
        self.buffer = io.BytesIO()

    @property
    def text(self) -> str:
        return self.getvalue() + self.buffer.getvalue().decode()


@contextlib.contextmanager
def _as_environment(wanted: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
