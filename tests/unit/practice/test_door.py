"""Who comes in at the door: signatures, keys, sessions, regions, transports, the request log."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from onetrail.practice import accounts
from onetrail.practice.state.clock import wall_now
from tests.unit.practice.knocking import Estate

Refused = Callable[..., str]
ADMIN = f"{accounts.SOURCE}/TrailConsolidation"
LOG_ADMIN = f"{accounts.LOG}/OrganizationAccountAccessRole"


def test_the_base_identity_is_the_platform_engineer(estate: Estate) -> None:
    """The practice key is a session of PlatformEngineer in the management account."""
    caller = estate.client("sts").get_caller_identity()
    assert caller["Account"] == accounts.MANAGEMENT
    assert caller["Arn"] == f"arn:aws:sts::{accounts.MANAGEMENT}:assumed-role/PlatformEngineer/engineer"


@pytest.mark.parametrize(
    ("service", "call", "key", "secret", "code"),
    [
        ("s3", "list_buckets", "OTPRACTICE0NOBODY000", "x", "InvalidAccessKeyId"),
        ("s3", "list_buckets", accounts.ACCESS_KEY_ID, "wrong", "SignatureDoesNotMatch"),
        ("sts", "get_caller_identity", "OTPRACTICE0NOBODY000", "x", "InvalidClientTokenId"),
        ("sts", "get_caller_identity", accounts.ACCESS_KEY_ID, "wrong", "SignatureDoesNotMatch"),
        (
            "organizations",
            "describe_organization",
            "OTPRACTICE0NOBODY000",
            "x",
            "UnrecognizedClientException",
        ),
        ("organizations", "describe_organization", accounts.ACCESS_KEY_ID, "wrong", "SignatureDoesNotMatch"),
        ("account", "list_regions", accounts.ACCESS_KEY_ID, "wrong", "SignatureDoesNotMatch"),
    ],
)
def test_unknown_keys_and_wrong_secrets_are_refused(
    estate: Estate, refused: Refused, service: str, call: str, key: str, secret: str, code: str
) -> None:
    """Each protocol words the refusal in its own way, so that boto3 reads the code."""
    client = estate.client(service, aws_access_key_id=key, aws_secret_access_key=secret)
    assert refused(getattr(client, call)) == code


@pytest.mark.parametrize(
    ("trusts", "account", "code"),
    [
        (
            accounts.ENGINEER_ROLE,
            accounts.SOURCE,
            "",
        ),  # named, other account, and the engineer is an administrator
        (f"arn:aws:iam::{accounts.MANAGEMENT}:root", accounts.SOURCE, ""),  # its account is named
        (f"arn:aws:iam::{accounts.LOG}:root", accounts.SOURCE, "AccessDenied"),  # somebody else is named
        (f"arn:aws:iam::{accounts.LOG}:root", accounts.MANAGEMENT, "AccessDenied"),  # also in its own account
    ],
)
def test_a_role_is_assumed_only_by_whom_it_trusts(
    estate: Estate, refused: Refused, trusts: str, account: str, code: str
) -> None:
    """The trust policy decides, in the same account as across accounts."""
    estate.role(account, "Guest", trusts=trusts)
    arn = f"arn:aws:iam::{account}:role/Guest"
    assert refused(estate.client("sts").assume_role, RoleArn=arn, RoleSessionName="test") == code


def test_a_role_that_does_not_exist_is_refused(estate: Estate, refused: Refused) -> None:
    """moto would hand out keys for any ARN; AWS does not."""
    arn = f"arn:aws:iam::{accounts.SOURCE}:role/Ghost"
    assert refused(estate.client("sts").assume_role, RoleArn=arn, RoleSessionName="test") == "AccessDenied"


def test_sessions_carry_the_prefix_and_work_until_they_expire(estate: Estate, refused: Refused) -> None:
    """A session's key is accepted with its token, refused without it, and refused once its time is over."""
    arn = f"arn:aws:iam::{accounts.SOURCE}:role/TrailConsolidation"
    made = estate.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    assert made["AccessKeyId"].startswith("OTPRACTICESESS") and made["SessionToken"].startswith("OTPRACTICE")
    keys = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
    s3 = estate.client("s3", aws_session_token=made["SessionToken"], **keys)
    assert refused(s3.list_buckets) == ""
    assert refused(estate.client("s3", **keys).list_buckets) == "InvalidToken"
    estate.world.keyring.expire(made["AccessKeyId"], wall_now() - timedelta(seconds=1))
    assert refused(s3.list_buckets) == "ExpiredToken"


def test_a_session_dies_with_its_role(estate: Estate, refused: Refused) -> None:
    """A role made again under the old name is another role."""
    estate.role(accounts.SOURCE, "Short", {"Effect": "Allow", "Action": "*", "Resource": "*"})
    s3 = estate.client("s3", f"{accounts.SOURCE}/Short")
    assert refused(s3.list_buckets) == ""
    iam = estate.client("iam", ADMIN)
    iam.delete_role_policy(RoleName="Short", PolicyName="only")
    iam.delete_role(RoleName="Short")
    estate.role(accounts.SOURCE, "Short", {"Effect": "Allow", "Action": "*", "Resource": "*"})
    assert refused(s3.list_buckets) == "AccessDenied"


def test_a_call_through_the_wrong_region_is_redirected(estate: Estate) -> None:
    """S3 answers 301 and names the region; boto3 follows by itself."""
    estate.client("s3", ADMIN, "eu-west-1").create_bucket(
        Bucket="in-ireland", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    there = estate.client("s3", ADMIN, "us-east-1")
    assert there.head_bucket(Bucket="in-ireland")["BucketRegion"] == "eu-west-1"
    seen = estate.world.requests.since(0)["requests"]
    assert [entry["status"] for entry in seen if entry["operation"] == "HeadBucket"] == [301, 200]


def test_the_plain_listener_does_not_count_as_tls(estate: Estate, refused: Refused) -> None:
    """A policy on aws:SecureTransport bites on the second listener only."""
    estate.client("s3", ADMIN).create_bucket(Bucket="tls-only")
    everything = ["arn:aws:s3:::tls-only", "arn:aws:s3:::tls-only/*"]
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    estate.policy(
        "tls-only",
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": everything, "Condition": insecure},
    )
    assert refused(estate.client("s3", ADMIN).head_bucket, Bucket="tls-only") == ""
    assert refused(estate.client("s3", ADMIN, secure=False).list_objects_v2, Bucket="tls-only") == "AccessDenied"


@pytest.mark.parametrize(
    ("service", "call", "kwargs"),
    [
        ("accessanalyzer", "list_analyzers", {}),
        ("pricing", "describe_services", {}),
        ("iam", "simulate_custom_policy", {"PolicyInputList": [], "ActionNames": ["s3:GetObject"]}),
        ("service-quotas", "list_services", {}),
        ("s3control", "list_access_points", {"AccountId": accounts.SOURCE}),
        ("securitylake", "list_data_lakes", {}),
    ],
)
def test_what_the_estate_lacks_it_says_in_the_protocol(
    estate: Estate, service: str, call: str, kwargs: dict[str, object]
) -> None:
    """NotImplemented with status 501, never an HTML page."""
    with pytest.raises(ClientError) as caught:
        getattr(estate.client(service, ADMIN), call)(**kwargs)
    assert caught.value.response["Error"]["Code"] == "NotImplemented"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_every_request_is_logged_and_every_answer_has_the_banner(estate: Estate) -> None:
    """The log names caller, operation, resource, and whether anything was to change."""
    answer = estate.client("s3", ADMIN).create_bucket(Bucket="logged")
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-onetrail-practice"] == "7"
    entry = estate.world.requests.since(0)["requests"][-1]
    assert entry["request_id"] == answer["ResponseMetadata"]["RequestId"]
    assert entry | {"n": 0, "request_id": ""} == {
        "n": 0,
        "account": accounts.SOURCE,
        "region": "us-east-1",
        "service": "s3",
        "operation": "CreateBucket",
        "arn": f"arn:aws:sts::{accounts.SOURCE}:assumed-role/TrailConsolidation/test",
        "mutating": True,
        "status": 200,
        "request_id": "",
        "resource": "arn:aws:s3:::logged",
    }


def test_request_ids_of_query_services_are_the_logged_ones(estate: Estate) -> None:
    """A caller can look its own call up by the id it was given."""
    answer = estate.client("iam", ADMIN).list_roles()
    assert estate.world.requests.since(0)["requests"][-1]["request_id"] == answer["ResponseMetadata"]["RequestId"]


def test_management_events_go_to_the_sink_and_object_calls_do_not(estate: Estate) -> None:
    """CloudTrail hears of a bucket's creation, with the caller and the request id; not of an object's."""
    heard: list[object] = []
    estate.practice.journal.listener = heard.append
    try:
        s3 = estate.client("s3", ADMIN)
        made = s3.create_bucket(Bucket="heard")
        s3.put_object(Bucket="heard", Key="k", Body=b"x")
    finally:
        estate.practice.journal.listener = None
    assert [event.operation for event in heard] == ["CreateBucket"]  # type: ignore[attr-defined]
    assert heard[0].request_id == made["ResponseMetadata"]["RequestId"]  # type: ignore[attr-defined]


def test_regions_follow_each_account_opt_in_table(estate: Estate) -> None:
    """Twenty regions in the source account, seventeen in the management account, and a refusal in the others."""

    def names(who: str) -> set[str]:
        return {row["RegionName"] for row in estate.client("ec2", who).describe_regions()["Regions"]}

    assert len(names(ADMIN)) == 20 and len(names("")) == 17
    rows = estate.client("account", ADMIN).list_regions(RegionOptStatusContains=["ENABLED"])["Regions"]
    assert [row["RegionName"] for row in rows] == ["af-south-1", "ap-east-1", "eu-south-1"]
    status = estate.client("account", ADMIN).get_region_opt_status(RegionName="me-south-1")
    assert status["RegionOptStatus"] == "DISABLED"
    with pytest.raises(ClientError, match="UnrecognizedClient"):
        estate.client("kms", ADMIN, "me-south-1").list_keys()


def test_scps_bind_members_and_not_the_management_account(estate: Estate, refused: Refused) -> None:
    """A Deny at the root of the organization refuses the member's administrator and not the management account's."""
    organizations = estate.client("organizations")
    root = organizations.list_roots()["Roots"][0]["Id"]
    document = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"kms:CreateKey","Resource":"*"}]}'
    made = organizations.create_policy(
        Content=document, Description="no keys", Name="no-keys", Type="SERVICE_CONTROL_POLICY"
    )
    assert refused(estate.client("kms", ADMIN).create_key) == ""
    organizations.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=root)
    assert refused(estate.client("kms", ADMIN).create_key) == "AccessDeniedException"
    assert refused(estate.client("kms").create_key) == ""


def test_a_trust_policy_names_only_principals_that_exist(estate: Estate, refused: Refused) -> None:
    """A role that does not exist cannot be trusted; one that does can."""
    iam = estate.client("iam", LOG_ADMIN)
    allow = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"sts:AssumeRole"}]}'
    )
    ghost = allow % f"arn:aws:iam::{accounts.SOURCE}:role/Ghost"
    assert refused(iam.create_role, RoleName="R", AssumeRolePolicyDocument=ghost) == "MalformedPolicyDocument"
    assert refused(iam.create_role, RoleName="R", AssumeRolePolicyDocument=allow % accounts.ENGINEER_ROLE) == ""


def test_root_user_and_credential_report(estate: Estate) -> None:
    """The log account has no root credentials; the report starts with the root user's row."""
    iam = estate.client("iam", LOG_ADMIN)
    summary = iam.get_account_summary()["SummaryMap"]
    assert [summary[f"Account{name}Present"] for name in ("Password", "AccessKeys", "SigningCertificates")] == [0, 0, 0]
    iam.generate_credential_report()
    lines = iam.get_credential_report()["Content"].decode().splitlines()
    assert lines[1].startswith(f"<root_account>,arn:aws:iam::{accounts.LOG}:root,")
    assert len(lines[0].split(",")) == len(lines[1].split(","))


def test_central_root_access_is_switched_in_the_management_account(estate: Estate, refused: Refused) -> None:
    """Listed as enabled afterwards; a member account may not ask."""
    iam = estate.client("iam")
    assert iam.list_organizations_features()["EnabledFeatures"] == []
    iam.enable_organizations_root_credentials_management()
    assert iam.list_organizations_features()["EnabledFeatures"] == ["RootCredentialsManagement"]
    assert refused(estate.client("iam", ADMIN).list_organizations_features).startswith("AccountNotManagement")


def test_the_account_public_access_block_is_found_by_header(estate: Estate, refused: Refused) -> None:
    """S3 Control names the account in a header; the host tells nothing on loopback."""
    control = estate.client("s3control", LOG_ADMIN)
    flags = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    code = refused(control.get_public_access_block, AccountId=accounts.LOG)
    assert code == "NoSuchPublicAccessBlockConfiguration"
    control.put_public_access_block(AccountId=accounts.LOG, PublicAccessBlockConfiguration=flags)
    assert control.get_public_access_block(AccountId=accounts.LOG)["PublicAccessBlockConfiguration"] == flags
    assert refused(control.get_public_access_block, AccountId=accounts.SOURCE) == "AccessDenied"


def head(estate: Estate, *lines: str, host: str = "", path: str = "/") -> bytes:
    """A request without a body, as bytes; it asks for the connection to be closed after its answer."""
    said = [f"GET {path} HTTP/1.1", f"Host: {host or urlsplit(estate.endpoint).netloc}", "Connection: close"]
    return "\r\n".join([*said, *lines, "", ""]).encode()


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def port(estate: Estate) -> int:
    return int(urlsplit(estate.endpoint).port or 0)


@pytest.mark.parametrize(
    ("host", "answered"),
    [
        ("127.0.0.1:{port}", 403),  # nobody signed it, and that is what is said
        ("localhost:{port}", 403),
        ("LOCALHOST:{port}", 403),
        ("attacker.example:{port}", 421),  # a page whose name leads to loopback
        ("127.0.0.1.attacker.example:{port}", 421),
        ("attacker.localhost:{port}", 421),
        ("127.0.0.1", 421),  # another port
        ("127.0.0.1:1", 421),
        ("s3.amazonaws.com", 421),
    ],
)
def test_the_door_answers_under_its_own_name_alone(estate: Estate, host: str, answered: int) -> None:
    """Whatever else the request holds, the control calls included. Twin: the names that lead here."""
    named = host.format(port=port(estate))
    assert status(estate.raw(head(estate, host=named))) == answered
    if answered == 421:
        assert status(estate.raw(head(estate, host=named, path="/_practice/status"))) == 421
        assert status(estate.raw(head(estate, path=f"http://{named}/"))) == 421


def test_a_host_that_is_missing_or_said_twice_is_refused(estate: Estate) -> None:
    """Two readers of such a request may take it for two. Twin: the test above."""
    assert status(estate.raw(b"GET / HTTP/1.1\r\n\r\n")) == 421
    assert status(estate.raw(head(estate, f"Host: 127.0.0.1:{port(estate)}"))) == 400


@pytest.mark.parametrize(
    ("lines", "answered"),
    [
        ([f"x-{number}: y" for number in range(200)], 403),
        (["x-long: " + "y" * 60_000], 403),
        ([f"x-{number}: y" for number in range(300)], 431),
        ([f"x-{number}: y" for number in range(100_000)], 431),
        (["x-long: " + "y" * 70_000], 431),
        (["x-long: " + "y" * 8_000_000], 431),
    ],
    ids=["200 headers", "60 KB", "300 headers", "100,000 headers", "70 KB", "8 MB"],
)
def test_a_head_that_is_too_large_is_refused_before_anybody_is_asked_who_it_is(
    estate: Estate, lines: list[str], answered: int
) -> None:
    """431, and nothing of it in the request log. Twin: one that is large and no larger than that."""
    asked = len(estate.world.requests.since(0)["requests"])
    assert status(estate.raw(head(estate, *lines))) == answered
    assert len(estate.world.requests.since(0)["requests"]) - asked == (answered == 403)


def test_a_head_without_an_end_is_refused_as_soon_as_it_is_too_large(estate: Estate) -> None:
    """One header, or a request target, that goes on and on. Twin: the 60 KB above."""
    whole = head(estate, "x-long: " + "y" * 500_000)
    assert status(estate.raw(whole[:400_000])) == 431
    assert status(estate.raw(b"GET /" + b"y" * 400_000)) == 431


@pytest.mark.parametrize(
    ("length", "answered"),
    [
        ("0", 403),
        (str(512 * 1024 * 1024 + 1), 413),
        (str(10**15), 413),
        (str(10**40), 400),  # more than the parser can count to
        ("-1", 400),
        ("many", 400),
    ],
)
def test_a_body_that_is_announced_too_large_is_not_waited_for(estate: Estate, length: str, answered: int) -> None:
    """Nor is the client told to go on with it. Twin: an empty one."""
    answer = estate.raw(head(estate, f"Content-Length: {length}", "Expect: 100-continue" * (length != "0")))
    assert status(answer) == answered


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nx-never: end",
        b"PUT /b/k HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 10\r\n\r\n12345",
    ],
    ids=["target", "head", "body"],
)
def test_a_request_that_stops_is_refused_after_a_while(estate: Estate, sent: bytes) -> None:
    """408, by a listener that waits a fifth of a second. Twin: a connection on which nothing was asked is let alone."""
    waits = estate.listen(wait_seconds=0.2)
    assert status(estate.raw(sent.replace(b"{port}", b"%d" % waits), port=waits)) == 408
    with pytest.raises(TimeoutError):
        estate.raw(b"", port=waits, patience=0.3)
