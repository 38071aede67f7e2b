"""Every document that onetrail prints is one that AWS admits: its parts exist and fit together, and it is not too
large."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from onetrail.estate.policy_documents.printed import documents
from onetrail.iam import statements
from onetrail.iam.limits import LIMITS, DocumentKind, size
from onetrail.settings import Settings
from tests.unit.iam.test_admission import unfit

PARAMETERS = sorted((Path(__file__).resolve().parents[3] / "parameters").glob("*.yaml"))
KEY = "arn:aws:kms:us-east-1:044455556666:key/11112222-3333-4444-5555-666677778888"
SECOND = {
    "account_id": "222233334444",
    "role_arn": "arn:aws:iam::222233334444:role/TrailConsolidation",
}
FILLED = {
    # what a person fills into the template
    "run_name": "filled",
    "source_accounts": [{"account_id": "111122223333", "profile": "old"}],
    "log_account": {"account_id": "044455556666", "profile": "log"},
    "break_glass_principals": ["arn:aws:iam::999988887777:role/SecurityLead"],
    "operator_principals": ["arn:aws:iam::999988887777:role/PlatformEngineer"],
    "contacts": ["security@practice.example"],
    "home_region": "us-east-1",
    "bucket_name": "acme-archive",
    "access_log_bucket": "acme-access-logs",
    "work_bucket": "acme-work",
    "object_lock": "governance",
}
VARIANTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "its own key": {"kms_key": KEY},
    "a key to be made": {"kms_key": "create"},
    "the local engine": {"copy_engine": "local"},
    "batch": {"copy_engine": "s3-batch"},
    "an adopted organization trail": {
        "trail_mode": "adopt",
        "trail_name": "organization-trail",
        "trail_arn": "arn:aws:cloudtrail:us-east-1:123456789012:trail/organization-trail",
        "organization_id": "o-a1b2c3d4e5",
    },
    "no organization": {
        "trail_mode": "create",
        "trail_arn": "",
        "organization_id": "",
        "accept_unread_selectors": "",
    },
    "a prefix": {"key_prefix": "logs/cloudtrail"},
    "no lock": {"object_lock": "none"},
}
GLOBAL_KEYS = {
    # IAM User Guide, AWS global condition context keys, read 2026-11-30: those that onetrail may use
    "aws:CurrentTime",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalOrgID",
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:SecureTransport",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceOrgID",
    "aws:CalledVia",
    "aws:CalledViaLast",
    "aws:ViaAWSService",
}


def settings_of(path: Path, variant: str) -> Settings:
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    if path.stem == "template":
        found |= FILLED
    return Settings.from_mapping({**found, **VARIANTS[variant]})


def kind_of(name: str) -> DocumentKind:
    """Where a printed document is put, by its name."""
    if name.startswith(("role_", "identity_")):
        return DocumentKind.TRUST if "_trust" in name else DocumentKind.ROLE
    if name in ("scp", "trail_rail", "archive_rail"):
        return DocumentKind.SCP
    if name == "rcp":
        return DocumentKind.RCP
    if name.startswith(("kms_key", "old_key")):
        return DocumentKind.KEY
    assert "bucket" in name, f"{name}: say here where it is put"
    return DocumentKind.BUCKET


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("path", PARAMETERS, ids=lambda path: path.stem)
def test_every_printed_document_is_admitted(path: Path, variant: str) -> None:
    """Each action exists, each condition key fits every action of its statement, each resource fits, and the size is
    allowed."""
    settings = settings_of(path, variant)
    for buckets in ((), ("acme-audit-us-east-1", "acme-audit-eu-west-1")):
        for name, document in documents(settings, old_buckets=buckets).items():
            assert unfit(document) == [], name
            assert size(kind_of(name), document) <= LIMITS[kind_of(name)].most, name
            keys = {k for s in statements(document) for b in s.get("Condition", {}).values() for k in b}
            assert {k for k in keys if k.startswith("aws:")} <= GLOBAL_KEYS, name
