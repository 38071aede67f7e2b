"""What the archive's key must allow and refuse while no grant is open. Each verdict is written out here."""

from typing import Final

from onetrail.iam.expectations.ask import Ask, Expectation
from onetrail.iam.expectations.universe import OF_KEYS
from onetrail.iam.request import Principal, role, root, service, user

_USES: Final = frozenset(
    {
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "kms:GenerateDataKeyPair",
        "kms:GenerateDataKeyPairWithoutPlaintext",
        "kms:GenerateDataKeyWithoutPlaintext",
    }
)
"""What the log account may let its own roles do: it encrypts and decrypts, and changes nothing."""
_LOOKS: Final = ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants")
_CONTEXT: Final = "kms:EncryptionContext:aws:cloudtrail:arn"


def steady_key(ask: Ask) -> list[Expectation]:
    """The named trails encrypt, the log account's roles use the key as their own policies say, break-glass alone
    changes it."""
    return [*_trails(ask), *_everybody(ask), *_log_readers(ask)]


def _log_readers(ask: Ask) -> list[Expectation]:
    key, rows = ask.archive.kms_key_arn, []
    for arn, _ in ask.archive.log_readers:
        who, name = user(arn) if ":user/" in arn else role(arn), f"log reader {arn.rsplit('/', 1)[-1]}"
        rows.append(ask.row(f"{name} decrypts", who, "kms:Decrypt", key, True))
        rows += [
            ask.row(f"{name} does {action.removeprefix('kms:')}", who, action, key, False)
            for action in ("kms:GenerateDataKey", "kms:CreateGrant", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion")
        ]
    return rows


def _trails(ask: Ask) -> list[Expectation]:
    key, trail, stranger = ask.archive.kms_key_arn, service("cloudtrail.amazonaws.com"), "000000000000"
    rows = []
    for arn in ask.archive.trail_arns:
        mine, name = (
            {"aws:SourceArn": arn, _CONTEXT: arn},
            f"trail {arn.rsplit('/', 1)[-1]} of {arn.split(':')[4]}",
        )
        foreign = {**mine, "aws:SourceArn": f"{arn}-of-somebody-else"}
        strange = {**mine, _CONTEXT: arn.replace(arn.split(":")[4], stranger)}
        rows += [
            ask.row(f"{name} encrypts", trail, "kms:GenerateDataKey", key, True, mine),
            ask.row(f"{name} decrypts", trail, "kms:Decrypt", key, True, mine),
            ask.row(f"{name} looks at the key", trail, "kms:DescribeKey", key, True, mine),
            ask.row(f"{name} deletes the key", trail, "kms:ScheduleKeyDeletion", key, False, mine),
            ask.row(f"another trail than {name} encrypts", trail, "kms:GenerateDataKey", key, False, foreign),
            ask.row(f"another trail than {name} decrypts", trail, "kms:Decrypt", key, False, foreign),
            ask.row(
                f"{name} encrypts what is no log of its account", trail, "kms:GenerateDataKey", key, False, strange
            ),
        ]
    config = {"aws:SourceArn": ask.archive.guarded_arns[0], _CONTEXT: ask.archive.guarded_arns[0]}
    return [
        *rows,
        ask.row("another service encrypts", service("config.amazonaws.com"), "kms:GenerateDataKey", key, False, config),
    ]


def _everybody(ask: Ask) -> list[Expectation]:
    found, none = ask.archive, frozenset[str]()
    who: dict[str, tuple[Principal, frozenset[str], bool]] = {
        "an administrator": (ask.administrator(), _USES, True),
        "root of the log account": (root(found.log_account, found.partition), _USES, True),
        "break-glass": (role(found.break_glass_arn), frozenset(OF_KEYS), True),
        "the operator": (role(found.operator_arn), _USES, True),
        "the grant-keeper": (role(found.grant_keeper_arn), _USES, True),
        "an administrator of a source account": (ask.administrator(found.source_accounts[0]), none, False),
    }
    return [
        ask.row(f"{name} does {action}", one, action, found.kms_key_arn, wanted)
        for name, (one, may, looks) in who.items()
        for action, wanted in (
            *((action, action in may) for action in OF_KEYS),
            *((action, looks) for action in _LOOKS),
        )
    ]
