"""`lib/onetrail/regions.json` is the library's one table of regions."""

import re
from pathlib import Path

import pytest

import onetrail
from onetrail.practice.state.account_info import BY_CHOICE, BY_DEFAULT, COMMERCIAL
from onetrail.settings.regions import REGIONS, partition_with

LIBRARY = Path(onetrail.__file__).parent
REGION = re.compile(
    r"\b(?:af|ap|ca|cn|eu|il|me|mx|sa|us|us-gov)-(?:central|east|north|northeast|northwest|south|southeast|southwest|west)-\d\b"
)
MOST = 10
"""A module names a few regions: the home of a service, an example. A table of them names more."""


def tables(library: Path) -> list[str]:
    """Modules that name more regions than any but a table does."""
    return [
        str(path.relative_to(library))
        for path in sorted(library.rglob("*.py"))
        if "scenarios" not in path.parts and len(set(REGION.findall(path.read_text()))) > MOST
    ]


def test_no_module_has_a_table_of_regions_of_its_own() -> None:
    assert tables(LIBRARY) == []


def test_a_second_table_is_found(tmp_path: Path) -> None:
    """Twin."""
    (tmp_path / "again.py").write_text(repr(REGIONS["aws"]))
    assert tables(tmp_path) == ["again.py"]


def test_the_region_table() -> None:
    """Seventeen regions are on in every account; an account opts in to the rest."""
    assert len(BY_DEFAULT) == 17 and "af-south-1" in BY_CHOICE and len(REGIONS["aws"]) == 34
    assert sorted(BY_DEFAULT + BY_CHOICE) == sorted(COMMERCIAL) == list(REGIONS["aws"])
    assert REGIONS["aws-cn"] == ("cn-north-1", "cn-northwest-1")
    assert REGIONS["aws-us-gov"] == ("us-gov-east-1", "us-gov-west-1")


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("eu-west-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("eusc-de-east-1", None),  # a partition that nothing here was run in
        ("us-gov-west-9", None),
        ("", None),
    ],
)
def test_a_region_is_in_one_known_partition_or_in_none(region: str, partition: str | None) -> None:
    assert partition_with(region) == partition
