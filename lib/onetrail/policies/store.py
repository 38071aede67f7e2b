"""Keeps the policies that changes put, replace or remove, and makes those that closings put back: what a gate sends its
changes with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from onetrail.change import Change, PutBack
from onetrail.change.words import counted
from onetrail.files import FileRefused
from onetrail.iam import PolicyError
from onetrail.looked import Unread, or_none
from onetrail.policies.restore import KeptTexts, Restored, Restores, restored
from onetrail.policies.texts import Texts, put, replaced, texts_of

ReadPolicy = Callable[[Change, Mapping[str, Any]], Texts | None]
"""Reads the policy that a change replaces as AWS holds it now, and says which one it puts; None for a change of
anything else."""


@dataclass(frozen=True)
class ChangedPolicy:
    """The policy of one change on its way: `change` and `parameters` as they are sent, a closing's with what it puts
    back."""

    folder: Path
    change: Change
    parameters: Mapping[str, Any]
    texts: Texts
    put_back: Restored | None = None

    def replaced(self, line: int) -> Mapping[str, Any]:
        """What the record's line before the call says of the text that goes. Raises RecordError."""
        return replaced(self.folder, line, self.change, self.texts)

    def put(self, line: int) -> Mapping[str, Any]:
        """What the record's line after the call says of the text that stands now. Raises RecordError."""
        return put(self.folder, line, self.change, self.texts)


class PolicyStore:
    """The policies of one run folder; `read` asks AWS."""

    def __init__(self, folder: Path, read: ReadPolicy) -> None:
        self._folder, self._read, self._kept = folder, read, KeptTexts(folder)

    def of(self, change: Change, parameters: Mapping[str, Any]) -> ChangedPolicy | None:
        """The policy that a change puts, replaces or removes; None for a change of anything else. Raises TextUnread."""
        texts = texts_of(self._read, change, parameters)
        if texts is None:
            return None
        plain = ChangedPolicy(self._folder, change, parameters, texts)
        found = self._restored(change, texts)
        return plain if found is None else _with(plain, found)

    def became(self, put_back: Sequence[tuple[str, PutBack]]) -> list[str]:
        """What became of the policies that were opened, in sentences; each with its resource."""
        whole = sum(found.whole for _, found in put_back)
        said = f"{counted(whole, 'policy is', 'policies are')} restored byte for byte."
        made = [name for name, found in put_back if not (found.whole or found.foreign)]
        ours = f"Our statements were removed from the current policy in {', '.join(dict.fromkeys(made))}."
        return [
            *([said] if whole else ()),
            *([ours] if made else ()),
            *(
                f"Someone else changed the policy of {name} meanwhile, and the change is kept:"
                f" {'; '.join(found.foreign)}."
                for name, found in put_back
                if found.foreign
            ),
        ]

    def _restored(self, change: Change, texts: Texts) -> Restored | None:
        """What a closing puts back; None where the policy of now could not be read, so that the reviewed one is
        sent."""
        now = or_none(texts.before)
        if not isinstance(change.restores, Restores) or isinstance(now, Unread):
            return None
        try:
            known = self._kept.of(change.account, change.service, change.resource)
        except (FileRefused, OSError, ValueError, KeyError):
            known = []  # without the record's texts it is closed all the same
        try:
            return restored(change.restores, now, known)
        except PolicyError:
            return None


def _with(plain: ChangedPolicy, found: Restored) -> ChangedPolicy:
    """The closing as it is sent: with the text that was made just now, or taking the policy away where none is left."""
    how = plain.change.restores
    assert isinstance(how, Restores)
    rest = {name: value for name, value in plain.parameters.items() if name != how.text}
    removed = found.text is None and how.removes_by
    return replace(
        plain,
        change=replace(plain.change, call=how.removes_by if removed else how.puts_by),
        parameters=rest if removed else {**rest, how.text: found.text},
        texts=replace(plain.texts, after=found.text),
        put_back=found,
    )
