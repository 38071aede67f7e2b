"""Whether a trail's selectors log what is done to the objects of a bucket. Pure.

Source: CloudTrail API Reference, AdvancedFieldSelector, DataResource; User Guide, "Logging data events".
"""

from collections.abc import Callable, Iterable
from typing import Final

from onetrail.cloudtrail.selector import Condition, Selectors

_LOG_FILE: Final = ".json.gz"
"""How the key of every log and digest ends."""


def logs_object_call(selectors: Selectors, bucket_arn: str, call: str, *, read_only: bool) -> bool:
    """Whether any selector takes `call` (such as `CopyObject`) on some log file in the bucket.

    A selector's conditions on the caller are not evaluated: they count as met.
    """
    said = {
        "eventCategory": "Data",
        "resources.type": "AWS::S3::Object",
        "eventSource": "s3.amazonaws.com",
        "eventName": call,
        "readOnly": "true" if read_only else "false",
    }
    return any(_takes(selector, said, f"{bucket_arn}/") for selector in selectors.events)


def _takes(selector: tuple[Condition, ...], said: dict[str, str], objects: str) -> bool:
    if not any(field == "eventCategory" and "Data" in values for field, _, values in selector):
        return False
    return all(
        _of_arn(operator, values, objects) if field == "resources.ARN" else _of_text(operator, values, said[field])
        for field, operator, values in selector
        if field in said or field == "resources.ARN"
    )


def _of_text(operator: str, values: Iterable[str], text: str) -> bool:
    tests: dict[str, Callable[[str], bool]] = {
        "Equals": text.__eq__,
        "StartsWith": text.startswith,
        "EndsWith": text.endswith,
    }
    found = any(tests[operator.removeprefix("Not")](value) for value in values)
    return found != operator.startswith("Not")


def _of_arn(operator: str, values: Iterable[str], objects: str) -> bool:
    """Whether some object of the bucket meets the condition; a Not rules the bucket out only where it covers all its
    logs."""
    if operator == "StartsWith":
        return any(value.startswith(objects) or objects.startswith(value) for value in values)
    if operator == "Equals":
        return any(value.startswith(objects) for value in values)
    if operator == "EndsWith":
        return any(value.endswith(_LOG_FILE) or _LOG_FILE.endswith(value) for value in values)
    if operator == "NotStartsWith":
        return not any(objects.startswith(value) for value in values)
    if operator == "NotEndsWith":
        return not any(_LOG_FILE.endswith(value) for value in values)
    return True
