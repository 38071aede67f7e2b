"""What a person sees of step 02: the access paths to the log account, what was found there, and the old buckets."""

from collections.abc import Callable, Sequence

from onetrail import iam
from onetrail.change.words import share
from onetrail.estate.freeze import live_rules
from onetrail.estate.log_account.observed import ROOT_CREDENTIALS
from onetrail.estate.old_estate import OldBucket
from onetrail.looked import T, Unread, known, made
from onetrail.settings import Settings
from onetrail.show.html import Shown
from onetrail.show.table import framed, table
from onetrail.steps.account_lockdown import LockdownObservation, LogAccount, paths


def access_paths(settings: Settings, observation: LockdownObservation) -> Shown:
    """Which principal may assume which role of the log account: now, and after the plan."""
    rows = [
        [_change(way.now, way.after), way.principal, way.role, way.may, _yes(way.now), _yes(way.after)]
        for way in paths(settings, observation)
    ]
    columns = ["change", "principal", "assumes", "and then may", "before", "after"]
    frame = framed(rows, columns=columns)
    closed = sum(1 for row in rows if row[0] == "closes")
    opened = sum(1 for row in rows if row[0] == "opens")
    before, after = (sum(row[at] == "in" for row in rows) for at in (4, 5))
    verdict = f"Access paths before the plan: {before}, after it: {after}; {opened} open, {closed} close."
    if isinstance(observation.log.roles, Unread):
        verdict = "The roles could not be read, so the access paths are not evaluated."
    return table(frame, f"Access paths to the log account {observation.log.account}", verdict=verdict)


def account(observation: LockdownObservation) -> Shown:
    """Root, users, public-access block and contact of the log account, one row each."""
    log = observation.log
    rows = [
        ["root", _root(log)],
        ["IAM users", _unread(log.users, lambda users: ", ".join(user.name for user in users) or "none")],
        [
            "active access keys",
            _unread(_active_keys(log), str),
        ],
        [
            "public-access block",
            _unread(log.public_access, lambda flags: f"{sum(flags.values())} of {len(flags)} on"),
        ],
        ["security contact", _unread(log.security_contact, lambda address: address or "none")],
    ]
    frame = framed([[name, str(said)] for name, said in rows], columns=["property", "value"])
    return table(frame, f"The log account {log.account}", verdict=_account_verdict(log))


def old_buckets(observation: LockdownObservation) -> Shown:
    """Every old bucket: what could delete from it, and what prevents a change of its policy."""
    columns = ["region", "bucket", "frozen", "rules that delete or move", "dead principals", "access log"]
    buckets = observation.old.buckets
    frame = framed([_row(bucket) for bucket in buckets], columns=columns)
    attention = [at for at, bucket in enumerate(buckets) if not (bucket.held or bucket.emptied) or live_rules(bucket)]
    return table(frame, "The old buckets", verdict=_verdict(buckets), attention=attention)


def _active_keys(log: LogAccount) -> int | Unread:
    """Of all IAM users; unread where those, or the keys of one, could not be listed."""
    if isinstance(log.users, Unread):
        return log.users
    total = 0
    for user in log.users:
        if isinstance(user.active_keys, Unread):
            return user.active_keys
        total += len(user.active_keys)
    return total


def _yes(can: bool) -> str:
    return "in" if can else "–"


def _change(now: bool, after: bool) -> str:
    return {(True, True): "stays", (True, False): "closes", (False, True): "opens"}[now, after]


def _account_verdict(log: LogAccount) -> str:
    """What must be fixed, and what was not evaluated."""
    asked = {
        "root": log.root,
        "IAM users": log.users,
        "public-access block": log.public_access,
        "security contact": log.security_contact,
    }
    blind = [name for name, value in asked.items() if isinstance(value, Unread)]
    wrong = [log.root_fault] if log.root_fault else []
    wrong += ["there are IAM users"] if known(log.users) else []
    flags = known(log.public_access)
    wrong += ["buckets could be made public"] if flags and not all(flags.values()) else []
    wrong += ["there is no security contact"] if log.security_contact == "" else []
    said = f"To fix: {', '.join(wrong)}." if wrong else "Nothing needs a fix here."
    return said + (f" Not evaluated: {', '.join(blind)}." if blind else "")


def _unread(value: T | Unread, said: Callable[[T], str]) -> str:
    return "not evaluated" if isinstance(value, Unread) else said(value)


def _root(log: LogAccount) -> str:
    parts = {"AccountPasswordPresent": "password", **ROOT_CREDENTIALS, "AccountMFAEnabled": "MFA"}
    return _unread(
        log.root,
        lambda root: ", ".join(word for part, word in parts.items() if root.get(part)) or "no credentials",
    )


def _row(bucket: OldBucket) -> list[str | Unread]:
    held = "emptied" if bucket.emptied else "yes" if bucket.held else "no"
    rules = ", ".join(live_rules(bucket)) or "none"
    return [
        bucket.region,
        bucket.name,
        bucket.policy if isinstance(bucket.policy, Unread) else held,
        bucket.lifecycle if isinstance(bucket.lifecycle, Unread) else rules,
        made(bucket.policy, lambda said: ", ".join(iam.dead_principals(said)) or "none", "none"),
        made(bucket.logging, lambda said: "yes" if said else "no", "no"),
    ]


def _verdict(buckets: Sequence[OldBucket]) -> str:
    if not buckets:
        return "There is no old bucket."
    held = sum(1 for bucket in buckets if bucket.held or bucket.emptied)
    live = sum(1 for bucket in buckets if live_rules(bucket))
    return f"{share(held, len(buckets), 'old bucket')} frozen; in {live} of them rules still delete or move logs."
