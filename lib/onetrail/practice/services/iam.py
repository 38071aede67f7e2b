"""IAM where moto would lie: which policies it takes, the root user, the credential report, central root access.

Source: IAM API Reference; IAM User Guide, "IAM and AWS STS quotas", "Getting credential reports", "Centralize root
access".
"""

import base64
import re
from typing import Any

from onetrail.iam import PolicyError, parse, statements
from onetrail.iam.limits import LIMITS, DocumentKind, size
from onetrail.practice.calls import ServiceAnswer, ServiceCall, ServiceError
from onetrail.practice.iam.authorize import decoded
from onetrail.practice.moto.backends import iam_backend
from onetrail.practice.moto.policy_checks import identity_policy_fault, trust_policy_fault
from onetrail.practice.s3.policy import principals_missing
from onetrail.practice.state.clock import iso
from onetrail.practice.state.world import World

FEATURES = {"RootCredentialsManagement": "rootcredentials", "RootSessions": "rootsessions"}


def root_of(world: World, account: str) -> dict[str, int]:
    """What GetAccountSummary says about an account's root user; a management account has a password and MFA.

    A scenario says otherwise in `world.account_settings[account]["root"]`.
    """
    management = int(account == world.management_account)
    usual = {
        "AccountMFAEnabled": management,
        "AccountAccessKeysPresent": 0,
        "AccountPasswordPresent": management,
        "AccountSigningCertificatesPresent": 0,
    }
    said: dict[str, int] = world.account_settings.get(account, {}).get("root", {})
    return usual | said


def get_account_summary(world: World, call: ServiceCall) -> ServiceAnswer:
    """GetAccountSummary with the root fields."""
    backend = iam_backend(call.account)
    own = [p for p in backend.managed_policies.values() if ":aws:policy" not in p.arn]
    entries = {
        "Users": len(backend.users),
        "UsersQuota": 5000,
        "Groups": len(backend.groups),
        "GroupsQuota": 300,
        "Roles": len(backend.roles),
        "RolesQuota": 1000,
        "Policies": len(own),
        "PoliciesQuota": 1500,
        "InstanceProfiles": len(backend.instance_profiles),
        "MFADevices": len(backend.virtual_mfa_devices) + root_of(world, call.account)["AccountMFAEnabled"],
        "AccessKeysPerUserQuota": 2,
        **root_of(world, call.account),
    }
    inner = "".join(f"<entry><key>{key}</key><value>{value}</value></entry>" for key, value in entries.items())
    return _xml(call, f"<SummaryMap>{inner}</SummaryMap>")


def _xml(call: ServiceCall, result: str) -> ServiceAnswer:
    name = call.operation
    text = (
        f'<{name}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><{name}Result>{result}</{name}Result>'
        f"<ResponseMetadata><RequestId>{call.request_id}</RequestId></ResponseMetadata></{name}Response>"
    )
    return ServiceAnswer(200, text.encode())


_COLUMNS = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,"
    "mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,"
    "access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,"
    "access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
    "cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
)


def generate_credential_report(world: World, call: ServiceCall) -> ServiceAnswer:
    """GenerateCredentialReport; the report is ready at once."""
    world.account_settings.setdefault(call.account, {})["credential_report"] = iso(world.clock.now())
    return ServiceAnswer(200, {"State": "COMPLETE"})


def get_credential_report(world: World, call: ServiceCall) -> ServiceAnswer:
    """GetCredentialReport with the row of the root user first."""
    made = world.account_settings.get(call.account, {}).get("credential_report")
    if not made:
        raise ServiceError("ReportNotPresent", "No report is present; generate one first", 410)
    lines = [_COLUMNS, _root_row(world, call.account)]
    lines += [_user_row(user) for user in sorted(iam_backend(call.account).users.values(), key=lambda u: u.name)]
    content = base64.b64encode("\n".join(lines).encode()).decode()
    return ServiceAnswer(200, {"Content": content, "ReportFormat": "text/csv", "GeneratedTime": made})


def _root_row(world: World, account: str) -> str:
    root = root_of(world, account)
    key = "true" if root["AccountAccessKeysPresent"] else "false"
    password = "not_supported" if root["AccountPasswordPresent"] else "false"
    mfa = "true" if root["AccountMFAEnabled"] else "false"
    cert = "true" if root["AccountSigningCertificatesPresent"] else "false"
    row = [
        "<root_account>",
        f"arn:aws:iam::{account}:root",
        "2019-03-04T08:00:00+00:00",
        password,
        "no_information",
    ]
    row += [
        "not_supported",
        "not_supported",
        mfa,
        key,
        "N/A",
        "N/A",
        "N/A",
        "N/A",
        "false",
        "N/A",
        "N/A",
        "N/A",
        "N/A",
    ]
    return ",".join([*row, cert, "N/A", "false", "N/A"])


def _user_row(user: Any) -> str:
    keys: list[str] = []
    for key in [*user.access_keys, None, None][:2]:
        if key is None:
            keys += ["false", "N/A", "N/A", "N/A", "N/A"]
            continue
        used = key.last_used
        stamp = used.timestamp.strftime("%Y-%m-%dT%H:%M:%S+00:00") if used else "N/A"
        keys += [
            "true" if key.status == "Active" else "false",
            key.create_date.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        ]
        keys += [stamp, used.region if used else "N/A", used.service if used else "N/A"]
    password = "true" if user.password else "false"
    head = [user.name, user.arn, user.create_date.strftime("%Y-%m-%dT%H:%M:%S+00:00"), password]
    rest = ["N/A", "N/A", "N/A", "true" if user.mfa_devices else "false"]
    return ",".join([*head, *rest, *keys, "false", "N/A", "false", "N/A"])


def _organization_only(world: World, call: ServiceCall) -> None:
    if call.account != world.management_account:
        raise ServiceError(
            "AccountNotManagementOrDelegatedAdministratorException",
            "The account is not the management account",
        )


def list_organizations_features(world: World, call: ServiceCall) -> ServiceAnswer:
    """ListOrganizationsFeatures."""
    _organization_only(world, call)
    return ServiceAnswer(200, _features(world))


def _features(world: World) -> dict[str, Any]:
    enabled = world.account_settings.get(world.management_account, {}).get("root_features", ())
    return {"OrganizationId": world.organization_id, "EnabledFeatures": sorted(enabled)}


def _switch(feature: str, on: bool) -> Any:
    def switch(world: World, call: ServiceCall) -> ServiceAnswer:
        _organization_only(world, call)
        settings = world.account_settings.setdefault(world.management_account, {})
        enabled = set(settings.get("root_features", ()))
        settings["root_features"] = sorted(enabled | {feature} if on else enabled - {feature})
        return ServiceAnswer(200, _features(world))

    return switch


def check_trust(world: World, call: ServiceCall) -> None:
    """Refuses a trust policy that is no policy, names a principal that does not exist, or is too long."""
    text = str(call.parameters.get("AssumeRolePolicyDocument") or call.parameters.get("PolicyDocument") or "")
    document = _parsed(text)
    for statement in statements(document):
        if "Principal" not in statement:
            raise ServiceError("MalformedPolicyDocument", "AssumeRole policy must contain principals.")
        missing = principals_missing(world, statement["Principal"])
        if missing:
            raise ServiceError("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{missing[0]}"')
    _refuse(trust_policy_fault(text))
    _check_quota("ACLSizePerRole", DocumentKind.TRUST, size(DocumentKind.TRUST, document))


def check_document(world: World, call: ServiceCall) -> None:
    """Refuses an identity policy that is no policy or names a principal."""
    text = str(call.parameters.get("PolicyDocument", ""))
    document = _parsed(text)
    if any("Principal" in s or "NotPrincipal" in s for s in statements(document)):
        raise ServiceError("MalformedPolicyDocument", "Policy document should not specify a principal.")
    _refuse(identity_policy_fault(text))


def check_managed(world: World, call: ServiceCall) -> None:
    """Refuses a managed policy that is no identity policy or is too long."""
    check_document(world, call)
    _check_quota(
        "PolicySize",
        DocumentKind.MANAGED,
        size(DocumentKind.MANAGED, _parsed(str(call.parameters["PolicyDocument"]))),
    )


def check_inline(world: World, call: ServiceCall) -> None:
    """Refuses an inline policy that is no identity policy, or with which the role's inline policies are too long
    together."""
    check_document(world, call)
    role, name = str(call.parameters.get("RoleName", "")), str(call.parameters.get("PolicyName", ""))
    held = next((r for r in iam_backend(call.account).roles.values() if r.name == role), None)
    texts = {**(held.policies if held else {}), name: str(call.parameters["PolicyDocument"])}
    taken = sum(size(DocumentKind.ROLE, decoded(text)) for text in texts.values())
    if taken > LIMITS[DocumentKind.ROLE].most:
        text = f"Maximum policy size of {LIMITS[DocumentKind.ROLE].most} bytes exceeded for role {role}"
        raise ServiceError("LimitExceeded", text, 409)


def _parsed(text: str) -> dict[str, Any]:
    try:
        return parse(text)
    except PolicyError as err:
        raise ServiceError("MalformedPolicyDocument", str(err)) from err


def _refuse(fault: str) -> None:
    if fault:
        raise ServiceError("MalformedPolicyDocument", fault)


def _check_quota(name: str, kind: DocumentKind, taken: int) -> None:
    if taken > LIMITS[kind].most:
        raise ServiceError("LimitExceeded", f"Cannot exceed quota for {name}: {LIMITS[kind].most}", 409)


def check_password(world: World, call: ServiceCall) -> None:
    """Refuses a password that the account's password policy forbids, as far as its length goes."""
    policy = iam_backend(call.account).account_password_policy
    least = policy.minimum_password_length if policy else 8
    password = str(call.parameters.get("Password", ""))
    if password and (len(password) < int(least) or not re.search(r"\w", password)):
        raise ServiceError("PasswordPolicyViolation", f"Password should have a minimum length of {least}")


CORRECTIONS = {
    ("iam", "GetAccountSummary"): get_account_summary,
    ("iam", "GenerateCredentialReport"): generate_credential_report,
    ("iam", "GetCredentialReport"): get_credential_report,
    ("iam", "ListOrganizationsFeatures"): list_organizations_features,
    **{("iam", f"EnableOrganizations{f}"): _switch(f, True) for f in FEATURES},
    **{("iam", f"DisableOrganizations{f}"): _switch(f, False) for f in FEATURES},
}
CHECKS = {
    ("iam", "CreateRole"): check_trust,
    ("iam", "UpdateAssumeRolePolicy"): check_trust,
    ("iam", "PutRolePolicy"): check_inline,
    ("iam", "PutUserPolicy"): check_document,
    ("iam", "CreatePolicy"): check_managed,
    ("iam", "CreatePolicyVersion"): check_managed,
    ("iam", "CreateLoginProfile"): check_password,
    ("iam", "UpdateLoginProfile"): check_password,
}
"""(service, operation) -> a look at the call before moto gets it."""
