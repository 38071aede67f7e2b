"""The undo of each change is carried out as it is printed, last change first: what was is so again, no byte string and
no policy text is gone."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from onetrail import iam, names
from onetrail.aws import Clients
from onetrail.aws.actors import BREAK_GLASS
from onetrail.aws.gate import open_gate
from onetrail.change import NAMED, Change, Finding, FindingState
from onetrail.change.values import resolve
from onetrail.steps import (
    account_lockdown,
    bucket_creation,
    copy_history,
    retirement,
    start_here,
    trail_cutover,
    verification,
)
from onetrail.steps.retirement.retiring import EXPIRE_RULE
from tests.integration.by_hand import by_hand, planned, run
from tests.integration.conftest import Estate
from tests.integration.test_conflict import EU, LOG, SA, SOURCE, old
from tests.integration.test_remedies import US, After, a_key_of, byte_strings, new_clients

pytestmark = pytest.mark.estate

ARCHIVE, ACCESS_LOGS = "onetrail-archive-044455556666", "onetrail-access-logs-044455556666"
MANAGEMENT = "999988887777"
READER = "onetrail-reader"
DAY = 86_400
SAYS_LESS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "cloudtrail:DeleteTrail", "Resource": "*"}],
}
OWN_PLAN = ("removed with the bucket", "closed by this plan itself", "nothing to undo")
"""Said where nothing is left to a person."""


def texts(clients: Clients) -> set[str]:
    """Every policy that stands now: of old buckets, of the archive, of the roles of the log account and of the
    organization."""
    found = []
    for account, bucket in ((SOURCE, EU), (SOURCE, SA), (SOURCE, US), (LOG, ARCHIVE)):
        try:
            found.append(by_hand(clients, "s3", account).get_bucket_policy(Bucket=bucket)["Policy"])
        except ClientError as err:
            assert err.response["Error"]["Code"] in ("NoSuchBucket", "NoSuchBucketPolicy")
    roles = by_hand(clients, "iam", LOG)
    organizations = by_hand(clients, "organizations", MANAGEMENT)
    for policy in organizations.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]:
        found.append(organizations.describe_policy(PolicyId=policy["Id"])["Policy"]["Content"])
    for role in roles.list_roles()["Roles"]:
        found.append(role["AssumeRolePolicyDocument"])
        for name in roles.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
            found.append(roles.get_role_policy(RoleName=role["RoleName"], PolicyName=name)["PolicyDocument"])
    return {iam.canonical(iam.parse(one) if isinstance(one, str) else one) for one in found}


def kept(clients: Clients) -> set[str]:
    """Every policy text that stands or that the run folder keeps."""
    files = (clients.settings.run_folder / "policies").glob("*.json")
    return texts(clients) | {iam.canonical(iam.parse(path.read_text())) for path in files}


def undo(clients: Clients, change: Change) -> None:
    """What a person does who reads the undo of this change; an undo that nobody knows is an error."""
    said = change.undo
    if said in OWN_PLAN or said.startswith("none: "):
        return
    deed = next((deed for words, deed in UNDO.items() if said.startswith(words)), None)
    assert deed is not None, f"{change.key}: nobody knows how to do: {said}"
    actor = change.actor
    if change.parameters.get("RoleName") == names.BREAK_GLASS_ROLE and said.startswith(("delete", "detach")):
        actor = NAMED  # who loses the rights cannot delete the role that had them
    deed(by_hand(clients, change.service, change.account, actor, change.region), change)


def _statements_out(s3: Any, change: Change) -> None:
    bucket = change.parameters["Bucket"]
    ours = {names.SID_HOLD_STILL, names.SID_HOLD_WRITERS}
    left = iam.without_sids(iam.parse(s3.get_bucket_policy(Bucket=bucket)["Policy"]), ours)
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(left)) if left else s3.delete_bucket_policy(Bucket=bucket)


def _policy_back(client: Any, change: Change) -> None:
    said = change.parameters
    if change.service == "kms":
        client.put_key_policy(KeyId=said["KeyId"], PolicyName="default", Policy=json.dumps(change.before))
        return
    client.put_role_policy(
        RoleName=said["RoleName"], PolicyName=said["PolicyName"], PolicyDocument=json.dumps(change.before)
    )


def _bucket_policy_back(s3: Any, change: Change) -> None:
    s3.put_bucket_policy(Bucket=change.resource, Policy=json.dumps(change.before))


def _rules_back(s3: Any, change: Change) -> None:
    """Of a rule of ours the plan shows the rules below `rules`; `{}` is no rule at all."""
    rules = change.before.get("rules", change.before).get("Rules", [])
    bucket = change.parameters["Bucket"]
    if rules:
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    else:
        s3.delete_bucket_lifecycle(Bucket=bucket)


def _harmless_rules_back(s3: Any, change: Change) -> None:
    quiet = ("ID", "Status", "Filter", "Prefix", "AbortIncompleteMultipartUpload")
    rules = [rule for rule in change.before["Rules"] if set(rule) <= set(quiet)]
    s3.put_bucket_lifecycle_configuration(Bucket=change.parameters["Bucket"], LifecycleConfiguration={"Rules": rules})


def _setting_back(s3: Any, change: Change) -> None:
    call, bucket = change.call, change.parameters["Bucket"]
    if call == "PutBucketPolicy":
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(change.before))
    elif call == "PutBucketTagging":
        tags = [{"Key": key, "Value": value} for key, value in change.before.items()]
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    elif call == "PutPublicAccessBlock":
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=change.before)
    else:
        raise AssertionError(f"nobody knows the setting of {change.key}")


def _lock_back(s3: Any, change: Change) -> None:
    s3.put_object_lock_configuration(Bucket=change.parameters["Bucket"], ObjectLockConfiguration=change.before)


def _archive_key(kms: Any) -> str:
    return str(kms.describe_key(KeyId="alias/onetrail-archive")["KeyMetadata"]["KeyId"])


def _scp(organizations: Any) -> str:
    listed = organizations.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]
    return str(next(one["Id"] for one in listed if one["Name"].startswith("onetrail-")))


UNDO: dict[str, Callable[[Any, Change], Any]] = {
    "delete the role's policy": lambda c, x: c.delete_role_policy(
        RoleName=x.parameters["RoleName"], PolicyName=x.parameters["PolicyName"]
    ),
    "delete the role ": lambda c, x: c.delete_role(RoleName=x.parameters["RoleName"]),
    "detach the policy": lambda c, x: c.detach_role_policy(**x.parameters),
    "attach the policy again": lambda c, x: c.attach_role_policy(**x.parameters),
    "remove the tag": lambda c, x: c.untag_role(RoleName=x.parameters["RoleName"], TagKeys=[names.TAG_KEY]),
    "remove the role's permissions boundary": lambda c, x: c.delete_role_permissions_boundary(
        RoleName=x.parameters["RoleName"]
    ),
    "restore the previous tags": lambda c, x: c.untag_role(
        RoleName=x.parameters["RoleName"],
        TagKeys=[tag["Key"] for tag in x.parameters["Tags"] if tag["Key"] not in x.before],
    ),
    "restore the previous trust policy": lambda c, x: c.update_assume_role_policy(
        RoleName=x.parameters["RoleName"], PolicyDocument=json.dumps(x.before)
    ),
    "restore the previous policy": _policy_back,
    "restore the previous flags": lambda c, x: c.put_public_access_block(
        AccountId=x.account, PublicAccessBlockConfiguration=x.before
    ),
    "delete the alternate contact SECURITY": lambda c, x: c.delete_alternate_contact(AlternateContactType="SECURITY"),
    "remove the statements": _statements_out,
    "restore the previous configuration once step 06 has proven the bucket": _rules_back,
    "disable the key": lambda c, x: c.disable_key(KeyId=x.parameters["KeyId"]),
    "delete the alias": lambda c, x: c.delete_alias(AliasName=x.parameters["AliasName"]),
    "disable the rotation": lambda c, x: c.disable_key_rotation(KeyId=_archive_key(c)),
    "restore the previous setting": _setting_back,
    "as break-glass, restore those previous rules": _harmless_rules_back,
    "as break-glass, restore the configuration shown as before": _lock_back,
    "restore the policy shown as before": _bucket_policy_back,
    "none for what expired, which the archive has; restore the rules shown as before": _rules_back,
    "DeleteTrail": lambda c, x: c.delete_trail(Name=x.resource),
    "StopLogging": lambda c, x: c.stop_logging(Name=x.resource),
    "StartLogging": lambda c, x: c.start_logging(Name=x.resource),
    "PutEventSelectors": lambda c, x: None,  # nothing is shown as before: they go with the trail
    "UpdatePolicy with the content shown as before": lambda c, x: c.update_policy(
        PolicyId=x.parameters["PolicyId"], Content=json.dumps(x.before)
    ),
    "DetachPolicy": lambda c, x: c.detach_policy(PolicyId=_scp(c), TargetId=x.parameters["TargetId"]),
    "DeletePolicy after detaching it": lambda c, x: c.delete_policy(PolicyId=_scp(c)),
    "DisablePolicyType": lambda c, x: c.disable_policy_type(**x.parameters),
}
"""How an undo begins -> what is then done."""


def _without_freeze(s3: Any, bucket: str) -> None:
    policy = iam.parse(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    left = iam.without_sids(policy, {names.SID_HOLD_STILL, names.SID_HOLD_WRITERS})
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(left))


def keys(clients: Clients, step: Any) -> set[str]:
    """The changes that the step proposes now."""
    return {change.key for change in planned(clients, step).changes}


def test_the_undo_of_02_opens_what_it_closed_deletes_nothing_and_02_closes_it_again(
    estate: Estate, after: After
) -> None:
    """All but the lifecycle, whose undo waits for 06. The policies that are replaced and deleted by it are kept in the
    run folder."""
    estate.restore()
    plan = planned(estate.clients(), account_lockdown)
    clients = after("02")
    bytes_before, texts_before = byte_strings(clients), texts(clients)
    for change in reversed(plan.changes):
        if not change.key.endswith(": lifecycle"):
            undo(new_clients(estate, clients), change)
    again = clients = new_clients(estate, clients)
    proposed = keys(again, account_lockdown)
    assert proposed == {change.key for change in plan.changes} - {f"{US}: lifecycle"}
    assert byte_strings(clients) >= bytes_before
    assert kept(clients) >= texts_before
    assert run(again, account_lockdown).state == "applied"
    assert keys(new_clients(estate, clients), account_lockdown) == set()
    assert texts(clients) >= texts_before


def test_rules_that_are_put_back_once_06_has_proven_the_bucket_delete_no_only_copy(
    estate: Estate, after: After
) -> None:
    """The rules that 02 froze, and one that deletes everything. Twin: put back right after 02, it deletes what nobody
    else has."""
    estate.restore()
    frozen = next(c for c in planned(estate.clients(), account_lockdown).changes if c.key == f"{US}: lifecycle")
    rule = {"ID": EXPIRE_RULE, "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    for step, lost in (("06", False), ("02", True)):
        clients = after(step)
        before = byte_strings(clients)
        undo(clients, frozen)
        assert f"{US}: lifecycle" in keys(new_clients(estate, clients), account_lockdown)
        old(clients).put_bucket_lifecycle_configuration(Bucket=EU, LifecycleConfiguration={"Rules": [rule]})
        estate.wait(DAY + DAY // 4)
        assert bool(before - byte_strings(clients)) is lost
    assert "once step 06 has proven the bucket" in frozen.undo


def test_the_undo_of_03_and_04_deletes_no_file_and_both_propose_the_same_again(estate: Estate, after: After) -> None:
    """Old trails log again before the new one goes; AWS deletes no bucket that holds a file."""
    before_03 = planned(after("02"), bucket_creation)
    before_04 = planned(after("03"), trail_cutover)
    clients = after("04")
    bytes_before, texts_before = byte_strings(clients), texts(clients)
    for change in reversed(before_04.changes):
        undo(clients, change)
    again = new_clients(estate, clients)
    assert keys(again, trail_cutover) == {change.key for change in before_04.changes}
    for change in reversed(before_03.changes):
        if change.call == "CreateBucket":
            with pytest.raises(ClientError, match=r"BucketNotEmpty|AccessDenied"):
                by_hand(clients, "s3", LOG, BREAK_GLASS).delete_bucket(Bucket=change.parameters["Bucket"])
    assert byte_strings(clients) >= bytes_before
    assert kept(clients) >= texts_before


def test_the_undo_of_the_archives_key_keeps_the_key_and_03_makes_what_is_missing(estate: Estate, after: After) -> None:
    """Disabled it can be enabled again; nothing schedules its deletion."""
    clients = new_clients(estate, after("02"), kms_key="create")
    plan, texts_before = planned(clients, bucket_creation), texts(clients)
    assert run(clients, bucket_creation).state == "applied"
    kms = by_hand(clients, "kms", LOG, BREAK_GLASS)
    key = _archive_key(kms)
    texts_then = texts(clients)
    ours = [c for c in plan.changes if c.service in ("kms", "iam")]
    for change in reversed(ours):
        if change.call == "CreateKey":
            kms.disable_key(KeyId=key)
        else:
            undo(clients, change)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"
    assert texts(clients) >= texts_before
    assert kept(clients) >= texts_then
    assert keys(new_clients(estate, clients, kms_key="create"), bucket_creation) >= {c.key for c in ours}


def test_the_undo_of_what_02_and_03_put_right_is_what_was_before(estate: Estate, after: After) -> None:
    """Somebody widened a role and changed a bucket's settings: put right, undone, and put right again; each text is
    kept."""
    clients = after("04")
    roles = by_hand(clients, "iam", LOG, BREAK_GLASS)
    wide = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
    trusted = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{LOG}:root"}}
        ],
    }
    roles.attach_role_policy(RoleName=READER, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    roles.put_role_policy(RoleName=READER, PolicyName="another", PolicyDocument=json.dumps(wide))
    roles.put_role_policy(RoleName=READER, PolicyName=READER, PolicyDocument=json.dumps(wide))
    roles.update_assume_role_policy(RoleName=READER, PolicyDocument=json.dumps(trusted))
    roles.untag_role(RoleName=READER, TagKeys=[names.TAG_KEY])
    s3 = by_hand(clients, "s3", LOG, BREAK_GLASS)
    policy = json.loads(s3.get_bucket_policy(Bucket=ARCHIVE)["Policy"])
    s3.put_bucket_policy(Bucket=ARCHIVE, Policy=json.dumps({**policy, "Statement": policy["Statement"][1:]}))
    expires = {
        "ID": "short",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"Days": 1},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
    }
    uploads = {
        "ID": "uploads",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 9},
    }
    s3.put_bucket_lifecycle_configuration(Bucket=ACCESS_LOGS, LifecycleConfiguration={"Rules": [expires, uploads]})
    organizations = by_hand(clients, "organizations", MANAGEMENT)
    organizations.update_policy(PolicyId=_scp(organizations), Content=json.dumps(SAYS_LESS))
    bytes_before, texts_before = byte_strings(clients), texts(clients)
    by_hand(clients, "iam", LOG, BREAK_GLASS).create_policy(
        PolicyName="Boundary", PolicyDocument=json.dumps(wide).replace("s3:Get*", "*")
    )
    harder = {"role_boundary": "Boundary", "role_tags": {"cost-center": "4711"}}
    for step, more in ((account_lockdown, harder), (bucket_creation, {}), (trail_cutover, {})):
        changed = new_clients(estate, clients, **more)
        plan = planned(changed, step)
        assert plan.changes
        if more:
            assert {"onetrail-copier: boundary", "onetrail-copier: tag"} <= {change.key for change in plan.changes}
        assert run(changed, step).state == "applied"
        assert kept(changed) >= texts_before
        texts_then = texts(changed)
        for change in reversed(plan.changes):
            undo(changed, change)
        again = new_clients(estate, clients, **more)
        assert keys(again, step) == {change.key for change in plan.changes}
        assert kept(again) >= texts_before | texts_then
        assert run(again, step).state == "applied"
    rules = s3.get_bucket_lifecycle_configuration(Bucket=ACCESS_LOGS)["Rules"]
    assert "short" not in {rule.get("ID") for rule in rules}
    assert byte_strings(clients) >= bytes_before


def test_the_undo_of_06_and_07_loses_nothing_and_both_do_it_again(estate: Estate, after: After) -> None:
    """The archive's default lock, the policies of emptied buckets, and a bucket that a rule empties: rule first, then
    its policy."""
    locks = [c for c in planned(after("05"), verification).changes if c.key.startswith("default-lock-")]
    clients = after("06")
    before, texts_before = byte_strings(clients), texts(clients)
    for change in locks:
        undo(clients, change)
    assert keys(new_clients(estate, clients), verification) >= {change.key for change in locks}
    clients = after("06")
    estate.wait(2 * DAY + DAY // 2)
    moving = new_clients(estate, clients, overrides={EU: {"old_bucket": "expire"}})
    plan = planned(moving, retirement)
    assert run(moving, retirement).state == "applied"
    texts_then = texts(moving)
    for change in reversed(plan.changes):
        if not change.undo.startswith("CreateTrail"):
            undo(moving, change)
    assert byte_strings(moving) >= before
    assert kept(moving) >= texts_before | texts_then
    told = [c.undo for c in plan.changes if c.call in ("PutBucketPolicy", "PutBucketLifecycleConfiguration")]
    assert "restore the policy shown as before once the rule is gone" in told
    again = new_clients(estate, clients)
    assert {key for key in keys(again, retirement) if key.startswith("PutBucketPolicy-")} == {
        f"PutBucketPolicy-{bucket}" for bucket in (EU, SA, US)
    }


def found(clients: Clients, step: Any) -> dict[str, Finding]:
    """What the step's check complains of, by id."""
    said = step.check(clients.settings, step.observe(clients.settings, clients))
    return {one.id: one for one in said if one.state is FindingState.FINDING}


def test_what_is_printed_beside_a_finding_makes_it_go_away(estate: Estate, after: After) -> None:
    """A role and a user that nobody named, Requester Pays, a listener of the archive, a key that no copier may use."""
    clients = after("04")
    roles, s3 = by_hand(clients, "iam", LOG, BREAK_GLASS), old(clients)
    archive = by_hand(clients, "s3", LOG, BREAK_GLASS)
    trusted = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{LOG}:root"}}
        ],
    }
    roles.create_role(RoleName="odd", AssumeRolePolicyDocument=json.dumps(trusted))
    roles.create_user(UserName="old-admin")
    key, before = a_key_of(clients, EU), byte_strings(clients)
    kms = by_hand(clients, "kms", SOURCE, region="eu-west-1")
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    over = {"Bucket": EU, "Key": key, "CopySource": {"Bucket": EU, "Key": key}}
    s3.copy_object(**over, ServerSideEncryption="aws:kms", SSEKMSKeyId=arn)
    pull = {"overrides": {EU: {"direction": "pull"}}}
    assert "05.key" in found(new_clients(estate, clients, **pull), copy_history)
    s3.put_bucket_request_payment(Bucket=SA, RequestPaymentConfiguration={"Payer": "Requester"})
    archive.put_bucket_notification_configuration(
        Bucket=ARCHIVE, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    told = new_clients(estate, clients)
    assert {"02.foreign-role", "02.users"} <= set(found(told, account_lockdown))
    assert {"05.requester-pays", "05.notification"} <= set(found(told, copy_history))
    assert "00.requester-pays" in found(told, start_here)
    roles.delete_role(RoleName="odd")
    roles.delete_user(UserName="old-admin")
    s3.copy_object(**over, ServerSideEncryption="AES256")
    s3.put_bucket_request_payment(Bucket=SA, RequestPaymentConfiguration={"Payer": "BucketOwner"})
    archive.put_bucket_notification_configuration(Bucket=ARCHIVE, NotificationConfiguration={})
    done = new_clients(estate, clients, **pull)
    gone = {
        "02.foreign-role",
        "02.users",
        "05.requester-pays",
        "05.notification",
        "05.key",
        "00.requester-pays",
    }
    for step in (account_lockdown, copy_history, start_here):
        assert not gone & set(found(done, step))
    assert byte_strings(clients) >= before


def test_a_place_is_freed_by_a_trail_whose_events_another_one_records(estate: Estate) -> None:
    """Five trails in a region leave no place for the new one; the logs of the one that goes stay in its bucket."""
    estate.restore()
    clients = estate.clients()
    before = byte_strings(clients)
    trails = by_hand(clients, "cloudtrail", SOURCE, region="eu-west-1")
    for number in range(1, 5):
        trails.create_trail(Name=f"another-{number}", S3BucketName=EU)
    assert "00.trails" in found(estate.clients(), start_here)
    trails.delete_trail(Name="another-4")
    assert "00.trails" not in found(estate.clients(), start_here)
    assert byte_strings(clients) >= before


def test_a_policy_is_put_back_with_the_file_that_was_kept_and_what_stood_is_kept_too(
    estate: Estate, after: After, tmp_path: Path
) -> None:
    """As docs/evidence.md says it, with a policy that somebody changed after 02. Twin: without the first command that
    text is gone."""
    clients = after("02")
    s3, folder = old(clients), clients.settings.run_folder / "policies"
    changed = json.loads(s3.get_bucket_policy(Bucket=EU)["Policy"])
    changed["Statement"].append({**changed["Statement"][0], "Sid": "Another"})
    s3.put_bucket_policy(Bucket=EU, Policy=json.dumps(changed))
    bytes_before, texts_before = byte_strings(clients), texts(clients)
    stood = tmp_path / f"kept-{EU}.json"
    stood.write_text(s3.get_bucket_policy(Bucket=EU)["Policy"])
    (file,) = folder.glob(f"*-before-{EU}.json")
    s3.put_bucket_policy(Bucket=EU, Policy=file.read_text())
    assert s3.get_bucket_policy(Bucket=EU)["Policy"] == file.read_text()
    assert keys(new_clients(estate, clients), account_lockdown) == {f"{EU}: policy"}
    assert byte_strings(clients) >= bytes_before
    assert texts_before - kept(clients) == {iam.canonical(iam.parse(stood.read_text()))}


def test_step_05_under_another_run_name_closes_what_aws_shows_as_open(estate: Estate, after: After) -> None:
    """The run that opened it has no record to go by. Every policy is again what it was, and what was there stays."""
    clients = after("04")
    bytes_before, texts_before = byte_strings(clients), texts(clients)
    for change in planned(clients, copy_history).changes:
        if change.key == f"open-{SA}":
            policy = resolve(change.parameters["Policy"], datetime(2030, 1, 1, tzinfo=UTC))
            old(clients).put_bucket_policy(Bucket=SA, Policy=policy)
    assert texts(clients) != texts_before
    another = new_clients(estate, clients, run_name="another")
    assert run(another, copy_history).state == "applied"
    assert texts(another) == texts_before
    assert byte_strings(clients) >= bytes_before


def test_02_and_04_are_run_again_where_05_says_so_and_as_the_identity_that_02_names(
    estate: Estate, after: After
) -> None:
    """An old trail logs again, a bucket is no longer frozen, rules are enabled; another bucket is frozen for another
    identity."""
    clients = after("04")
    before, s3 = byte_strings(clients), old(clients)
    roles = by_hand(clients, "iam", SOURCE)
    named = roles.get_role(RoleName="TrailConsolidation")["Role"]
    roles.create_role(RoleName="Other", AssumeRolePolicyDocument=json.dumps(named["AssumeRolePolicyDocument"]))
    roles.attach_role_policy(RoleName="Other", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    frozen = s3.get_bucket_policy(Bucket=SA)["Policy"]
    other = named["Arn"].replace("TrailConsolidation", "Other")
    s3.put_bucket_policy(Bucket=SA, Policy=frozen.replace(named["Arn"], other))
    told = found(new_clients(estate, clients), account_lockdown)["02.held"]
    assert told.evidence.endswith(f"so {named['Arn']} can change nothing in it: run this step as that identity")
    as_other = new_clients(estate, clients, source_accounts=[{"account_id": SOURCE, "role_arn": other}])
    seen = account_lockdown.check(as_other.settings, account_lockdown.observe(as_other.settings, as_other))
    held = {one.resource: one.state for one in seen if one.id == "02.held"}
    assert (told.resource, held[SA]) == (SA, FindingState.OK)
    by_hand(as_other, "s3", SOURCE).put_bucket_policy(Bucket=SA, Policy=frozen)
    texts_before, plan = texts(clients), planned(clients, copy_history)
    rules = s3.get_bucket_lifecycle_configuration(Bucket=US)["Rules"]
    s3.put_bucket_lifecycle_configuration(
        Bucket=US, LifecycleConfiguration={"Rules": [{**one, "Status": "Enabled"} for one in rules]}
    )
    trails = by_hand(clients, "cloudtrail", SOURCE, region="eu-west-1")
    deeds = (
        (account_lockdown, "02", lambda: _without_freeze(s3, EU)),
        (trail_cutover, "04", lambda: trails.start_logging(Name="acme-trail-do-not-delete")),
    )
    for step, number, deed in deeds:
        deed()
        again = new_clients(estate, clients)
        with open_gate(again, "any") as gate:
            stopped = copy_history.apply(plan, gate, again)
        assert (stopped.state, f"run {number} again" in stopped.line) == ("stopped", True)
        assert run(new_clients(estate, clients), step).state == "applied"
        assert planned(new_clients(estate, clients), copy_history).id == plan.id
    assert byte_strings(clients) >= before
    assert kept(clients) >= texts_before
