"""What the copies will cost: every choice of storage class over the real sizes and the retention that is left. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from onetrail.s3.decisions.planner import CLASSIC, Histogram, PlanCost, plan_cost, plan_costs
from onetrail.settings import Settings


@dataclass(frozen=True)
class Costs:
    """US dollars for copying all logs and digests and keeping them until their retention ends.

    `choices` are all, cheapest first; `chosen` is the parameters', `classic` the recipe that puts everything into
    GLACIER. `duplicates` is what the repeated files among them cost under the chosen class. Overrides of single buckets
    are not counted in.
    """

    chosen: PlanCost
    classic: PlanCost
    choices: tuple[PlanCost, ...]
    duplicates: PlanCost


def costs(settings: Settings, whole: Histogram, repeated: Histogram) -> Costs:
    """Price the histogram of all objects, and the one of repeated files."""
    choices = plan_costs(whole)
    by_name = {cost.choice: cost for cost in choices}
    chosen = settings.storage_class
    return Costs(
        by_name.get(chosen) or plan_cost(whole, chosen),
        by_name[CLASSIC],
        choices,
        plan_cost(repeated, chosen),
    )


def together(histograms: Iterable[Histogram]) -> Histogram:
    """All of them as one."""
    whole = Histogram()
    for one in histograms:
        whole.counts.update(one.counts)
        whole.totals.update(one.totals)
    return whole
