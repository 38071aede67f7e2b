"""Steps 02 to 07, killed right before a line of their record and run again: they end as if nothing had been.

Before the line that says that a call is done, the call was made and nobody knows of it; before the line ahead of a
call, it was not. All lines of each step: `make exhaustive`.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from onetrail.aws import Clients
from onetrail.change import entries, verify_record
from tests.integration import saved
from tests.integration.conftest import Estate
from tests.integration.killing import KILLED, Ended, Killer, Moved, Seen, killing, moved

pytestmark = [pytest.mark.slow, pytest.mark.estate]

STEPS = ("02", "03", "04", "05", "06", "07")
LOCKED = ("06", "07")
"""Steps after which each object's lock is compared too."""
OPENS_AND_CLOSES = (
    "CreateRole-111122223333",
    "open-central",
    "close-central",
    "DeleteRolePolicy-111122223333",
)
"""Of step 05: what is opened first, what is opened and closed around the copies, and what is closed last but one."""
PARTS = 4


@dataclass(frozen=True)
class Whole:
    """A step that nothing disturbed: the lines it wrote, what it moves, and what stands then."""

    lines: list[dict[str, Any]]
    moved: Moved
    stands: dict[str, Any]

    def share(self, part: float) -> int:
        """The line that lies so far into the step."""
        return 1 + int(part * len(self.lines))

    def of(self, key: str, kind: str) -> int:
        """The line of this kind about this change."""
        found = [n for n, line in enumerate(self.lines, 1) if (line.get("key"), line["kind"]) == (key, kind)]
        return found[0]


@dataclass
class Bench:
    """The estate of a module, the process that is killed, and what each step does when it is not."""

    estate: Estate
    killer: Killer
    wholes: dict[str, Whole]

    def begun(self, step: str, runs: Path) -> Clients:
        """The estate as it is before the step, and its run folder below `runs`."""
        if step != saved.FIRST:
            return saved.after(self.estate, f"{int(step) - 1:02}", runs)
        self.estate.restore()
        clients = self.estate.clients(runs_dir=str(runs))
        shutil.rmtree(clients.settings.run_folder, ignore_errors=True)
        return clients

    def whole(self, step: str, runs: Path) -> Whole:
        """The step without a kill, in the same kind of process."""
        if step not in self.wholes:
            clients = self.begun(step, runs)
            begins, seen = sum(1 for _ in entries(clients.settings.run_folder)), moved(clients)
            ended = self.killer(step, runs)
            assert ended.state == "applied", ended.line
            lines = list(entries(clients.settings.run_folder))[begins:]
            assert len(lines) == ended.lines
            self.wholes[step] = Whole(lines, seen, Seen(clients, seen).all(step in LOCKED))
        return self.wholes[step]

    def killed_and_run_again(self, step: str, at: int, runs: Path) -> None:
        """Once killed, once run again; then all is as it is without a kill."""
        whole = self.whole(step, runs)
        clients = self.begun(step, runs)
        assert self.killer(step, runs, at) == Ended("killed", str(KILLED), 0)
        again = self.killer(step, runs)
        where = f"{step} before line {at}: {whole.lines[at - 1]['kind']} {whole.lines[at - 1].get('key', '')}"
        assert again.state in ("applied", "nothing"), f"{where}: {again.line}"
        stands = Seen(clients, whole.moved).all(step in LOCKED)
        differs = list(difference("", whole.stands, stands))
        assert not differs, "\n".join([where, *differs[:20]])
        assert verify_record(clients.settings.run_folder).whole, where


@pytest.fixture(scope="module")
def bench(estate: Estate) -> Iterator[Bench]:
    """One process for every case."""
    with killing(scenario=estate.door.scenario) as killer:
        yield Bench(estate, killer, {})


def difference(where: str, one: Any, other: Any) -> Iterator[str]:
    """One line for each value that is not the same."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted({*one, *other}):
            yield from difference(f"{where} {name}", one.get(name), other.get(name))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from difference(f"{where} {number}", *pair)
    elif one != other:
        yield f"{where}: {one!r}, but killed and run again {other!r}"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("step", [step for step in STEPS if step != "05"])
def test_killed_early_in_the_middle_and_late(bench: Bench, tmp_path: Path, step: str, share: float) -> None:
    """A plain re-run goes on from what is there. Twin: below, a step that was killed and is not run again."""
    bench.killed_and_run_again(step, bench.whole(step, tmp_path).share(share), tmp_path)


@pytest.mark.parametrize("kind", ["intent", "done"])
@pytest.mark.parametrize("key", OPENS_AND_CLOSES)
def test_killed_on_both_sides_of_an_opening_or_closing(bench: Bench, tmp_path: Path, key: str, kind: str) -> None:
    """Before the call, and between the call and its line."""
    bench.killed_and_run_again("05", bench.whole("05", tmp_path).of(key, kind), tmp_path)


def test_a_step_that_was_killed_and_is_not_run_again_differs(bench: Bench, tmp_path: Path) -> None:
    """The twin of the tests above: the comparison sees what a kill leaves."""
    whole = bench.whole("05", tmp_path)
    clients = bench.begun("05", tmp_path)
    bench.killer("05", tmp_path, whole.of("close-central", "intent"))
    differs = list(difference("", whole.stands, Seen(clients, whole.moved).all(locks=False)))
    assert any("get_bucket_policy" in one for one in differs)
    assert any("role onetrail-copier" in one for one in differs)


@pytest.mark.exhaustive
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("step", STEPS)
def test_exhaustive_killed_before_every_line(
    bench: Bench, tmp_path: Path, record_property: Callable[[str, object], None], step: str, part: int
) -> None:
    """Each line of each step, a quarter at a time; all that differ are told together."""
    places = range(1 + part, len(bench.whole(step, tmp_path).lines) + 1, PARTS)
    wrong = []
    for at in places:
        try:
            bench.killed_and_run_again(step, at, tmp_path)
        except AssertionError as err:
            wrong.append(str(err))
    record_property("kills", len(places))
    assert not wrong, "\n".join(wrong)
