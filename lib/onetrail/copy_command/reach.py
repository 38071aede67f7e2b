"""Two S3 prefixes as boto3 would reach them: credentials, endpoint, the buckets' regions and owners."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from onetrail.aws import environment
from onetrail.aws.advice import advice
from onetrail.aws.refused import error_code
from onetrail.aws.sessions import new_session
from onetrail.aws.telling import say_line
from onetrail.change import Guard
from onetrail.copy_command.folder import S3Prefix
from onetrail.errors import OnetrailError, WrongUse
from onetrail.names import PRACTICE_KEYS
from onetrail.s3.http.channel import Permit
from onetrail.s3.http.client import S3Client
from onetrail.s3.http.session import attempts, of_boto3
from onetrail.s3.http.transport import LOOPBACK

ANYWHERE: Final = "us-east-1"
"""Where the session names no region."""
_ABSENT: Final = {"404", "NoSuchBucket", "NotFound"}
_REFUSED: Final = {"403", "AccessDenied", "Forbidden"}
_NOT_ACCEPTED: Final = {
    "RequestTimeTooSkewed",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "InvalidClientTokenId",
    "TokenRefreshRequired",
}


class Unreachable(OnetrailError):
    """A bucket could not be read; whether it is there is unknown."""


@dataclass(frozen=True)
class CopySide:
    """One side of a copy: the folder, the account that owns its bucket, the bucket's region, and the transport of that
    region."""

    folder: S3Prefix
    owner: str
    region: str
    client: S3Client


class CopyConnection:
    """Opens both ends of a copy with one identity; close it after use.

    `profile` is `""` for AWS_PROFILE or the environment. Credentials, endpoints and CA bundles are found as boto3 finds
    them. Raises WrongUse where there are no credentials.
    """

    def __init__(self, profile: str = "") -> None:
        try:
            self._session = boto3.Session(botocore_session=new_session(profile or None))
            self._credentials = self._session.get_credentials()
        except BotoCoreError as err:
            raise WrongUse(f"the credentials cannot be read: {_short(err)}; correct AWS_PROFILE or ~/.aws") from err
        if self._credentials is None:
            whose, login = (f" in profile {profile}", f" --profile {profile}") if profile else ("", "")
            raise WrongUse(f"no AWS credentials were found{whose}; sign in (for instance: aws sso login{login})")
        self._region = self._session.region_name or ANYWHERE
        self._s3 = self._client("s3")
        url = str(self._s3.meta.endpoint_url)
        self._practice = str(self._credentials.access_key).startswith(PRACTICE_KEYS)
        if self._practice and urlsplit(url).hostname not in LOOPBACK:
            raise WrongUse(
                "the credentials are those of the practice estate; set AWS_ENDPOINT_URL to its address, or sign in"
                " to AWS"
            )
        self._account = ""
        self._transports: dict[str, S3Client] = {}

    def ends(
        self, source: S3Prefix, target: S3Prefix, guard: Guard, source_owner: str = "", target_owner: str = ""
    ) -> tuple[CopySide, CopySide]:
        """Both places, looked at. Without an owner, the account of the credentials is taken to own the bucket, and that
        is checked.

        Raises WrongUse where there is no such bucket or another account owns it, Unreachable where it could not be
        read.
        """
        owners = [owner or self.account() for owner in (source_owner, target_owner)]
        regions = [
            self._looked_at(where, owner, option if not given else "")
            for where, owner, given, option in zip(
                (source, target),
                owners,
                (source_owner, target_owner),
                ("--from-owner", "--to-owner"),
                strict=True,
            )
        ]
        ask = partial(guard.check, owners[1])
        one, other = (
            CopySide(where, owner, region, self._transport(region, ask))
            for where, owner, region in zip((source, target), owners, regions, strict=True)
        )
        return one, other

    def account(self) -> str:
        """The account of the credentials, as STS says."""
        if not self._account:
            try:
                self._account = str(self._client("sts").get_caller_identity()["Account"])
            except (ClientError, BotoCoreError) as err:
                raise Unreachable(
                    f"STS does not identify the credentials: {_short(err)}; {advice(err)}, or give --from-owner and"
                    " --to-owner"
                ) from err
        return self._account

    def close(self) -> None:
        """Close the connections."""
        for transport in self._transports.values():
            transport.close()

    def _client(self, service: str, region: str = "") -> Any:
        config = Config(
            retries={"mode": "standard", "total_max_attempts": 3},
            connect_timeout=10,
            read_timeout=60,
            user_agent_extra="onetrail",
        )
        return self._session.client(service, region_name=region or self._region, config=config)

    def _looked_at(self, where: S3Prefix, owner: str, option: str) -> str:
        """The bucket's region; `option` is the option that names the owner, if it was not given."""
        try:
            return self._region_of(self._s3.head_bucket(Bucket=where.bucket, ExpectedBucketOwner=owner))
        except ClientError as err:
            code = error_code(err)
            if code in _ABSENT:
                raise WrongUse(f"there is no bucket {where.bucket}: check its name") from err
            if code in _REFUSED and option and self._seen_without_owner(where):
                raise WrongUse(
                    f"{where.bucket} is not owned by account {owner}, the account of the credentials: "
                    f"give its account with {option}"
                ) from err
            if code in _NOT_ACCEPTED:
                raise WrongUse(f"the credentials are not accepted: {code}; {advice(err)}") from err
            raise Unreachable(
                f"bucket {where.bucket} of account {owner} cannot be read: {code}; "
                "check the account, and that s3:ListBucket is allowed"
            ) from err
        except BotoCoreError as err:
            raise Unreachable(
                f"bucket {where.bucket} cannot be reached: {_short(err)}; check network and endpoint"
            ) from err

    def _seen_without_owner(self, where: S3Prefix) -> bool:
        try:
            self._s3.head_bucket(Bucket=where.bucket)
        except (ClientError, BotoCoreError):
            return False
        return True

    def _region_of(self, answer: Mapping[str, Any]) -> str:
        headers = answer["ResponseMetadata"]["HTTPHeaders"]
        return str(answer.get("BucketRegion") or headers.get("x-amz-bucket-region") or self._region)

    def _transport(self, region: str, permit: Permit) -> S3Client:
        if region not in self._transports:
            credentials = self._credentials
            profile = self._session._session.get_scoped_config()
            self._transports[region] = S3Client(
                region,
                None,
                lambda: credentials.get_frozen_credentials(),
                self._session.get_partition_for_region(region),
                permit=permit,
                tell=say_line,
                correct_clock=not self._practice,  # the estate's clock is its own
                **of_boto3(self._s3 if region == self._region else self._client("s3", region)),
                **attempts(environment.aws_variables(), profile),
            )
        return self._transports[region]


def _short(err: Exception) -> str:
    return error_code(err) if isinstance(err, ClientError) else str(err).splitlines()[0]
