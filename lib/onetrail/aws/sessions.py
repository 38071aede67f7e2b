"""Who we are in each account: the identity that the parameters name, and the roles onetrail made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, ClassVar

from botocore.exceptions import BotoCoreError, ClientError
from botocore.hooks import EventAliaser, HierarchicalEmitter

from onetrail import names
from onetrail.aws.actors import BREAK_GLASS, COPIER, READER, ROLES, SEALER
from onetrail.aws.advice import clock_is_off, cure
from onetrail.aws.estate import KEY_PREFIX, PracticeEstate
from onetrail.aws.refused import ReadableAnswers, short_reason
from onetrail.aws.telling import tell_silence
from onetrail.change import NAMED
from onetrail.errors import WrongUse
from onetrail.lazily import later

if TYPE_CHECKING:
    import boto3
    from botocore import credentials as botocore_credentials
    from botocore import loaders
    from botocore import session as botocore_session
    from botocore.config import Config

    from onetrail.settings import Account, Settings
else:
    boto3, botocore_session = later("boto3"), later("botocore.session")
    botocore_credentials, loaders = later("botocore.credentials"), later("botocore.loaders")


class CannotEnter(WrongUse):
    """An account or role cannot be entered with the current credentials."""


class NoCredentials(CannotEnter):
    """There are no credentials to start from, or they cannot be read; another way may need none of them."""


@dataclass(frozen=True)
class Entry:
    """How an account was entered: the caller's ARN and, in words, the way (`role …`, `profile …`, `own
    credentials`). `user_id` is the caller's unique id, of a session with its name: `AROA…:NAME`."""

    account: str
    actor: str
    arn: str
    way: str
    user_id: str = ""


class Sessions:
    """botocore sessions by account and actor, opened on first use and refreshed by themselves."""

    def __init__(
        self,
        settings: Settings,
        estate: PracticeEstate | None,
        config: Config,
        check_answer: Callable[..., None],
    ) -> None:
        """`check_answer` sees each answer of STS, and raises WrongUse where another estate than the one named answers.

        Raises CannotEnter where an account is entered with the current credentials, and there are none. Where each has
        a profile, nobody needs them.
        """
        self._settings, self._estate, self._config = settings, estate, config
        self._check_answer = check_answer
        self._open: dict[tuple[str, str], tuple[boto3.Session, Entry]] = {}
        self._base: boto3.Session | None = None
        self._base_entry: Entry | None = None
        self._profiles: dict[str, boto3.Session] = {}
        if not all(account.profile for account in self._accounts()):
            self._at_hand()

    def base(self) -> Entry:
        """Who the current credentials belong to, before any role is assumed; raises CannotEnter, NoCredentials where
        there are none."""
        if self._base_entry is None:
            base = self._at_hand()
            try:
                arn, account, user_id = self._caller(base)
            except (ClientError, BotoCoreError) as err:
                way_on = clock_is_off(err) or "sign in again and run again"
                raise CannotEnter(f"the current credentials are not accepted: {short_reason(err)}; {way_on}") from err
            self._base_entry = Entry(account, NAMED, arn, "own credentials", user_id)
        return self._base_entry

    def base_if_any(self) -> Entry | None:
        """As `base`; None where there are no credentials, which no account needs then. Raises CannotEnter."""
        try:
            return self.base()
        except NoCredentials:
            return None

    def entry(self, account: str, actor: str = NAMED) -> Entry:
        """How the account was entered; raises CannotEnter."""
        return self._enter(account, actor)[1]

    def behind(self, accounts: Iterable[str]) -> list[Entry]:
        """Who each profile belongs to from which these accounts, or a role there, may be entered; a profile without
        credentials leads nowhere. Raises CannotEnter where AWS does not accept the credentials of one."""
        found = []
        for profile in dict.fromkeys(name for account in accounts for name in self._profiles_for(account)):
            try:
                arn, account, user_id = self._caller(self._of_profile(profile))
            except NoCredentials:
                continue
            except (ClientError, BotoCoreError) as err:
                raise CannotEnter(f"profile {profile}: {short_reason(err)}; sign in again and run again") from err
            found.append(Entry(account, NAMED, arn, f"profile {profile}", user_id))
        return found

    def session(self, account: str, actor: str = NAMED) -> boto3.Session:
        """The session for the account; raises CannotEnter."""
        return self._enter(account, actor)[0]

    def forget(self) -> None:
        """Look for the best entry again, after roles were made or removed."""
        self._open.clear()

    def _enter(self, account: str, actor: str) -> tuple[boto3.Session, Entry]:
        if (account, actor) not in self._open:
            self._open[account, actor] = self._first_entry(account, actor)
        return self._open[account, actor]

    def _first_entry(self, account: str, actor: str) -> tuple[boto3.Session, Entry]:
        refused: list[str] = []
        way_on = "check the credentials and the role's trust policy"
        for way, make in self._ways(account, actor):
            try:
                session = make()
                arn, seen, user_id = self._caller(session)
            except (ClientError, BotoCoreError, NoCredentials) as err:
                refused.append(f"{way}: {short_reason(err)}")
                way_on = cure(err, way_on)
                continue
            if seen != account:
                raise CannotEnter(
                    f"account {account}: {way} leads into account {seen}; correct role_arn or profile in the parameters"
                )
            return session, Entry(account, actor, arn, way, user_id)
        raise CannotEnter(
            f"account {account} cannot be entered{' as ' + actor if actor else ''}: {'; '.join(refused)}; {way_on}"
        )

    def _ways(self, account: str, actor: str) -> list[tuple[str, Callable[[], boto3.Session]]]:
        named = self._named(account)
        if account != self._settings.log_account.account_id:
            if actor == COPIER:
                return self._role_ways(account, names.COPIER_ROLE)
            return [named]
        if actor == NAMED:
            return [*self._role_ways(account, names.OPERATOR_ROLE), named]
        if actor in (BREAK_GLASS, SEALER):
            through = [
                way
                for principal in self._settings.break_glass_principals
                if ":role/" in principal
                for way in self._role_ways(account, ROLES[actor], via=principal)
            ]
            fallback = [named] if actor == BREAK_GLASS else []
            return [*self._role_ways(account, ROLES[actor]), *through, *fallback]
        if actor == READER:
            named_readers = self._settings.reader_principals or self._settings.operator_principals
            return [
                *self._role_ways(account, names.READER_ROLE),
                *(
                    way
                    for principal in named_readers
                    if ":role/" in principal
                    for way in self._role_ways(account, names.READER_ROLE, via=principal)
                ),
            ]
        operator = self._settings.own_role_arn(account, names.OPERATOR_ROLE)
        return [
            *self._role_ways(account, ROLES[actor], via=operator),
            *self._role_ways(account, ROLES[actor]),
        ]

    def _named(self, account: str) -> tuple[str, Callable[[], boto3.Session]]:
        given = next((item for item in self._accounts() if item.account_id == account), None)
        base = None if given else self.base_if_any()
        if base and account == base.account:
            return "own credentials", self._at_hand
        if given is None:
            raise CannotEnter(
                f"account {account} is not among source_accounts and log_account; add it to the parameters"
            )
        if given.role_arn:
            arn = given.role_arn
            return f"role {arn.split('/', 1)[-1]}", lambda: self._assume(self._at_hand(), arn, given.external_id or "")
        if given.profile:
            profile = given.profile
            return f"profile {profile}", lambda: self._of_profile(profile)
        return "own credentials", self._at_hand

    def _accounts(self) -> list[Account]:
        return [*self._settings.source_accounts, self._settings.log_account]

    def _role_ways(self, account: str, role: str, via: str = "") -> list[tuple[str, Callable[[], boto3.Session]]]:
        """The sessions that lead into a role: from each start, and through the role `via` where one is named."""
        arn = self._settings.own_role_arn(account, role)
        steps = [via, arn] if via else [arn]
        through = f" by {via.split('/', 1)[-1]}" if via else ""
        return [
            (f"role {role}{through}{by}", partial(self._assume_each, start, steps))
            for by, start in self._starts(account)
        ]

    def _starts(self, account: str) -> list[tuple[str, Callable[[], boto3.Session]]]:
        """What a role may be assumed from: the account's own profile, the log account's, the current credentials."""
        own = [(f" by profile {name}", partial(self._of_profile, name)) for name in self._profiles_for(account)]
        return [*own, ("", self._at_hand)]

    def _profiles_for(self, account: str) -> list[str]:
        """The account's own profile and the log account's; the practice estate is entered by neither."""
        given = {item.account_id: item.profile for item in self._accounts() if item.profile}
        wanted = [given.get(account), given.get(self._settings.log_account.account_id)]
        return [] if self._estate else list(dict.fromkeys(profile for profile in wanted if profile))

    def _assume_each(self, start: Callable[[], boto3.Session], arns: list[str]) -> boto3.Session:
        session = start()
        for arn in arns:
            session = self._assume(session, arn, self._settings.external_id)
        return session

    def _assume(self, base: boto3.Session, arn: str, external_id: str) -> boto3.Session:
        named = {"RoleSessionName": f"onetrail-{self._settings.run_name}"[:64]}
        fetcher = botocore_credentials.AssumeRoleCredentialFetcher(
            client_creator=lambda service, **kw: self._checked(
                base.client(service, config=self._config, **{**kw, **self._endpoint()})
            ),
            source_credentials=base.get_credentials(),
            role_arn=arn,
            extra_args=named | ({"ExternalId": external_id} if external_id else {}),
        )
        refreshable = botocore_credentials.DeferredRefreshableCredentials(
            method="assume-role", refresh_using=fetcher.fetch_credentials
        )
        refreshable.get_frozen_credentials()
        inner = new_session()
        inner._credentials = refreshable  # botocore offers no public way to hand refreshable credentials to a session
        return boto3.Session(botocore_session=inner, region_name=self._settings.home_region)

    def _caller(self, session: boto3.Session) -> tuple[str, str, str]:
        sts = session.client("sts", region_name=self._settings.home_region, config=self._config, **self._endpoint())
        caller = self._checked(sts).get_caller_identity()
        return str(caller["Arn"]), str(caller["Account"]), str(caller.get("UserId", ""))

    def _checked(self, client: Any) -> Any:
        client.meta.events.register("after-call", self._check_answer)
        return client

    def _endpoint(self) -> dict[str, Any]:
        return {"endpoint_url": self._estate.endpoint} if self._estate else {}

    def _at_hand(self) -> boto3.Session:
        if self._base is None:
            try:
                self._base = self._credentials_at_hand()
            except BotoCoreError as err:
                raise NoCredentials(
                    f"the current credentials cannot be read: {short_reason(err)}; correct AWS_PROFILE or ~/.aws and"
                    " run again"
                ) from err
        return self._base

    def _of_profile(self, profile: str) -> boto3.Session:
        if profile not in self._profiles:
            session = boto3.Session(botocore_session=new_session(profile), region_name=self._settings.home_region)
            self._profiles[profile] = _own(session, profile)
        return self._profiles[profile]

    def _credentials_at_hand(self) -> boto3.Session:
        inner = new_session()
        if self._estate:
            inner._credentials = botocore_credentials.Credentials(
                self._estate.access_key_id, self._estate.secret_access_key
            )
        session = boto3.Session(botocore_session=inner, region_name=self._settings.home_region)
        return session if self._estate else _own(session)


def _own(session: boto3.Session, profile: str = "") -> boto3.Session:
    """The session, once it has credentials that may be sent to AWS; raises CannotEnter, NoCredentials where it has
    none."""
    credentials = session.get_credentials()
    if credentials is None:
        where, login = (f" in profile {profile}", f" --profile {profile}") if profile else ("", "")
        raise NoCredentials(
            f"no AWS credentials were found{where}; sign in (for instance: aws sso login{login}) and run again"
        )
    if str(credentials.access_key).startswith(KEY_PREFIX):
        whose = f"the credentials of profile {profile}" if profile else "the credentials"
        raise CannotEnter(
            f"{whose} are those of the practice estate; they are sent nowhere else: set estate to practice"
        )
    return session


def new_session(profile: str | None = None) -> botocore_session.Session:
    """A botocore session that shares the parsed service models and botocore's own handlers with every other; alone,
    each parses and registers them again, for half a second.

    Its clients say so where AWS does not answer, and where an answer cannot be read.
    """
    handlers = copy(_builtin_handlers())
    session = botocore_session.Session(profile=profile, event_hooks=handlers, include_builtin_handlers=False)
    session.register_component("event_emitter", _Events(handlers))
    session.register_component("response_parser_factory", ReadableAnswers())
    session.register_component("data_loader", _models(session.get_config_variable("data_path")))
    session.register("needs-retry", tell_silence)
    return session


class _Events(EventAliaser):  # type: ignore[misc]
    """botocore's, which look through all aliases for a name once: each client would do it again, at each new call."""

    _known: ClassVar[dict[str, str]] = {}

    def __init__(self, *emitter_and_aliases: Any) -> None:
        super().__init__(*emitter_and_aliases)
        self._alias_name_cache = self._known


@cache
def _builtin_handlers() -> HierarchicalEmitter:
    botocore_session.Session(event_hooks=(found := HierarchicalEmitter()))
    return found


@cache
def _models(data_path: str | None) -> loaders.Loader:
    loader = loaders.create_loader(data_path)
    whole = loader.load_service_model

    def model(service_name: str, type_name: str, api_version: str | None = None) -> Mapping[str, Any]:
        found: Mapping[str, Any] = whole(service_name, type_name, api_version)
        if (service_name, type_name) == ("ec2", "service-2"):  # with its 750 calls, each client takes 30 ms to make
            return {**found, "operations": {"DescribeRegions": found["operations"]["DescribeRegions"]}}
        return found

    loader.load_service_model = model
    return loader
