"""A plan in Markdown, for a ticket or a pull request: what it comes to, its rows, and how to approve it."""

import re
from collections.abc import Sequence
from typing import Final

from onetrail.change import Plan
from onetrail.change.consequence import LEGEND, consequence
from onetrail.printable import printable
from onetrail.show.html import Shown
from onetrail.show.plans.change_group import ChangeGroup, grouped
from onetrail.show.plans.changes import undo_of

_HEADS: Final = ("sign", "n", "change", "on what", "undo", "why", "account", "region", "as", "requires")
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>|#~&@!])")
"""What Markdown, or a ticket that renders it, could take for markup, a link or a mention."""


def plan_as_markdown(plan: Plan) -> str:
    """One section. Names from AWS are escaped, so that none of them is markup."""
    comes_to = consequence(plan)
    approve = f"--from {plan.step} --to {plan.step} --approve {plan.id}"
    lines = [
        f"## Plan {plan.id} of step {plan.step}",
        "",
        *(f"- {_escaped(sentence)}" for sentence in comes_to.sentences),
        f"- **{_escaped(comes_to.line)}**",
        "",
        *_table(_HEADS, [_row(group) for group in grouped(plan.changes)]),
        "",
        f"Sign: {_escaped(LEGEND)}.",
        *(["", *(f"- {_escaped(note)}" for note in plan.notes)] if plan.notes else []),
        "",
        f"Nothing is sent until this plan is approved. To approve exactly this plan: `onetrail run -f FILE {approve}`,",
        f'or `approve = "{plan.id}"` in the parameters. Anything that changes until then gives it another id.',
        *(
            ["The gate also asks for `confirm` in the parameters: what is deleted for good."]
            if comes_to.destroys
            else []
        ),
    ]
    return "\n".join(lines) + "\n"


def _row(group: ChangeGroup) -> list[str]:
    undo = undo_of(group)
    return [
        f"{group.sign} {group.verb}",
        group.numbers,
        group.what,
        group.on_what,
        undo.text if isinstance(undo, Shown) else undo,
        group.one_of("reason"),
        group.account,
        group.region,
        group.changes[0].actor or "named role",
        group.requires,
    ]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    said = [heads, ["---"] * len(heads), *([_escaped(cell) for cell in row] for row in rows)]
    return [f"| {' | '.join(row)} |" for row in said]


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(printable(text).split()))
