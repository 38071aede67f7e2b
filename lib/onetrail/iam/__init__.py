"""IAM policy documents: read, compared, built, evaluated and explained; pure, no AWS call."""

from onetrail.iam.build import Archive, Opening, all_documents
from onetrail.iam.document import (
    Document,
    PolicyError,
    canonical,
    compact,
    dead_principals,
    differences,
    parse,
    statements,
    with_statements,
    without_sids,
)
from onetrail.iam.evaluate import Policies, PolicyDecision, evaluate
from onetrail.iam.expectations import (
    Expectation,
    ExpectationResult,
    expected,
    judge,
    judge_beside,
    judge_guardrail,
    judge_key,
)
from onetrail.iam.explain import Row, explain, table
from onetrail.iam.request import ANONYMOUS, Principal, Request, role, root, service, user
from onetrail.iam.statement import prepared

__all__ = [
    "ANONYMOUS",
    "Archive",
    "Document",
    "Expectation",
    "ExpectationResult",
    "Opening",
    "Policies",
    "PolicyDecision",
    "PolicyError",
    "Principal",
    "Request",
    "Row",
    "all_documents",
    "canonical",
    "compact",
    "dead_principals",
    "differences",
    "evaluate",
    "expected",
    "explain",
    "judge",
    "judge_beside",
    "judge_guardrail",
    "judge_key",
    "parse",
    "prepared",
    "role",
    "root",
    "service",
    "statements",
    "table",
    "user",
    "with_statements",
    "without_sids",
]
