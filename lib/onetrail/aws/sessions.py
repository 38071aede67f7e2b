"""Who we are in each account: the identity that the parameters name, and the roles onetrail made."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, Credentials, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader, create_loader

from onetrail import names
from onetrail.aws.estate import KEY_PREFIX, PracticeEstate
from onetrail.change import BREAK_GLASS, COPIER, GRANT_KEEPER, NAMED, OPERATOR
from onetrail.errors import WrongUse
from onetrail.settings import Account, Settings

_ROLES = {
    OPERATOR: names.OPERATOR_ROLE,
    BREAK_GLASS: names.BREAK_GLASS_ROLE,
    GRANT_KEEPER: names.GRANT_KEEPER_ROLE,
    COPIER: names.COPIER_ROLE,
}


class CannotEnter(WrongUse):
    """An account or role cannot be entered with the credentials at hand."""


@dataclass(frozen=True)
class Entry:
    """How an account was entered: the caller's ARN and, in words, the way (`role …`, `profile …`, `own credentials`)."""

    account: str
    actor: str
    arn: str
    way: str


class Sessions:
    """botocore sessions by account and actor, opened on first use and refreshed by themselves."""

    def __init__(
        self,
        settings: Settings,
        estate: PracticeEstate | None,
        config: Config,
        check_answer: Callable[..., None],
    ) -> None:
        """`check_answer` sees each answer of STS, and raises WrongUse where another estate than the one named answers."""
        self._settings, self._estate, self._config = settings, estate, config
        self._check_answer = check_answer
        self._open: dict[tuple[str, str], tuple[boto3.Session, Entry]] = {}
        self._base = self._base_session()
        self._base_entry: Entry | None = None

    def base(self) -> Entry:
        """Who the credentials at hand belong to, before any role is assumed; raises CannotEnter."""
        if self._base_entry is None:
            try:
                arn, account = self._caller(self._base)
            except (ClientError, BotoCoreError) as err:
                raise CannotEnter(
                    f"the credentials at hand are not accepted: {_short(err)}; sign in again and run again"
                ) from err
            self._base_entry = Entry(account, NAMED, arn, "own credentials")
        return self._base_entry

    def entry(self, account: str, actor: str = NAMED) -> Entry:
        """How the account was entered; raises CannotEnter."""
        return self._enter(account, actor)[1]

    def session(self, account: str, actor: str = NAMED) -> boto3.Session:
        """The session for the account; raises CannotEnter."""
        return self._enter(account, actor)[0]

    def forget(self) -> None:
        """Look for the best way in again, after roles were made or removed."""
        self._open.clear()

    def _enter(self, account: str, actor: str) -> tuple[boto3.Session, Entry]:
        if (account, actor) not in self._open:
            self._open[account, actor] = self._first_way_in(account, actor)
        return self._open[account, actor]

    def _first_way_in(self, account: str, actor: str) -> tuple[boto3.Session, Entry]:
        refused: list[str] = []
        for way, make in self._ways(account, actor):
            try:
                session = make()
                arn, seen = self._caller(session)
            except (ClientError, BotoCoreError) as err:
                refused.append(f"{way}: {_short(err)}")
                continue
            if seen != account:
                raise CannotEnter(
                    f"account {account}: {way} leads into account {seen}; correct role_arn or profile in the parameters"
                )
            return session, Entry(account, actor, arn, way)
        raise CannotEnter(
            f"account {account} cannot be entered{' as ' + actor if actor else ''}: {'; '.join(refused)}; "
            "check the credentials and the role's trust policy"
        )

    def _ways(self, account: str, actor: str) -> list[tuple[str, Callable[[], boto3.Session]]]:
        named = self._named(account)
        if account != self._settings.log_account.account_id:
            if actor == COPIER:
                return [self._role_way(account, names.COPIER_ROLE)]
            return [named]
        if actor == NAMED:
            return [self._role_way(account, names.OPERATOR_ROLE), named]
        if actor == BREAK_GLASS:
            through = [
                self._role_way(account, names.BREAK_GLASS_ROLE, via=principal)
                for principal in self._settings.break_glass_principals
                if ":role/" in principal
            ]
            return [self._role_way(account, names.BREAK_GLASS_ROLE), *through, named]
        operator = names.role_arn(self._settings.partition, account, names.OPERATOR_ROLE)
        return [self._role_way(account, _ROLES[actor], via=operator), self._role_way(account, _ROLES[actor])]

    def _named(self, account: str) -> tuple[str, Callable[[], boto3.Session]]:
        given = next((item for item in self._accounts() if item.account_id == account), None)
        if given is None and account == self.base().account:
            return "own credentials", lambda: self._base
        if given is None:
            raise CannotEnter(
                f"account {account} is not among source_accounts and log_account; add it to the parameters"
            )
        if given.role_arn:
            arn = given.role_arn
            return f"role {arn.split('/', 1)[-1]}", lambda: self._assume(self._base, arn)
        if given.profile:
            profile = given.profile
            return f"profile {profile}", lambda: _own(boto3.Session(botocore_session=_new_session(profile)))
        return "own credentials", lambda: self._base

    def _accounts(self) -> list[Account]:
        return [*self._settings.source_accounts, self._settings.log_account]

    def _role_way(self, account: str, role: str, via: str = "") -> tuple[str, Callable[[], boto3.Session]]:
        arn = names.role_arn(self._settings.partition, account, role)
        if via:
            return f"role {role} by {via.split('/', 1)[-1]}", lambda: self._assume(
                self._assume(self._base, via), arn
            )
        return f"role {role}", lambda: self._assume(self._base, arn)

    def _assume(self, base: boto3.Session, arn: str) -> boto3.Session:
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=lambda service, **kw: self._checked(
                base.client(service, config=self._config, **{**kw, **self._endpoint()})
            ),
            source_credentials=base.get_credentials(),
            role_arn=arn,
            extra_args={"RoleSessionName": f"onetrail-{self._settings.run_name}"[:64]},
        )
        refreshable = DeferredRefreshableCredentials(
            method="assume-role", refresh_using=fetcher.fetch_credentials
        )
        refreshable.get_frozen_credentials()
        inner = _new_session()
        inner._credentials = (
            refreshable  # botocore offers no public way to hand refreshable credentials to a session
        )
        return boto3.Session(botocore_session=inner, region_name=self._settings.home_region)

    def _caller(self, session: boto3.Session) -> tuple[str, str]:
        sts = session.client(
            "sts", region_name=self._settings.home_region, config=self._config, **self._endpoint()
        )
        caller = self._checked(sts).get_caller_identity()
        return str(caller["Arn"]), str(caller["Account"])

    def _checked(self, client: Any) -> Any:
        client.meta.events.register("after-call", self._check_answer)
        return client

    def _endpoint(self) -> dict[str, Any]:
        return {"endpoint_url": self._estate.endpoint} if self._estate else {}

    def _base_session(self) -> boto3.Session:
        try:
            return self._credentials_at_hand()
        except BotoCoreError as err:
            raise CannotEnter(
                f"the credentials at hand cannot be read: {_short(err)}; correct AWS_PROFILE or ~/.aws and run again"
            ) from err

    def _credentials_at_hand(self) -> boto3.Session:
        if self._estate:
            inner = _new_session()
            inner._credentials = Credentials(self._estate.access_key_id, self._estate.secret_access_key)
            return boto3.Session(botocore_session=inner, region_name=self._settings.home_region)
        session = boto3.Session(botocore_session=_new_session(), region_name=self._settings.home_region)
        return _own(session)


def _own(session: boto3.Session) -> boto3.Session:
    """The session, once it has credentials that may be sent to AWS; raises CannotEnter."""
    credentials = session.get_credentials()
    if credentials is None:
        raise CannotEnter(
            "no AWS credentials were found; sign in (for instance: aws sso login) and run again"
        )
    if str(credentials.access_key).startswith(KEY_PREFIX):
        raise CannotEnter(
            "the credentials are those of the practice estate; they are sent nowhere else: set estate to practice"
        )
    return session


def _new_session(profile: str | None = None) -> botocore.session.Session:
    """A botocore session that shares the parsed service models with every other; alone, each parses them again, for half a second."""
    session = botocore.session.Session(profile=profile)
    session.register_component("data_loader", _models(session.get_config_variable("data_path")))
    return session


@cache
def _models(data_path: str | None) -> Loader:
    return create_loader(data_path)


def _short(err: Exception) -> str:
    if isinstance(err, ClientError):
        return str(err.response["Error"]["Code"])
    return str(err).splitlines()[0]
