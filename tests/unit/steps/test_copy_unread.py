"""05: what could not be read is no grant, no key of ours and no object without a key."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from onetrail.change import FindingState
from onetrail.estate.backlog.obstacles import obstacles
from onetrail.estate.backlog.samples import SampledObject, read_samples, used_keys
from onetrail.estate.backlog.source_keys import closed_to_pull, read_source_keys
from onetrail.estate.copier_role import RolePart
from onetrail.estate.old_estate import OldEstate
from onetrail.iam import build, with_statements
from onetrail.looked import Unread
from onetrail.s3.rows import ObjectRow
from onetrail.steps.copy_history import check, propose
from onetrail.steps.copy_history.check import closed
from onetrail.steps.copy_history.observed.flooded import flooded, read_listening
from onetrail.steps.copy_history.permissions.source_key_grant import opened_keys
from tests.unit.steps.given_sources import (
    DENIED,
    KEY,
    NOW,
    ROOT,
    SETTINGS,
    SOURCE,
    given,
    given_a_backlog,
    given_a_bucket,
    given_a_key,
)

KEYED = given_a_bucket(trail_keys=(KEY,))


def blind(observation, where):
    """The same look, in which this policy or role was refused."""
    if where == "key":
        keys = (given_a_key(policy=DENIED),)
        return replace(observation, backlogs=tuple(replace(one, keys=keys) for one in observation.backlogs))
    if where == "bucket":
        buckets = tuple(replace(one, policy=DENIED) for one in observation.estate.buckets)
        return replace(observation, estate=replace(observation.estate, buckets=buckets))
    refused = {
        "central": {"central_policy": DENIED},
        "own key": {"key_policy": DENIED},
        "role": {"source_copiers": {SOURCE: DENIED}},
    }
    return replace(observation, **refused[where])


@pytest.mark.parametrize(
    ("where", "named"),
    [
        ("key", f"the policy of the key {KEY}: AccessDenied"),
        ("bucket", "the policy of old: AccessDenied"),
        ("central", "the archive's policy: AccessDenied"),
        ("own key", "the policy of the archive's key: AccessDenied"),
        ("role", f"the temporary role in {SOURCE}: AccessDenied"),
    ],
)
def test_a_permission_that_could_not_be_looked_at_is_neither_closed_nor_open(where, named):
    """The check says which, and an empty plan is not "already so". Twins: all was read and is closed; and something is
    seen open."""
    fine = given(given_a_backlog(KEYED, copy=0, keys=(given_a_key(),)))
    seen = blind(fine, where)
    grant = {one.id: one for one in check(SETTINGS, seen)}["05.grant"]
    assert grant.state is FindingState.COULD_NOT_LOOK
    assert f"whether a temporary permission is open is unknown: {named}" in grant.evidence
    plan = propose(SETTINGS, seen)
    assert (plan.changes, plan.not_evaluated, named in plan.notes[0]) == ((), True, True)
    assert {one.id: one.state for one in check(SETTINGS, fine)}["05.grant"] is FindingState.OK
    assert not propose(SETTINGS, fine).not_evaluated and closed(SETTINGS, fine)
    open_ = replace(seen, source_copiers={**seen.source_copiers, "222233334444": (RolePart.ROLE,)})
    assert {one.id: one.state for one in check(SETTINGS, open_)}["05.grant"] is FindingState.PLANNED
    assert not closed(SETTINGS, open_)


def test_what_a_role_left_open_beside_an_unread_one_is_still_reported_and_closed():
    """One source account refuses, the other shows the role. Twin: above, where the first is all there is."""
    copiers = {SOURCE: DENIED, "222233334444": (RolePart.ROLE,)}
    plan = propose(SETTINGS, replace(given(given_a_backlog(copy=0)), source_copiers=copiers))
    assert [(one.call, one.account) for one in plan.changes] == [("DeleteRole", "222233334444")]


# Keys


def refusing(code, message=""):
    error = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}}

    def call(*_, **__):
        raise ClientError(error, "Call")

    return call


def kms(**calls):
    """Clients whose KMS answers with a key of a customer that is enabled, but for these calls."""
    policy = '{"Version":"2012-10-17","Statement":[]}'
    answers = {
        "describe_key": lambda **_: {"KeyMetadata": {"KeyState": "Enabled", "KeyManager": "CUSTOMER"}},
        "get_key_policy": lambda **_: {"Policy": policy},
    }
    return SimpleNamespace(client=lambda *_, **__: SimpleNamespace(**answers | calls))


def test_a_key_that_could_not_be_described_is_not_taken_for_one_of_a_customer():
    """AWS's own key cannot be opened, and nobody knows whether it is that. Twin: described, it is opened where its
    policy asks for it."""
    (key,) = read_source_keys(kms(describe_key=refusing("AccessDenied")), KEYED, [KEY])
    assert isinstance(key.state, Unread) and isinstance(key.managed, Unread)
    assert key.managed.why == "DescribeKey: AccessDenied: "
    assert "whether its key" in closed_to_pull(KEYED, key)
    (there,) = read_source_keys(kms(), KEYED, [KEY])
    assert (there.state, there.managed, there.open, closed_to_pull(KEYED, there)) == (
        "Enabled",
        False,
        False,
        "",
    )
    for one, opened in ((key, []), (there, [KEY])):
        assert opened_keys(SETTINGS, [given_a_backlog(KEYED, "push", keys=(one,))]) == opened
        assert opened_keys(SETTINGS, [given_a_backlog(KEYED, "pull", keys=(one,))]) == opened
    (stop,) = obstacles(SETTINGS, KEYED, "push", keys=[key])
    assert (stop.name, stop.stops, "kms:DescribeKey" in stop.line) == ("05.key", True, True)
    assert obstacles(SETTINGS, KEYED, "push", keys=[there]) == ()
    leaves = replace(key, policy={"Version": "2012-10-17", "Statement": [ROOT]})
    assert obstacles(SETTINGS, KEYED, "push", keys=[leaves]) == ()  # nothing is to be opened in it


def test_a_key_whose_policy_is_refused_says_which_call_was():
    """It is not open, and not closed. Twin: an AWS managed key's policy is not asked for, so nothing of it is
    unknown."""
    (key,) = read_source_keys(kms(get_key_policy=refusing("AccessDenied")), KEYED, [KEY])
    assert isinstance(key.policy, Unread) and isinstance(key.open, Unread)
    assert "cannot be read from here (GetKeyPolicy: AccessDenied" in closed_to_pull(KEYED, key)
    assert (key.prior, key.delegates) == (None, False)
    aws = kms(
        describe_key=lambda **_: {"KeyMetadata": {"KeyState": "Enabled", "KeyManager": "AWS"}},
        get_key_policy=refusing("AccessDenied"),
    )
    (managed,) = read_source_keys(aws, KEYED, [KEY])
    assert (managed.managed, managed.policy, managed.open) == (True, None, False)


def test_a_statement_of_ours_is_seen_in_a_key_that_was_read():
    opened = with_statements(
        {"Version": "2012-10-17", "Statement": [ROOT]},
        build.old_key_open(KEY, ["arn:aws:iam::1:role/c"], ["old"], "2026-01-12T15:00:00Z"),
    )
    assert replace(given_a_key(), policy=opened).open is True


# Samples

ROW = ObjectRow("k", 1, '"e"', NOW, "STANDARD", "")


def sampled(head=None, get=None):
    """What is made of one object whose HEAD, or GET, is answered with this code."""

    def do(call):
        code = head if call.operation == "HeadObject" else get
        if code:
            raise ClientError(
                {"Error": {"Code": code, "Message": "words"}, "ResponseMetadata": {"HTTPStatusCode": 400}},
                call.operation,
            )
        return SimpleNamespace(kms_key=KEY) if call.operation == "HeadObject" else b""

    (one,) = read_samples(SimpleNamespace(do=do), given_a_bucket(), [ROW], "")
    return one


@pytest.mark.parametrize(
    ("head", "get", "sample"),
    [
        (None, None, SampledObject("k", KEY)),
        (None, "AccessDenied", SampledObject("k", KEY, unreadable=Unread("AccessDenied: words", "AccessDenied"))),
        (
            "BadRequest",
            "InvalidRequest",
            SampledObject(
                "k",
                Unread("HeadObject: BadRequest", "BadRequest"),
                True,
                unreadable=Unread("InvalidRequest: words", "InvalidRequest"),
            ),
        ),
        (
            "BadRequest",
            "InvalidRequestPayer",
            SampledObject(
                "k",
                Unread("HeadObject: BadRequest", "BadRequest"),
                unreadable=Unread("InvalidRequestPayer: words", "InvalidRequestPayer"),
            ),
        ),
        ("403", None, SampledObject("k", Unread("HeadObject: 403", "403"), unreadable=Unread("403", "403"))),
    ],
)
def test_an_object_whose_head_is_refused_is_not_one_without_a_key(head, get, sample):
    """Only the code of S3 makes it one of a customer's key, not the beginning of its words. Twin: the first, which was
    read."""
    assert sampled(head, get) == sample
    assert used_keys([sample]) == ({KEY} if head is None else set())
    found = [one.name for one in obstacles(SETTINGS, given_a_bucket(), "push", samples=[sample])]
    assert found == ([] if head is None else ["05.customer-key" if sample.customer_key else "05.unreadable"])


# Listeners


@pytest.mark.parametrize("refused", [True, False])
def test_notifications_of_the_archive_that_are_refused_end_no_look(refused):
    """They are named as what could not be read. Twin: they are read, and nothing is."""
    unset = refusing("ReplicationConfigurationNotFoundError")
    notifications = refusing("AccessDenied") if refused else lambda **_: {"TopicConfigurations": []}
    service = SimpleNamespace(
        get_bucket_notification_configuration=notifications,
        get_bucket_replication=unset,
        describe_trails=lambda **_: {"trailList": []},
    )
    clients = SimpleNamespace(client=lambda *_, **__: service)
    seen = read_listening(SETTINGS, clients, OldEstate((), (), ()))
    assert isinstance(seen.notifications, Unread) is refused
    assert [("notification" in why, "AccessDenied" in why) for why in seen.could_not_look] == [(True, True)] * refused
    assert flooded(SETTINGS, seen, [given_a_backlog()]) == ()
