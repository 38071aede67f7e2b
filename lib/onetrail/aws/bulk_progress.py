"""How far the bulk work of a plan is, part by part, against what the plan expects of each."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

from onetrail.change import Bulk, BulkAction, Plan
from onetrail.progress import Counted, Progress, Tell, counting


def expected(plan: Plan, deed: BulkAction, part: Callable[[Bulk], str]) -> dict[str, int]:
    """The objects that the last look found for all rules of one deed, by part."""
    found: Counter[str] = Counter()
    for change in plan.changes:
        if change.bulk and change.bulk.deed is deed:
            found[part(change.bulk)] += int(change.bulk.estimate.get("objects") or 0)
    return dict(found)


class BulkProgress:
    """Says it to `tell`, first that nothing of what is expected is done."""

    def __init__(
        self, tell: Tell, work: str, expected: Mapping[str, int] | None = None, where: str = "old bucket"
    ) -> None:
        self._tell, self._so_far, self._again = tell, dict[str, Progress](), Counter[str]()
        self._nothing = Progress(work, "", 0, where=where)
        for part, objects in (expected or {}).items():
            self._say(replace(self._nothing, part=part, of=objects))

    def more(self, part: str, *, rated: bool = True) -> Counted:
        """For work that begins now: what it counts comes on top of what was done before, into the rate as well unless
        that says nothing of it, as of a pilot."""
        floor, again = self._of(part), self._again.pop(part, 0)
        begun = replace(floor, done=floor.done - again)

        def say(progress: Progress) -> None:
            said = replace(progress, done=max(progress.done, floor.done))
            self._say(said if rated else replace(said, before=said.done))

        return counting(say, begun)

    def handed_on(self, part: str, objects: int) -> None:
        """So many were tried in vain, and are tried again by somebody else now: they are no errors any more, and are
        not counted a second time."""
        was = self._of(part)
        self._again[part] += objects
        self._say(replace(was, errors=was.errors - objects))

    def ended(self, part: str) -> None:
        """No more is expected of that part than was done."""
        was = self._of(part)
        self._say(replace(was, of=was.done))

    def _of(self, part: str) -> Progress:
        return self._so_far.get(part, replace(self._nothing, part=part))

    def _say(self, progress: Progress) -> None:
        self._so_far[progress.part] = progress
        self._tell(progress)
