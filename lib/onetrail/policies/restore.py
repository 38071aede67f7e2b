"""The policy that a closing puts back, made when it is sent: what was there before, byte for byte, or what others made
of it meanwhile.

The prior text comes from the run folder, where each policy was kept before it was replaced. It is put back where it
says the same as what is there now without our statements. Where it does not, somebody else changed the policy in
between: then only our statements are taken out, and what the other changed is reported.
"""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from onetrail import iam
from onetrail.change.run_record.chain_check import as_line
from onetrail.change.run_record.line_kind import LineKind
from onetrail.change.run_record.lines import raw_lines
from onetrail.files import FileRefused, read_bytes
from onetrail.iam.document import VERSION
from onetrail.policies.calls import PUT_BACK_BY

_ABSENT: Final = "absent"


@dataclass(frozen=True)
class Restores:
    """What a closing does to the policy that it finds.

    Statements with one of the Sids `ours` are taken out, and the statements `puts` are put before the others. `puts_by`
    and `removes_by` are the calls that put a policy and take the last of it away, `removes_by` empty where there is
    always one; `text` is the parameter that holds the new text.
    """

    ours: frozenset[str]
    puts: tuple[Mapping[str, Any], ...] = ()
    puts_by: str = PUT_BACK_BY["s3"][0]
    removes_by: str = PUT_BACK_BY["s3"][1]
    text: str = "Policy"

    def meaning(self) -> dict[str, Any]:
        """What approval covers."""
        return {"ours": sorted(self.ours), "puts": list(self.puts)}

    def without_ours(self, policy: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """The policy as it is to be: our statements out, those that belong there in; None where nothing is left."""
        left = iam.without_sids(policy, self.ours)
        if not self.puts:
            return left
        return {**(policy or {}), "Version": VERSION, "Statement": [*self.puts, *iam.statements(left or {})]}


@dataclass(frozen=True)
class KeptText:
    """One text of the run folder, or that there was none: `file` is its path there, empty for none."""

    text: str | None
    file: str


@dataclass(frozen=True)
class Restored:
    """What is sent, and where it came from.

    `text` is None where no policy is left. `prior` is the kept text it is, `absent` where there had been none, empty
    where the text was made by taking our statements out. `foreign` has one line for each thing that somebody else
    changed since our opening.
    """

    text: str | None
    prior: str
    foreign: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether it is the policy of before, byte for byte, or none where there was none."""
        return bool(self.prior)

    @property
    def line(self) -> str:
        """Which of the two ways it was, and what somebody else changed."""
        if self.prior == _ABSENT:
            said = "the bucket has no policy again, as before"
        elif self.prior:
            said = f"the previous policy is restored byte for byte, from {self.prior}"
        else:
            said = "our statements are removed from the current policy; no previous policy equals the rest"
        changed = f"; someone else changed it meanwhile, and the change is kept: {'; '.join(self.foreign)}"
        return said + (changed if self.foreign else "")

    def recorded(self) -> dict[str, Any]:
        """For the record's line."""
        return {"prior": self.prior, "changed_by_others": list(self.foreign)}


def restored(restores: Restores, now: str | None, texts: Iterable[tuple[str, KeptText]]) -> Restored:
    """What a closing puts in the place of `now`; `texts` are those of this policy in the record, oldest first, each
    with `before` or `after`.

    Raises PolicyError where a text is no policy.
    """
    known = list(texts)
    there = iam.parse(now) if now is not None else None
    wanted = restores.without_ours(there)
    foreign = _foreign(restores, there, wanted, known)
    for when, kept in reversed(known):
        if when == "before" and iam.canonical(_read(kept)) == iam.canonical(wanted):
            return Restored(kept.text, kept.file or _ABSENT, foreign)
    return Restored(iam.compact(wanted) if wanted is not None else None, "", foreign)


def _foreign(
    restores: Restores,
    there: Mapping[str, Any] | None,
    wanted: Mapping[str, Any] | None,
    known: list[tuple[str, KeptText]],
) -> tuple[str, ...]:
    """What differs from the text that we put last, or from what of it is not ours; nothing where the record knows of
    none."""
    puts = [kept for when, kept in known if when == "after"] or [kept for _, kept in known]
    if not puts:
        return ()
    last = _read(puts[-1])
    if _opens(restores, last) and _opens(restores, there):
        return tuple(iam.differences(last, there))
    return tuple(iam.differences(restores.without_ours(last), wanted))


def _opens(restores: Restores, policy: Mapping[str, Any] | None) -> bool:
    """Whether the policy is one that a closing would still change."""
    return iam.canonical(policy) != iam.canonical(restores.without_ours(policy))


def _read(kept: KeptText) -> Mapping[str, Any] | None:
    return iam.parse(kept.text) if kept.text is not None else None


class KeptTexts:
    """The policies that the record of a run folder names, read as far as the record has grown since."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._at = folder, 0
        self._about: dict[str, tuple[str, str, str]] = {}
        self._found: dict[tuple[str, str, str], list[tuple[str, KeptText]]] = {}

    def of(self, account: str, service: str, resource: str) -> list[tuple[str, KeptText]]:
        """The texts of one resource, oldest first; a file that is not what the record says is left out. Raises
        FileRefused, ValueError."""
        self._grow()
        return self._found.get((account, service, resource), [])

    def _grow(self) -> None:
        for raw in raw_lines(self._folder / "record.jsonl", self._at):
            self._at += raw.size if raw.ended else 0
            if line := as_line(raw):
                self._take(line.entry)

    def _take(self, line: Mapping[str, Any]) -> None:
        if line["kind"] == LineKind.INTENT and "replaces" in line:
            where = self._about[str(line["hash"])] = (line["account"], line["service"], line["resource"])
            self._keep(where, "before", line["replaces"])
        elif line["kind"] == LineKind.DONE and "puts" in line:
            about = self._about.get(str(line["intent"]))
            if about:
                self._keep(about, "after", line["puts"])

    def _keep(self, where: tuple[str, str, str], when: str, said: Mapping[str, Any]) -> None:
        if said.get("absent"):
            self._found.setdefault(where, []).append((when, KeptText(None, "")))
        elif isinstance(said.get("file"), str):
            with suppress(FileRefused):
                content = read_bytes(self._folder / said["file"])
                if hashlib.sha256(content).hexdigest() != said.get("sha256"):
                    return
                self._found.setdefault(where, []).append((when, KeptText(content.decode(), said["file"])))
