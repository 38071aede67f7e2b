"""What real estates have beside the plain one: an item a line, each of which can be added to any scenario alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from onetrail.practice.scenarios.items import buckets, guardrails, people, trails
from onetrail.practice.scenarios.items.place import Place


@dataclass(frozen=True)
class Item:
    """One thing that real estates have; `in_organization` says whether the scenario `organization` has it."""

    name: str
    says: str
    make: Callable[[Place], None]
    in_organization: bool = True


ITEMS: Final = (
    Item(
        "delegated-administrator",
        "a delegated administrator of CloudTrail and of policies",
        people.delegated_administrator,
    ),
    Item("organization-trail", "a trail of the organization, into the log account", trails.organization_trail),
    Item("baseline-trail", "a landing zone's baseline trail, into the log account's bucket", trails.baseline_trail),
    Item("second-trail", "two trails, Config and a load balancer in one bucket", trails.second_trail),
    Item("vendor-bucket", "a trail into a vendor's bucket", trails.vendor_bucket),
    Item("gone-trail", "a bucket with years of history that no trail names", trails.gone_trail),
    Item("gone-bucket", "a trail whose bucket was deleted", trails.gone_bucket),
    Item("moved-trail", "a trail that was pointed to another bucket two years ago", trails.moved_trail),
    Item("disabled-region", "a trail and its bucket in a region that is disabled", trails.disabled_region),
    Item("other-region", "a trail whose bucket is in another region", trails.other_region),
    Item("changed-prefix", "a trail whose prefix was changed", trails.changed_prefix),
    Item("data-trail", "a trail with data events, Insights and excluded event sources", trails.data_trail),
    Item("stack-trail", "a trail that a stack made", trails.stack_trail),
    Item("five-trails", "five trails in one region", trails.five_trails, in_organization=False),
    Item("encrypted-trails", "trails under a key of each region", buckets.encrypted_trails),
    Item("perimeter-account", "a bucket that only its account's identities read", buckets.perimeter_account),
    Item("perimeter-organization", "a bucket for the organization's identities", buckets.perimeter_organization),
    Item("perimeter-network", "a bucket that is read through one VPC endpoint", buckets.perimeter_network),
    Item("public-bucket", "a bucket that everybody may read", buckets.public_bucket),
    Item("foreign-reader", "a bucket that another company's role and a queue read", buckets.foreign_reader),
    Item("locked-bucket", "a bucket with Object Lock and MFA delete", buckets.locked_bucket),
    Item("replicated-bucket", "a bucket that is replicated", buckets.replicated_bucket),
    Item("managed-key", "a bucket under the key aws/s3", buckets.managed_key, in_organization=False),
    Item("blocked-public", "a public policy that cannot be put again", buckets.blocked_public, in_organization=False),
    Item("gone-reader", "a policy that names a deleted role", buckets.gone_reader, in_organization=False),
    Item(
        "account-principals",
        "a policy that names the accounts that CloudTrail had in each region",
        buckets.account_principals,
        in_organization=False,
    ),
    Item("alarms", "a log group with metric filters and alarms, and a topic", people.alarms),
    Item("identity-center", "roles of Identity Center", people.identity_center),
    Item("bounded-roles", "roles with a permissions boundary and a path", people.bounded_roles),
    Item("strict-trust", "a role with a path that asks for MFA", people.strict_trust, in_organization=False),
    Item("region-deny", "a guardrail that denies regions", guardrails.region_deny),
    Item("stop-guardrail", "a guardrail that refuses StopLogging and DeleteTrail", guardrails.stop_guardrail),
    Item("audit-bucket-guardrail", "a guardrail over Control Tower's buckets", guardrails.audit_bucket_guardrail),
    Item(
        "role-boundary",
        "a guardrail that demands a boundary of new roles",
        guardrails.role_boundary,
        in_organization=False,
    ),
    Item("role-path", "a guardrail that demands a path of new roles", guardrails.role_path, in_organization=False),
    Item("role-tags", "a guardrail that demands a tag of new roles", guardrails.role_tags, in_organization=False),
)
BY_NAME: Final = {item.name: item for item in ITEMS}
