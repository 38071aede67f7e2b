"""One expectation, and the shortest way to write one down."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from onetrail.iam.builders.archive_facts import Archive
from onetrail.iam.document import VERSION, Document
from onetrail.iam.request import IN_AN_ACCOUNT, ContextValue, Principal, Request, role
from onetrail.iam.statement import prepared


class PolicyState(StrEnum):
    """What the archive's policy is meant to be while it is judged: steady, or one of step 05's, before and after it has
    expired."""

    STEADY = "steady"
    WINDOW = "window"
    OPEN = "open"
    EXPIRED = "expired"


ADMINISTRATOR: Final[Document] = prepared(
    {
        "Version": VERSION,
        "Statement": [{"Sid": "AdministratorAccess", "Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
)
"""What every caller with an identity is given here: the bucket must refuse even administrators."""

OWNER_ACL: Final = {"s3:x-amz-acl": "bucket-owner-full-control"}


@dataclass(frozen=True)
class Expectation:
    """One request and the verdict it must get."""

    name: str
    request: Request
    identity_policies: tuple[Document, ...]
    wanted: bool


@dataclass(frozen=True)
class Ask:
    """Writes expectations about one archive at one instant (ISO 8601, UTC); over TLS unless said."""

    archive: Archive
    now: str

    def row(
        self,
        name: str,
        who: Principal,
        action: str,
        resource: str,
        wanted: bool,
        context: Mapping[str, ContextValue] | None = None,
    ) -> Expectation:
        """The expectation that `who`, an administrator at home, may or may not do this."""
        keys = {"aws:SecureTransport": "true", "aws:CurrentTime": self.now, **(context or {})}
        identity = (ADMINISTRATOR,) if who.kind in IN_AN_ACCOUNT else ()
        return Expectation(name, Request(who, action, resource, self.archive.log_account, keys), identity, wanted)

    def log(self, account: str = "") -> str:
        """ARN of a log object of the account, the first source account unless named."""
        found = self.archive
        folder = f"{found.prefix}AWSLogs/{account or found.source_accounts[0]}"
        return f"{found.bucket_arn}/{folder}/CloudTrail/us-east-1/2026/01/12/log.json.gz"

    @property
    def conflict(self) -> str:
        """ARN of a log in the conflicts folder, since another has its key."""
        return f"{self.archive.bucket_arn}/onetrail-conflicts/old-bucket/AWSLogs/log.json.gz"

    @property
    def elsewhere(self) -> str:
        """ARN of an object that is no log."""
        return f"{self.archive.bucket_arn}/elsewhere/log.json.gz"

    def administrator(self, account: str = "") -> Principal:
        """An administrator of the account, the log account unless named; none of our roles."""
        owner = account or self.archive.log_account
        return role(f"arn:{self.archive.partition}:iam::{owner}:role/administrator")
