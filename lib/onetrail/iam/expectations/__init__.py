"""What the central bucket must allow and refuse: the requests its policy is judged by before it is put."""

from onetrail.iam.expectations.ask import ADMINISTRATOR, STATES, Expectation, State
from onetrail.iam.expectations.judge import Verdict, expected, judge, judge_beside

__all__ = ["ADMINISTRATOR", "STATES", "Expectation", "State", "Verdict", "expected", "judge", "judge_beside"]
