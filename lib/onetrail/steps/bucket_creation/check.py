"""How the three buckets stand after step 03."""

from onetrail import names
from onetrail.change import Finding, FindingState, Plan, ordered
from onetrail.change.words import counted
from onetrail.estate.adoption.deliveries import shut_out
from onetrail.estate.archive import archive_of, kept_trails, standing_archive
from onetrail.estate.grant_state import GrantState, grant_state, work_opened
from onetrail.estate.log_account.observed import unread_of
from onetrail.estate.policy_documents.judged import verdicts
from onetrail.estate.policy_documents.sizes import oversized
from onetrail.looked import Unread, known
from onetrail.settings import Settings
from onetrail.steps.bucket_creation.access_logs import access_log_findings
from onetrail.steps.bucket_creation.observe import BucketPresence, BucketsObservation, BucketState
from onetrail.steps.bucket_creation.pieces import pieces
from onetrail.steps.bucket_creation.propose import wanted, whole_plan
from onetrail.steps.bucket_creation.wanted import WantedBucket


def check(settings: Settings, observation: BucketsObservation) -> list[Finding]:
    """Findings over the log account's buckets and key, worst first. Raises BucketNotOurs as `propose` does."""
    plan = whole_plan(settings, observation)
    failed = [*observation.could_not_look, *unread_of(observation.log)]
    account = observation.log.account
    found = [Finding("03.not-evaluated", FindingState.COULD_NOT_LOOK, account, "", t.split(":")[0], t) for t in failed]
    if not observation.prerequisite.done:
        return found
    if observation.refused:
        where = (account, settings.home_region, settings.new_trail_name)
        found.append(Finding("03.adopted", FindingState.FINDING, *where, observation.refused))
    found += _policy(settings, observation)
    found += _kept(settings, observation)
    found += _opened_for_jobs(settings, observation)
    found += _key(settings, observation, plan)
    found += shut_out("03.delivery", settings, plan.changes, observation.trails)
    found += oversized("03.document-size", plan.changes, observation.log.inline)
    found += access_log_findings(settings, observation.access_logs, observation.now)
    for bucket in wanted(settings, observation):
        found += _bucket(settings, bucket, observation.buckets[bucket.name], plan)
    return ordered(found)


def _policy(settings: Settings, observation: BucketsObservation) -> list[Finding]:
    """The policy that is there, or the one that will be, judged request by request."""
    account, name = observation.log.account, settings.bucket_name
    there = observation.buckets[name].policy
    if isinstance(there, Unread):
        text = f"nothing was evaluated: the policy could not be read: get_bucket_policy: {there.why}"
        return [Finding("03.policy", FindingState.COULD_NOT_LOOK, account, settings.home_region, name, text)]
    state = grant_state(standing_archive(settings, there), there)
    if state in (GrantState.WINDOW, GrantState.OPEN):
        text = "the policy is opened for a copy: 05 shows the grant and proposes to revoke it"
        return [Finding("03.policy", FindingState.FINDING, account, settings.home_region, name, text)]
    said = verdicts(settings, there)
    wrong = [verdict for verdict in said if not verdict.as_wanted]
    if wrong:
        planned = FindingState.PLANNED if there is not None else FindingState.FINDING
        texts = [f"{v.expectation.name}: {v.decision.explain}" for v in wrong]
        return [Finding("03.policy", planned, account, settings.home_region, name, text) for text in texts]
    text = f"{counted(len(said), 'request')} evaluated, each decided as it must be"
    return [Finding("03.policy", FindingState.OK, account, settings.home_region, name, text)]


def _kept(settings: Settings, observation: BucketsObservation) -> list[Finding]:
    """Accounts that the parameters no longer name and whose trails may go on delivering."""
    text = (
        "is not among source_accounts, and its trail may go on delivering into the archive; to end that, run with"
        " --release"
    )
    policy = known(observation.buckets[settings.bucket_name].policy)
    accounts = [arn.split(":")[4] for arn in kept_trails(settings, policy)]
    return [
        Finding("03.kept-account", FindingState.NOTE, one, settings.home_region, settings.bucket_name, text + f" {one}")
        for one in accounts
    ]


def _opened_for_jobs(settings: Settings, observation: BucketsObservation) -> list[Finding]:
    """The work bucket, where step 05 has opened it; as any other policy it is one of its pieces."""
    name = settings.work_bucket
    there = observation.buckets[name].policy
    if isinstance(there, Unread) or not work_opened(archive_of(settings), there):
        return []
    text = "the policy is opened for the reports of jobs: 05 shows the grant and proposes to revoke it"
    return [Finding("03.policy", FindingState.FINDING, observation.log.account, settings.home_region, name, text)]


def _key(settings: Settings, observation: BucketsObservation, plan: Plan) -> list[Finding]:
    if settings.kms_key == "none":
        return []
    pending = [change for change in plan.changes if change.service == "kms"]
    state = FindingState.PLANNED if pending else FindingState.OK
    if settings.kms_key != "create":
        text = (
            "the parameters name the key: its policy must hold what `onetrail policies` prints as kms_key, and onetrail"
            " does not change it"
        )
        return [
            Finding(
                "03.key",
                FindingState.NOTE,
                observation.log.account,
                settings.home_region,
                settings.kms_key,
                text,
            )
        ]
    text = pending[0].reason if pending else "encrypts the archive; its policy is as intended"
    for unread in (observation.log.key_arn, observation.key_policy):
        if isinstance(unread, Unread):
            state, text = FindingState.COULD_NOT_LOOK, f"it could not be read: {unread.why}"
    return [Finding("03.key", state, observation.log.account, settings.home_region, "archive key", text)]


def _bucket(settings: Settings, wanted: WantedBucket, there: BucketState, plan: Plan) -> list[Finding]:
    where = (settings.log_account.account_id, settings.home_region, wanted.name)
    found = [Finding("03.not-evaluated", FindingState.COULD_NOT_LOOK, *where, text) for text in there.could_not_look]
    if there.state == BucketPresence.COULD_NOT_LOOK:
        return found
    if there.state == BucketPresence.ABSENT:
        pending = len(plan.on(where[0], names.bucket_arn(settings.partition, wanted.name)))
        return [
            Finding(
                "03.bucket",
                FindingState.PLANNED,
                *where,
                f"is not created yet, which takes {counted(pending, 'change')}",
            )
        ]
    off = [piece for piece in pieces(settings, wanted, there) if piece.fits is False]
    found += [
        Finding("03.bucket", FindingState.PLANNED, *where, f"{p.name} is not as intended: {p.reason}") for p in off
    ]
    if not off and not found:
        found.append(Finding("03.bucket", FindingState.OK, *where, "every setting is as intended"))
    return found
