"""What most tests of the verb begin with."""

from pathlib import Path

import pytest

from tests.unit.cloudtrail.signing import given_a_chain, kept_keys, written


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """A chain of four digests and three logs, and its public keys."""
    scene = given_a_chain(4)
    kept_keys(scene, tmp_path / "keys")
    return written(scene, tmp_path / "down")
