"""What a change sends, and what it replaces: parameters as they go out, policies by the statements that differ.

Changes that send the same but for the names of their bucket, region and account are shown once, with those names
marked.
"""

import json
from collections.abc import Mapping
from typing import Any

from onetrail import iam
from onetrail.change import Document, canonical_json, plain
from onetrail.show.html import Column, Shown, as_json, folded, paragraph, preformatted, together
from onetrail.show.plans.change_group import ChangeGroup, marked, names_of, required
from onetrail.show.table import simple


def what_is_sent(group: ChangeGroup) -> Shown:
    """One fold for the single changes of a group, and one for each thing that is sent, with the changes that send
    it."""
    variants: dict[str, list[int]] = {}
    examples: dict[str, tuple[Any, Any]] = {}
    for place, change in zip(group.places, group.changes, strict=True):
        names = names_of(change) if len(group.changes) > 1 else {}
        sent, before = marked(_readable(change.parameters), names), marked(_readable(change.before), names)
        key = canonical_json([sent, before])
        variants.setdefault(key, []).append(place)
        examples[key] = (sent, before)
    several = [_one_by_one(group)] if len(group.changes) > 1 else []
    return together(*several, *(_variant(group, places, *examples[key]) for key, places in variants.items()))


def _one_by_one(group: ChangeGroup) -> Shown:
    heads = ("region", "on what", "why", "requires", "undo")
    rows = [
        [str(n), c.region, c.resource, c.reason, required(c.requires), c.undo]
        for n, c in zip(group.places, group.changes, strict=True)
    ]
    inner = simple(group.what, [Column("n", right=True), *map(Column, heads)], rows)
    return folded(f"{group.numbers}: {group.what}, one by one", inner, in_text=False)


def _variant(group: ChangeGroup, places: list[int], sent: Any, before: Any) -> Shown:
    held = set(places)
    members = tuple(c for p, c in zip(group.places, group.changes, strict=True) if p in held)
    part = ChangeGroup(tuple(places), members)
    one_by_one = f" ({len(places)} alike, but for the names in ‹ ›)" if len(places) > 1 else f" on {part.on_what}"
    inner = [*_alone(part), *_policies(sent, before), _fold_json("Sent", sent)]
    if before is not None:
        inner.append(_fold_json("Before", before))
    return Shown(folded(f"{part.numbers}: {part.what}{one_by_one}", together(*inner)).html, "")


def _alone(part: ChangeGroup) -> list[Shown]:
    """The whole name and the undo of a change that is not in the table of single ones."""
    if len(part.changes) > 1:
        return []
    return [paragraph(f"On {part.changes[0].resource}; undo: {part.changes[0].undo}.")]


def _fold_json(head: str, value: Any) -> Shown:
    return together(paragraph(f"{head}:"), preformatted(as_json(value).split("\n")))


def _policies(sent: Any, before: Any) -> list[Shown]:
    """The statements that differ, for each policy among the parameters."""
    if not isinstance(sent, Mapping):
        return []
    shown = []
    for name, value in sent.items():
        if not _is_policy(value):
            continue
        old = _policy_in(before, name)
        lines = iam.differences(old, value)
        head = (
            "Statements that differ from the current policy"
            if old
            else "There is no policy yet; this one would be applied"
        )
        shown.append(together(paragraph(f"{head}:"), preformatted(lines or ["none: both mean the same"])))
    return shown


def _policy_in(before: Any, name: str) -> Mapping[str, Any] | None:
    """The policy that is replaced: the state before itself, or the part of it that has the parameter's name."""
    if _is_policy(before):
        return dict(before)
    if isinstance(before, Mapping):
        parts = [before.get(name), *before.values()]
        return next((dict(part) for part in parts if _is_policy(part)), None)
    return None


def _is_policy(value: Any) -> bool:
    return isinstance(value, Mapping) and "Statement" in value


def _readable(value: Any) -> Any:
    """Plain values; policies in the form of text are parsed, so that they read as documents."""
    if isinstance(value, Document):
        return _readable(value.value)
    if isinstance(value, Mapping):
        return {str(key): _readable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_readable(item) for item in value]
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return plain(value)
