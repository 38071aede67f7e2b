"""A trail that delivers goes on delivering after its account has left the parameters, until that account is
released."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from onetrail.change import FindingState
from tests.integration.by_hand import by_hand
from tests.integration.conftest import Estate
from tests.integration.in_process import one_step
from tests.integration.saved import after

pytestmark = [pytest.mark.slow, pytest.mark.estate]

SOURCE, MANAGEMENT = "111122223333", "999988887777"
ANOTHER = [{"account_id": MANAGEMENT}]
"""The management account stands for the source account that is left."""
HOUR = 3600


def delivery(estate: Estate) -> tuple[bool, str]:
    """Whether the trail of the account that left has delivered in the last two hours, and the error it shows."""
    now = datetime.fromisoformat(estate.wait(2 * HOUR)).astimezone(UTC)
    client = by_hand(estate.clients(), "cloudtrail", SOURCE)
    said = client.get_trail_status(Name="onetrail")
    late = now - said["LatestDeliveryTime"] > timedelta(hours=2)
    return not late, said.get("LatestDeliveryError", "")


def test_a_trail_delivers_until_its_account_is_released(estate: Estate, tmp_path: Path) -> None:
    """03 leaves its right and names it; released, its statements go and S3 refuses it."""
    after(estate, "04", tmp_path)
    runs = {"runs_dir": str(tmp_path)}
    assert delivery(estate) == (True, "")
    fewer = one_step(estate, "03", source_accounts=ANOTHER, **runs)
    kept = [(f.state, f.account) for f in fewer.findings if f.id == "03.kept-account"]
    assert kept == [(FindingState.NOTE, SOURCE)]
    assert delivery(estate) == (True, "")
    released = one_step(estate, "03", source_accounts=ANOTHER, release_accounts=[SOURCE], **runs)
    assert "PutBucketPolicy" in [change.call for change in released.plan.changes]
    assert [f for f in released.findings if f.id == "03.kept-account"] == []
    assert delivery(estate)[1] == "AccessDenied"
