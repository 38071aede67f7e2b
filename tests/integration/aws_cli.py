"""The real AWS command line, as its users have it, with the estate as its endpoint."""

import argparse
import contextlib
import io
import json
import logging
import os
from collections.abc import Iterator, Sequence
from typing import Any

import boto3
from awscli.clidriver import create_clidriver
from awscli.customizations.cloudtrail.validation import CloudTrailValidateLogs

SOURCE = "111122223333"
ROLE = f"arn:aws:iam::{SOURCE}:role/TrailConsolidation"


def environment(endpoint: str, role: str = ROLE) -> dict[str, str]:
    """What the command line needs to be the source account's administrator on the estate, or to have another role."""
    session = boto3.Session("OTPRACTICE0ENGINEER0", "practice-only-engineer", region_name="us-east-1")
    entered = session.client("sts", endpoint_url=endpoint).assume_role(RoleArn=role, RoleSessionName="oracle")[
        "Credentials"
    ]
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
    """`aws WORDS`, in this process: one start for many questions. Its exit code is 0, or the answer is an
    assertion's."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment | {"AWS_DATA_PATH": os.environ["AWS_DATA_PATH"]}  # awscli's own, set on import
        with _as_environment(self._environment):
            self._driver = create_clidriver()

    def said(self, *words: str) -> str:
        """What it prints."""
        out, err = _Out(), _Out()
        with (
            _as_environment(self._environment),
            _without_debug_log(),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = self._driver.main([*words])
        text = out.text + err.text
        assert code in (0, None) or words[1] == "validate-logs", f"aws {' '.join(words)}: {text}"
        return text

    def asked(self, *words: str) -> Any:
        """Its JSON answer."""
        return json.loads(self.said(*words, "--output", "json"))

    def verdicts(self, trail_arn: str, region: str, start: str, end: str) -> dict[str, bool]:
        """What `validate-logs` says of each file: its key -> whether it is valid."""
        said = self.said(
            "cloudtrail",
            "validate-logs",
            "--trail-arn",
            trail_arn,
            "--region",
            region,
            "--verbose",
            "--start-time",
            start,
            "--end-time",
            end,
        )
        return verdicts_of(said)


def verdicts_of(said: str) -> dict[str, bool]:
    """What `validate-logs --verbose` printed: the key of each file -> whether it is valid."""
    lines = (line.removeprefix("(backfill) ").split("\t") for line in said.splitlines())
    rows = [row for row in lines if row[0] in ("Digest file", "Log file")]
    return {place.removeprefix("s3://").partition("/")[2]: word == "valid" for _, place, word in rows}


class ValidateLogs:
    """`aws cloudtrail validate-logs`, hundreds of times in this process: the command's own class with its own parsing
    and printing.

    Only its clients are made once a region instead of once a run; `tests/integration/test_validate_logs.py` shows that
    it prints what the executable prints.
    """

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment | {"AWS_DATA_PATH": os.environ["AWS_DATA_PATH"]}
        with _as_environment(self._environment), contextlib.redirect_stdout(_Out()):
            driver = create_clidriver()
            assert driver.main(["sts", "get-caller-identity", "--region", "us-east-1"]) == 0, (
                "a first command sets the session up"
            )
        self._session = driver.session
        self._services: dict[str, tuple[Any, Any, Any]] = {}

    def said(self, words: Sequence[str]) -> tuple[str, str]:
        """What it prints on standard output and on standard error."""
        at = list(words).index("--region")
        given = [*words[:at], *words[at + 2 :]]
        named = argparse.Namespace(command="cloudtrail", region=words[at + 1], verify_ssl=None, endpoint_url=None)
        out, err = _Out(), _Out()
        with (
            _as_environment(self._environment),
            _without_debug_log(),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            _Command(self._session, self._services)(given, named)
        return out.text, err.text


@contextlib.contextmanager
def _without_debug_log() -> Iterator[None]:
    """The command line turns every debug line on, and a test run would keep them all."""
    before = logging.root.manager.disable
    logging.disable(logging.DEBUG)
    try:
        yield
    finally:
        logging.disable(before)


class _Command(CloudTrailValidateLogs):
    def __init__(self, session: Any, services: dict[str, tuple[Any, Any, Any]]) -> None:
        super().__init__(session)
        self._services = services

    def setup_services(self, parsed_globals: Any) -> None:
        region = parsed_globals.region
        if region not in self._services:
            super().setup_services(parsed_globals)
            self._services[region] = (
                self.s3_client_provider,
                self.cloudtrail_client,
                self.organization_client,
            )
        self._source_region = region
        self.s3_client_provider, self.cloudtrail_client, self.organization_client = self._services[region]


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
