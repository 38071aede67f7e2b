"""Whether a temporary permission that the record leaves open stands on AWS now. Pure."""

from enum import StrEnum

from onetrail import names
from onetrail.estate.archive import standing_archive
from onetrail.estate.custody.permissions import Permission
from onetrail.estate.grant_state import GrantState, grant_state
from onetrail.looked import Unread
from onetrail.settings import Settings
from onetrail.steps.bucket_creation import BucketPresence
from onetrail.steps.evidence.observe import EvidenceObservation


class Standing(StrEnum):
    """What AWS shows of it now."""

    OPEN = "AWS shows it open: run step 05, which closes it"
    GONE = "AWS shows it closed now; this record does not say who closed it"
    UNKNOWN = "its state on AWS is not evaluated"


def stands(settings: Settings, observation: EvidenceObservation, one: Permission) -> Standing:
    """By the resource it was opened on."""
    if one.what == settings.bucket_name:
        return _archive(settings, observation)
    if one.what == names.COPIER_ROLE:
        copiers = observation.copied.source_copiers if observation.copied else {}
        there = copiers.get(one.opened.account)
        if there is None or isinstance(there, Unread):
            return Standing.UNKNOWN
        return Standing.OPEN if there else Standing.GONE
    if observation.estate is None:
        return Standing.UNKNOWN
    bucket = next((b for b in observation.estate.buckets if b.name == one.what), None)
    if bucket is None:
        return Standing.UNKNOWN if observation.estate.could_not_look else Standing.GONE
    match bucket.grant_open:
        case Unread():
            return Standing.UNKNOWN
        case True:
            return Standing.OPEN
        case False:
            return Standing.GONE


def _archive(settings: Settings, observation: EvidenceObservation) -> Standing:
    there = observation.creation.buckets.get(settings.bucket_name) if observation.creation else None
    if there is None or there.state == BucketPresence.COULD_NOT_LOOK or isinstance(there.policy, Unread):
        return Standing.UNKNOWN
    match grant_state(standing_archive(settings, there.policy), there.policy):
        case GrantState.WINDOW | GrantState.OPEN | GrantState.OTHER:
            return Standing.OPEN
        case GrantState.STEADY | GrantState.ABSENT:
            return Standing.GONE
