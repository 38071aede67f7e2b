"""What listens to a trail: its log group, by a role, and its topic. Whether CloudTrail may write to them.

Sources: CloudTrail User Guide, "Role policy document for CloudTrail to use CloudWatch Logs for monitoring" (the role
trusts CloudTrail and may create log streams and put events), "Amazon SNS topic policy for CloudTrail"; CloudTrail API
Reference, CreateTrail (a log group of the trail's own account; the errors).
"""

from onetrail.practice.calls import ServiceError
from onetrail.practice.cloudtrail.delivery import calling
from onetrail.practice.moto.backends import find_role, log_group, topic_policy
from onetrail.practice.s3.service_access import ServiceAccess
from onetrail.practice.state.trails import TrailState


def check_consumers(access: ServiceAccess, trail: TrailState, given: frozenset[str]) -> None:
    """Refuse a log group, a role or a topic that was given and cannot be used."""
    if given & {"CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn"}:
        _check_logs(access, trail)
    if "SnsTopicName" in given:
        _check_topic(access, trail)


def _check_logs(access: ServiceAccess, trail: TrailState) -> None:
    group, role = trail.settings.get("CloudWatchLogsLogGroupArn"), trail.settings.get("CloudWatchLogsRoleArn", "")
    if not group:
        return
    if group.split(":")[4] != trail.account or not log_group(group):
        said = "The log group does not exist in the trail's account, or its ARN is not valid."
        raise ServiceError("InvalidCloudWatchLogsLogGroupArnException", said)
    found = find_role(role) if role.count(":") == 5 else None
    if found is None or not access.may_assume(calling(trail), role):
        raise ServiceError("InvalidCloudWatchLogsRoleArnException", "CloudTrail cannot assume the role.")
    stream = f"{group.removesuffix(':*')}:log-stream:{trail.account}_CloudTrail_{trail.home}"
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        if not access.role_may(role, action, stream):
            said = "Access denied. Check the permissions for your role."
            raise ServiceError("InvalidCloudWatchLogsRoleArnException", said)


def _check_topic(access: ServiceAccess, trail: TrailState) -> None:
    topic = trail.settings.get("SnsTopicARN")
    if not topic:
        return
    policy = topic_policy(topic)
    if policy is None:
        raise ServiceError("InvalidSnsTopicNameException", f"SNS topic {topic} does not exist.")
    if not access.may_publish(calling(trail), topic, policy):
        raise ServiceError(
            "InsufficientSnsTopicPolicyException", "SNS Topic does not exist or the topic policy is incorrect!"
        )
