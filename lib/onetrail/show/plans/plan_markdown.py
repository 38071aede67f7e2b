"""A plan in Markdown, for a ticket or a pull request: what it comes to, its rows, and how to approve it."""

import re
from collections.abc import Sequence
from typing import Final

from onetrail.change import Plan
from onetrail.change.approval import AccountName, confirmation_of
from onetrail.change.consequence import LEGEND, consequence
from onetrail.printable import printable
from onetrail.show.html import Shown
from onetrail.show.plans.by_account import HEADS, account_rows
from onetrail.show.plans.change_group import ChangeGroup, grouped
from onetrail.show.plans.changes import undo_of
from onetrail.show.plans.withheld import without_credentials

_HEADS: Final = ("sign", "n", "change", "on what", "undo", "why", "account", "region", "as", "requires")
_WORD: Final = re.compile(r"[A-Za-z]+(?:[-'][a-z]+)*|[0-9]{1,5}(?:[.,][0-9]+)*%?|[-+~=!]|->")
"""What is left as it is: a word, a number, a sign. None of it is markup, a link, a mention or a reference on GitHub."""
_HASH: Final = re.compile(r"[0-9a-f]{7,40}", re.IGNORECASE)
"""A word that could be the start of a commit's hash, which GitHub links where there is one
(docs.github.com, Autolinked references and URLs)."""
_AROUND: Final = re.compile(r"([(\"']*)(.*?)([)\"',.;:?]*)")


def plan_as_markdown(plan: Plan) -> str:
    """One section. Names from AWS are code, so that none of them is markup, a link or a mention."""
    comes_to = consequence(plan)
    approve = f"--from {plan.step} --to {plan.step} --approve {plan.id}"
    lines = [
        f"## Plan {code_span(plan.id)} of step {plan.step}",
        "",
        *(f"- {_escaped(sentence)}" for sentence in comes_to.sentences),
        f"- **{_escaped(comes_to.line)}**",
        "",
        *_table(_HEADS, [_row(group) for group in grouped(plan.changes)]),
        "",
        f"Sign: {_escaped(LEGEND)}.",
        *(["", *(f"- {_escaped(note)}" for note in plan.notes)] if plan.notes else []),
        *(["", *_table(HEADS, accounts)] if (accounts := list(account_rows(plan))) else []),
        "",
        f"Nothing is sent until this plan is approved. To approve exactly this plan: `onetrail run -f FILE {approve}`,",
        f'or `approve = "{plan.id}"` in the parameters. Anything that changes until then gives it another id.',
        *(
            ["The gate also asks for `confirm` in the parameters: the number of what cannot be undone."]
            if confirmation_of(plan, lambda account: AccountName(account, account))
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
    """The text with each word that is not plainly one in a code span, so that no name is markup, a link, a mention or a
    reference. A bar, which would end a cell even there, is spelled out."""
    return " ".join(map(_plain, printable(without_credentials(text)).split()))


def _plain(word: str) -> str:
    around = _AROUND.fullmatch(word)
    before, inner, after = around.groups() if around else ("", word, "")
    if not inner:
        return word
    if inner.isdigit() and after[:1] in (".", ")"):
        after = f"\\{after}"  # else a list could begin with it
    return f"{before}{_sign(inner) if _plainly(inner) else code_span(inner)}{after}"


def _plainly(word: str) -> bool:
    return bool(_WORD.fullmatch(word)) and not _HASH.fullmatch(word)


def _sign(word: str) -> str:
    """A sign could begin a list, a heading or a picture."""
    return word if word[0].isalnum() or word == "->" else f"\\{word}"


def code_span(text: str) -> str:
    """The text as code, within backticks of which it holds no run so long."""
    text = text.replace("|", r"\x7c")
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    padded = f" {text} " if text[0] == "`" or text[-1] == "`" else text
    return f"{fence}{padded}{fence}"
