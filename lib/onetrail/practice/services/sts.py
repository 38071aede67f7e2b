"""STS: who am I, and role sessions that the role's trust policy really allows.

Source: STS API Reference, AssumeRole and GetCallerIdentity. Sessions run on wall time, since botocore does.
"""

import base64
from datetime import timedelta

from onetrail import iam
from onetrail.practice.calls import ServiceAnswer, ServiceCall, ServiceError
from onetrail.practice.iam.authorize import decoded
from onetrail.practice.iam.requester import credential_of
from onetrail.practice.moto.backends import find_role
from onetrail.practice.state.clock import wall_now
from onetrail.practice.state.credentials import KEY_PREFIX, Credential
from onetrail.practice.state.world import World


def get_caller_identity(world: World, call: ServiceCall) -> ServiceAnswer:
    """GetCallerIdentity."""
    who = call.principal
    return ServiceAnswer(200, {"Arn": who.session_arn or who.arn, "UserId": call.principal_id, "Account": call.account})


def assume_role(world: World, call: ServiceCall) -> ServiceAnswer:
    """AssumeRole; the door has already asked both the caller's policies and the role's trust policy."""
    given = call.parameters
    role = find_role(str(given["RoleArn"]))
    name = str(given.get("RoleSessionName", ""))
    if not 2 <= len(name) <= 64:
        raise ServiceError(
            "ValidationError",
            "1 validation error detected: Value at 'roleSessionName' failed to satisfy constraint",
        )
    seconds = int(given.get("DurationSeconds", 3600))
    longest = int(role.max_session_duration or 3600)
    chained = bool(call.principal.session_arn)
    if not 900 <= seconds <= longest or (chained and seconds > 3600):
        raise ServiceError(
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        )
    session = (decoded(str(given["Policy"])),) if given.get("Policy") else ()
    credential = issue(world, role, name, seconds, session)
    assert credential.expires
    return ServiceAnswer(
        200,
        {
            "Credentials": {
                "AccessKeyId": credential.access_key_id,
                "SecretAccessKey": credential.secret,
                "SessionToken": credential.token,
                "Expiration": credential.expires,
            },
            "AssumedRoleUser": {
                "AssumedRoleId": credential.principal_id,
                "Arn": credential.principal.session_arn,
            },
        },
    )


def issue(
    world: World, role: object, name: str, seconds: int, session: tuple[dict[str, object], ...] = ()
) -> Credential:
    """A new session of moto's role, valid for so many seconds of wall time."""
    arn, role_id = str(role.arn), str(role.id)  # type: ignore[attr-defined]
    principal = iam.role(arn, name)
    key = ""
    while not key or _is_of_another(world, key, principal):
        raw = world.ident("sts", "session", arn, name)
        key = KEY_PREFIX + "SESS" + base64.b32encode(raw[:5]).decode()[:6]
    credential = Credential(
        key,
        base64.b64encode(world.ident("sts", "secret", key)[:30]).decode(),
        principal,
        f"{role_id}:{name}",
        token=KEY_PREFIX + base64.b64encode(world.ident("sts", "token", key) * 4).decode(),
        expires=(wall_now() + timedelta(seconds=seconds)).replace(microsecond=0),
        session_policies=session,
        role_id=role_id,
    )
    world.keyring.add(credential)
    return credential


def _is_of_another(world: World, key: str, principal: iam.Principal) -> bool:
    """Whether somebody else has this key. This very session may: it was given out before the estate was put back to an
    earlier state."""
    found = credential_of(world.keyring, key)
    return found is not None and found.principal != principal


CORRECTIONS = {("sts", "GetCallerIdentity"): get_caller_identity, ("sts", "AssumeRole"): assume_role}
"""(service, operation) -> what answers instead of moto."""
