"""Approving a plan: what is given, what the plan asks for in addition to its id, and what the record keeps of it."""

from onetrail.change.approval.confirm import AccountName, Confirmation, confirmation_of
from onetrail.change.approval.given import ApprovalTerms, ApprovalWay, Opening, PlanRefused, Showing, near_id
from onetrail.change.approval.showing import refuse_expired, refuse_unshown, shown
from onetrail.change.approval.witness import GivenApproval, ReadAgain, Witness

__all__ = [
    "AccountName",
    "ApprovalTerms",
    "ApprovalWay",
    "Confirmation",
    "GivenApproval",
    "Opening",
    "PlanRefused",
    "ReadAgain",
    "Showing",
    "Witness",
    "confirmation_of",
    "near_id",
    "refuse_expired",
    "refuse_unshown",
    "shown",
]
