"""The log account's own state: root, users, roles, public-access block, security contact, key. Changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from onetrail import iam, names
from onetrail.aws import Clients, look, look_for, pages
from onetrail.aws.actors import BREAK_GLASS
from onetrail.change import NAMED
from onetrail.estate.archive_key import archive_key_arn
from onetrail.looked import Answer, Look, There, Unread, known, made, or_none, unread
from onetrail.settings import Settings

FLAGS: Final = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
"""The four public-access blocks (S3 API Reference, PublicAccessBlockConfiguration)."""
SERVICE_LINKED: Final = "/aws-service-role/"
"""Path of the roles that AWS services keep for themselves; nobody else can assume or change one."""


@dataclass(frozen=True)
class Role:
    """A role as IAM shows it: who may assume it, and what it may. A part that was not read is named in
    `could_not_look`."""

    name: str
    arn: str
    path: str
    trust: Mapping[str, Any]
    inline: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    attached: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    boundary: str = ""
    """ARN of its permissions boundary; empty for none."""
    could_not_look: tuple[str, ...] = ()


@dataclass(frozen=True)
class User:
    """An IAM user and the ids of its access keys that are active."""

    name: str
    active_keys: tuple[str, ...] | Unread = ()


ROOT_CREDENTIALS: Final = {
    "AccountAccessKeysPresent": "access keys",
    "AccountSigningCertificatesPresent": "signing certificates",
}
"""Entry of the account summary -> what the root user must not have (IAM API reference, GetAccountSummary)."""


_NOT_ASKED: Final = Unread("nobody asked")


@dataclass(frozen=True)
class LogAccount:
    """The log account's own state. `could_not_look` names every part that is unread, and the call that was refused."""

    account: str
    root: Mapping[str, int] | Unread = _NOT_ASKED
    users: tuple[User, ...] | Unread = _NOT_ASKED
    roles: Mapping[str, Role] | Unread = _NOT_ASKED
    public_access: Mapping[str, bool] | Unread = _NOT_ASKED
    security_contact: str | Unread = _NOT_ASKED
    """E-mail address of the alternate security contact; empty when none is set."""
    key_arn: str | Unread = ""
    """The archive's KMS key, empty while there is none."""
    could_not_look: tuple[str, ...] = ()

    @property
    def inline(self) -> dict[str, Mapping[str, Mapping[str, Any]]]:
        """Role -> its inline policies, as far as they were read."""
        return {name: role.inline for name, role in (known(self.roles) or {}).items()}

    @property
    def root_fault(self) -> str:
        """What is wrong with the root user, in words; empty where nothing is, or where it could not be read."""
        seen = known(self.root) or {}
        has = [word for part, word in ROOT_CREDENTIALS.items() if seen.get(part)]
        if has:
            return f"root has {' and '.join(has)}"
        if seen.get("AccountPasswordPresent") and not seen.get("AccountMFAEnabled"):
            return "root has a password and no MFA"
        return ""


def unread_of(log: LogAccount) -> tuple[str, ...]:
    """What could not be read in the log account, its roles included."""
    roles = (known(log.roles) or {}).items()
    return (*log.could_not_look, *(f"{name}: {text}" for name, role in roles for text in role.could_not_look))


def observe_log_account(settings: Settings, clients: Clients) -> LogAccount:
    """The log account alone: root, users, roles, public-access block, security contact, key."""
    account = settings.log_account.account_id
    actor = _reading_actor(clients, account)
    client = clients.client("iam", account, actor=actor)
    root = look(client.get_account_summary)
    users = pages(client, "list_users", "Users")
    roles = pages(client, "list_roles", "Roles")
    block = look_for(
        clients.client("s3control", account, actor=actor).get_public_access_block,
        ("NoSuchPublicAccessBlockConfiguration",),
        AccountId=account,
    )
    contact = look_for(
        clients.client("account", account, actor=actor).get_alternate_contact,
        ("ResourceNotFoundException",),
        AlternateContactType="SECURITY",
    )
    key = archive_key_arn(settings, clients)
    parts: dict[str, Look[Any]] = {
        "GetAccountSummary": root,
        "ListUsers": users,
        "ListRoles": roles,
        "GetPublicAccessBlock": block,
        "GetAlternateContact": contact,
        "the archive's key": key,
    }
    failed = unread(parts)
    people = (
        users if isinstance(users, Unread) else tuple(_user(client, said["UserName"], failed) for said in users.value)
    )
    return LogAccount(
        account=account,
        root=root if isinstance(root, Unread) else root.value["SummaryMap"],
        users=people,
        roles=roles if isinstance(roles, Unread) else {said["RoleName"]: _role(client, said) for said in roles.value},
        public_access=_flags(block),
        security_contact=_address(contact),
        key_arn=made(or_none(key), str, ""),
        could_not_look=tuple(failed),
    )


def _reading_actor(clients: Clients, account: str) -> str:
    """The everyday identity, or break-glass where that one may not look yet: between its making and its policy it may
    nothing."""
    may = look(clients.client("iam", account).get_account_summary)
    return BREAK_GLASS if isinstance(may, Unread) else NAMED


def _flags(block: Look[Any]) -> Mapping[str, bool] | Unread:
    if isinstance(block, Unread):
        return block
    said = block.value["PublicAccessBlockConfiguration"] if isinstance(block, There) else {}
    return {flag: bool(said.get(flag)) for flag in FLAGS}


def _address(contact: Look[Any]) -> str | Unread:
    if isinstance(contact, Unread):
        return contact
    said = contact.value["AlternateContact"] if isinstance(contact, There) else {}
    return str(said.get("EmailAddress", ""))


def _user(client: Any, name: str, failed: list[str]) -> User:
    keys = pages(client, "list_access_keys", "AccessKeyMetadata", UserName=name)
    if isinstance(keys, Unread):
        failed.append(f"ListAccessKeys {name}: {keys.why}")
        return User(name, keys)
    return User(name, tuple(sorted(key["AccessKeyId"] for key in keys.value if key["Status"] == "Active")))


def _role(client: Any, said: Mapping[str, Any]) -> Role:
    name, path = str(said["RoleName"]), str(said.get("Path", "/"))
    trust = iam.parse(said["AssumeRolePolicyDocument"])
    if path.startswith(SERVICE_LINKED):
        return Role(name, said["Arn"], path, trust)
    failed: list[str] = []

    def read(what: str, found: Answer[Any]) -> Any:
        if isinstance(found, Unread):
            failed.append(f"{what}: {found.why}")
            return None
        return found.value

    inline = {}
    for policy in read("ListRolePolicies", pages(client, "list_role_policies", "PolicyNames", RoleName=name)) or []:
        document = read("GetRolePolicy", look(client.get_role_policy, RoleName=name, PolicyName=policy))
        if document:
            inline[policy] = iam.parse(document["PolicyDocument"])
    attached = read(
        "ListAttachedRolePolicies",
        pages(client, "list_attached_role_policies", "AttachedPolicies", RoleName=name),
    )
    whole = read("GetRole", look(client.get_role, RoleName=name)) if name in names.LOG_ACCOUNT_ROLES else None
    return Role(
        name=name,
        arn=str(said["Arn"]),
        path=path,
        trust=trust,
        inline=inline,
        attached=tuple(sorted(policy["PolicyArn"] for policy in attached or [])),
        tags={tag["Key"]: tag["Value"] for tag in (whole or {}).get("Role", {}).get("Tags", [])},
        boundary=str((whole or {}).get("Role", {}).get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", "")),
        could_not_look=tuple(failed),
    )
