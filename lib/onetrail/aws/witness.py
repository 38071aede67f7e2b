"""What the gate asks of the estate at the moment of approval: who is here, and what an account is called."""

from onetrail.aws.clients import Clients
from onetrail.aws.look import look
from onetrail.aws.remembered import Answer, Key
from onetrail.aws.reviewed import difference, reviewed_by
from onetrail.aws.second_person import SecondPerson
from onetrail.change import Plan
from onetrail.change.approval import AccountName, ReadAgain
from onetrail.change.approval.second import SecondApproval
from onetrail.errors import OnetrailError
from onetrail.looked import Unread


class EstateWitness:
    """Looks through the clients of one run. Nothing that it calls changes anything.

    It keeps what the last observation read, so it is to be made before the next one: by the gate of the plan that
    follows from the observation.
    """

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._kept = clients.remembered.reviewed

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

    def settings_of(self, plan: Plan) -> int:
        """How many settings the plan reviewed of what it changes."""
        return len(reviewed_by(plan.changes, self._kept))

    def look_again(self, plan: Plan) -> ReadAgain:
        """Each setting that the plan reviewed of what it changes, read again as the same identity."""
        was = reviewed_by(plan.changes, self._kept)
        with self._clients.remembered.one_look() as now:
            why = dict(zip(was, self._clients.each(self._ask, list(was.items())), strict=True))
        found = (difference(plan.changes, key, answer, now.get(key), why[key]) for key, answer in was.items())
        return ReadAgain(len(was), tuple(sorted(filter(None, found))))

    def second(self, plan: Plan) -> SecondApproval:
        """The approval of a second person that counts now; raises PlanRefused where none does."""
        return SecondPerson(self._clients).approval(plan)

    def _ask(self, item: tuple[Key, Answer]) -> str:
        """Ask one question again. What comes of it is kept by the look; a refusal leaves nothing there, and is
        returned."""
        (service, account, region, actor, call, _), answer = item
        try:
            client = self._clients.client(service, account, region, actor)
        except OnetrailError as err:
            return err.line
        method = next(name for name, api in client.meta.method_to_api_mapping.items() if api == call)
        found = look(getattr(client, method), **answer.asked)
        return found.why if isinstance(found, Unread) else ""
