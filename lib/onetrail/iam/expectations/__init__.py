"""What the central bucket must allow and refuse: the requests its policy is judged by before it is put."""

from onetrail.iam.expectations.ask import ADMINISTRATOR, Expectation, PolicyState
from onetrail.iam.expectations.guardrail import Guardrail
from onetrail.iam.expectations.judge import (
    ExpectationResult,
    expected,
    judge,
    judge_beside,
    judge_guardrail,
    judge_key,
)

__all__ = [
    "ADMINISTRATOR",
    "Expectation",
    "ExpectationResult",
    "Guardrail",
    "PolicyState",
    "expected",
    "judge",
    "judge_beside",
    "judge_guardrail",
    "judge_key",
]
