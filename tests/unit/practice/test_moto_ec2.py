"""The estate starts without moto's EC2, which takes longer to load than everything else, and answers its calls all the
same."""

import subprocess
import sys

from tests.unit.practice.given_everything import ADMIN
from tests.unit.practice.knocking import Estate

STARTED = """
import sys
from onetrail.practice.estate import build
build("empty", 7)
print(*sorted({name.split(".")[1] for name in sys.modules if name.startswith("moto.") and name.endswith(".models")}))
"""


def test_the_estate_starts_without_ec2_and_with_the_services_that_it_remembers() -> None:
    """Its own answer has the regions. The services that are there are the twin."""
    done = subprocess.run([sys.executable, "-c", STARTED], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "ec2" not in loaded
    assert {"account", "cloudwatch", "config", "events", "iam", "kms", "logs", "organizations", "sns", "sqs"} <= loaded


def test_a_call_of_ec2_is_answered_at_the_time_of_the_estate(estate: Estate) -> None:
    """The clock that ec2 sees is the estate's too, though it is loaded after all others. Twin: an hour later, a volume
    has another time."""
    ec2 = estate.client("ec2", ADMIN)
    made, then = [], []
    for _ in range(2):
        made.append(ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["CreateTime"])
        then.append(estate.world.clock.now())
        estate.do(lambda: estate.world.clock.advance(3600))
    assert [one.replace(microsecond=0) for one in made] == [one.replace(microsecond=0) for one in then]
    assert made[0] != made[1]
