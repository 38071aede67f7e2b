"""Plausible records of calls that were never made: the history in the old buckets.

Shapes, escapes, sizes and delays as measured on real files. The company `acme` is invented; addresses are from the
documentation ranges 192.0.2.0/24, 198.51.100.0/24 and 203.0.113.0/24; no value is or looks like a live credential.
"""

import re
from bisect import bisect
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import accumulate
from random import Random
from typing import Final, TypeVar

from onetrail.practice.cloudtrail.record_kinds import GLOBAL, REGIONAL, RecordKind
from onetrail.practice.state.clock import iso

T = TypeVar("T")

GLOBAL_ONCE: Final = datetime.fromisoformat("2021-11-22T00:00:00+00:00")
"""From here on global-service events are recorded in us-east-1 only (CloudTrail User Guide, concepts)."""
_LAG: Final = (4, 60, 110, 160, 190, 215, 240, 262, 285, 310, 335, 370, 430, 500, 560, 604)
"""Seconds from event to the five-minute mark in the key: quantiles in equal steps."""
_TOKEN: Final = re.compile(r"@([a-z]+)(\d*)")
_ESCAPES: Final = str.maketrans({"'": "\\u0027", "=": "\\u003d", "<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
_LOWER: Final = "abcdefghijklmnopqrstuvwxyz"
_UPPER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_VERSIONS: Final = ((2021, "1.08"), (2023, "1.08"), (2024, "1.10"), (2025, "1.11"))
_ROLES: Final = (
    "acme-app-prod",
    "acme-ci-deploy",
    "acme-data-pipeline",
    "acme-readonly-audit",
    "acme-node-group",
)
_USERS: Final = ("svc-backup", "legacy-ci", "metrics-agent")
_SERVICES: Final = ("ec2", "lambda", "config", "autoscaling", "elasticloadbalancing", "ecs-tasks")
_NETWORKS: Final = ("192.0.2.", "198.51.100.", "203.0.113.")
_MANAGEMENT: Final = "999988887777"
_TLS: Final = (
    ',"tlsDetails":{"tlsVersion":"TLSv1.2","cipherSuite":"ECDHE-RSA-AES128-GCM-SHA256","clientProvidedHostHeader":"%s"}',
    ',"tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"%s"}',
)
_AGENTS: Final = (
    (
        2021,
        (
            "aws-sdk-go/1.38.35 (go1.15.6; linux; amd64) amazon-ssm-agent/",
            "Boto3/1.17.60 Python/3.8.10 Linux/4.14.232",
            "aws-cli/1.19.53 Python/3.6.9 Linux/5.4.0-1045-aws botocore/1.20.53",
            "console.amazonaws.com",
            "[aws-sdk-java/1.11.999 Linux/4.9.230 OpenJDK_64-Bit_Server_VM/25.282 java/1.8.0_282]",
        ),
    ),
    (
        2023,
        (
            "aws-sdk-go/1.44.260 (go1.19.9; linux; amd64)",
            "Boto3/1.26.120 Python/3.10.11 Linux/5.10.178",
            "aws-cli/2.11.20 Python/3.11.3 Linux/5.10.178 exe/x86_64.amzn.2 prompt/off command/ec2.describe-instances",
            "APN/1.0 HashiCorp/1.0 Terraform/1.4.6 (+https://www.terraform.io)",
            "AWS Internal",
        ),
    ),
    (
        2025,
        (
            "aws-sdk-go-v2/1.36.3 os/linux lang/go#1.24.2 md/GOOS#linux md/GOARCH#arm64 api/ec2#1.210.1",
            "Boto3/1.37.20 md/Botocore#1.37.20 ua/2.1 os/linux#6.1.131 md/arch#aarch64 lang/python#3.12.9",
            "aws-cli/2.25.5 md/awscrt#0.23.8 ua/2.1 os/linux#6.1.131 md/arch#x86_64 lang/python#3.12.9",
            "APN/1.0 HashiCorp/1.0 Terraform/1.11.3 (+https://www.terraform.io)",
        ),
    ),
)


class SeededDraws:
    """Chance that falls the same way on every machine: only Mersenne Twister's floats and bits are used."""

    def __init__(self, *named: object) -> None:
        seed = sha256("\x1f".join(map(str, named)).encode()).digest()
        self._random = Random(int.from_bytes(seed, "big"))
        self.chance = self._random.random
        self.bits = self._random.getrandbits

    def below(self, number: int) -> int:
        """0 to number - 1."""
        return int(self.chance() * number)

    def pick(self, among: Sequence[T]) -> T:
        """One of them."""
        return among[int(self.chance() * len(among))]

    def letters(self, count: int, among: str) -> str:
        """That many characters."""
        return "".join([among[int(self.chance() * len(among))] for _ in range(count)])

    def quantile(self, steps: Sequence[int]) -> int:
        """A value whose quantiles, in equal steps, are these."""
        place = self.chance() * (len(steps) - 1)
        low = int(place)
        return int(steps[low] + (steps[low + 1] - steps[low]) * (place - low))

    def uuid(self) -> str:
        """A version-4 UUID."""
        text = f"{self.bits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[int(text[16], 16) % 4]}{text[17:20]}-{text[20:]}"


def event_time(draws: SeededDraws, mark: datetime, not_before: datetime) -> datetime:
    """When an event happened that is in a file of this mark: 4 s to 10 minutes before it."""
    moment = mark - timedelta(seconds=draws.quantile(_LAG))
    return moment if moment >= not_before else not_before + (mark - not_before) * draws.chance()


def regional_record(draws: SeededDraws, account: str, region: str, moment: datetime) -> str:
    """JSON text of one call in that region."""
    return _record(draws, _drawn(draws, REGIONAL, _REGIONAL_SUMS), account, region, moment)


def global_record(draws: SeededDraws, account: str, moment: datetime) -> str:
    """JSON text of one global-service call; its awsRegion is us-east-1 wherever the record lies."""
    return _record(draws, _drawn(draws, GLOBAL, _GLOBAL_SUMS), account, "us-east-1", moment)


_REGIONAL_SUMS: Final = list(accumulate(kind.weight for kind in REGIONAL))
_GLOBAL_SUMS: Final = list(accumulate(kind.weight for kind in GLOBAL))


def _drawn(draws: SeededDraws, kinds: Sequence[RecordKind], sums: list[int]) -> RecordKind:
    return kinds[bisect(sums, draws.below(sums[-1]))]


def _record(draws: SeededDraws, kind: RecordKind, account: str, region: str, moment: datetime) -> str:
    when, actor = iso(moment), draws.pick(kind.actors)
    identity, address, agent, arn = _actor(draws, actor, account, moment)
    source = f"{kind.service}.amazonaws.com"
    version = _of_year(_VERSIONS, moment.year)
    error = f'"errorCode":"{kind.error[0]}","errorMessage":"{kind.error[1]}",' if kind.error else ""
    resources = f'"resources":{kind.resources},' if kind.resources else ""
    api = f'"apiVersion":"{kind.api_version}",' if kind.api_version else ""
    shared = f'"sharedEventID":"{draws.uuid()}",' if actor in "so" and kind.name == "AssumeRole" else ""
    tls = ""
    if actor in "ruo" and kind.event_type == "AwsApiCall" and (moment.year > 2021 or draws.chance() < 0.3):
        tls = _TLS[moment.year >= 2024] % f"{kind.service}.{region}.amazonaws.com"
        if agent == "console.amazonaws.com":
            tls = ',"sessionCredentialFromConsole":"true"'
    request = f'"requestID":"{draws.uuid()}",' if kind.event_type == "AwsApiCall" else ""
    text = (
        f'{{"eventVersion":"{version}","userIdentity":{identity},"eventTime":"{when}","eventSource":"{source}",'
        f'"eventName":"{kind.name}","awsRegion":"{region}","sourceIPAddress":"{address}","userAgent":"{agent}",'
        f'{error}"requestParameters":{kind.parameters},"responseElements":{kind.response},{kind.extra}{request}'
        f'"eventID":"{draws.uuid()}","readOnly":{str(kind.read_only).lower()},{resources}'
        f'"eventType":"{kind.event_type}",{api}"managementEvent":true,"recipientAccountId":"{account}",{shared}'
        f'"eventCategory":"Management"{tls}}}'
    )
    known = {"account": account, "region": region, "regiona": f"{region}a", "time": when, "arn": arn}
    known |= {
        "date": f"{moment:%Y/%m/%d}",
        "slashed": f"{moment:%b %d, %Y}",
        "session": f"i-{draws.bits(68):017x}",
    }
    return _TOKEN.sub(lambda token: known.get(token[1]) or _filled(draws, token[1], token[2]), text).translate(_ESCAPES)


def _filled(draws: SeededDraws, token: str, count: str) -> str:
    size = int(count or 0)
    if token == "i":
        return f"{draws.bits(4 * size):0{size}x}"
    if token == "n":
        return str(10 ** (size - 1) + draws.below(9 * 10 ** (size - 1)))
    if token == "uuid":
        return draws.uuid()
    return draws.letters(size, _UPPER if token == "u" else _LOWER)


def _of_year(table: Sequence[tuple[int, T]], year: int) -> T:
    return [value for since, value in table if since <= year][-1]


def _actor(draws: SeededDraws, actor: str, account: str, moment: datetime) -> tuple[str, str, str, str]:
    """userIdentity, sourceIPAddress, userAgent and ARN of the caller."""
    if actor in "sc":
        service = "cloudtrail" if actor == "c" else draws.pick(_SERVICES)
        name = f"{service}.amazonaws.com"
        return f'{{"type":"AWSService","invokedBy":"{name}"}}', name, name, name
    if actor == "k":
        return f'{{"accountId":"{account}","invokedBy":"AWS Internal"}}', "AWS Internal", "AWS Internal", ""
    address = f"{draws.pick(_NETWORKS)}{1 + draws.below(254)}"
    agent = draws.pick(_of_year(_AGENTS, moment.year))
    if actor == "o":
        identity = f'{{"type":"AWSAccount","principalId":"AROAOTPRACTICEENGINEER:audit","accountId":"{_MANAGEMENT}"}}'
        return identity, address, agent, ""
    if actor == "R":
        arn = f"arn:aws:iam::{account}:root"
        identity = f'{{"type":"Root","principalId":"{account}","arn":"{arn}","accountId":"{account}","accessKeyId":""}}'
        return (
            identity,
            address,
            "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0",
            arn,
        )
    if actor == "u":
        user = draws.pick(_USERS)
        arn = f"arn:aws:iam::{account}:user/{user}"
        identity = (
            f'{{"type":"IAMUser","principalId":"{_id("AIDA", user)}","arn":"{arn}","accountId":"{account}",'
            f'"accessKeyId":"{_id("AKIA", user)}","userName":"{user}"}}'
        )
        return identity, address, agent, arn
    return _session(draws, account, moment, address, agent)


def _session(draws: SeededDraws, account: str, moment: datetime, address: str, agent: str) -> tuple[str, str, str, str]:
    role = draws.pick(_ROLES)
    session = f"i-{draws.bits(20):05x}0ac3e0000000" if role in ("acme-app-prod", "acme-node-group") else "automation"
    arn = f"arn:aws:sts::{account}:assumed-role/{role}/{session}"
    role_id = _id("AROA", role)
    delivery = ',"ec2RoleDelivery":"2.0"' if session.startswith("i-") and moment.year > 2021 else ""
    created = iso(moment - timedelta(seconds=draws.below(3500)))
    identity = (
        f'{{"type":"AssumedRole","principalId":"{role_id}:{session}","arn":"{arn}","accountId":"{account}",'
        f'"accessKeyId":"ASIAOTPRACTICE{draws.letters(6, _UPPER)}","sessionContext":{{"sessionIssuer":{{"type":"Role",'
        f'"principalId":"{role_id}","arn":"arn:aws:iam::{account}:role/{role}","accountId":"{account}",'
        f'"userName":"{role}"}},"webIdFederationData":{{}},"attributes":{{"creationDate":"{created}",'
        f'"mfaAuthenticated":"false"}}{delivery}}}}}'
    )
    return identity, address, agent, arn


_IDS: Final[dict[str, str]] = {}


def _id(prefix: str, name: str) -> str:
    """A unique id as IAM shows it, of a fixed middle part."""
    if prefix + name not in _IDS:
        digest = sha256(name.encode()).digest()
        _IDS[prefix + name] = f"{prefix}OTPRACTICE" + "".join(
            _UPPER[byte % 32] for byte in digest[: 6 if "K" in prefix else 7]
        )
    return _IDS[prefix + name]
