"""One look at AWS: a question that is asked twice while a step looks is answered once.

A step asks earlier steps how far they are, and each of them reads what it rests on: the same roles, buckets and trails.
What was answered is kept from the beginning of the outermost look to its end, and no longer: the next look reads all of
it again, and what is sent, and what is read right before it, never comes from here, since no look is under way then.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botocore.awsrequest import AWSResponse

from onetrail.aws.requests import AWS_REQUESTS

if TYPE_CHECKING:
    from botocore.model import OperationModel

OLDEST_SECONDS: Final = 300.0
"""An answer that is older is asked for again: a look that reads every log may take hours."""
_ANY_NUMBER: Final = frozenset(
    {"ListObjects", "ListObjectsV2", "ListObjectVersions", "ListMultipartUploads", "LookupEvents"}
)
"""Answers with as many rows as there are objects or events, which nobody holds in memory."""
_ANSWERED: Final = "onetrail_answered"
_ASKED: Final = "onetrail_asked"


Key = tuple[str, ...]
"""Service, account, region, identity, operation and parameters of a question."""


class Answer(NamedTuple):
    """What AWS answered to these parameters, before anything was made of it; an absence too. `http` is without its
    body."""

    http: AWSResponse
    parsed: Mapping[str, Any]
    at: float
    asked: Mapping[str, Any]


class _Question(NamedTuple):
    """`look` is what was kept when it was asked: an answer that comes after a change, or in a later look, may be older
    than either."""

    look: dict[Key, Answer]
    key: Key
    asked: Mapping[str, Any]


class Remembered:
    """What was answered in the look that is under way; nothing while none is. `reviewed` is what the last observation
    of a step read, for the gate, which reads it again; no question is answered from it."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._answers: dict[Key, Answer] | None = None
        self.reviewed: Mapping[Key, Answer] = {}
        self._looks = 0
        self._lock = threading.Lock()

    @contextmanager
    def one_look(self) -> Iterator[Mapping[Key, Answer]]:
        """While inside, what is read is kept; a look within a look is part of it. Threads of the look take part. Gives
        what is kept, which grows."""
        with self._lock:
            self._looks += 1
            if self._looks == 1:
                self._answers = {}
            kept = self._answers if self._answers is not None else {}
        try:
            yield kept
        finally:
            with self._lock:
                self._looks -= 1
                if not self._looks:
                    self._answers = None

    def passed(self, service: str, operation: str) -> None:
        """A call that the guard let through: one that changes something ends all keeping until the next look begins."""
        if not AWS_REQUESTS.only_reads(service, operation):
            self.drop()

    def drop(self) -> None:
        """Keep nothing more until the next look begins: what was read may not be so any more."""
        with self._lock:
            self._answers = None

    def watch(self, client: Any, *where: str) -> None:
        """Let this boto3 client's reads be answered from here. `where` tells it from other clients: service, account,
        region, identity."""
        name = client.meta.service_model.service_id.hyphenize()

        def asked(params: Mapping[str, Any], model: "OperationModel", context: dict[str, Any], **_: Any) -> None:
            if _is_kept(where[0], model, params):
                context[_ASKED] = self._question((*where, model.name, repr(params)), params)

        def answered(context: dict[str, Any], **_: Any) -> tuple[Any, Any] | None:
            found = self._found(context.get(_ASKED))
            if found is None:
                return None
            context[_ANSWERED] = True
            return found.http, _copied(found.parsed)

        def keep(http_response: Any, parsed: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
            asked = context.get(_ASKED)
            if asked and _ANSWERED not in context and _is_an_answer(http_response.status_code):
                self._keep(asked, _bare(http_response), parsed)

        client.meta.events.register(f"before-parameter-build.{name}", asked)
        client.meta.events.register(f"before-call.{name}", answered)
        client.meta.events.register_first(f"after-call.{name}", keep)  # as AWS answered, before anything is made of it

    def _question(self, key: Key, asked: Mapping[str, Any]) -> _Question | None:
        with self._lock:
            return None if self._answers is None else _Question(self._answers, key, _copied(asked))

    def _found(self, asked: _Question | None) -> Answer | None:
        with self._lock:
            found = asked.look.get(asked.key) if asked and asked.look is self._answers else None
        return found if found and self._seconds() - found.at < OLDEST_SECONDS else None

    def _keep(self, asked: _Question, http: Any, parsed: Mapping[str, Any]) -> None:
        answer = Answer(http, _copied(parsed), self._seconds(), asked.asked)
        with self._lock:
            if asked.look is self._answers:
                self._answers[asked.key] = answer


def _is_kept(service: str, model: "OperationModel", parameters: Mapping[str, Any]) -> bool:
    """Settings are kept; what AWS answers about single objects and events is not, nor what enters an account."""
    return (
        service != "sts"
        and AWS_REQUESTS.only_reads(service, model.name)
        and model.name not in _ANY_NUMBER
        and "Key" not in parameters
        and not model.has_streaming_output
    )


def _copied(value: Any) -> Any:
    """The lists and mappings of an answer, or of what is asked, again; what they hold cannot be changed."""
    if isinstance(value, dict):
        return {name: _copied(one) for name, one in value.items()}
    return [_copied(one) for one in value] if isinstance(value, list) else value


def _bare(http: Any) -> AWSResponse:
    """Without its body, which holds the connection, and that a pool of them."""
    return AWSResponse(http.url, http.status_code, http.headers, raw=None)


def _is_an_answer(status: int) -> bool:
    """AWS said what is there, or that it is not there. What was refused or failed is asked again."""
    return status < 300 or status == 404
