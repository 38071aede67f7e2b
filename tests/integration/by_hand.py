"""What tests do to an estate: a step carried out in process, and what somebody with power does beside us."""

import shutil
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from botocore.config import Config
from filelock import FileLock

from onetrail.aws import Clients
from onetrail.aws.gate import open_gate
from onetrail.change import NAMED, Outcome, Plan
from tests.integration.conftest import Estate


def planned(clients: Clients, step: Any) -> Plan:
    """What the step proposes now."""
    return step.propose(clients.settings, step.observe(clients.settings, clients))


def run(clients: Clients, step: Any, approve: str = "any") -> Outcome:
    """One step from looking to applying."""
    plan = planned(clients, step)
    with open_gate(clients, approve) as gate:
        return step.apply(plan, gate, clients)


def shown(clients: Clients, step: Any) -> Plan:
    """What the step proposes now, once the record says that it was shown."""
    plan = planned(clients, step)
    with open_gate(clients, "") as gate:
        assert step.apply(plan, gate, clients).state == "planned"
    return plan


def carried_out(estate: Estate, steps: Iterable[Any], **settings: Any) -> None:
    """These steps, one after the other, each with clients of its own as each notebook has them.

    What a step makes of a state is the same every time, run folder and all. So it is carried out once for all modules,
    and put there again where another one begins with the same.
    """
    for step in steps:
        folder = estate.settings(**settings).run_folder
        head = folder / "record.head"
        said = {name: value for name, value in settings.items() if name != "runs_dir"}
        begins = [
            estate.door.scenario,
            estate.state(),
            head.read_text() if head.exists() else "",
            sorted(said.items()),
        ]
        stage = estate.stages / sha256(repr([step.__name__, *begins]).encode()).hexdigest()[:24]
        with FileLock(f"{stage}.lock"):
            if not (stage / "snapshot").exists():
                outcome = run(estate.clients(**settings), step)
                assert outcome.state == "applied", f"{step.__name__}: {outcome.line}"
                shutil.copytree(folder, stage / "run")
                estate.snapshot(stage / "snapshot")
                continue
        estate.restore(stage / "snapshot")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(stage / "run", folder)


def by_hand(clients: Clients, service: str, account: str, actor: str = NAMED, region: str = "us-east-1") -> Any:
    """A client without our guard: what somebody else does to the estate. Whoever asks again gets the same one, while
    the account is entered as it was."""
    assert clients.estate
    endpoint = clients.estate.endpoint
    session = clients._sessions.session(account, actor)
    made: dict[tuple[str, str], Any] = vars(session).setdefault("_by_hand", {})
    if (service, region) in made:
        return made[service, region]
    client = session.client(
        service, region_name=region, endpoint_url=endpoint, config=Config(s3={"addressing_style": "path"})
    )

    def to_the_estate(request: Any, **_: Any) -> None:
        """S3 Control puts the account into the host name, which here is nobody's."""
        request.url = f"{endpoint}/{request.url.split('/', 3)[3]}"

    client.meta.events.register_first("before-sign.s3-control", to_the_estate)
    return made.setdefault((service, region), client)
