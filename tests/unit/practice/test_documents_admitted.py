"""The practice estate takes the policy documents that AWS takes, and refuses the others in AWS's words."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from onetrail.iam.limits import LIMITS, DocumentKind
from onetrail.practice import accounts
from tests.unit.practice.knocking import Estate

ADMIN, LOG_ADMIN = f"{accounts.SOURCE}/TrailConsolidation", f"{accounts.LOG}/OrganizationAccountAccessRole"
ADMIN_ARN = f"arn:aws:iam::{accounts.SOURCE}:role/TrailConsolidation"
BUCKET, OBJECTS = "arn:aws:s3:::box", "arn:aws:s3:::box/*"
COPY_SOURCE = {"StringNotLike": {"s3:x-amz-copy-source": "old/*"}}


def answer(deed: Any, **given: Any) -> tuple[str, str]:
    """Code and message of the refusal; two empty texts where the call goes through."""
    try:
        deed(**given)
    except ClientError as err:
        return str(err.response["Error"]["Code"]), str(err.response["Error"]["Message"])
    return "", ""


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, separators=(",", ":"))


def allow(**parts: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **parts}


def padded(size: int, *statements: Mapping[str, Any]) -> str:
    """A document of exactly that many bytes, by the Sid of its first statement."""
    first, *others = statements
    spare = size - len(document({"Sid": "", **first}, *others))
    return document({"Sid": "x" * spare, **first}, *others)


@pytest.fixture
def s3(estate: Estate) -> Any:
    """A client of the source account's administrator, and its bucket `box`."""
    client = estate.client("s3", ADMIN)
    client.create_bucket(Bucket="box")
    return client


NO_ACTION = "Policy has invalid action"
NO_RESOURCE = "Action does not apply to any resource(s) in statement"
NO_KEY = "Conditions do not apply to combination of actions and resources in statement"
FIT = [
    # parts of the statement, what S3 says
    ({"Action": "s3:GetObject"}, ""),
    ({"Action": "s3:Get*", "Resource": [BUCKET, OBJECTS]}, ""),
    ({"Action": "s3:GetObjekt"}, NO_ACTION),
    ({"Action": "iam:PassRole"}, NO_ACTION),
    ({"Action": "s3:ListBucket"}, NO_RESOURCE),
    ({"Action": "s3:GetObject", "Resource": BUCKET}, NO_RESOURCE),
    ({"Action": ["s3:GetObject", "s3:ListBucket"]}, NO_RESOURCE),
    ({"Action": "s3:PutObject", "Condition": COPY_SOURCE}, ""),
    ({"Action": ["s3:PutObject", "s3:ReplicateObject", "s3:ReplicateTags"], "Condition": COPY_SOURCE}, NO_KEY),
    ({"Action": "s3:*", "Condition": COPY_SOURCE}, ""),
    ({"Action": "s3:GetObject", "Condition": {"StringEquals": {"s3:prefix": "x"}}}, NO_KEY),
    ({"NotAction": ["s3:Get*", "s3:List*"], "Condition": COPY_SOURCE}, ""),
    ({"NotAction": ["s3:Gte*"]}, NO_ACTION),
    ({"Action": "s3:GetObject", "Resource": "arn:aws:s3:::other/*"}, "Policy has invalid resource"),
    (
        {"Action": "s3:GetObject", "Principal": {"AWS": "AROAOTPRACTICEGONE01"}},
        "Invalid principal in policy",
    ),  # of a role that is gone
    (
        {"Action": "s3:GetObject", "Principal": {"AWS": f"arn:aws:iam::{accounts.LOG}:role/none"}},
        "Invalid principal in policy",
    ),
]


@pytest.mark.parametrize(("parts", "said"), FIT)
def test_a_bucket_policy_whose_parts_do_not_fit_is_refused_in_s3s_words(s3: Any, parts: Any, said: str) -> None:
    """The opening of the archive as it once was, a mixed list under s3:x-amz-copy-source, is among them."""
    whole = {"Effect": "Deny", "Principal": {"AWS": ADMIN_ARN}, "Resource": OBJECTS, **parts}
    code, message = answer(s3.put_bucket_policy, Bucket="box", Policy=document(whole))
    assert (code, message) == (("MalformedPolicy", said) if said else ("", ""))


def test_a_bucket_policy_counts_without_white_space(s3: Any) -> None:
    """20,480 bytes are taken, however they are laid out, and one more is not."""
    most = LIMITS[DocumentKind.BUCKET].most
    own = {"Effect": "Allow", "Principal": {"AWS": ADMIN_ARN}, "Action": "s3:GetObject", "Resource": OBJECTS}
    spacious = json.dumps(json.loads(padded(most, own)), indent=40)
    assert answer(s3.put_bucket_policy, Bucket="box", Policy=padded(most, own))[0] == ""
    assert answer(s3.put_bucket_policy, Bucket="box", Policy=spacious)[0] == ""
    assert answer(s3.put_bucket_policy, Bucket="box", Policy=padded(most + 1, own))[0] == "PolicyTooLarge"


def test_a_public_policy_is_refused_by_the_public_access_block(s3: Any) -> None:
    """403 in AWS's words; the same document goes through once the block is gone."""
    text = document({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": OBJECTS})
    code, message = answer(s3.put_bucket_policy, Bucket="box", Policy=text)
    assert code == "AccessDenied"
    assert "because public policies are blocked by the BlockPublicPolicy block public access setting" in message
    s3.delete_public_access_block(Bucket="box")
    assert answer(s3.put_bucket_policy, Bucket="box", Policy=text) == ("", "")


def test_only_the_owners_account_sets_a_bucket_policy(estate: Estate, s3: Any) -> None:
    """An identity of another account that is permitted gets 405; one that is not gets 403."""
    stranger = estate.client("s3", LOG_ADMIN)
    assert answer(stranger.get_bucket_policy, Bucket="box")[0] == "AccessDenied"
    arn = f"arn:aws:iam::{accounts.LOG}:role/OrganizationAccountAccessRole"
    let = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "s3:*", "Resource": [BUCKET, OBJECTS]}
    s3.put_bucket_policy(Bucket="box", Policy=document(let))
    for call, given in (
        (stranger.get_bucket_policy, {}),
        (stranger.put_bucket_policy, {"Policy": document(let)}),
        (stranger.delete_bucket_policy, {}),
    ):
        assert answer(call, Bucket="box", **given)[0] == "MethodNotAllowed"


def test_the_inline_policies_of_a_role_count_together(estate: Estate) -> None:
    """10,240 characters in all; a policy that is put again counts once."""
    estate.role(accounts.SOURCE, "full")
    iam, most = estate.client("iam", ADMIN), LIMITS[DocumentKind.ROLE].most

    def put(name: str, size: int) -> tuple[str, str]:
        return answer(iam.put_role_policy, RoleName="full", PolicyName=name, PolicyDocument=padded(size, allow()))

    assert put("first", most + 1)[0] == "LimitExceeded"
    assert put("first", 10_000) == ("", "")
    assert put("first", 10_040) == ("", "")
    code, message = put("second", 201)
    assert (code, message) == ("LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role full")
    assert put("second", 200) == ("", "")


def trust(size: int) -> str:
    return padded(size, {"Effect": "Allow", "Principal": {"AWS": ADMIN_ARN}, "Action": "sts:AssumeRole"})


def test_a_trust_policy_has_2048_characters(estate: Estate) -> None:
    """For a new role and for one that is there."""
    iam = estate.client("iam", ADMIN)
    too_long = ("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")
    assert answer(iam.create_role, RoleName="R", AssumeRolePolicyDocument=trust(2049)) == too_long
    assert answer(iam.create_role, RoleName="R", AssumeRolePolicyDocument=trust(2048)) == ("", "")
    assert answer(iam.update_assume_role_policy, RoleName="R", PolicyDocument=trust(2049)) == too_long


IDENTITY = [
    # statements of an inline policy, what IAM says
    ([allow()], ""),
    ([allow(Action="s3:GetObjekt")], ""),  # IAM does not know what S3 can do
    ([allow(Sid="A"), allow(Sid="A")], "Statement IDs (SID) in a single policy must be unique."),
    ([allow(Principal={"AWS": ADMIN_ARN})], "Policy document should not specify a principal."),
    ([allow(Action="GetObject")], "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
    ([allow(Resource="box")], 'Resource box must be in ARN format or "*".'),
]


@pytest.mark.parametrize(("statements", "said"), IDENTITY)
def test_an_identity_policy_is_refused_in_iams_words(estate: Estate, statements: Any, said: str) -> None:
    """Inline and managed policies alike."""
    estate.role(accounts.SOURCE, "full")
    iam, text = estate.client("iam", ADMIN), document(*statements)
    wanted = ("MalformedPolicyDocument", said) if said else ("", "")
    assert answer(iam.put_role_policy, RoleName="full", PolicyName="p", PolicyDocument=text) == wanted
    assert answer(iam.create_policy, PolicyName="p", PolicyDocument=text) == wanted


def test_a_managed_policy_has_6144_characters(estate: Estate) -> None:
    """And not one more."""
    iam = estate.client("iam", ADMIN)
    code, message = answer(iam.create_policy, PolicyName="p", PolicyDocument=padded(6145, allow()))
    assert (code, message) == ("LimitExceeded", "Cannot exceed quota for PolicySize: 6144")
    assert answer(iam.create_policy, PolicyName="p", PolicyDocument=padded(6144, allow())) == ("", "")


DENY = {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"}
RCP = {**DENY, "Principal": "*"}
MALFORMED, TOO_LONG = "MalformedPolicyDocumentException", "ConstraintViolationException"
CONTROLS = [
    # type, document, code
    ("SERVICE", document(DENY), ""),
    ("SERVICE", document({**DENY, "NotAction": "s3:Get*", "Action": None}), MALFORMED),
    ("SERVICE", document({"Effect": "Deny", "NotAction": "s3:Get*", "Resource": "*"}), ""),
    ("SERVICE", document(RCP), MALFORMED),  # no Principal in an SCP
    ("SERVICE", document(allow(Resource=OBJECTS)), MALFORMED),
    ("SERVICE", document(allow(Action="*")), ""),
    ("SERVICE", padded(10_240, DENY), ""),
    ("SERVICE", padded(10_241, DENY), TOO_LONG),
    ("RESOURCE", document(RCP), ""),
    ("RESOURCE", document(DENY), MALFORMED),
    ("RESOURCE", document({**RCP, "Principal": {"AWS": "*"}}), MALFORMED),
    ("RESOURCE", document({**RCP, "Effect": "Allow"}), MALFORMED),
    ("RESOURCE", document({**RCP, "Action": "*"}), MALFORMED),
    ("RESOURCE", document({"Effect": "Deny", "Principal": "*", "NotAction": "s3:Get*", "Resource": "*"}), MALFORMED),
    ("RESOURCE", document({"Effect": "Deny", "NotPrincipal": "*", "Action": "s3:*", "Resource": "*"}), MALFORMED),
    ("RESOURCE", padded(5_120, RCP), ""),
    ("RESOURCE", padded(5_121, RCP), TOO_LONG),
]


@pytest.mark.parametrize(("kind", "text", "code"), CONTROLS)
def test_a_control_policy_is_one_that_organizations_takes(estate: Estate, kind: str, text: str, code: str) -> None:
    """The same when it is made and when it is changed."""
    organizations = estate.client("organizations")
    kind = f"{kind}_CONTROL_POLICY"
    given = {"Description": "d", "Type": kind}
    assert answer(organizations.create_policy, Name="one", Content=text, **given)[0] == code
    fine = document(RCP if kind.startswith("RESOURCE") else DENY)
    made = organizations.create_policy(Name="two", Content=fine, **given)["Policy"]["PolicySummary"]["Id"]
    assert answer(organizations.update_policy, PolicyId=made, Content=text)[0] == code
    assert answer(organizations.update_policy, PolicyId=made, Name="three") == ("", "")


def own_key(who: str = f"arn:aws:iam::{accounts.SOURCE}:root", **parts: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"AWS": who}, "Action": "kms:*", "Resource": "*", **parts}


MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
KEY_POLICIES = [
    # document, code
    (document(own_key()), ""),
    (document(own_key(ADMIN_ARN)), ""),
    (document(own_key(), {"Sid": "Idle", "Effect": "Allow", "Principal": "*"}), ""),  # without Action: taken, no effect
    (document(own_key(f"arn:aws:iam::{accounts.LOG}:root")), MALFORMED),  # the caller shuts itself out
    (document(own_key(Condition=MFA)), MALFORMED),  # a condition does not count
    (document(own_key(), own_key("AROAOTPRACTICEGONE01", Action="kms:Decrypt")), MALFORMED),
    (document(own_key(), {**own_key(), "Effect": "Deny", "Action": "kms:PutKeyPolicy"}), MALFORMED),
    ("not json", MALFORMED),
    (padded(32_768, own_key()), ""),
    (padded(32_769, own_key()), "LimitExceededException"),
]


@pytest.mark.parametrize(("text", "code"), KEY_POLICIES)
def test_a_key_policy_is_one_that_kms_takes(estate: Estate, text: str, code: str) -> None:
    """The same for a new key and for one that is there; the look for a lock-out can be waived."""
    kms = estate.client("kms", ADMIN)
    assert answer(kms.create_key, Policy=text)[0] == code
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    given = {"KeyId": key, "PolicyName": "default", "Policy": text}
    assert answer(kms.put_key_policy, **given)[0] == code
    shut_out = document(own_key(f"arn:aws:iam::{accounts.LOG}:root"))
    waived = {**given, "Policy": shut_out, "BypassPolicyLockoutSafetyCheck": True}
    assert answer(kms.put_key_policy, **waived) == ("", "")
