"""parameters/organization.yaml runs on the practice estate as it is shipped, and 00 names what the scenario has."""

from pathlib import Path

import pytest

from onetrail.aws import Clients
from onetrail.change import Finding, FindingState
from onetrail.settings import Settings
from onetrail.steps import start_here
from tests.integration.conftest import ROOT, Estate

pytestmark = pytest.mark.estate

FILE = ROOT / "parameters" / "organization.yaml"


@pytest.fixture(scope="module")
def scenario() -> str:
    return "organization"


NAMED = {
    ("00.bucket-elsewhere", "acme-bucket-that-is-gone"),
    ("00.bucket-elsewhere", "aws-controltower-logs-098765432109-us-east-1"),
    ("00.bucket-elsewhere", "vendor-siem-intake"),
    ("00.kms", "acme-encrypted-audit-eu-west-1"),
    ("00.mfa-delete", "acme-locked-audit"),
    ("00.no-trail", "acme-former-audit"),
    ("00.no-trail", "acme-moved-audit-until-2024"),
    ("00.not-searched", "acme-bahrain-audit"),
    ("00.old-region", "bahrain-audit"),
    ("00.trail-left", "aws-controltower-BaselineCloudTrail"),
}
"""(finding, resource) of the shapes that have a finding of their own in 00."""


def test_the_shipped_example_is_looked_at_whole_and_each_shape_is_named(estate: Estate, tmp_path: Path) -> None:
    """Every account is entered and nothing is left unevaluated. Twin: with all regions the guardrail leaves a gap."""
    settings = Settings.from_file(FILE).with_values(runs_dir=str(tmp_path))
    found = looked_at(settings)
    assert [f.id for f in found if f.state is FindingState.COULD_NOT_LOOK] == []
    assert {(f.id, f.resource) for f in found if f.state is not FindingState.OK} >= NAMED
    everywhere = looked_at(settings.with_values(regions="enabled"))
    assert "00.region-deny" in [f.id for f in everywhere if f.state is FindingState.FINDING]


def looked_at(settings: Settings) -> list[Finding]:
    clients = Clients.connect(settings)
    return list(start_here.check(settings, start_here.observe(settings, clients)))
