"""The archive the policy tests speak of, in each partition."""

import pytest

from onetrail.iam import Archive, Opening

LOG, SOURCE = "044455556666", "111122223333"


def role_arn(name: str, account: str = LOG, partition: str = "aws") -> str:
    return f"arn:{partition}:iam::{account}:role/{name}"


def an_archive(partition: str = "aws", **changed: object) -> Archive:
    region = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}[partition]
    values: dict[str, object] = {
        "partition": partition,
        "bucket": "acme-archive",
        "key_prefix": "",
        "log_account": LOG,
        "source_accounts": (SOURCE,),
        "organization_id": "",
        "trail_arns": (f"arn:{partition}:cloudtrail:{region}:{SOURCE}:trail/acme",),
        "access_log_bucket": "acme-access-logs",
        "work_bucket": "acme-work",
        "kms_key_arn": "",
        **{
            f"{name.replace('-', '_')}_arn": role_arn(f"onetrail-{name}", partition=partition)
            for name in ("break-glass", "grant-keeper", "operator", "reader", "sealer", "copier")
        },
    }
    return Archive(**{**values, **changed})  # type: ignore[arg-type]


@pytest.fixture(params=["aws", "aws-cn", "aws-us-gov"])
def any_partition(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def archive() -> Archive:
    return an_archive()


@pytest.fixture
def make_archive():
    return an_archive


@pytest.fixture
def pull(archive: Archive) -> Opening:
    return Opening((archive.copier_arn,), ("acme-audit-us-east-1", "acme-audit-eu-west-1"), "2026-01-12T15:00:00Z")


@pytest.fixture
def push() -> Opening:
    return Opening((role_arn("onetrail-copier", SOURCE),), ("acme-audit-us-east-1",), "2026-01-12T15:00:00Z")
