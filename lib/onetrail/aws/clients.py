"""boto3 clients that know their account and region, retry, state the bucket owner, and change nothing without an open
gate."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError, CredentialRetrievalError, SSOError, TokenRetrievalError

from onetrail.aws.estate import BANNER_HEADER, PracticeClock, PracticeEstate, refuse_another_estate
from onetrail.aws.gone import gone_code
from onetrail.aws.look import without_metadata
from onetrail.aws.panel import LinesPanel, OpenPanel, Panel
from onetrail.aws.policy_texts import keep_iam_text, text_now
from onetrail.aws.refused import error_code
from onetrail.aws.remembered import Remembered
from onetrail.aws.requests import AWS_REQUESTS
from onetrail.aws.sessions import Entry, Sessions
from onetrail.change import NAMED, Caller, Change, Clock, Guard, WallClock
from onetrail.change.interrupt import heed
from onetrail.errors import OnetrailError, WrongUse
from onetrail.lazily import later
from onetrail.looked import Look, Unread
from onetrail.policies.calls import text_after, touches_policy
from onetrail.policies.texts import Texts
from onetrail.progress import Progress

if TYPE_CHECKING:
    from botocore import config
    from botocore.credentials import ReadOnlyCredentials
    from botocore.model import OperationModel

    from onetrail.settings import Settings
else:
    config = later("botocore.config")

_REFUSALS = {
    "AccessDenied",
    "AccessDeniedException",
    "403",
    "Forbidden",
    "UnauthorizedOperation",
    "AllAccessDisabled",
}
_EXPIRED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "TokenRefreshRequired",
    "UnauthorizedSSOTokenError",
}
_A = TypeVar("_A")
_R = TypeVar("_R")


class OwnerNotStated(OnetrailError):
    """An S3 call would go out without the expected bucket owner: a defect of ours, never of the estate."""


class Clients:
    """Everything that talks to AWS for one run. `connect` it from settings."""

    def __init__(self, settings: Settings, estate: PracticeEstate | None, open_panel: OpenPanel = LinesPanel) -> None:
        self.settings, self.estate = settings, estate
        self._open_panel = open_panel
        self._panel: Panel = LinesPanel()
        self._shown = False
        self._done_since_look: Counter[tuple[str, str]] = Counter()
        self.guard = Guard(AWS_REQUESTS)
        self.clock: Clock = PracticeClock(estate) if estate else WallClock()
        self._config = config.Config(
            retries={"mode": "standard", "total_max_attempts": 8},
            connect_timeout=10,
            read_timeout=60,
            max_pool_connections=64,
            user_agent_extra="onetrail",
            s3={"addressing_style": "path"} if estate else {},
            proxies={} if estate else None,
        )
        self._sessions = Sessions(settings, estate, self._config, self._check_banner)
        self._clients: dict[tuple[str, str, str, str], Any] = {}
        self.transports: dict[tuple[str, str, str], Any] = {}
        """Kept by the transports other than boto3, by account, region and actor."""
        self.remembered = Remembered()
        self._lock = threading.RLock()

    @classmethod
    def connect(cls, settings: Settings, open_panel: OpenPanel = LinesPanel) -> Clients:
        """Clients for the estate the settings name; raises EstateNotRunning or AnotherEstate before any other call.

        `open_panel` makes what shows how far a look or a plan is; without it there are plain lines.
        """
        found = cls(settings, PracticeEstate.running() if settings.estate == "practice" else None, open_panel)
        refuse_another_estate(settings.run_folder, found.name)
        return found

    @property
    def name(self) -> str:
        """The estate, as the run record names it."""
        return self.estate.name if self.estate else "aws"

    @contextmanager
    def panel(self, *, look: bool) -> Iterator[Panel]:
        """What shows how far a look, or a plan that is applied, is; a look that a plan takes is shown in the plan's."""
        if self._shown:
            yield self._panel
            return
        if look:
            self._done_since_look.clear()
        with self._open_panel(look) as panel:
            self._panel, self._shown = panel, True
            try:
                yield panel
            finally:
                self._panel, self._shown = LinesPanel(), False
                if not look:
                    done = {(one.work, one.part): one.done for one in panel.standing.all_parts()}
                    self._done_since_look.update(done)

    def still_expected(self, work: str, expected: Mapping[str, int]) -> dict[str, int]:
        """What is left of what the last look counted, by part: a cell that is run again after an interrupt does only
        that."""
        return {part: max(0, number - self._done_since_look[work, part]) for part, number in expected.items()}

    def tell(self, progress: Progress) -> None:
        """How far a part of the present look or plan is."""
        self._panel(progress)

    def say(self, line: str) -> None:
        """A line for people, in the present panel."""
        self._panel.say(line)

    def client(self, service: str, account: str, region: str = "", actor: str = NAMED) -> Any:
        """A guarded client. Without a region, the home region."""
        where = (service, account, region or self.settings.home_region, actor)
        with self._lock:
            if where not in self._clients:
                self._clients[where] = self._make(*where)
            return self._clients[where]

    def entry(self, account: str, actor: str = NAMED) -> Entry:
        """How an account was entered; raises CannotEnter."""
        with self._lock:
            return self._sessions.entry(account, actor)

    def base(self) -> Entry | None:
        """Who the current credentials belong to, before any role is assumed; raises CannotEnter.

        None where there are none, and every account is entered by a profile of its own.
        """
        with self._lock:
            return self._sessions.base_if_any()

    def behind(self, accounts: Iterable[str]) -> list[Entry]:
        """Who each profile belongs to from which these accounts, or a role there, may be entered; raises
        CannotEnter."""
        with self._lock:
            return self._sessions.behind(accounts)

    def credentials(self, account: str, actor: str = NAMED) -> ReadOnlyCredentials:
        """What signs requests just now, for the transport other than boto3, which passes `self.permit` before each
        call; raises CannotEnter."""
        with self._lock:
            found = self._sessions.session(account, actor).get_credentials()
        assert found is not None
        return found.get_frozen_credentials()

    def profile(self, account: str, actor: str = NAMED) -> Mapping[str, Any]:
        """What the AWS configuration says of the profile in use; raises CannotEnter."""
        with self._lock:
            said: Mapping[str, Any] = self._sessions.session(account, actor)._session.get_scoped_config()
        return said

    def permit(self, account: str, region: str, actor: str = NAMED) -> Callable[[str, str, Mapping[str, Any]], None]:
        """The guard for one account, region and identity, as the other transports call it: service, operation,
        parameters."""

        def check(service: str, operation: str, parameters: Mapping[str, Any]) -> None:
            self.guard.check(account, service, operation, parameters, region=region, actor=actor)
            self.remembered.passed(service, operation)

        return check

    def forget(self) -> None:
        """Enter every account again, after roles were made or removed."""
        self.remembered.drop()
        with self._lock:
            self._sessions.forget()
            self.close()
            self._clients.clear()

    def close(self) -> None:
        """Close every connection that is open; what is asked afterwards opens its own."""
        with self._lock:
            for held in (*self._clients.values(), *self.transports.values()):
                held.close()
            self.transports.clear()

    def send(self, change: Change, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send one change as the identity it names. boto3's method name is the call in snake case."""
        client = self.client(change.service, change.account, change.region, change.actor)
        method = next(name for name, call in client.meta.method_to_api_mapping.items() if call == change.call)
        answer = getattr(client, method)(**parameters)
        request_id = answer.get("ResponseMetadata", {}).get("RequestId", "")
        if change.service == "iam":
            self.forget()
        return {**without_metadata(answer), "RequestId": request_id}

    def texts(self, change: Change, parameters: Mapping[str, Any]) -> Texts | None:
        """The policy that a change puts, replaces or removes; None for a change of anything else.

        It is read as the identity that will send the change, or else as the named one: in 02 a role that was just made
        may not read yet.
        """
        call = (change.service, change.call)
        if change.bulk or not touches_policy(*call):
            return None
        before = self._text_now(change, parameters, change.actor)
        if isinstance(before, Unread) and change.actor != NAMED:
            as_named = self._text_now(change, parameters, NAMED)
            before = before if isinstance(as_named, Unread) else as_named
        return Texts(before, text_after(*call, parameters))

    def _text_now(self, change: Change, parameters: Mapping[str, Any], actor: str) -> Look[str]:
        """The text as one identity reads it; unread too where nobody can enter as that identity."""
        try:
            client = self.client(change.service, change.account, change.region, actor)
            return text_now(client, change.service, change.call, parameters)
        except OnetrailError as err:
            return Unread(err.line)

    def caller(self, change: Change) -> Caller | None:
        """Who sends the change, as STS said when the account was entered; None where it cannot be."""
        try:
            entry = self.entry(change.account, change.actor)
        except OnetrailError:
            return None
        return Caller(entry.arn, entry.way)

    def refusal(self, error: BaseException) -> str:
        """The error code where AWS refused for lack of permission, else an empty string."""
        code = error_code(error) if isinstance(error, ClientError) else ""
        return code if code in _REFUSALS else ""

    def expired(self, error: BaseException) -> bool:
        """True where the credentials are over, or could not be renewed because those they come from are."""
        if isinstance(error, ClientError):
            return error_code(error) in _EXPIRED
        return isinstance(error, CredentialRetrievalError | TokenRetrievalError | SSOError)

    def gone(self, change: Change, error: BaseException) -> str:
        """The error code where AWS said that what the change takes away no longer exists, else an empty string."""
        if change.bulk:
            return ""  # a rule judges each of its own calls
        return gone_code(change.service, change.call, error, closes=bool(change.closes))

    def each(self, work: Callable[[_A], _R], items: list[_A], at_once: int = 12) -> list[_R]:
        """`work` on every item, some at a time, results in the order of the items; the first error is raised."""
        with ThreadPoolExecutor(max_workers=at_once) as pool:
            return list(pool.map(work, items))

    def _make(self, service: str, account: str, region: str, actor: str) -> Any:
        endpoint = {"endpoint_url": self.estate.endpoint} if self.estate else {}
        client = self._sessions.session(account, actor).client(
            service, region_name=region, config=self._config, **endpoint
        )
        events = client.meta.events

        def check(params: Mapping[str, Any], model: OperationModel, **_: Any) -> None:
            heed()
            self.guard.check(account, service, model.name, params, region=region, actor=actor)
            self.remembered.passed(service, model.name)
            shape = model.input_shape
            if (
                service == "s3"
                and shape
                and "ExpectedBucketOwner" in shape.members
                and not params.get("ExpectedBucketOwner")
            ):
                raise OwnerNotStated(f"s3:{model.name} would be sent without ExpectedBucketOwner")

        # Without a service in the name: botocore emits its own (s3-control), which is not always boto3's (s3control).
        events.register_first("before-parameter-build", check)
        events.register("after-call", self._check_banner)
        if service == "iam":
            events.register_first("after-call.iam", keep_iam_text)  # before botocore makes a document of it
        self.remembered.watch(client, service, account, region, actor)
        if self.estate and service == "s3control":
            events.register_first("before-sign", _without_host_prefix(self.estate.endpoint))
        return client

    def _check_banner(self, http_response: Any, **_: Any) -> None:
        practice = BANNER_HEADER in {name.lower() for name in http_response.headers}
        if practice and not self.estate:
            raise WrongUse(
                "estate is 'aws', but the practice estate answered: unset AWS_ENDPOINT_URL or set estate to practice"
            )
        if self.estate and not practice:
            raise WrongUse("estate is 'practice', but something else answered: run: onetrail practice start")


def _without_host_prefix(endpoint: str) -> Callable[..., None]:
    host = endpoint.split("://", 1)[1]

    def strip(request: Any, **_: Any) -> None:
        scheme, rest = request.url.split("://", 1)
        request.url = f"{scheme}://{host}/{rest.split('/', 1)[1] if '/' in rest else ''}"

    return strip
