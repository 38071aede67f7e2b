"""What the gate asks of the estate at the moment of approval; who looks is given to it."""

from typing import Protocol

from onetrail.change.approval.confirm import AccountName


class Witness(Protocol):
    """Looks at the estate for the gate, and changes nothing."""

    def caller(self) -> str:
        """The ARN of the identity at hand; empty where no account can be entered."""
        ...

    def name_of(self, account: str) -> AccountName:
        """The account's alias; its id where it has none, or where its aliases cannot be read."""
        ...
