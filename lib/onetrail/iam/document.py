"""A policy document as a value: read, compared, joined and taken apart; never sent anywhere from here."""

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, Final

from onetrail.errors import OnetrailError

Document = Mapping[str, Any]
"""A policy document as JSON gives it: `Version`, `Statement`."""

VERSION: Final = "2012-10-17"

_UNIQUE_ID: Final = re.compile(r"(?:AROA|AIDA|AGPA|ANPA|AIPA|ASCA|ANVA|APKA)[A-Z0-9]{8,}")
_LIST_KEYS: Final = ("Action", "NotAction", "Resource", "NotResource")
_STATEMENT_KEYS: Final = frozenset(
    {
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    }
)


class PolicyError(OnetrailError):
    """A policy document cannot be read or must not be built; the message is one line."""


def parse(source: str | bytes | Document) -> dict[str, Any]:
    """The document as a plain dictionary, checked for shape.

    Raises `PolicyError` when it is not JSON, has no statements, or a statement has an effect, element or
    shape that IAM does not know. Whether actions and ARNs exist is not checked.
    """
    if isinstance(source, str | bytes):
        try:
            found = json.loads(source)
        except ValueError as err:
            raise PolicyError(
                f"policy is not JSON ({err}): show the document to its owner, nothing was changed"
            ) from err
    else:
        found = source
    if not isinstance(found, Mapping):
        raise PolicyError(f"policy is a JSON {type(found).__name__}, not an object: pass the whole document")
    document = {str(key): value for key, value in found.items()}
    if "Statement" not in document:
        raise PolicyError("policy has no Statement: pass the whole document, not a part of it")
    for index, statement in enumerate(statements(document)):
        _check_statement(index, statement)
    return document


def _check_statement(index: int, statement: Mapping[str, Any]) -> None:
    where = f"policy statement {statement.get('Sid') or index}"
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError(f"{where} has Effect {statement.get('Effect')!r}: it must be Allow or Deny")
    unknown = sorted(set(statement) - _STATEMENT_KEYS)
    if unknown:
        raise PolicyError(f"{where} has unknown elements {', '.join(unknown)}: IAM refuses it")
    for one, other in (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal")):
        if one in statement and other in statement:
            raise PolicyError(f"{where} has both {one} and {other}: IAM refuses it, keep one")
    if "Action" not in statement and "NotAction" not in statement:
        raise PolicyError(f"{where} has neither Action nor NotAction: name what it is about")
    for key in _LIST_KEYS:
        value = statement.get(key, "")
        if not isinstance(value, str) and not (
            isinstance(value, list | tuple) and all(isinstance(v, str) for v in value)
        ):
            raise PolicyError(f"{where} has {key} {value!r}: it must be a word or a list of words")
    for key in ("Principal", "NotPrincipal"):
        value = statement.get(key, "*")
        if not (isinstance(value, Mapping) or value == "*"):
            raise PolicyError(f'{where} has {key} {value!r}: it must be "*" or an object such as {{"AWS": ...}}')
    condition = statement.get("Condition", {})
    if not isinstance(condition, Mapping) or not all(isinstance(block, Mapping) for block in condition.values()):
        raise PolicyError(f"{where} has a Condition that is not operator -> key -> values")


def statements(document: Document) -> list[dict[str, Any]]:
    """The document's statements; a single one without a list around it counts as a list of one."""
    found = document.get("Statement", [])
    if isinstance(found, Mapping):
        return [dict(found)]
    if not isinstance(found, list | tuple) or not all(isinstance(s, Mapping) for s in found):
        raise PolicyError("policy has a Statement that is not an object or a list of objects")
    return [dict(statement) for statement in found]


def values(value: Any) -> tuple[str, ...]:
    """A policy value as words: a word, a list, a JSON boolean or number come out as a tuple of strings."""
    if isinstance(value, list | tuple):
        return tuple(_word(v) for v in value)
    return (_word(value),)


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def canonical(document: Document | None) -> str:
    """One text for all documents that mean the same by form: order and single-or-list do not matter.

    An absent document is the empty text. Used to say whether a policy is still the one that was seen before.
    """
    if document is None:
        return ""
    rest = {key: value for key, value in document.items() if key not in ("Statement", "Version")}
    whole = {
        **rest,
        "Version": document.get("Version", "2008-10-17"),
        "Statement": sorted(_canonical_statement(s) for s in statements(document)),
    }
    return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _canonical_statement(statement: Mapping[str, Any]) -> str:
    shape: dict[str, Any] = dict(statement)
    for key in _LIST_KEYS:
        if key in shape:
            shape[key] = sorted(set(values(shape[key])))
    for key in ("Principal", "NotPrincipal"):
        if key in shape:
            shape[key] = _canonical_principal(shape[key])
    if not shape.get("Condition"):
        shape.pop("Condition", None)
    else:
        shape["Condition"] = _canonical_condition(shape["Condition"])
    if not shape.get("Sid"):
        shape.pop("Sid", None)
    return json.dumps(shape, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _canonical_principal(principal: Any) -> Any:
    if not isinstance(principal, Mapping):
        return {"AWS": ["*"]} if principal == "*" else principal
    return {kind: sorted({_account_as_root(v) for v in values(named)}) for kind, named in principal.items()}


def _account_as_root(principal: str) -> str:
    """AWS stores `arn:PARTITION:iam::ACCOUNT:root` for a bare account id; the id is the shorter form."""
    found = re.fullmatch(r"arn:[^:]+:iam::(\d{12}):root", principal)
    return found[1] if found else principal


def _canonical_condition(condition: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, list[str]]]:
    shape: dict[str, dict[str, list[str]]] = {}
    for operator, block in condition.items():
        for key, wanted in block.items():
            shape.setdefault(operator, {}).setdefault(key.lower(), []).extend(values(wanted))
    return {op: {key: sorted(set(found)) for key, found in block.items()} for op, block in shape.items()}


def dead_principals(document: Document) -> list[str]:
    """Unique ids (`AROA...`, `AIDA...`) that stand where an ARN once stood: their principal was deleted.

    AWS refuses every new version of a document that holds one (IAM User Guide, Principal element).
    """
    found: set[str] = set()
    for statement in statements(document):
        for key in ("Principal", "NotPrincipal"):
            principal = statement.get(key)
            if isinstance(principal, Mapping):
                found.update(v for v in values(principal.get("AWS", ())) if _UNIQUE_ID.fullmatch(v))
    return sorted(found)


def without_sids(document: Document | None, sids: str | Collection[str]) -> dict[str, Any] | None:
    """The document without the statements of those Sids (a word is a prefix, a collection exact names).

    None when no statement remains: the policy is then to be deleted, since AWS refuses an empty one.
    """
    if document is None:
        return None
    kept = [s for s in statements(document) if not _named(str(s.get("Sid", "")), sids)]
    return {**document, "Statement": kept} if kept else None


def _named(sid: str, sids: str | Collection[str]) -> bool:
    return sid.startswith(sids) if isinstance(sids, str) else sid in sids


def with_statements(document: Document | None, new: Collection[Mapping[str, Any]]) -> dict[str, Any]:
    """The document with the new statements at its end; one of the same Sid is replaced, not doubled."""
    base = without_sids(document, {str(s["Sid"]) for s in new if s.get("Sid")})
    envelope: dict[str, Any] = dict(base if base is not None else document or {"Version": VERSION})
    envelope["Statement"] = [*(statements(base) if base else []), *(dict(s) for s in new)]
    return envelope


def compact(document: Document) -> str:
    """The document as the text that is sent: no blanks, order kept."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def differences(before: Document | None, after: Document | None) -> list[str]:
    """One line for each statement added, removed or changed, by Sid; empty when both mean the same."""
    left, right = statements(before or {}), statements(after or {})
    old, new = _by_sid(_beyond(left, right)), _by_sid(_beyond(right, left))
    lines = [f"removed {sid}: {_summary(old[sid])}" for sid in old if sid not in new]
    lines += [f"added {sid}: {_summary(new[sid])}" for sid in new if sid not in old]
    lines += [f"changed {sid}: {'; '.join(_changed_elements(old[sid], new[sid]))}" for sid in old if sid in new]
    return lines


def _beyond(mine: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """My statements that they do not have, however either is written."""
    spare = Counter(_canonical_statement(s) for s in theirs)
    left = []
    for statement in mine:
        shape = _canonical_statement(statement)
        if spare[shape]:
            spare[shape] -= 1
        else:
            left.append(statement)
    return left


def _by_sid(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    named: dict[str, dict[str, Any]] = {}
    for statement in found:
        sid = str(statement.get("Sid") or f"(no Sid) {_summary(statement)}")
        while sid in named:
            sid += " again"
        named[sid] = statement
    return named


def _summary(statement: Mapping[str, Any]) -> str:
    action = statement.get("Action", statement.get("NotAction", ""))
    negated = "all but " if "NotAction" in statement else ""
    principal = statement.get("Principal", statement.get("NotPrincipal"))
    who = "" if principal is None else " for " + ("*" if principal == "*" else json.dumps(principal, sort_keys=True))
    return f"{statement.get('Effect')} {negated}{', '.join(values(action))}{who}"


def _changed_elements(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    before, after = json.loads(_canonical_statement(old)), json.loads(_canonical_statement(new))
    return [
        f"{key} was {json.dumps(before.get(key))}, becomes {json.dumps(after.get(key))}"
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    ]
