"""The AWS regions this version knows, by partition, and whether an account must opt in to use them.

A region that is not in the table is not an error anywhere: what an account has enabled is asked of AWS
(`account:ListRegions`). The table serves where AWS cannot be asked: defaults, plausibility, ordering.

Source: region codes from `partitions.json` of botocore 1.44.5, read 2026-11-23. Opt-in: regions introduced
before 2019-03-20 are enabled by default, later ones must be enabled (AWS Account Management reference guide,
"Enable or disable AWS Regions in your account"). The other partitions have no opt-in.
"""

from typing import Final, NamedTuple


class Region(NamedTuple):
    """One region: its code, its partition, and whether it is off until the account enables it."""

    code: str
    partition: str
    opt_in: bool


AS_OF: Final = "2026-11-23"
"""The day the table was read (ISO date)."""

_DEFAULT_AWS = (
    "us-east-1 us-east-2 us-west-1 us-west-2 ca-central-1 sa-east-1 eu-west-1 eu-west-2 eu-west-3 eu-central-1 "
    "eu-north-1 ap-south-1 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-southeast-1 ap-southeast-2"
)
_OPT_IN_AWS = (
    "af-south-1 ap-east-1 ap-east-2 ap-south-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 "
    "ap-southeast-7 ca-west-1 eu-central-2 eu-south-1 eu-south-2 il-central-1 me-central-1 me-south-1 me-west-1 "
    "mx-central-1 sa-west-1"
)
_OTHER = {
    "aws-cn": "cn-north-1 cn-northwest-1",
    "aws-us-gov": "us-gov-east-1 us-gov-west-1",
    "aws-eusc": "eusc-de-east-1",
    "aws-iso": "us-iso-east-1 us-iso-west-1",
    "aws-iso-b": "us-isob-east-1 us-isob-west-1",
    "aws-iso-e": "eu-isoe-west-1",
    "aws-iso-f": "us-isof-east-1 us-isof-south-1",
}

REGIONS: Final[dict[str, Region]] = {
    **{code: Region(code, "aws", False) for code in _DEFAULT_AWS.split()},
    **{code: Region(code, "aws", True) for code in _OPT_IN_AWS.split()},
    **{code: Region(code, part, False) for part, codes in _OTHER.items() for code in codes.split()},
}
"""Region code -> `Region`; the regions of `aws` that are on by default come first."""


def regions_of(partition: str, *, opt_in: bool | None = None) -> tuple[str, ...]:
    """Region codes of a partition in alphabetical order; `opt_in` keeps only those with that flag."""
    found = (region for region in REGIONS.values() if region.partition == partition)
    return tuple(sorted(region.code for region in found if opt_in is None or region.opt_in is opt_in))
