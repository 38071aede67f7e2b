"""What the gate asks of the estate at the moment of approval: who is here, and what an account is called."""

from onetrail.aws.clients import Clients
from onetrail.aws.look import look
from onetrail.change.approval import AccountName
from onetrail.errors import OnetrailError
from onetrail.looked import Unread


class EstateWitness:
    """Looks through the clients of one run. Nothing that it calls changes anything."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def caller(self) -> str:
        """The ARN of the current credentials, else of the entry into the log account; empty where neither is known."""
        try:
            base = self._clients.base()
            return (base or self._clients.entry(self._clients.settings.log_account.account_id)).arn
        except OnetrailError:
            return ""

    def name_of(self, account: str) -> AccountName:
        """The account's alias; its id where it has none, or where its aliases cannot be read."""
        try:
            found = look(self._clients.client("iam", account).list_account_aliases)
        except OnetrailError:
            return AccountName(account, account)
        aliases = [] if isinstance(found, Unread) else found.value.get("AccountAliases", [])
        return AccountName(account, aliases[0] if aliases else account)
