"""Moved or downloaded logs proven by anyone who has them: a bucket or a directory, and CloudTrail's public keys."""

from onetrail.validation.bucket import Bucket, cloudtrail, open_bucket
from onetrail.validation.check import Check
from onetrail.validation.directory import Directory
from onetrail.validation.place import Place
from onetrail.validation.publickeys import PublicKeys, RegionKeys, UnfitStore
from onetrail.validation.result import ChainSeen, Result, Wanted

__all__ = [
    "Bucket",
    "ChainSeen",
    "Check",
    "Directory",
    "Place",
    "PublicKeys",
    "RegionKeys",
    "Result",
    "UnfitStore",
    "Wanted",
    "cloudtrail",
    "open_bucket",
]
