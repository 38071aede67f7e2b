"""A trail gets a log group, a role and a topic only where CloudTrail may use them."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from onetrail.practice import accounts, snapshots
from onetrail.practice.estate import build
from tests.unit.practice.knocking import Estate

SOURCE = accounts.SOURCE
GROUP = f"arn:aws:logs:us-east-1:{SOURCE}:log-group:CloudTrail/alarms:*"
ROLE = f"arn:aws:iam::{SOURCE}:role/CloudTrailToLogs"
TOPIC = f"arn:aws:sns:us-east-1:{SOURCE}:cloudtrail-files"
OTHERS = f"arn:aws:logs:us-east-1:{accounts.LOG}:log-group:CloudTrail/alarms:*"


@pytest.fixture(scope="module")
def _own_door() -> Iterator[tuple[Estate, bytes]]:
    found = Estate(lambda: build("tiny+alarms", 7))
    yield found, found.do(lambda: snapshots.frozen(found.world))
    found.close()


@pytest.fixture
def estate(_own_door: tuple[Estate, bytes]) -> Estate:
    """The scenario tiny, with a trail that has all three."""
    found, pristine = _own_door
    found.do(lambda: snapshots.thaw(found.world, pristine))
    return found


def client(estate: Estate, service: str) -> Any:
    return estate.client(service, f"{SOURCE}/TrailConsolidation")


def test_a_trail_takes_over_the_log_group_and_the_topic_of_another(estate: Estate) -> None:
    given = {"CloudWatchLogsLogGroupArn": GROUP, "CloudWatchLogsRoleArn": ROLE, "SnsTopicName": TOPIC}
    said = client(estate, "cloudtrail").update_trail(Name="default-trail", **given)
    assert (said["CloudWatchLogsLogGroupArn"], said["SnsTopicARN"]) == (GROUP, TOPIC)


def without_trust(estate: Estate) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    client(estate, "iam").update_assume_role_policy(RoleName="CloudTrailToLogs", PolicyDocument=text)


def without_right(estate: Estate) -> None:
    client(estate, "iam").delete_role_policy(RoleName="CloudTrailToLogs", PolicyName="deliver")


def without_group(estate: Estate) -> None:
    client(estate, "logs").delete_log_group(logGroupName="CloudTrail/alarms")


def without_topic(estate: Estate) -> None:
    client(estate, "sns").delete_topic(TopicArn=TOPIC)


def without_publishing(estate: Estate) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": SOURCE}, "Action": "SNS:Publish", "Resource": TOPIC}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client(estate, "sns").set_topic_attributes(TopicArn=TOPIC, AttributeName="Policy", AttributeValue=text)


BOTH = {"CloudWatchLogsLogGroupArn": GROUP, "CloudWatchLogsRoleArn": ROLE}
REFUSED = [
    (without_trust, BOTH, "InvalidCloudWatchLogsRoleArnException"),
    (without_right, BOTH, "InvalidCloudWatchLogsRoleArnException"),
    (without_group, BOTH, "InvalidCloudWatchLogsLogGroupArnException"),
    # The group of another account.
    (lambda estate: None, BOTH | {"CloudWatchLogsLogGroupArn": OTHERS}, "InvalidCloudWatchLogsLogGroupArnException"),
    (without_topic, {"SnsTopicName": TOPIC}, "InvalidSnsTopicNameException"),
    (without_publishing, {"SnsTopicName": TOPIC}, "InsufficientSnsTopicPolicyException"),
]


@pytest.mark.parametrize(("harm", "given", "code"), REFUSED)
def test_what_cloudtrail_cannot_write_to_is_refused(
    estate: Estate, refused: Callable[..., str], harm: Callable[[Estate], None], given: dict[str, str], code: str
) -> None:
    trails = client(estate, "cloudtrail")
    before = trails.get_trail(Name="default-trail")["Trail"]
    harm(estate)
    assert refused(trails.update_trail, Name="default-trail", **given) == code
    assert trails.get_trail(Name="default-trail")["Trail"] == before


def test_a_change_of_something_else_asks_for_neither(estate: Estate, refused: Callable[..., str]) -> None:
    without_topic(estate)
    without_group(estate)
    assert refused(client(estate, "cloudtrail").update_trail, Name="alarms-audit", EnableLogFileValidation=True) == ""
