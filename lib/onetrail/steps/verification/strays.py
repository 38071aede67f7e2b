"""What lies among the logs and is none, as `onetrail validate` sees it: by its name, or by what it holds under a name
that is passed over."""

from collections.abc import Callable

from onetrail.aws import Clients
from onetrail.cloudtrail.litter import MOST_READ, begins_as_log, may_hide_a_log
from onetrail.cloudtrail.object_key import parse
from onetrail.s3.http import calls
from onetrail.s3.http.client import S3Client
from onetrail.s3.http.retries import code_of
from onetrail.s3.http.session import hot
from onetrail.settings import Settings
from onetrail.steps.verification.troubles import STRAY, WHY_STRAY, Trouble, Troubles, stray

AT_ONCE = 256
"""Objects that are looked into together."""


class Strays:
    """Takes the objects of one listing, and names among `troubles` those that lie among the logs and are none.

    `client` is asked for only where something is looked into, and None where nothing can be: a retired bucket's list is
    all that is left. Call `finish` after the last one.
    """

    def __init__(
        self,
        troubles: Troubles,
        client: Callable[[], S3Client] | None,
        bucket: str,
        owner: str,
        account: str,
        region: str,
    ) -> None:
        self._troubles, self._client = troubles, client
        self._bucket, self._owner, self._account, self._region = bucket, owner, account, region
        self._held: list[str] = []

    def take(self, key: str, size: int) -> None:
        """One object, by its key and its size in bytes."""
        if odd := stray(self._bucket, self._account, self._region, key, size):
            self._troubles.add(odd)
        elif self._client and may_hide_a_log(key):
            if size > MOST_READ:
                self._tell(key, f"{size:,} bytes, and more than {MOST_READ:,} are not read")
                return
            self._held.append(key)
            if len(self._held) >= AT_ONCE:
                self.finish()

    def finish(self) -> None:
        """Look into what was taken since the last time."""
        held, self._held = self._held, []
        if not held or self._client is None:
            return
        asked = ((calls.get_object(self._bucket, self._owner, key), key) for key in held)
        for ended in self._client().run(asked):
            if ended.error is not None:
                self._tell(ended.context, f"it could not be looked into: {code_of(ended.error)}")
            elif begins_as_log(ended.result.content):
                self._tell(ended.context, f"{parse(ended.context).why}, and it holds what a log does")

    def _tell(self, key: str, why: str) -> None:
        self._troubles.add(
            Trouble(self._bucket, self._account, self._region, "object", STRAY, key, f"{WHY_STRAY}: {why}")
        )


def archive_strays(settings: Settings, clients: Clients, troubles: Troubles, account: str, region: str) -> Strays:
    """Of the archive's listing of one account and region."""
    owner = settings.log_account.account_id
    return Strays(
        troubles,
        lambda: hot(clients, owner, settings.home_region),
        settings.bucket_name,
        owner,
        account,
        region,
    )
