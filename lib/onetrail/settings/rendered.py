"""Descriptions of all parameters: the template file and the table in the documentation, generated from the fields."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import PydanticUndefined

from onetrail.lazily import later
from onetrail.settings.parameters import Parameters
from onetrail.settings.words import ESTATE_DEFAULTS, UNSTATED

if TYPE_CHECKING:
    import yaml
else:
    yaml = later("yaml")

OF_NOTEBOOKS: Final = frozenset({"parameters_file"})
"""Keys of notebooks alone: no parameters file has them."""

SECTIONS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("Parameters file", ("parameters_file",)),
    ("This run", ("estate", "scenario", "run_name", "runs_dir")),
    (
        "Accounts and people",
        (
            "source_accounts",
            "log_account",
            "organization_id",
            "break_glass_principals",
            "operator_principals",
            "reader_principals",
            "contacts",
        ),
    ),
    ("Roles", ("role_path", "role_boundary", "role_tags", "require_mfa", "external_id")),
    (
        "Trail and buckets",
        (
            "home_region",
            "regions",
            "more_buckets",
            "leave_trails",
            "bucket_administrators",
            "log_readers",
            "release_accounts",
            "trail_name",
            "trail_mode",
            "trail_arn",
            "accept_unread_selectors",
            "bucket_name",
            "access_log_bucket",
            "work_bucket",
            "key_prefix",
            "kms_key",
        ),
    ),
    ("Retention", ("retention_years", "object_lock", "storage_class")),
    ("Copying", ("copy_direction", "copy_engine", "max_requests_per_second", "grant_hours")),
    (
        "Verification and retirement",
        ("digest_check", "old_buckets", "quiet_hours", "cooling_off_days", "overrides"),
    ),
    (
        "Approval",
        ("approve", "confirm", "ticket", "approval_hours", "second_person", "approver_principals"),
    ),
)
"""Heading -> its keys, in the order of `Settings`."""

_HEAD: Final = """\
# Every parameter of onetrail, for a real estate. onetrail init copies this file to parameters/mine.yaml, which its
# notebooks take. Fill in the empty values there; 00_start_here shows every mistake, and so does this, which only plans:
#   onetrail run -f parameters/mine.yaml
# Always put account ids in quotes: YAML reads 012345670123 as the number 1402433619.
# Also put words in quotes that YAML reads as another value (on, off, yes, no).
# No secret belongs here: credentials come from your AWS configuration.
"""
_TEMPLATE_VALUES: Final[Mapping[str, Any]] = {
    "estate": "aws",
    "run_name": "",
    "source_accounts": [{"account_id": "", "role_arn": ""}],
    "log_account": {"account_id": "", "role_arn": ""},
    "break_glass_principals": [],
    "operator_principals": [],
    "home_region": "",
    "bucket_name": "",
    "access_log_bucket": "",
    "work_bucket": "",
    "object_lock": "",
}
"""Values of the template that are not defaults; the reader fills in the empty ones."""
_EXAMPLES: Final[Mapping[str, str]] = {
    "source_accounts": '- {account_id: "012345670123", profile: "old-logs"}',
    "break_glass_principals": '["arn:aws:iam::123456789012:role/SecurityLead"]',
    "operator_principals": '["arn:aws:iam::123456789012:role/PlatformEngineer"]',
    "role_path": '"/security/"',
    "role_boundary": '"WorkloadBoundary"',
    "role_tags": '{cost-center: "4711"}',
    "regions": '["us-east-1", "eu-west-1"]',
    "trail_arn": '"arn:aws:cloudtrail:us-east-1:123456789012:trail/organization-trail"',
    "more_buckets": '["acme-old-logs"]',
    "leave_trails": '["arn:aws:cloudtrail:us-east-1:123456789012:trail/siem"]',
    "bucket_administrators": (
        '["arn:aws:iam::012345670123:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_LogAdmin_*"]'
    ),
    "log_readers": '{"arn:aws:iam::666677778888:role/siem": "AWSLogs/012345670123/CloudTrail/"}',
    "release_accounts": '["012345670123"]',
    "overrides": '{acme-old-logs: {direction: "push", storage_class: "STANDARD", old_bucket: "expire"}}',
    "approve": '"p-0123456789ab, p-ba9876543210"',
    "confirm": '"10979"',
    "approver_principals": '["arn:aws:iam::123456789012:role/ChangeApprover"]',
}


def default_of(key: str, estate: str) -> Any:
    """The default of a key on an estate as plain data; `...` where it must be stated."""
    if key in ESTATE_DEFAULTS[estate]:
        return ESTATE_DEFAULTS[estate][key]
    default = Parameters.model_fields[key].default
    return ... if default is PydanticUndefined else list(default) if isinstance(default, tuple) else default


def template_text() -> str:
    """The text of parameters/template.yaml."""
    parts = [_HEAD]
    for heading, keys in SECTIONS:
        if OF_NOTEBOOKS.issuperset(keys):
            continue
        parts.append(f"\n# --- {heading}\n")
        parts.extend(_template_entry(key) for key in keys)
    return "".join(parts)


def _template_entry(key: str) -> str:
    lines = [f"# {Parameters.model_fields[key].description}"]
    if key in _EXAMPLES:
        lines.append(f"#   for example {_EXAMPLES[key]}")
    return "\n".join(lines) + "\n" + yaml_entry(key, _TEMPLATE_VALUES.get(key, default_of(key, "aws")))


def yaml_entry(key: str, value: Any) -> str:
    """One key as YAML with all text in quotes, so that YAML reads it as text."""
    if isinstance(value, Mapping) and value:
        return f"{key}:\n" + "".join(f"  {name}: {_flow(item)}\n" for name, item in value.items())
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        items = ["".join(f"    {name}: {_flow(item)}\n" for name, item in entry.items()) for entry in value]
        return f"{key}:\n" + "".join("  - " + item.removeprefix("    ") for item in items)
    return f"{key}: {_flow(value)}\n"


def _flow(value: Any) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True, default_style='"' if isinstance(value, str) else None)
    if isinstance(value, list):
        text = "[" + ", ".join(_flow(item) for item in value) + "]"
    return text.removesuffix("\n").removesuffix("\n...")


def parameters_table() -> str:
    """Every parameter as a Markdown table: key, meaning, default on practice, default on AWS."""
    rows = ["| parameter | meaning | default on practice | default on aws |", "|---|---|---|---|"]
    for _, keys in SECTIONS:
        for key in keys:
            said = Parameters.model_fields[key].description
            practice, aws = (_said_default(default_of(key, estate)) for estate in ("practice", "aws"))
            rows.append(f"| `{key}` | {said} | {practice} | {aws} |")
    return "\n".join(rows) + "\n"


def _said_default(value: Any) -> str:
    return "must be stated" if value is ... else f"`{_flow(value)}`"


def unstated(key: str, value: Any) -> Any:
    """How a value is written where the estate's default applies: the notebooks leave out every value that must be
    stated for AWS."""
    return UNSTATED.get(key, value)
