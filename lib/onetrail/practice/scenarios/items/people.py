"""Who else is in an estate, and what listens to a trail: administrators, Identity Center, bounded roles, alarms."""

import json
from hashlib import sha256
from typing import Any, Final

from onetrail.practice.accounts import join, make_role
from onetrail.practice.moto.backends import backends, iam_backend
from onetrail.practice.moto.organization import CLOUDTRAIL, delegate
from onetrail.practice.scenarios.items.place import Place, old_trail
from onetrail.practice.services.delegation import delegate_policies

_POLICIES: Final = ("AttachPolicy", "CreatePolicy", "Describe*", "DetachPolicy", "List*", "UpdatePolicy")
GROUP, TOPIC, LOGS_ROLE = "CloudTrail/alarms", "cloudtrail-files", "CloudTrailToLogs"


def delegated_administrator(place: Place) -> None:
    """The security team's account administers CloudTrail, and sets the organization's policies."""
    account = place.cast.security
    join(place.world, account, "acme-security")
    make_role(place.world, account, "SecurityEngineer", [place.cast.engineer])
    delegate(place.world, account, CLOUDTRAIL)
    actions = [f"organizations:{action}" for action in _POLICIES]
    who = {"AWS": f"arn:aws:iam::{account}:root"}
    statement = {"Sid": "Policies", "Effect": "Allow", "Principal": who, "Action": actions, "Resource": "*"}
    delegate_policies(place.world, json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def identity_center(place: Place) -> None:
    """Roles that Identity Center made, whose names end in letters that change when it makes them again."""
    path = "/aws-reserved/sso.amazonaws.com/eu-west-1/"
    for account in (*place.cast.sources, place.cast.log):
        for permission_set in ("PlatformAdmin", "ReadOnly"):
            letters = sha256(f"{account}{permission_set}".encode()).hexdigest()[:16]
            policy = "AdministratorAccess" if permission_set == "PlatformAdmin" else "ReadOnlyAccess"
            name = f"AWSReservedSSO_{permission_set}_{letters}"
            make_role(place.world, account, name, [place.cast.engineer], [policy], path=path)


def bounded_roles(place: Place) -> None:
    """The platform team's boundary in the log account and each source account, and a role below it, with a path."""
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    for account in (*place.cast.sources, place.cast.log):
        made: Any = iam_backend(account).create_policy("", "/", text, "PlatformBoundary", [])
        make_role(place.world, account, "Deployer", [place.cast.engineer], path="/platform/", boundary=made.arn)


def strict_trust(place: Place) -> None:
    """In the log account: a role with a path that asks for MFA, an external id and an address."""
    role: Any = make_role(place.world, place.cast.log, "Auditor", [place.cast.engineer], path="/security/")
    trust = json.loads(role.assume_role_policy_document)
    trust["Statement"][0]["Condition"] = {
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "StringEquals": {"sts:ExternalId": "acme-audit"},
        "IpAddress": {"aws:SourceIp": "192.0.2.0/24"},
    }
    role.assume_role_policy_document = json.dumps(trust)


def alarms(place: Place) -> None:
    """A trail's events go to a log group with metric filters and alarms, and each file is announced to a topic."""
    account, region = place.first, "us-east-1"
    old = old_trail(region, "alarms-audit", "acme-alarms-audit")
    place.bucket(account, old)
    trail = place.trail(account, old)
    group = f"arn:aws:logs:{region}:{account}:log-group:{GROUP}"
    topic = f"arn:aws:sns:{region}:{account}:{TOPIC}"
    write = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": f"{group}:*"}
    inline = {"deliver": {"Version": "2012-10-17", "Statement": [write]}}
    role = make_role(place.world, account, LOGS_ROLE, ["cloudtrail.amazonaws.com"], (), inline)
    trail.settings |= {"CloudWatchLogsLogGroupArn": f"{group}:*", "CloudWatchLogsRoleArn": role.arn}
    trail.settings |= {"SnsTopicName": TOPIC, "SnsTopicARN": topic}
    logs: Any = backends("logs")[account][region]
    logs.create_log_group(GROUP, {})
    publish = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "SNS:Publish"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": "CloudTrail", **publish, "Resource": topic}]})
    backends("sns")[account][region].create_topic(TOPIC, {"Policy": policy})
    for name, pattern in _FILTERS.items():
        metric = [{"metricName": name, "metricNamespace": "Security", "metricValue": "1"}]
        logs.put_metric_filter(name, pattern, GROUP, metric)
        alarm: tuple[Any, ...] = (
            name,
            "Security",
            name,
            "GreaterThanOrEqualToThreshold",
            1,
            300,
            1.0,
            "Sum",
            "",
            [],
            [topic],
        )
        backends("cloudwatch")[account][region].put_metric_alarm(*alarm)


_FILTERS: Final = {
    "RootUse": '{ $.userIdentity.type = "Root" }',
    "TrailChanges": "{ ($.eventName = StopLogging) || ($.eventName = DeleteTrail) || ($.eventName = UpdateTrail) }",
}
"""Two of the CIS benchmark's filters."""
