"""An estate with some of everything, its state's hash, and control calls in this process."""

from onetrail.practice import accounts
from onetrail.practice.control import Control
from onetrail.practice.state_hash import digest
from onetrail.practice.web.http import HttpRequest, Reply
from tests.unit.practice.knocking import Estate

ADMIN = f"{accounts.SOURCE}/TrailConsolidation"


def given_some_of_everything(estate: Estate) -> None:
    """A bucket with an object, a key, a topic, a user."""
    s3 = estate.client("s3", ADMIN)
    s3.create_bucket(Bucket="box")
    s3.put_object(Bucket="box", Key="k", Body=b"x")
    estate.client("kms", ADMIN).create_key()
    estate.client("sns", ADMIN).create_topic(Name="t")
    estate.client("iam", ADMIN).create_user(UserName="old-hand")


def frozen(estate: Estate) -> str:
    """The state's hash."""
    return str(estate.do(lambda: digest(estate.world)))


def asked(estate: Estate, method: str, name: str, body: bytes, token: str = "right") -> Reply:
    """What control answers."""
    control = Control(estate.practice, "right")
    headers = {"x-practice-token": token} if token else {}
    return control(HttpRequest(method, f"/_practice/{name}", "", headers, body, True))
