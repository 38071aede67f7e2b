"""Who CloudTrail is in a bucket policy: its service principal, and in policies of before 2015 an account of AWS for
each region.

Source: CloudTrail User Guide, "Amazon S3 bucket policy for CloudTrail" (account ids in older policies); the ids as the
Terraform AWS provider lists them in aws_cloudtrail_service_account (read November 2026).
"""

from typing import Final

SERVICE: Final = "cloudtrail.amazonaws.com"
OLD_ACCOUNTS: Final = frozenset(
    {
        "034638983726",
        "035351147821",
        "086441151436",
        "113285607260",
        "193415116832",
        "216624486486",
        "262312530599",
        "282025262664",
        "284668455005",
        "388731089494",
        "475085895292",
        "492519147666",
        "608710470296",
        "669305197877",
        "681348832753",
        "765225791966",
        "814480443879",
        "819402241893",
        "829690693026",
        "859597730677",
        "903692715234",
        "977081816279",
    }
)
"""AWS's accounts that delivered logs, one for each region of the time."""


def is_cloudtrail(principal: str) -> bool:
    """Whether a principal of a policy is CloudTrail: the service, or one of its old accounts by id or as
    `arn:...:root`."""
    account = principal.split(":")[4] if principal.startswith("arn:") and principal.endswith(":root") else principal
    return principal == SERVICE or account in OLD_ACCOUNTS
