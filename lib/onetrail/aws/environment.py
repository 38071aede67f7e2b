"""The environment's variables that the library heeds, for what no command line starts: the kernel of a notebook, and
AWS's own.

Everything else takes what it needs as an argument. Each function asks again, since the runner and tests set these while
they run.
"""

import os
from collections.abc import Mapping
from pathlib import Path


def live() -> bool:
    """False where outputs must not vary (`ONETRAIL_LIVE=0`): no progress, no rates, no buttons."""
    return os.environ.get("ONETRAIL_LIVE", "1") != "0"


def unattended() -> bool:
    """True in the runner's kernels (`ONETRAIL_UNATTENDED`), where nobody presses a button."""
    return os.environ.get("ONETRAIL_UNATTENDED", "0") != "0"


def exports_plans() -> bool:
    """True in the runner's kernels (`ONETRAIL_EXPORTS_PLANS`), whose notebooks carry each proposed plan as JSON too."""
    return os.environ.get("ONETRAIL_EXPORTS_PLANS", "0") != "0"


def practice_folder_named() -> Path | None:
    """Where the practice estate writes its address (`ONETRAIL_PRACTICE_DIR`); None where that is not said."""
    named = os.environ.get("ONETRAIL_PRACTICE_DIR")
    return Path(named) if named else None


def endpoint_url() -> str:
    """`AWS_ENDPOINT_URL`, which boto3 heeds by itself; empty where it is not set."""
    return os.environ.get("AWS_ENDPOINT_URL", "")


def aws_variables() -> Mapping[str, str]:
    """botocore's own variables, for what a transport beside boto3 must do alike."""
    return {name: value for name, value in os.environ.items() if name.startswith("AWS_")}


def people_are_here() -> bool:
    """False for recorded and unattended runs, whose notebooks must read without a live kernel."""
    return live() and not unattended()
