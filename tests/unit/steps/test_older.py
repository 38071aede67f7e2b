"""Older history is called gone only where somebody looked: the digest that the oldest one names is asked for in the
bucket it was delivered to."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from onetrail.cloudtrail.digests.verdict import DigestPlace
from onetrail.errors import OnetrailError
from onetrail.steps.verification.region.older import looked_for
from onetrail.steps.verification.verdict import Older

SOURCE, SECOND, LOG = "111122223333", "222233334444", "044455556666"
OLD, ELSEWHERE = "acme-old", "acme-elsewhere"


class Answers:
    """Clients whose HeadObject answers by account; what was asked is kept. An account without an answer cannot be
    entered."""

    def __init__(self, by_account: dict[str, str]) -> None:
        self._by_account, self.asked = by_account, []

    def client(self, service: str, account: str) -> Any:
        if account not in self._by_account:
            raise OnetrailError("the role may not be assumed")
        return SimpleNamespace(head_object=lambda **said: self._answer(account, said))

    def _answer(self, account: str, said: dict[str, Any]) -> dict[str, Any]:
        assert said["ExpectedBucketOwner"] == account
        self.asked.append((account, said["Bucket"], said["Key"]))
        code = self._by_account[account]
        if code == "no answer":
            raise EndpointConnectionError(endpoint_url="https://s3")
        if code != "200":
            raise ClientError({"Error": {"Code": code, "Message": ""}}, "HeadObject")
        return {"ContentLength": 1}


CASES: list[tuple[str, dict[str, str], Older, list[str]]] = [
    # the bucket, what each account answers, what is said, the accounts that are asked
    (OLD, {SOURCE: "200", SECOND: "200"}, Older.THERE, [SECOND]),
    (OLD, {SOURCE: "200", SECOND: "404"}, Older.GONE, [SECOND]),
    (OLD, {SOURCE: "200", SECOND: "403"}, Older.UNKNOWN, [SECOND]),
    (OLD, {SOURCE: "200"}, Older.UNKNOWN, []),
    (ELSEWHERE, {SOURCE: "200", SECOND: "403", LOG: "403"}, Older.THERE, [SOURCE]),
    (ELSEWHERE, {SOURCE: "403", SECOND: "403", LOG: "200"}, Older.THERE, [SOURCE, SECOND, LOG]),
    (ELSEWHERE, {SOURCE: "403", SECOND: "404", LOG: "403"}, Older.GONE, [SOURCE, SECOND]),
    (ELSEWHERE, {SOURCE: "NoSuchBucket", SECOND: "403", LOG: "403"}, Older.GONE, [SOURCE]),
    (ELSEWHERE, {SOURCE: "NoSuchKey", SECOND: "403", LOG: "403"}, Older.GONE, [SOURCE]),
    (ELSEWHERE, {SOURCE: "403", SECOND: "403", LOG: "403"}, Older.UNKNOWN, [SOURCE, SECOND, LOG]),
    (ELSEWHERE, {SOURCE: "no answer", SECOND: "301", LOG: "403"}, Older.UNKNOWN, [SOURCE, SECOND, LOG]),
    (ELSEWHERE, {SECOND: "403", LOG: "200"}, Older.THERE, [SECOND, LOG]),
]


@pytest.mark.parametrize(("bucket", "answers", "state", "asked"), CASES)
def test_each_answer_is_reported_as_what_it_is(
    bucket: str, answers: dict[str, str], state: Older, asked: list[str]
) -> None:
    """Not there only where an owner says so; a refusal is no absence. Twin: each row beside the others."""
    clients: Any = Answers(answers)
    places = [DigestPlace(bucket, "AWSLogs/k")]
    (seen,) = looked_for(clients, places, {OLD: SECOND}, (SOURCE, SECOND, LOG), {OLD})
    assert (seen.bucket, seen.key, seen.state, seen.moved) == (bucket, "AWSLogs/k", state, bucket == OLD)
    assert clients.asked == [(account, bucket, "AWSLogs/k") for account in asked]
    assert bool(seen.why) == (state is Older.UNKNOWN)
    assert bucket in seen.evidence and "AWSLogs/k" in seen.evidence


def test_what_is_left_is_reported_with_its_place() -> None:
    """Whether or not its bucket is one of the move. Twins: what is gone, and what could not be looked for."""
    clients: Any = Answers({SOURCE: "200"})
    mine, other = looked_for(clients, [DigestPlace(OLD, "k"), DigestPlace(ELSEWHERE, "k")], {}, [SOURCE], {OLD})
    assert "a bucket of this move, and is not in the archive" in mine.evidence
    assert "is in acme-elsewhere, which is not part of this move" in other.evidence
    gone, unknown = (
        looked_for(Answers(said), [DigestPlace(ELSEWHERE, "k")], {}, [SOURCE], ())[0]  # type: ignore[arg-type]
        for said in ({SOURCE: "404"}, {SOURCE: "403"})
    )
    assert "expired or removed before the move" in gone.evidence
    assert "it could not be checked: 111122223333: HeadObject: 403" in unknown.evidence
