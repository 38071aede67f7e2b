"""The practice estate as the library sees it: where it listens, its credentials, its clock and its control calls."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onetrail
from onetrail.aws import environment
from onetrail.change.run_record.chain_check import estate_of
from onetrail.change.values import iso
from onetrail.errors import WrongUse
from onetrail.lazily import later
from onetrail.settings.place import from_home, home_of, repository_root

if TYPE_CHECKING:
    from http import client as http_client
    from urllib import error as url_error
    from urllib import request as url_request
else:
    http_client, url_error, url_request = later("http.client"), later("urllib.error"), later("urllib.request")

_FOLDER = ".practice"
_PRACTICE = "practice"
KEY_PREFIX = "OTPRACTICE"
"""Practice access keys start with this; the practice estate alone accepts them, and they are sent nowhere else."""
BANNER_HEADER = "x-onetrail-practice"
"""Every answer of the practice estate carries this header."""


class AnotherEstate(WrongUse):
    """The run folder holds the record of another estate: its plans, proofs and heads are of what is not there."""


class EstateNotRunning(WrongUse):
    """`estate: practice` was asked for, but no estate answers."""


@dataclass(frozen=True)
class PracticeEstate:
    """What `.practice/estate.json` says."""

    endpoint: str
    plain_endpoint: str
    control_token: str
    access_key_id: str
    secret_access_key: str
    number: int
    scenario: str

    @classmethod
    def running(cls, start: Path | None = None) -> PracticeEstate:
        """The estate that runs now, for the folder `start` or the one that we are in; raises EstateNotRunning, which
        says where it was looked for and how to start it."""
        path = found_folder(start) / "estate.json"
        try:
            said = json.loads(path.read_text())
            estate = cls(**{name: said[name.removeprefix("control_")] for name in cls.__dataclass_fields__})
        except FileNotFoundError as err:
            looked = " nor in ".join(str(one) for one in _places(start or Path.cwd()))
            raise EstateNotRunning(
                f"the practice estate is not running in {looked}: start it there with: onetrail practice start; if it"
                " runs elsewhere, go there, or name its folder by ONETRAIL_PRACTICE_DIR"
            ) from err
        except OSError as err:
            raise EstateNotRunning(
                f"{path} cannot be read: {err.strerror}: fix it, or name another folder by ONETRAIL_PRACTICE_DIR"
            ) from err
        except (ValueError, KeyError, TypeError) as err:
            raise EstateNotRunning(
                f"{path} is half-written: start the practice estate again with: onetrail practice start"
            ) from err
        estate.control("GET", "clock")
        return estate

    @property
    def name(self) -> str:
        """As the run record names it: each start and each reset has an id of its own. Raises EstateNotRunning."""
        return f"{_PRACTICE} {self.control('GET', 'status').get('id', '')}".strip()

    def control(self, method: str, name: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One control call; raises EstateNotRunning if the estate does not answer, WrongUse if it refuses what was
        asked."""
        try:
            request = url_request.Request(
                f"{self.endpoint}/_practice/{name}",
                data=None if body is None else json.dumps(body).encode(),
                headers={"x-practice-token": self.control_token, "content-type": "application/json"},
                method=method,
            )
            with _direct().open(request, timeout=600) as answer:
                return dict(json.loads(answer.read() or b"{}"))
        except url_error.HTTPError as err:
            if BANNER_HEADER not in err.headers or err.code == 403:
                raise self._someone_else() from err
            said = json.loads(err.read() or b"{}").get("error", err.reason)
            raise WrongUse(f"the practice estate refused {name}: {said}") from err
        except (ValueError, TypeError, http_client.HTTPException) as err:
            raise self._someone_else() from err
        except OSError as err:
            raise EstateNotRunning(
                f"the practice estate does not answer at {self.endpoint}: start it again with: onetrail practice start"
            ) from err

    def _someone_else(self) -> EstateNotRunning:
        return EstateNotRunning(
            f"another program answers at {self.endpoint}, the practice estate is gone: "
            "start it again with: onetrail practice start"
        )


class PracticeClock:
    """The estate's frozen clock; waiting moves it, and says so."""

    def __init__(self, estate: PracticeEstate) -> None:
        self._estate = estate

    def now(self) -> datetime:
        """The estate's instant."""
        return _instant(self._estate.control("GET", "clock")["now"])

    def wait_until(self, moment: datetime, why: str, say: Callable[[str], None]) -> None:
        """Move the estate's clock to `moment`."""
        left = int((moment - self.now()).total_seconds())
        if left > 0:
            say(f"practice estate: the clock is moved to {iso(moment)}: {why}")
            self._estate.control("POST", "wait", {"seconds": left})


def refuse_another_estate(folder: Path, name: str) -> None:
    """Raise AnotherEstate where the record of this run folder names another estate than `name`. One that names none, of
    an earlier version, passes."""
    recorded = estate_of(folder)
    (kind, _, life), (kind_now, _, life_now) = recorded.partition(" "), name.partition(" ")
    if not recorded or recorded == name:
        return
    if kind != kind_now:
        was, now = ("the practice estate", "AWS") if kind == _PRACTICE else ("AWS", "the practice estate")
        raise AnotherEstate(f"{folder} holds a run on {was}, and this one is on {now}: give another run_name")
    if life and life_now:
        raise AnotherEstate(
            f"{folder} holds the run of a practice estate that is gone: this one was started or reset since; put that"
            " run aside and start again with: onetrail practice reset; or give another run_name"
        )


def practice_folder(start: Path | None = None) -> Path:
    """Where the estate writes its address: ONETRAIL_PRACTICE_DIR, else `.practice` in the laid-out folder or checkout
    that holds `start` or the folder that we are in, else there."""
    return environment.practice_folder_named() or from_home(_FOLDER, start or Path.cwd())


def found_folder(start: Path | None = None) -> Path:
    """The folder of the estate that `PracticeEstate.running` takes, else the one that it looks in first."""
    places = _places(start or Path.cwd())
    return next((one for one in places if (one / "estate.json").exists()), places[0])


def _places(start: Path) -> tuple[Path, ...]:
    """Where an estate is looked for, in order. Outside of any laid-out folder or checkout, the one of the folder that
    we are in comes before that of the checkout which the library belongs to."""
    first = practice_folder(start)
    if environment.practice_folder_named() or home_of(start):
        return (first,)
    checkout = repository_root(Path(onetrail.__file__).resolve().parent)
    return tuple(dict.fromkeys((first, practice_folder(), *((checkout / _FOLDER,) if checkout else ()))))


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


@cache
def _direct() -> url_request.OpenerDirector:
    """Whatever proxy is set: the estate is on this machine."""
    return url_request.build_opener(url_request.ProxyHandler({}))
