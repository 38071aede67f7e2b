"""How sections become a page: long tables go to numbered annexes at the end, and each printed page bears the report's
id and title."""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from onetrail.change.words import counted
from onetrail.show.report.model import AnnexRef, Part, Section, Table

LONGEST_IN_BODY: Final = 40
"""Rows of a table between the sections; a longer one is an annex."""
LONGEST_IN_PRINT: Final = 100
"""Rows of a printed annex; a longer one is read on a screen, where it can be filtered, and is left out on paper."""
FINDINGS: Final = "findings"
"""The section whose tables are never an annex: what needs attention is read first, however much it is."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9]")


@dataclass(frozen=True)
class Annex:
    """A long table, with the section that it belongs to."""

    number: int
    of: Section
    table: Table

    @property
    def printed(self) -> bool:
        """Whether its rows are on paper too."""
        return len(self.table.rows) <= LONGEST_IN_PRINT

    @property
    def on_paper(self) -> str:
        """What is on paper in place of the rows that are not."""
        return (
            f"Its {len(self.table.rows):,} rows are not printed. They are in report.html of the run folder; the run"
            " record holds the SHA-256 of that file, in its last line with the kind report."
        )


def annexed(sections: Sequence[Section]) -> tuple[tuple[Section, ...], tuple[Annex, ...]]:
    """The sections with a reference in place of each folded or very long table, and these tables in their order."""
    body: list[Section] = []
    annexes: list[Annex] = []
    for section in sections:
        parts: list[Part] = []
        for part in section.parts:
            if isinstance(part, Table) and _is_annex(section, part):
                label = part.folded or f"Show all {len(part.rows):,} rows"
                annexes.append(Annex(len(annexes) + 1, section, replace(part, folded=label)))
                parts.append(AnnexRef(len(annexes), part.caption, counted(len(part.rows), "row"), part.verdict))
            else:
                parts.append(part)
        body.append(replace(section, parts=tuple(parts)))
    return tuple(body), tuple(annexes)


def _is_annex(section: Section, part: Table) -> bool:
    return bool(part.folded) or (section.id != FINDINGS and len(part.rows) > LONGEST_IN_BODY)


def running_heads(report: str, title: str) -> str:
    """Style rules that print id, title and page number on every page."""
    return (
        f"@page {{ @top-left {{ content: {css_text(title)}; }}"
        f" @bottom-left {{ content: {css_text('Report ' + report)}; }}"
        ' @bottom-right { content: "Page " counter(page) " of " counter(pages); } }'
    )


def css_text(text: str) -> str:
    """A string of CSS in which all but letters and digits is escaped: a space after an escape would be lost."""
    return '"' + "".join(one if _PLAIN.fullmatch(one) else f"\\{ord(one):06x}" for one in text) + '"'


def source_hash(text: str) -> str:
    """What a Content-Security-Policy calls an inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
