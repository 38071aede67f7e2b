"""The ARNs that a parameter may hold, parsed: roles, principals, KMS keys and trails."""

import re
from dataclasses import dataclass

_IAM = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>[^:]*):(?P<kind>role|user)/(?P<name>[\w+=,.@/-]+)",
    re.ASCII,
)
_SET = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>\d{12}):role/aws-reserved/sso\.amazonaws\.com/"
    r"(?:(?:\*|[a-z0-9-]+)/)?AWSReservedSSO_(?P<name>[\w+=,.@-]+)_\*",
    re.ASCII,
)
"""The roles of one permission set of IAM Identity Center, whose names end in another suffix each time it is assigned
again (IAM Identity Center User Guide, Referencing permission sets in resource policies)."""
_SESSION = re.compile(r"arn:(aws[a-z-]*):sts::(\d{12}):assumed-role/([\w+=,.@-]+)(?:/.*)?", re.ASCII)
_KMS = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):kms:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):key/(?P<name>[0-9A-Za-z-]+)",
    re.ASCII,
)
_TRAIL = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):cloudtrail:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):trail/(?P<name>[\w.-]{3,128})",
    re.ASCII,
)


@dataclass(frozen=True)
class Arn:
    """What matters of an ARN: `region` is empty for IAM, `name` holds the path too."""

    partition: str
    region: str
    account_id: str
    kind: str
    name: str


def iam_arn(text: str) -> Arn:
    """An IAM role or user. Raises ValueError that says what is wanted and how this is written."""
    example = "arn:aws:iam::123456789012:role/Name"
    if not text:
        raise ValueError(f"is empty: write an ARN, as in {example}, or leave it out")
    if session := _SESSION.fullmatch(text):
        partition, account, role = session.groups()
        raise ValueError(
            f'is "{text}", an assumed-role session, which expires: name the role itself,'
            f' "arn:{partition}:iam::{account}:role/{role}"'
        )
    if text.endswith(":root") or text.isdigit() or "*" in text:
        raise ValueError(f'is "{text}", which is more than one principal: name a role or a user, as in {example}')
    found = _IAM.fullmatch(text)
    if not found:
        raise ValueError(f'is "{text}", which is not the ARN of a role or a user, as in {example}')
    account = found["account"]
    if not re.fullmatch(r"[0-9]{12}", account):
        lost = re.fullmatch(r"[0-9]{11}", account)
        said = "has 11 digits instead of 12: a leading zero was lost" if lost else "is not 12 digits"
        raise ValueError(f'is "{text}", and the account in it {said}')
    return Arn(found["partition"], "", account, found["kind"], found["name"])


def administrator_arn(text: str) -> Arn:
    """An IAM role or user, or the roles of one permission set. Raises ValueError."""
    if "*" not in text and "?" not in text:
        return iam_arn(text)
    found = _SET.fullmatch(text)
    if not found:
        example = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_LogAdmin_*"
        raise ValueError(
            f'is "{text}", and the only pattern that is taken is that of one permission set of IAM Identity Center, as'
            f" in {example}: name a role, or write the permission set so"
        )
    return Arn(found["partition"], "", found["account"], "role", found["name"])


def role_arn(text: str) -> Arn:
    """An IAM role. Raises ValueError."""
    arn = iam_arn(text)
    if arn.kind != "role":
        raise ValueError(
            f'is "{text}", which is a user: only a role can be assumed; for the keys of a user name their profile'
            " instead: profile"
        )
    return arn


def kms_key_arn(text: str) -> Arn:
    """A KMS key. Raises ValueError; an alias is refused, since a key policy knows the key only."""
    found = _KMS.fullmatch(text)
    if not found:
        alias = " (an alias is not accepted)" if ":alias/" in text or text.startswith("alias/") else ""
        raise ValueError(
            f'is "{text}", and must be "none", "create" or the ARN of a key{alias}, '
            "as in arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0000-0000-0000-000000000000"
        )
    return Arn(found["partition"], found["region"], found["account"], "key", found["name"])


def trail_arn(text: str) -> Arn:
    """A trail of CloudTrail. Raises ValueError; a name alone is refused, since several accounts may have a trail of
    that name."""
    found = _TRAIL.fullmatch(text)
    if not found:
        raise ValueError(
            f'is "{text}", and must be the ARN of a trail, '
            "as in arn:aws:cloudtrail:us-east-1:123456789012:trail/organization-trail"
        )
    return Arn(found["partition"], found["region"], found["account"], "trail", found["name"])
