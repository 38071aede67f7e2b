"""Whether the identities at hand may do what the runbook will do: their own policies, read and evaluated before
anything is sent.

What an identity's own policies say is not all: service control policies, and conditions on what a request carries, show
only when the call is made. So "likely refused" is for what no policy allows, and nothing is promised of the rest.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from onetrail import iam
from onetrail.aws import Clients, look, pages
from onetrail.estate.policy_documents.needs import EVERY, Need, needs
from onetrail.looked import Answer, Unread
from onetrail.settings import Settings

_ALWAYS: Final = frozenset({EVERY, "00", "01", "08"})
"""What is sent whatever step is open."""


@dataclass(frozen=True)
class Identity:
    """Who calls in one account, with every policy of its own. `policies` is None where they could not be read, with the
    reason in `why`."""

    account: str
    arn: str
    policies: iam.Policies | None
    why: str = ""


@dataclass(frozen=True)
class Refusal:
    """One action that no policy of the identity allows, or that one denies; `why` is the evaluation in words."""

    step: str
    action: str
    resource: str
    why: str


def read_identity(clients: Clients, account: str, caller: str) -> Identity:
    """The role or user behind an ARN of GetCallerIdentity, and its policies."""
    _, partition, _, _, _, name = caller.split(":", 5)
    client = clients.client("iam", account)
    if name == "root":
        allowed = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
        }
        return Identity(account, f"arn:{partition}:iam::{account}:root", iam.Policies(identity=(iam.parse(allowed),)))
    kind, called = (
        ("role", name.split("/")[1]) if name.startswith("assumed-role/") else ("user", name.rsplit("/", 1)[-1])
    )
    whole = look(getattr(client, f"get_{kind}"), **{f"{kind.title()}Name": called})
    if isinstance(whole, Unread):
        return Identity(account, caller, None, f"Get{kind.title()}: {whole.why}")
    said = whole.value[kind.title()]
    owners = [(kind, called)]
    failed: list[str] = []
    if kind == "user":
        groups = _read(pages(client, "list_groups_for_user", "Groups", UserName=called), "ListGroupsForUser", failed)
        owners += [("group", group["GroupName"]) for group in groups or []]
    documents = [d for owner in owners for d in _documents(client, *owner, failed)]
    boundary = said.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", "")
    bound = _managed(client, boundary, failed) if boundary else None
    if failed:
        return Identity(account, said["Arn"], None, failed[0])
    return Identity(account, said["Arn"], iam.Policies(identity=tuple(documents), boundary=bound))


def open_needs(settings: Settings, where: str, steps: Iterable[str]) -> tuple[Need, ...]:
    """What is sent there as long as these steps are open; nothing where none is."""
    wanted = set(steps)
    return tuple(one for one in needs(settings, where) if wanted and one.step in wanted | _ALWAYS)


def refusals(
    identity: Identity, asked: Iterable[Need], resources: Mapping[str, tuple[str, ...]]
) -> tuple[Refusal, ...]:
    """What the steps would send and the identity's policies do not allow; `resources` maps `on` to ARNs. Pure."""
    assert identity.policies is not None
    who = iam.user(identity.arn) if ":user/" in identity.arn else iam.role(identity.arn)
    who = iam.root(identity.account, identity.arn.split(":")[1]) if identity.arn.endswith(":root") else who
    found: dict[tuple[str, str], Refusal] = {}
    for need in asked:
        for action in need.actions:
            for resource in resources.get(need.on, ("*",)):
                policies = _of_keys(identity) if action.startswith("kms:") else identity.policies
                said = iam.evaluate(iam.Request(who, action, resource, identity.account), policies)
                if not said.allowed:
                    found.setdefault((need.step, action), Refusal(need.step, action, resource, said.explain))
    return tuple(found.values())


def _of_keys(identity: Identity) -> iam.Policies:
    """Its policies beside a key that leaves it to the account's own policies; what a key's own policy says is looked at
    where the key is known."""
    assert identity.policies is not None
    account = f"arn:{identity.arn.split(':')[1]}:iam::{identity.account}:root"
    allow = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "kms:*", "Resource": "*"}
    return replace(identity.policies, resource={"Version": "2012-10-17", "Statement": [allow]})


def count(asked: Iterable[Need]) -> int:
    """How many actions these are, by step."""
    return len({(need.step, action) for need in asked for action in need.actions})


def _documents(client: Any, kind: str, name: str, failed: list[str]) -> list[iam.Document]:
    names = {f"{kind.title()}Name": name}
    found: list[iam.Document] = []
    inline = _read(
        pages(client, f"list_{kind}_policies", "PolicyNames", **names), f"List{kind.title()}Policies", failed
    )
    for policy in inline or []:
        one = _read(
            look(getattr(client, f"get_{kind}_policy"), PolicyName=policy, **names),
            f"Get{kind.title()}Policy",
            failed,
        )
        if one:
            found.append(iam.parse(one["PolicyDocument"]))
    attached = pages(client, f"list_attached_{kind}_policies", "AttachedPolicies", **names)
    for policy in _read(attached, f"ListAttached{kind.title()}Policies", failed) or []:
        document = _managed(client, policy["PolicyArn"], failed)
        if document:
            found.append(document)
    return found


def _managed(client: Any, arn: str, failed: list[str]) -> iam.Document | None:
    policy = _read(look(client.get_policy, PolicyArn=arn), "GetPolicy", failed)
    if not policy:
        return None
    version = policy["Policy"]["DefaultVersionId"]
    one = _read(look(client.get_policy_version, PolicyArn=arn, VersionId=version), "GetPolicyVersion", failed)
    return iam.parse(one["PolicyVersion"]["Document"]) if one else None


def _read(found: Answer[Any], call: str, failed: list[str]) -> Any:
    """What was read; None with a line in `failed`, which makes the identity's policies unknown as a whole."""
    if isinstance(found, Unread):
        failed.append(f"{call}: {found.why}")
        return None
    return found.value
