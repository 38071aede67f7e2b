"""Which key of the archive an old object gets, by what the old buckets and the archive hold: both copies of a conflict
have their place."""

from collections import namedtuple
from types import SimpleNamespace

import pytest

from onetrail.cloudtrail.digests.conflict import conflict_key
from onetrail.estate.history import claims as claims_module
from onetrail.estate.history import pairing
from onetrail.estate.history.claims import Claims
from onetrail.s3.decisions.decide import DecisionKind
from onetrail.s3.http.client import S3Client
from onetrail.s3.ledger.parts import LedgerRow
from onetrail.s3.listing.lookup import WORTH_SKIPPING, Lookup
from onetrail.s3.rows import ObjectRow
from onetrail.steps.copy_history.jobs import make as batch_make
from onetrail.steps.copy_history.local import tasks
from onetrail.steps.copy_history.local.tasks import OUTCOMES, tasks_of_bucket
from tests.unit.s3.fake_s3 import FakeS3, InProcess
from tests.unit.steps.given_sources import LOG, LOG_KEY, NOW, SETTINGS, given_a_bucket

FROZEN = namedtuple("Frozen", "access_key secret_key token")("AKID", "s", None)
ARCHIVE = SETTINGS.bucket_name
OTHER_KEY = LOG_KEY.replace("AbCd", "ZzZz")
X, Y = "1" * 32, "2" * 32


class Estate:
    """Buckets of keys with their ETags in one small S3; `named` are the ETags that a digest names."""

    def __init__(self, monkeypatch, named=(), **buckets):
        self.s3 = FakeS3(1000, **{ARCHIVE: {}, **buckets})
        self.names = [name for name in buckets if name != ARCHIVE]
        client = S3Client(
            "eu-west-1", "http://s3", lambda: FROZEN, permit=lambda *_: None, transport=InProcess(self.s3)
        )
        digests = SimpleNamespace(name=lambda claim: claim.row.etag in named)
        for module in (pairing, claims_module):
            monkeypatch.setattr(module, "hot", lambda *_: client)
        monkeypatch.setattr(claims_module, "DigestNames", lambda *_: digests)
        self.clients = SimpleNamespace(
            each=lambda look, items, at_once: [look(one) for one in items],
            clock=SimpleNamespace(now=lambda: NOW),
        )

    def claims(self):
        return Claims(SETTINGS, self.clients, [given_a_bucket(name) for name in self.names])

    def pairs(self, name):
        found = pairing.pairs(SETTINGS, self.clients, given_a_bucket(name), claims=self.claims())
        return {pair.source.key: (pair.target_key, pair.target is not None, pair.contested) for pair in found}

    def listings(self):
        return len(self.s3.listed)


def test_alone_with_its_keys_a_bucket_is_copied_as_it_is(monkeypatch):
    """No other bucket is asked for more than its folders. Twin: what is there already asks for nothing at all."""
    estate = Estate(monkeypatch, a={LOG_KEY: X}, b={LOG_KEY.replace("eu-west-1", "us-east-1"): Y})
    assert estate.pairs("a") == {LOG_KEY: (LOG_KEY, False, False)}
    before = estate.listings()
    estate.s3.buckets[ARCHIVE][LOG_KEY] = X
    assert estate.pairs("a") == {LOG_KEY: (LOG_KEY, True, False)}
    assert estate.listings() - before == 2  # the bucket and the archive's folder


@pytest.mark.parametrize(
    ("named", "archive", "a", "b"),
    [
        ((), {}, "plain", "beside"),  # the first by name
        ((Y,), {}, "beside", "plain"),  # a digest names it
        ((Y,), {LOG_KEY: X}, "plain", "beside"),  # it is there already
        ((), {LOG_KEY: "3" * 32}, "beside", "beside"),  # somebody else's bytes are there
        (
            (),
            {conflict_key("a", LOG_KEY): X},
            "beside",
            "beside",
        ),  # the first lies beside, the plain key is lost
    ],
)
def test_two_buckets_with_one_key_and_other_bytes(monkeypatch, named, archive, a, b):
    """Each way round; the decision of each bucket is made by itself and they fit."""
    estate = Estate(monkeypatch, named, **{ARCHIVE: archive}, a={LOG_KEY: X}, b={LOG_KEY: Y})
    keys = {"plain": LOG_KEY}
    for name, where in (("a", a), ("b", b)):
        ((target, _, contested),) = estate.pairs(name).values()
        assert target == keys.get(where, conflict_key(name, LOG_KEY))
        assert contested or target in archive
    assert {bucket: dict(keys) for bucket, keys in estate.s3.buckets.items()}[ARCHIVE] == archive


def test_two_prefixes_of_one_bucket_may_want_one_key_too(monkeypatch):
    """The full old key tells them apart."""
    one, two = f"one/{LOG_KEY}", f"two/{LOG_KEY}"
    estate = Estate(monkeypatch, a={one: X, two: Y})
    found = {key: target for key, (target, _, _) in estate.pairs("a").items()}
    assert found == {one: LOG_KEY, two: conflict_key("a", two)}


def test_what_lies_beside_already_is_not_copied_again(monkeypatch):
    """Twin: other bytes under both keys are left to a person."""
    beside = conflict_key("b", LOG_KEY)
    estate = Estate(monkeypatch, **{ARCHIVE: {LOG_KEY: X, beside: Y}}, a={LOG_KEY: X}, b={LOG_KEY: Y})
    assert estate.pairs("b") == {LOG_KEY: (beside, True, True)}

    def rows():
        made = tasks_of_bucket(SETTINGS, estate.clients, LOG, given_a_bucket("b"), NOW, estate.claims(), OUTCOMES)
        return [(row.outcome, row.destination_key) for row in made if isinstance(row, LedgerRow)]

    assert rows() == [("present", beside)]
    estate.s3.buckets["b"][LOG_KEY] = "4" * 32
    assert rows() == [("conflict", beside)]


def test_a_plain_key_that_would_be_too_long_is_not_used(monkeypatch):
    """1,024 bytes are the most that S3 takes; the archive's key prefix may be longer than the old one."""
    settings = SETTINGS.with_values(key_prefix="p" * 190)
    long = LOG_KEY[:-8] + "x" * 800 + ".json.gz"
    estate = Estate(monkeypatch, a={long: X})
    (pair,) = pairing.pairs(settings, estate.clients, given_a_bucket("a"), claims=estate.claims())
    assert pair.target_key == conflict_key("a", long)
    assert len(pair.target_key.encode()) <= 1024 < len(pairing.archive_key(settings, long).encode())


def test_jobs_leave_what_two_buckets_want_to_this_machine(monkeypatch):
    """A job asks for no condition. Twin: what one bucket alone wants is for jobs, and this machine copies both."""
    estate = Estate(monkeypatch, a={LOG_KEY: X, OTHER_KEY: X}, b={LOG_KEY: Y})
    monkeypatch.setattr(batch_make, "group_of", lambda *_: "group")
    watch = SimpleNamespace(desk=SimpleNamespace(account=LOG), living=lambda _: False)
    clients = SimpleNamespace(**vars(estate.clients), settings=SETTINGS)
    bucket = given_a_bucket("a")
    maker = batch_make.Maker(clients, None, watch, {"a": bucket}, estate.claims())
    assert [task.key for _, task in maker._tasks(bucket, "copy")] == [OTHER_KEY]
    here = tasks.due(SETTINGS, estate.clients, bucket, estate.claims())
    assert [pair.source.key for pair, decision in here if decision.kind is DecisionKind.COPY] == [
        LOG_KEY,
        OTHER_KEY,
    ]


def test_a_lookup_lists_on_and_begins_again_only_where_that_is_cheaper():
    """Near keys cost one listing, a far one or an earlier one its own; each finds what is there and nothing else."""
    keys = [f"k{number:05}" for number in range(3 * WORTH_SKIPPING)]
    begun = []

    def listing(after):
        begun.append(after)
        return (ObjectRow(key, 1, "e", NOW, "STANDARD") for key in keys if key > after)

    lookup = Lookup(listing)
    assert lookup.find("k00003").key == "k00003"
    assert lookup.find("k00005x") is None
    assert lookup.find("k00006").key == "k00006"
    assert len(begun) == 1
    assert lookup.find(keys[-1]).key == keys[-1]
    assert lookup.find("k00001").key == "k00001"
    assert lookup.find("z") is None
    assert len(begun) == 4
    through = Lookup(listing, jumps=False)
    assert (through.find("k00001").key, through.find(keys[-1]).key) == ("k00001", keys[-1])
    assert len(begun) == 5
