"""The errors onetrail raises on purpose: one line each, with the cure in the line."""

import re

from onetrail.printable import printable


def described(err: BaseException) -> str:
    """An error in words, whatever it is: its class, and what it says where it says something."""
    kind = type(err)
    name = kind.__name__ if kind.__name__ != "error" else f"{kind.__module__}.error"
    return f"{name}: {err}" if str(err).strip() else name


class OnetrailError(Exception):
    """Something went wrong that a person can act on; the message says what, where and what to do next."""

    exit_code = 1

    def _render_traceback_(self) -> list[str]:
        """IPython shows this instead of a traceback: one line is what the reader needs, or one per mistake."""
        return [f"{type(self).__name__}: {self.lines[0]}", *self.lines[1:]]

    @property
    def line(self) -> str:
        """The message on one line and safe to print, whatever AWS or a file put into it."""
        return printable(re.sub(r"[ \t\n]+", " ", str(self)).strip())

    @property
    def lines(self) -> tuple[str, ...]:
        """What a person is shown: the one line, unless there is more to fix than it says."""
        return (self.line,)


class WrongUse(OnetrailError):
    """The request itself is wrong: a parameter, a plan id, an account; nothing was changed."""

    exit_code = 2


class NotYet(OnetrailError):
    """A wait is not over; the message names the time to come back."""

    exit_code = 4
