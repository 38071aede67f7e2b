"""What is changed in moto itself: its clock, what makes it slow to open, and what its checks lack."""

import json
import sys
from typing import Any

import moto.iam.models as iam
import moto.kms.models as kms
from moto.core import utils
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.policy_validation import SERVICE_TYPE_REGION_INFORMATION_ERROR_ASSOCIATIONS as ALLOWED

from onetrail.practice.state.clock import EstateClock

MANAGED_POLICIES = (
    "AdministratorAccess",
    "AWSCloudTrail_FullAccess",
    "AWSCloudTrail_ReadOnlyAccess",
    "AmazonS3FullAccess",
    "AmazonS3ReadOnlyAccess",
    "CloudWatchLogsFullAccess",
    "IAMFullAccess",
    "IAMReadOnlyAccess",
    "PowerUserAccess",
    "ReadOnlyAccess",
    "SecurityAudit",
    "ViewOnlyAccess",
    "AWSOrganizationsReadOnlyAccess",
)
"""The AWS-managed policies the estate knows; moto's whole list would make every account slow to open."""


def take_clock(clock: EstateClock) -> None:
    """Replace every `utcnow` that moto's modules hold by the estate's clock."""
    original = getattr(utils.utcnow, "replaces", utils.utcnow)
    current = utils.utcnow

    def utcnow() -> Any:
        return clock.naive()

    utcnow.replaces = original  # type: ignore[attr-defined]
    for name, module in list(sys.modules.items()):
        if name.startswith("moto.") and getattr(module, "utcnow", None) in (original, current):
            module.utcnow = utcnow  # type: ignore[attr-defined]


def lighten() -> None:
    """Fewer managed policies and no RSA key for symmetric KMS keys: both cost seconds and cannot be seen."""
    chosen = getattr(iam.IAMBackend, "chosen_policies", None)
    if chosen is None:
        every = json.loads(aws_managed_policies_data)
        iam.IAMBackend.chosen_policies = {name: every[name] for name in MANAGED_POLICIES if name in every}  # type: ignore[attr-defined]

        def few(self: Any) -> list[Any]:
            return [
                iam.AWSManagedPolicy.from_data(name, self.account_id, self.region_name, data)
                for name, data in iam.IAMBackend.chosen_policies.items()  # type: ignore[attr-defined]
            ]

        make: Any = getattr(kms, "generate_private_key")  # noqa: B009 - moto exports it by name only
        iam.IAMBackend._init_aws_policies = few  # type: ignore[method-assign]
        setattr(kms, "generate_private_key", lambda spec: None if spec == "SYMMETRIC_DEFAULT" else make(spec))  # noqa: B010


def know_jobs() -> None:
    """IAM takes ARNs of S3's batch jobs, which name a region (Service Authorization Reference, Amazon S3, resource
    types)."""
    ALLOWED["s3"]["valid_starting_values"] = ["accesspoint/", "job/"]
