"""What was judged so far, kept as lines of JSON, so that a run that was stopped goes on; and what they say together."""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any, Final

from tests.mutation.chosen import Chosen
from tests.mutation.covered import KEPT, LIBRARY, ROOT, Covered, digest
from tests.mutation.judging import KILLED, SURVIVED, TIMEOUT, TWICE
from tests.mutation.places import Key
from tests.mutation.survivors import Survivor, survivors

LEAST_KILLED: Final = 0.95
PAGE = ROOT / "docs" / "mutation.md"


class Results:
    """The newest verdict of each mutant that still holds: of a module as it is now, and a survivor only while the files
    of tests that run anything of that module are the same, and as they were."""

    def __init__(self, measured: Covered, path: Path = KEPT / "results.jsonl") -> None:
        self._path = path
        self._measured = measured
        self._tests: dict[str, str] = {}
        self._rows: dict[tuple[str, Key], dict[str, Any]] = {}
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                self._rows[row["module"], tuple(row["key"])] = row

    def of(self, module: str, key: Key) -> str | None:
        """The verdict; None where there is none that holds."""
        row = self._rows.get((module, key))
        if row is None or row["source"] != digest(LIBRARY / module):
            return None
        if row["verdict"] in (SURVIVED, TWICE) and row["tests"] != self._tests_of(module):
            return None
        return str(row["verdict"])

    def _tests_of(self, module: str) -> str:
        if module not in self._tests:
            files = sorted({test.split("::")[0] for test in self._measured.lines.get(module, {})})
            said = "".join(f"{name} {digest(ROOT / name)}\n" for name in files)
            self._tests[module] = hashlib.sha256(said.encode()).hexdigest()[:16]
        return self._tests[module]

    def add(self, module: str, key: Key, verdict: str, by: str, seconds: float) -> None:
        """Append one."""
        row = {
            "module": module,
            "key": list(key),
            "verdict": verdict,
            "by": by,
            "source": digest(LIBRARY / module),
            "tests": self._tests_of(module) if verdict in (SURVIVED, TWICE) else "",
            "seconds": round(seconds, 2),
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        self._rows[module, key] = row


def counted(sample: Chosen, known: Results) -> dict[str, Counter[str]]:
    """How many of each module had which verdict; TWICE or None count as not judged."""
    return {module: Counter(_settled(known.of(module, key)) for key in keys) for module, keys in sample.items()}


def _settled(verdict: str | None) -> str:
    return verdict if verdict in (KILLED, SURVIVED, TIMEOUT) else "not judged"


def table(sample: Chosen, known: Results) -> str:
    """Per module: tried, killed, out of time (which counts as killed), survived, not judged yet."""
    rows = [
        "| module | tried | killed | of them out of time | survived | not judged |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    total: Counter[str] = Counter()
    for module, each in counted(sample, known).items():
        rows.append(_row(f"`{module}`", each))
        total += each
    return "\n".join([*rows, _row("all", total)])


def _row(name: str, each: Counter[str]) -> str:
    killed = each[KILLED] + each[TIMEOUT]
    return (
        f"| {name} | {sum(each.values()):,} | {killed:,} | {each[TIMEOUT]:,} | {each[SURVIVED]:,} |"
        f" {each['not judged']:,} |"
    )


def trouble(sample: Chosen, known: Results, reasons: list[Survivor] | None = None) -> list[str]:
    """What is not as it should be, one a line: too few killed, survivors without a reason, reasons for what is killed,
    what was not judged."""
    total = sum(counted(sample, known).values(), Counter())
    said = {(one.module, one.key) for one in (survivors() if reasons is None else reasons)}
    lines = []
    if total["not judged"]:
        lines.append(f"{total['not judged']} were not judged: run this again")
    killed, tried = total[KILLED] + total[TIMEOUT], sum(total.values())
    if tried and killed < LEAST_KILLED * tried:
        lines.append(f"only {killed} of {tried} were killed")
    for module, keys in sample.items():
        for key in keys:
            verdict, has_reason = known.of(module, key), (module, key) in said
            if verdict == SURVIVED and not has_reason:
                lines.append(f"survived, without a reason: {as_text(module, key)}")
            if verdict in (KILLED, TIMEOUT) and has_reason:
                lines.append(f"killed, but has a reason to live: {as_text(module, key)}")
    return lines


def as_text(module: str, key: Key) -> str:
    """One mutant on one line."""
    where, place, change, nth = key
    return f"{module} {where or '(module)'}: {place} -> {change}" + (f" ({nth})" if nth > 1 else "")


def write_page(sample: Chosen, known: Results, seed: int, count: int) -> None:
    """Put the table between its marks on the page."""
    begin, end = "<!-- mutants: made by make mutate WRITE=1 -->", "<!-- end of mutants -->"
    page = PAGE.read_text(encoding="utf-8")
    head, rest = page.split(begin)
    said = f"Seed {seed}, {count:,} sampled changes, and every change of the four modules:\n\n{table(sample, known)}"
    PAGE.write_text(f"{head}{begin}\n{said}\n{end}{rest.split(end)[1]}", encoding="utf-8")
