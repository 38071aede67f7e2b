"""The identity that works in a source account, as policies name it."""

from onetrail.aws import Clients, look
from onetrail.looked import Answer, There, Unread
from onetrail.settings import Settings


def owner_of(settings: Settings, clients: Clients, account: str) -> Answer[str]:
    """ARN of the identity that the parameters name for a source account, as `aws:PrincipalArn` shows it."""
    named = next(a for a in settings.source_accounts if a.account_id == account)
    if named.role_arn:
        return There(named.role_arn)
    arn = clients.entry(account).arn
    if ":assumed-role/" not in arn:
        return There(arn)
    found = look(clients.client("iam", account).get_role, RoleName=arn.split("/")[1])
    return found if isinstance(found, Unread) else There(str(found.value["Role"]["Arn"]))
