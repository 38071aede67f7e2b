"""06 goes by saved and given public keys where they can be used; an odd list is a reason why there are none, and no
crash."""

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from onetrail.cloudtrail.digests.publickeys import dump
from onetrail.estate.public_keys.read import FOLDER, public_keys
from tests.unit.cloudtrail.signing import REGION, public_key
from tests.unit.steps.test_verification import SETTINGS

NOW = datetime(2026, 1, 12, tzinfo=UTC)
(ENTRY,) = dump([public_key()], REGION)["PublicKeyList"]
OTHER = {**ENTRY, "ValidityEndTime": "2099-01-01T00:00:00+00:00"}


def asked(folder: Path, saved: list[Any] | None, given: list[Any]) -> tuple[int, str, str]:
    """How many keys there are, where they come from, and why there are none."""
    settings: Any = SimpleNamespace(run_folder=folder, source_account_ids=SETTINGS.source_account_ids)
    if saved is not None:
        (folder / FOLDER).mkdir()
        (folder / FOLDER / f"{REGION}.json").write_text(json.dumps({"PublicKeyList": saved}))
    client = SimpleNamespace(
        can_paginate=lambda operation: False, list_public_keys=lambda **_: {"PublicKeyList": given}
    )
    clients: Any = SimpleNamespace(client=lambda *_: client, each=lambda work, items: [work(item) for item in items])
    store, (source,) = public_keys(settings, clients, [REGION], NOW)
    return len(store.held()), source.source, source.why


@pytest.mark.parametrize(
    ("saved", "given", "keys", "source", "why"),
    [
        (None, [ENTRY], 1, "AWS", ""),
        (None, [ENTRY, ENTRY], 1, "AWS", ""),
        ([ENTRY], [ENTRY], 1, "saved, CloudTrail asked too", ""),
        (None, [ENTRY, OTHER], 0, "", f"ListPublicKeys: {REGION}: PublicKeyList[1] has other bytes or times"),
        (None, [{}], 0, "", f"ListPublicKeys: {REGION}: PublicKeyList[0] has no Fingerprint"),
        (
            [ENTRY, OTHER],
            [ENTRY],
            1,
            "AWS",
            f"{REGION}.json cannot be used: {REGION}: PublicKeyList[1] has other bytes or times",
        ),
    ],
)
def test_a_list_that_contradicts_itself_is_reported(
    tmp_path: Path, saved: list[Any] | None, given: list[Any], keys: int, source: str, why: str
) -> None:
    """Neither of the two keys of one fingerprint is taken from it. Twins: the same key once, and twice the same."""
    found = asked(tmp_path, saved, given)
    assert (found[0], found[1], found[2].startswith(why), bool(found[2])) == (keys, source, True, bool(why))
