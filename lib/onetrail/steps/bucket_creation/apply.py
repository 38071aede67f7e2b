"""Sending the plan of 03; each policy is judged once more in the very form in which it is sent."""

from onetrail.aws import Clients
from onetrail.change import Gate, Outcome, Plan, Requirement, run_plan
from onetrail.estate.archive import standing_archive
from onetrail.estate.policy_documents.judged import policy_judged
from onetrail.steps.bucket_creation.access_logs import ARRIVED, arrived
from onetrail.steps.bucket_creation.observe import observe_buckets
from onetrail.steps.bucket_creation.propose import POLICY_JUDGED, policy_of


def apply(plan: Plan, gate: Gate, clients: Clients) -> Outcome:
    """Send the plan if it was approved; stops before a policy that would decide a request wrongly, and ends with a
    first access log."""
    settings = clients.settings
    judged = [change for change in plan.changes if change.requires == POLICY_JUDGED]

    def check() -> Requirement:
        policies = {str(c.parameters["Bucket"]): policy_of(c) for c in judged}
        archive = standing_archive(settings, policies.get(settings.bucket_name))
        said = [policy_judged(archive, policy, bucket) for bucket, policy in policies.items()]
        return next((one for one in said if not one.met), said[0])

    def logged() -> Requirement:
        seen = observe_buckets(settings, clients)
        return arrived(seen.access_logs, seen.now)

    return run_plan(plan, gate, requires={POLICY_JUDGED: check, ARRIVED: logged})
