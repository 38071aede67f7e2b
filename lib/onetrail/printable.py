"""Text that somebody else chose, made safe to print: one rule for every form in which onetrail shows text.

A key, a tag, a message of AWS or a line of a file may hold characters that a terminal obeys, that turn the rest of a
line around, or that nobody sees. Each of them is shown as Python writes it in a string: `\\x1b`, `\\u202e`. Letters of
every script stay as they are. What is already made safe stays the same, so that text may pass several times. A
backslash is not doubled: JSON outputs and Parquet files hold the exact name.
"""

import re
import unicodedata
from typing import Final

_UNSEEN: Final = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xE0100, 0xE01EF),
)
"""Code points that show nothing though Python calls them printable: those of Default_Ignorable_Code_Point that are
letters or marks (Unicode 16, DerivedCoreProperties.txt), and the empty Braille pattern."""
_PILE: Final = 4
"""Marks on one letter that stay; Vietnamese and vowelled Hebrew have up to three. More cover the lines above and
below."""
_MARKS: Final = ("Mn", "Me")


class _Shown(dict[int, str]):
    """Code point -> how it is shown, found when it is first asked for."""

    def __missing__(self, code: int) -> str:
        said = self[code] = _escaped(chr(code)) if _is_unseen(code) else chr(code)
        return said


def printable(said: object) -> str:
    """The text on one line, with everything that is not seen as a letter, a mark, a digit, a sign or a space spelled
    out."""
    text = str(said)
    if text.isascii() and text.isprintable():
        return text
    return _without_piles(text.translate(_SHOWN))


def printable_lines(said: object) -> str:
    """The same for text whose line ends are our own layout."""
    return "\n".join(map(printable, str(said).split("\n")))


def json_safe(text: str) -> str:
    """JSON text that means the same and can be printed: what `printable` would escape is written as JSON's own
    escape."""
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(_json_escaped(c) if c not in "\n\t\r" and _is_unseen(ord(c)) else c for c in text)


def _is_unseen(code: int) -> bool:
    return not chr(code).isprintable() or any(first <= code <= last for first, last in _UNSEEN)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _json_escaped(character: str) -> str:
    return re.sub("....", lambda unit: f"\\u{unit[0]}", character.encode("utf-16-be", "surrogatepass").hex())


def _without_piles(text: str) -> str:
    """Marks beyond the fourth on one letter, and a mark that has no letter, spelled out."""
    if text.isascii() or not any(unicodedata.category(c) in _MARKS for c in text):
        return text
    kept, marks = [], _PILE
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in _MARKS else 0
        kept.append(_escaped(character) if marks > _PILE else character)
    return "".join(kept)


_SHOWN: Final = _Shown()
