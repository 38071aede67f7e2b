"""Control calls below `/_practice/`: status, clock, waiting, snapshots, faults, the request log. JSON in and out."""

import hmac
import json
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from onetrail.practice import faults, snapshots
from onetrail.practice.estate import Estate
from onetrail.practice.state.clock import iso
from onetrail.practice.state_hash import digest
from onetrail.practice.web.http import Handler, HttpRequest, Reply

Deed = Callable[[Mapping[str, Any]], Mapping[str, Any]]
_JSON = (("content-type", "application/json"),)
_PATH = "/_practice/"


class BadControl(ValueError):
    """A control call that makes no sense; the message says why."""


class Control:
    """Answers control calls for one estate; `pristine` is the frozen state to which `reset` returns."""

    def __init__(self, estate: Estate, token: str, pristine: bytes | None = None) -> None:
        world = estate.world
        self._world, self._token, self._pristine = world, token, pristine
        self._deeds: dict[tuple[str, str], Deed] = {
            ("GET", "status"): self._status,
            ("GET", "clock"): self._clock,
            ("GET", "requests"): self._requests,
            ("GET", "state"): lambda asked: {"state": digest(world)},
            ("POST", "wait"): self._wait,
            ("POST", "reset"): self._reset,
            ("POST", "snapshot"): lambda asked: {"state": snapshots.save(world, _path(asked))},
            ("POST", "restore"): self._restore,
            ("POST", "fault"): lambda asked: faults.arm(world, asked, estate.fault_kinds),
        }

    def or_else(self, handler: Handler) -> Handler:
        """What answers a control call here, and any other request by that handler."""

        def handle(request: HttpRequest) -> Reply:
            return (self if request.raw_path.startswith(_PATH) else handler)(request)

        return handle

    def __call__(self, request: HttpRequest) -> Reply:
        """Answer one control call."""
        if not hmac.compare_digest(request.headers.get("x-practice-token", "").encode(), self._token.encode()):
            return _reply(
                403, {"error": "the header x-practice-token is missing or wrong; its value is in estate.json"}
            )
        name = request.raw_path.removeprefix(_PATH).strip("/")
        deed = self._deeds.get((request.method, name))
        if deed is None:
            return _reply(404, {"error": f"there is no control call {request.method} {name}"})
        try:
            asked = json.loads(request.body) if request.body else {}
            if not isinstance(asked, dict):
                raise BadControl("the body must be a JSON object")
            return _reply(200, deed({**request.query, **asked}))
        except KeyError as err:
            return _reply(400, {"error": f"missing or unknown: {err}"})
        except OSError as err:
            return _reply(400, {"error": f"{err.filename}: {err.strerror}"})
        except (LookupError, ValueError) as err:
            return _reply(400, {"error": str(err)})

    def _status(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        world = self._world
        return {
            "number": world.number,
            "scenario": world.scenario,
            "id": world.life,
            "now": iso(world.clock.now()),
            "objects": world.store.objects(),
            "pid": os.getpid(),
        }

    def _clock(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"now": iso(self._world.clock.now())}

    def _requests(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._world.requests.since(int(asked.get("since", 0)))

    def _wait(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        seconds = float(asked["seconds"])
        if not 0 <= seconds <= 20 * 366 * 86400:
            raise BadControl("seconds must be between 0 and 20 years")
        self._world.clock.advance(seconds)
        return {"now": iso(self._world.clock.now())}

    def _reset(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        if self._pristine is None:
            raise BadControl("this estate has no beginning to return to")
        self._world.faults.clear()
        self._world.requests.clear()
        state = snapshots.thaw(self._world, self._pristine)
        self._world.life = secrets.token_hex(4)
        return {"state": state}

    def _restore(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"state": snapshots.load(self._world, _path(asked))}


def _path(asked: Mapping[str, Any]) -> Path:
    return Path(str(asked["path"]))


def _reply(status: int, said: Mapping[str, Any]) -> Reply:
    return Reply(status, json.dumps(said).encode(), _JSON)
