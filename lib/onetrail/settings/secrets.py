"""What looks like a secret in parameters: it is refused, and never shown."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from onetrail.settings.mistakes import Mistake
from onetrail.settings.refusal import DEEPEST, path_of

_KEY: Final = re.compile(
    r"secret|passw|passphrase|token|credential|private[_-]?key|access[_-]?key|api[_-]?key", re.IGNORECASE | re.ASCII
)
_VALUE: Final = re.compile(r"(?<![A-Z0-9])(AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])|-----BEGIN [A-Z ]*PRIVATE KEY", re.ASCII)
"""Access key ids (IAM User Guide, "Unique identifiers") and private keys in PEM."""
_CURE: Final = (
    "no secret is a parameter: leave it out, since credentials come from your AWS configuration, and let it be replaced"
    " if others may have read it"
)


def is_secret_key(key: str) -> bool:
    """Whether a key's name says that it holds a secret."""
    return bool(_KEY.search(key) or _VALUE.search(key))


def secret_key(key: str, at: tuple[int | str, ...]) -> Mistake:
    """The mistake of such a key, without it where it is the secret itself."""
    said = f"a key{f' of {path_of(at[:-1])}' if at[:-1] else ''}" if _VALUE.search(key) else path_of(at)
    return Mistake(f"{said} looks like a secret, and {_CURE}", at)


def secrets_among(value: object, at: tuple[int | str, ...] = ()) -> Iterator[Mistake]:
    """Each text within a value that is a credential, without it."""
    if isinstance(value, str):
        if _VALUE.search(value):
            yield Mistake(f"{path_of(at)} holds what looks like a credential, and {_CURE}", at)
    elif len(at) <= DEEPEST:
        for key, item in _items(value):
            if isinstance(key, str) and _VALUE.search(key):
                yield secret_key(key, (*at, key))
            else:
                yield from secrets_among(item, (*at, key))


def _items(value: object) -> Iterator[tuple[int | str, Any]]:
    if isinstance(value, Mapping):
        yield from ((key if isinstance(key, int) else str(key), item) for key, item in value.items())
    elif isinstance(value, list | tuple):
        yield from enumerate(value)
