"""06 binds each proven log to the digest that names it, whatever state that digest is in itself."""

from types import SimpleNamespace
from typing import Any

import pytest

from onetrail.cloudtrail.digests.chain import looked_at
from onetrail.cloudtrail.digests.publickeys import KeyStore
from onetrail.cloudtrail.digests.verdict import FileState
from onetrail.steps.verification.region.chains import RegionCheck
from tests.unit.cloudtrail.signing import ACCOUNT, GROUP, OLD, REGION, Scene, given_a_chain
from tests.unit.steps.test_verification import SETTINGS


class Rows:
    """What is kept for the rows of receipts: each log with its digest."""

    def __init__(self) -> None:
        self.by: dict[str, str] = {}

    def named(self, key: str, digest: str, content_sha256: str) -> None:
        assert content_sha256
        self.by[key] = digest


def proven_by(scene: Scene) -> tuple[dict[str, str], RegionCheck]:
    """The logs of a chain with the digests that their rows name."""
    rows: Any = Rows()
    reader: Any = SimpleNamespace(
        digests=lambda keys: (next(one for one in scene.objects if one.key == key) for key in keys),
        log=lambda bucket, key: looked_at(scene.logs[bucket, key]),
    )
    trails: Any = {GROUP.identity: ("trail", None)}
    made = RegionCheck(
        SETTINGS,
        SimpleNamespace(),
        KeyStore(scene.keys),
        frozenset({OLD}),
        trails,
        ACCOUNT,
        REGION,
        [],
        None,
        rows,  # type: ignore[arg-type]
    )
    made._listing = lambda key: any(one.key == key for one in scene.objects)  # type: ignore[assignment]
    made._chain(GROUP, [one.key for one in scene.objects], reader, {}, set())
    return rows.by, made


@pytest.mark.parametrize("changed", [None, 1, 3])
def test_a_log_is_bound_to_its_own_digest(changed: int | None) -> None:
    """Also where that one's metadata was changed and the signature in the next one proves it. Twin: nothing was
    changed."""
    scene = given_a_chain(5)
    if changed is not None:
        scene.change(changed, metadata={**scene.digests[changed].metadata, "signature": "ab" * 256})
    found, made = proven_by(scene)
    assert found == {scene.log(hour)[1]: scene.digests[hour].key for hour in range(1, 5)}
    assert made.seen.digests[0].get(FileState.INVALID, 0) == (changed is not None)
