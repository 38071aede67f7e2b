"""The types of single parameters: each takes what a person may write and refuses the rest with its cure."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StrictInt, StrictStr

from onetrail.names import CONFLICTS_FOLDER, TAG_KEY
from onetrail.settings.arns import administrator_arn, iam_arn, kms_key_arn, role_arn, trail_arn
from onetrail.settings.bucket_names import bucket_name_fault
from onetrail.settings.refusal import account_id_fault, quoted, shown, text_wanted
from onetrail.settings.regions import partition_with
from onetrail.settings.words import LONGEST_TICKET


def _refusing(fault: Callable[[Any], str | None]) -> Callable[[Any], Any]:
    """A validator from a function that returns what is wrong, or None."""

    def checked(value: Any) -> Any:
        said = fault(value)
        if said:
            raise ValueError(said)
        return value

    return checked


def _matching(pattern: str, wanted: str) -> Callable[[Any], Any]:
    """A validator for text that must match a pattern as a whole."""
    return _refusing(lambda text: None if re.fullmatch(pattern, text) else f"is {quoted(text)}, and must be {wanted}")


def _arn(parse: Callable[[str], object]) -> Callable[[str], str]:
    """A validator that keeps the text once it could be taken apart."""

    def checked(text: str) -> str:
        parse(text)
        return text

    return checked


def _list_fault(value: object) -> str | None:
    """A single word is not read as a list."""
    if isinstance(value, list | tuple):
        return None
    return f"is {shown(value)}, and must be a list: put it in brackets, or each item on a line after a dash"


def _filled_fault(value: object) -> str | None:
    return "is empty: name at least one" if value in ([], ()) else _list_fault(value)


def _region_fault(region: str) -> str | None:
    if partition_with(region):
        return None
    if not region:
        return "is empty: write a region, as in us-east-1"
    return f"is {quoted(region)}, which is not an AWS region that onetrail knows: write it as in us-east-1"


def _regions_fault(value: object) -> str | None:
    """`enabled`, or a list that is not empty."""
    if value == "enabled":
        return None
    if not isinstance(value, list | tuple):
        return f'is {shown(value)}, and must be "enabled" or a list of regions'
    if not value:
        return 'is empty: write "enabled", or name the regions'
    for number, region in enumerate(value):
        fault = _region_fault(region) if isinstance(region, str) else text_wanted(region)
        if fault:
            return f"[{number}] {fault}"
    return None


def _folder_fault(name: str) -> str | None:
    if re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?", name):
        return None
    if not name:
        return "is empty: write a name, as in move-2026"
    return f"is {quoted(name)}, and must be a folder name: 1 to 64 letters, digits, dots, hyphens and underscores"


def _trail_fault(name: str) -> str | None:
    """CloudTrail API reference, CreateTrail, Name."""
    good = 3 <= len(name) <= 128 and re.fullmatch(r"[A-Za-z0-9]+([._-][A-Za-z0-9]+)*", name)
    if good and not re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", name):
        return None
    return (
        f"is {quoted(name)}, and CloudTrail allows 3 to 128 letters, digits and single dots, hyphens or "
        "underscores between them"
    )


def _prefix_fault(prefix: str) -> str | None:
    """CloudTrail API reference, CreateTrail, S3KeyPrefix: at most 200 characters; CloudTrail adds the slash itself.

    Policies contain it as written, where `*` and `?` would match other folders too.
    """
    if prefix.startswith("/") or prefix.endswith("/"):
        return f"is {quoted(prefix)}, and must have no slash at either end: CloudTrail adds it"
    if "*" in prefix or "?" in prefix:
        return f"is {quoted(prefix)}, and * and ? would match any name in a policy: write the folder out"
    if {"", ".", ".."} & set(prefix.split("/") if prefix else ()):
        return f"is {quoted(prefix)}, and must be folders with names: no //, no dot or two dots alone"
    if len(prefix) > 200 or not re.fullmatch(r"[A-Za-z0-9!_.'()/-]*", prefix):
        return (
            f"is {quoted(prefix)}, and must be at most 200 letters, digits and signs of !-_.'() that are safe in a key"
        )
    if "AWSLogs" in prefix.split("/"):
        return f"is {quoted(prefix)}, and CloudTrail adds AWSLogs itself: leave it out"
    if CONFLICTS_FOLDER.rstrip("/") in prefix.split("/"):
        return f"is {quoted(prefix)}, and {CONFLICTS_FOLDER} is reserved for conflicting copies: name another folder"
    return None


def _runs_fault(folder: str) -> str | None:
    """Linux and macOS take 255 bytes for one name, and macOS 1,024 for all of a path, to which a run adds names of its
    own."""
    if not re.fullmatch(r"\S(.*\S)?", folder):
        return f"is {quoted(folder)}, and must be a folder"
    if len(os.fsencode(folder)) > 512 or any(len(os.fsencode(name)) > 255 for name in folder.split("/")):
        return f"is {quoted(folder)}, and must be at most 512 bytes, and 255 between two slashes"
    try:
        Path(folder).expanduser()
    except RuntimeError:
        return f"is {quoted(folder)}, and that home folder does not exist here: write the folder out"
    return None


def _kms_key(text: str) -> str:
    if text not in ("none", "create"):
        kms_key_arn(text)
    return text


def _approve_fault(text: str) -> str | None:
    words = [word.strip() for word in text.split(",")] if text else []
    if len(words) > 1 and "any" in words:
        return f"is {quoted(text)}: any cannot be combined with plan ids"
    for word in words:
        if word != "any" and not re.fullmatch(r"p-[0-9a-f]{12}", word):
            if re.fullmatch(r"[0-9a-f]{12}", word):
                return f"is {quoted(text)}: did you mean p-{word}?"
            return (
                f"is {quoted(text)}, and must be empty (plan only), plan ids as in p-0123456789ab separated by commas, "
                "or any (practice only)"
            )
    return None


def _confirm_text(value: object) -> object:
    """A number of objects may be written as a number."""
    return str(value) if type(value) is int else value


def _confirm_fault(text: str) -> str | None:
    if re.fullmatch(r"([A-Za-z0-9-]+(, ?[A-Za-z0-9-]+)*)?", text):
        return None
    return f"is {quoted(text)}, and must be a number of objects, or aliases or ids of accounts separated by commas"


def _ticket_fault(text: str) -> str | None:
    if not text or (len(text) <= LONGEST_TICKET and re.fullmatch(r"\S(.*\S)?", text)):
        return None
    return f"is {quoted(text[:40])}, and must be one line of at most {LONGEST_TICKET} characters"


def _path_fault(path: str) -> str | None:
    """IAM API Reference, CreateRole, Path: at most 512 characters. A policy holds it as written, where `*` and `?`
    would match other roles too."""
    if re.fullmatch(r"/([A-Za-z0-9+=,.@_-]+/)*", path) and len(path) <= 512:
        return None
    return (
        f"is {quoted(path)}, and must begin and end with a slash, as in /security/, with letters, digits and +=,.@_- "
        "between slashes"
    )


def _boundary_fault(name: str) -> str | None:
    """IAM User Guide, IAM identifiers: a policy's name has at most 128 characters."""
    if re.fullmatch(r"([A-Za-z0-9+=,.@_-]+/)*[A-Za-z0-9+=,.@_-]{1,128}|", name):
        return None
    if name.startswith("arn:"):
        return f"is {quoted(name)}, and must be the policy's name with its path: it is looked for in each account"
    return f"is {quoted(name)}, and must be the name of a managed policy, with its path if it has one"


def _tags_fault(tags: object) -> str | None:
    """IAM API Reference, Tag; at most 50 tags a role, one of which is onetrail's own."""
    if not isinstance(tags, dict):
        return f'is {shown(tags)}, and must be names with values, as in {{cost-center: "4711"}}'
    for key, value in tags.items():
        if not isinstance(key, str) or not isinstance(value, str):
            return f"has {key}: {value}, and both must be text: put them in quotes"
        if not re.fullmatch(r"[\w .:/=+@-]{1,128}", key) or not re.fullmatch(r"[\w .:/=+@-]{0,256}", value):
            return f"has {quoted(key)}: {quoted(value)}, and IAM takes letters, digits, spaces and _.:/=+-@ in both"
        if key.lower().startswith("aws:") or key == TAG_KEY:
            return f"has {quoted(key)}, which is taken: choose another name"
    return f"has {len(tags)} tags, and IAM takes 50 a role, onetrail's own among them" if len(tags) > 49 else None


def _external_id_fault(text: str) -> str | None:
    """STS API Reference, AssumeRole, ExternalId."""
    if not text or (re.fullmatch(r"[\w+=,.@:/-]{2,1224}", text, re.ASCII)):
        return None
    return f"is {quoted(text)}, and STS takes 2 to 1,224 letters, digits and signs of +=,.@:/-_"


def _flag_fault(value: object) -> str | None:
    return None if isinstance(value, bool) else f"is {shown(value)}, and must be true or false, without quotes"


def _lock_fault(value: object) -> str | None:
    if value != "":
        return None
    return 'is not chosen, and compliance cannot be undone: write object_lock: "none", "governance" or "compliance"'


AccountId = Annotated[str, BeforeValidator(_refusing(account_id_fault))]
Accounts = Annotated[tuple[AccountId, ...], BeforeValidator(_refusing(_list_fault))]
RoleArn = Annotated[StrictStr, AfterValidator(_arn(role_arn))]
Profile = Annotated[
    StrictStr, AfterValidator(_matching(r"\S(.*\S)?", "the name of a profile in your AWS configuration"))
]
PrincipalArn = Annotated[StrictStr, AfterValidator(_arn(iam_arn))]
Principals = Annotated[tuple[PrincipalArn, ...], BeforeValidator(_refusing(_list_fault))]
Administrators = Annotated[
    tuple[Annotated[StrictStr, AfterValidator(_arn(administrator_arn))], ...], BeforeValidator(_refusing(_list_fault))
]
Contacts = Annotated[
    tuple[
        Annotated[StrictStr, AfterValidator(_matching(r"\S(.*\S)?", "a person or an address, on one line"))],
        ...,
    ],
    BeforeValidator(_refusing(_list_fault)),
]
Region = Annotated[StrictStr, AfterValidator(_refusing(_region_fault))]
BucketName = Annotated[StrictStr, AfterValidator(_refusing(bucket_name_fault))]


def _readers_fault(readers: object) -> str | None:
    """ARN -> folder below which it reads, written out: no pattern, and the slash at its end."""
    if not isinstance(readers, dict):
        return f'is {shown(readers)}, and must be ARNs with a folder each, as in {{"ARN": "AWSLogs/123456789012/"}}'
    for arn, folder in readers.items():
        if not isinstance(folder, str) or not re.fullmatch(r"(?:[^*?$/]+/)*", folder):
            return (
                f"has {shown(folder)} for {quoted(str(arn))}, and the folder must be written out with a slash at its"
                ' end, or "" for all logs'
            )
    return None


def _trail_arn(text: str) -> str:
    if text:
        trail_arn(text)
    return text


BucketNames = Annotated[tuple[BucketName, ...], BeforeValidator(_refusing(_list_fault))]
TrailArns = Annotated[
    tuple[Annotated[StrictStr, AfterValidator(_arn(trail_arn))], ...], BeforeValidator(_refusing(_list_fault))
]
FolderName = Annotated[StrictStr, AfterValidator(_refusing(_folder_fault))]
ParametersFile = Annotated[
    StrictStr, AfterValidator(_matching(r"(\S(.*\S)?)?", "a file, such as parameters/mine.yaml, or empty"))
]
Folder = Annotated[StrictStr, AfterValidator(_refusing(_runs_fault))]
Scenario = Annotated[
    StrictStr, AfterValidator(_matching(r"([a-z][a-z0-9_+-]*)?", "the name of a scenario of the estate"))
]
OrganizationId = Annotated[
    StrictStr,
    AfterValidator(_matching(r"(o-[a-z0-9]{10,32})?", "an organization's id as in o-a1b2c3d4e5, or empty")),
]
TrailArn = Annotated[StrictStr, AfterValidator(_trail_arn)]
TrailName = Annotated[StrictStr, AfterValidator(_refusing(_trail_fault))]
KeyPrefix = Annotated[StrictStr, AfterValidator(_refusing(_prefix_fault))]
KmsKey = Annotated[StrictStr, AfterValidator(_kms_key)]
Approve = Annotated[StrictStr, AfterValidator(_refusing(_approve_fault))]
Confirm = Annotated[StrictStr, BeforeValidator(_confirm_text), AfterValidator(_refusing(_confirm_fault))]
Ticket = Annotated[StrictStr, AfterValidator(_refusing(_ticket_fault))]
Flag = Annotated[bool, BeforeValidator(_refusing(_flag_fault))]
RolePath = Annotated[StrictStr, AfterValidator(_refusing(_path_fault))]
BoundaryName = Annotated[StrictStr, AfterValidator(_refusing(_boundary_fault))]
Tags = Annotated[dict[str, str], BeforeValidator(_refusing(_tags_fault))]
LogReaders = Annotated[dict[PrincipalArn, str], BeforeValidator(_refusing(_readers_fault))]
ExternalId = Annotated[StrictStr, AfterValidator(_refusing(_external_id_fault))]
StatedLock = BeforeValidator(_refusing(_lock_fault))
Filled = BeforeValidator(_refusing(_filled_fault))


Enabled = BeforeValidator(_refusing(_regions_fault))
Years = Annotated[StrictInt, Field(ge=1, le=30)]
GrantHours = Annotated[StrictInt, Field(ge=1, le=168)]
ApprovalHours = Annotated[StrictInt, Field(ge=1, le=8_760)]
"""Up to a year."""
Rate = Annotated[StrictInt, Field(gt=0, le=1_000_000)]
QuietHours = Annotated[StrictInt, Field(ge=0, le=8_784)]
"""Up to a year."""
CoolingOffDays = Annotated[StrictInt, Field(ge=0, le=3_660)]
"""Up to ten years."""
