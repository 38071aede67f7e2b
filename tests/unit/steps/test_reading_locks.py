"""The lock of a copy that cannot be read is looked at by HEAD, and a HEAD that is refused is not a lock that is
fine."""

from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from onetrail.progress import Count, Progress, unheard
from onetrail.s3.rows import Body
from onetrail.steps.verification.region.reading import LogOrigin, RegionReader
from tests.unit.steps.given_sources import LOG_KEY, NOW, SETTINGS, SOURCE


def error(code, operation="HeadObject"):
    answer = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    return ClientError(answer, operation)


def given_a_reader(monkeypatch, head):
    """Every copy is in an archive class, every original can be read; HEAD of a copy is answered with this, or raises
    it."""

    def do(call):
        if call.operation == "GetObject":
            return Body(HEAD, b"the log")
        if isinstance(head, Exception):
            raise head
        return head

    def run(asked):
        for _, context in asked:
            yield SimpleNamespace(context=context, error=error("InvalidObjectState", "GetObject"), result=None)

    monkeypatch.setattr(
        "onetrail.steps.verification.region.reading.hot", lambda *_, **__: SimpleNamespace(do=do, run=run)
    )
    clients = SimpleNamespace(clock=SimpleNamespace(now=lambda: NOW))
    origin = LogOrigin("old", SOURCE, "eu-west-1", "", live=True)
    return RegionReader(
        SETTINGS, clients, [origin], {LOG_KEY: 1}, {LOG_KEY: 7}, Count(unheard, Progress("read", "eu-west-1", 0))
    )


HEAD = SimpleNamespace(lock_mode="", retain_until="", metadata={})


def test_a_lock_that_could_not_be_looked_at_is_raised_and_not_passed_over(monkeypatch):
    """The region then could not be read. Twins: it was looked at and is missing, which is counted; and a copy that is
    gone has none."""
    refused = given_a_reader(monkeypatch, error("AccessDenied"))
    with pytest.raises(ClientError, match="AccessDenied"):
        refused.log("old", LOG_KEY)
    seen = given_a_reader(monkeypatch, HEAD)
    assert seen.log("old", LOG_KEY).body == b"the log"
    assert (seen.notes.unlocked, seen.notes.from_old) == ({1: 1}, 1)
    gone = given_a_reader(monkeypatch, error("404"))
    gone.log("old", LOG_KEY)
    assert gone.notes.unlocked == {}


@pytest.mark.parametrize("code", ["AccessDenied", "SlowDown", "500"])
def test_the_same_where_no_chain_reads_the_log(monkeypatch, code):
    """Twin: above, with each of the ways that an answer may take."""
    with pytest.raises(ClientError, match=code):
        list(given_a_reader(monkeypatch, error(code)).others([LOG_KEY]))
