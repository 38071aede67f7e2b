"""Moved or downloaded logs proven by anyone who has them: a bucket or a directory, and CloudTrail's public keys."""

from onetrail.validation.bucket import BucketPlace, cloudtrail, open_bucket
from onetrail.validation.check import PlaceCheck
from onetrail.validation.directory import Directory
from onetrail.validation.place import LogPlace
from onetrail.validation.publickeys import PublicKeys, RegionKeys, UnfitStore
from onetrail.validation.result import CheckedChain, CheckScope, ValidationResult

__all__ = [
    "BucketPlace",
    "CheckScope",
    "CheckedChain",
    "Directory",
    "LogPlace",
    "PlaceCheck",
    "PublicKeys",
    "RegionKeys",
    "UnfitStore",
    "ValidationResult",
    "cloudtrail",
    "open_bucket",
]
