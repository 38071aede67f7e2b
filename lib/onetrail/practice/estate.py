"""The estate: a world, the services that live in it, and the doors before them."""

from functools import partial

from onetrail.practice.accounts import make_cast
from onetrail.practice.cloudtrail.service import TrailsService
from onetrail.practice.doors.arrival import BaseContexts
from onetrail.practice.doors.front import Front
from onetrail.practice.doors.journal import Journal
from onetrail.practice.doors.s3 import S3Door
from onetrail.practice.doors.services import ServicesDoor
from onetrail.practice.faults import FaultKind
from onetrail.practice.iam.authorize import Authorizer
from onetrail.practice.moto.bridge import MotoBridge
from onetrail.practice.s3 import lifecycle
from onetrail.practice.s3.access_logs import AccessLogWriter
from onetrail.practice.s3.batch import tasks
from onetrail.practice.s3.batch.runner import JobRunner
from onetrail.practice.s3.batch.service import BatchJobs
from onetrail.practice.s3.service_access import ServiceAccess
from onetrail.practice.scenarios import damage, scenario
from onetrail.practice.scenarios.background import Background
from onetrail.practice.scenarios.catalog import scenario_of
from onetrail.practice.scenarios.items.place import Place
from onetrail.practice.scenarios.old_estate import ScenarioEstate
from onetrail.practice.services.answers import ServiceAnswers
from onetrail.practice.state.world import World


class Estate:
    """All services but CloudTrail, over one world. moto's backends are global: one estate a process."""

    def __init__(self, world: World) -> None:
        self.world = world
        authorizer, bridge = Authorizer(world), MotoBridge(world)
        self.service_access = ServiceAccess(world, authorizer)
        self.journal = Journal(world)
        self.fault_kinds: dict[str, FaultKind] = {tasks.FAULT: partial(tasks.arm, world)}
        self._answers = ServiceAnswers(world)
        self._answers.add_operations(BatchJobs(world, authorizer).operations())
        self._live(authorizer)
        contexts = BaseContexts(world)
        s3 = S3Door(world, authorizer, contexts, self.journal)
        services = ServicesDoor(world, authorizer, contexts, self.journal, self._answers, bridge)
        self.handle = Front(world, s3, services).handle
        """Answers one request."""

    def _live(self, authorizer: Authorizer) -> None:
        """What happens of itself while time passes, in this order."""
        clock, jobs = self.world.clock, JobRunner(self.world, authorizer)
        clock.on_stop(jobs.next_due)
        clock.on_advance(partial(lifecycle.run, self.world))
        clock.on_advance(jobs.advance)
        clock.on_advance(AccessLogWriter(self.world, self.service_access).advance)

    def add_cloudtrail(self, *lives: tuple[str, ScenarioEstate]) -> None:
        """Bring CloudTrail to life, and in each of these accounts the calls that nobody in the runbook makes."""
        trails = TrailsService(self.world, self.service_access)
        for account, old in lives:
            self.world.clock.on_advance(Background(self.world, trails.delivery.take, account, old).advance)
        self.world.clock.on_advance(trails.delivery.advance)
        self._answers.add_service("cloudtrail", trails)
        self.journal.listener = trails.hear
        self.fault_kinds |= damage.fault_kinds(self.world)


def build(scenario_name: str, number: int) -> Estate:
    """An estate of that scenario; `empty` has accounts and roles only, and no CloudTrail. Raises
    UnknownScenario."""
    if scenario_name == "empty":
        estate = Estate(World(number, scenario_name))
        make_cast(estate.world)
        return estate
    wanted = scenario_of(scenario_name)
    estate = Estate(World(number, scenario_name))
    make_cast(estate.world, wanted.cast)
    estate.add_cloudtrail(*wanted.lives)
    for account, old in wanted.lives:
        scenario.fill(estate.world, old, account)
    for item in wanted.items:
        item.make(Place(estate.world, wanted.cast))
    return estate
