"""A trail is counted once wherever it shows, and the one new trail records no less than the old ones did."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from onetrail.cloudtrail.merged_selectors import MAX_VALUES, merge_selectors
from onetrail.cloudtrail.selector import MANAGEMENT, selectors_of
from onetrail.cloudtrail.trail import Trail, TrailStatus, covers, from_api, unique_trails

ARN = "arn:aws:cloudtrail:eu-west-1:044455556666:trail/audit"
DESCRIPTION = {
    "Name": "audit",
    "TrailARN": ARN,
    "HomeRegion": "eu-west-1",
    "S3BucketName": "acme-audit-eu-west-1",
    "S3KeyPrefix": "p",
    "IsMultiRegionTrail": False,
    "IsOrganizationTrail": False,
    "LogFileValidationEnabled": True,
    "IncludeGlobalServiceEvents": True,
    "SnsTopicARN": "arn:aws:sns:eu-west-1:044455556666:t",
}
NOON = datetime(2026, 1, 12, 12, tzinfo=UTC)
ALL = {"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}]}


def trail(name: str = "audit", **changes: Any) -> Trail:
    return replace(from_api({**DESCRIPTION, "TrailARN": ARN.replace("audit", name)}, None, ALL), **changes)


def with_data(kind: str, *values: str, mode: str = "All", **entry: Any) -> Trail:
    selector = {"ReadWriteType": mode, "DataResources": [{"Type": kind, "Values": list(values)}], **entry}
    return trail(selectors=selectors_of({"EventSelectors": [selector]}), is_multi_region=True)


def test_a_trail_is_read_from_the_answers_of_aws() -> None:
    status = {"IsLogging": True, "LatestDeliveryTime": NOON, "LatestDigestDeliveryError": "AccessDenied"}
    found = from_api(DESCRIPTION, status, ALL, {"InsightSelectors": [{"InsightType": "ApiCallRateInsight"}]})
    assert (found.name, found.account, found.home_region, found.key_prefix) == (
        "audit",
        "044455556666",
        "eu-west-1",
        "p",
    )
    assert found.status == TrailStatus(True, NOON, "", None, "AccessDenied")
    assert found.validation and found.selectors and found.selectors.events == (MANAGEMENT,)
    assert found.insight_selectors == (("ApiCallRateInsight", ()),)
    assert from_api(DESCRIPTION).status is None  # not asked for is not "not logging"


def test_shadow_trails_are_counted_once_and_complete_each_other() -> None:
    status = TrailStatus(True)
    home, shadow = trail(is_multi_region=True, selectors=None), trail(is_multi_region=True, status=status)
    assert unique_trails([home, shadow, trail("b")]) == (replace(shadow, status=status), trail("b"))


@pytest.mark.parametrize(
    ("multi", "region", "want"),
    [(True, "us-east-1", True), (False, "us-east-1", False), (False, "eu-west-1", True)],
)
def test_a_trail_covers_its_home_or_every_region(multi: bool, region: str, want: bool) -> None:
    assert covers(trail(is_multi_region=multi), region) is want


def test_plain_trails_merge_into_all_management_events() -> None:
    merged = merge_selectors([trail(), trail("b")])
    assert (merged.events, merged.limits, merged.fits) == ((MANAGEMENT,), (), True)
    fields = [{"Field": "eventCategory", "Equals": ["Management"]}]
    assert merged.to_api() == [{"Name": "Management events selector", "FieldSelectors": fields}]


def multi_region_trail_with_management_events(answer: Mapping[str, Any]) -> bool:
    """What Prowler 5.46 asks of the selectors of a multi-region trail that logs, to pass
    cloudtrail_multi_region_enabled_logging_management_events: all reads and writes in a basic selector, or an advanced
    one of exactly the console's name that says nothing of reading only."""
    basic = any(
        one["IncludeManagementEvents"] and one["ReadWriteType"] == "All" for one in answer.get("EventSelectors", ())
    )
    return basic or any(
        one.get("Name") == "Management events selector"
        and not any(field["Field"] == "readOnly" for field in one["FieldSelectors"])
        for one in answer.get("AdvancedEventSelectors", ())
    )


def test_a_scanner_that_asks_for_the_consoles_name_finds_it() -> None:
    """Green before the move, green after it; the twins: without the name it is red, and so is one that only reads."""
    merged = merge_selectors([trail(selectors=selectors_of(ALL))]).to_api()
    assert multi_region_trail_with_management_events(ALL)
    assert multi_region_trail_with_management_events({"AdvancedEventSelectors": merged})
    nameless = [{"FieldSelectors": one["FieldSelectors"]} for one in merged]
    assert not multi_region_trail_with_management_events({"AdvancedEventSelectors": nameless})
    assert selectors_of({"AdvancedEventSelectors": nameless}).to_api() == nameless


def named(**names: str) -> Trail:
    """A trail with a selector of management events, and one of each of these types of data events, by name."""
    kinds = {"management": [{"Field": "eventCategory", "Equals": ["Management"]}]}
    entries = [
        {
            "Name": name,
            "FieldSelectors": kinds.get(kind)
            or [
                {"Field": "eventCategory", "Equals": ["Data"]},
                {"Field": "resources.type", "Equals": [kind]},
            ],
        }
        for kind, name in names.items()
    ]
    return trail(selectors=selectors_of({"AdvancedEventSelectors": entries}))


@pytest.mark.parametrize(
    ("old", "own", "names"),
    [
        # a person's name for what is taken over as it is; the console's for management events, whatever an old trail
        # called them
        ({"management": "all", "SNS": "topics"}, {}, ["Management events selector", "topics"]),
        ({"management": "all", "SNS": ""}, {}, ["Management events selector", None]),
        # what the one trail is called already stays
        ({"management": "all", "SNS": "topics"}, {"management": "ours", "SNS": "t"}, ["ours", "t"]),
        (
            {"management": "all", "SNS": "topics"},
            {"management": "", "SNS": ""},
            ["Management events selector", "topics"],
        ),
    ],
)
def test_names_are_kept(old: dict[str, str], own: dict[str, str], names: list[str | None]) -> None:
    merged = merge_selectors([named(**old)], [named(**own)] if own else [])
    assert [one.get("Name") for one in merged.to_api()] == names


def test_a_selector_that_is_joined_of_several_has_no_name_of_theirs() -> None:
    """It would say of all what was true of one."""
    s3 = "AWS::S3::Object"
    one, other = (with_data(s3, f"arn:aws:s3:::{name}/") for name in "ab")
    called = [
        replace(
            t,
            selectors=selectors_of(
                {"AdvancedEventSelectors": [{"Name": "one bucket", **entry} for entry in t.selectors.to_api()]}
            ),
        )
        for t in (one, other)
        if t.selectors
    ]
    assert [entry.get("Name") for entry in merge_selectors(called).to_api()] == [
        "Management events selector",
        None,
    ]


def test_a_name_is_no_difference() -> None:
    """Nobody's plan is made of it: what is recorded is the same."""
    assert named(management="a").selectors == named(management="b").selectors


def test_data_events_are_kept_joined_and_never_narrowed() -> None:
    s3 = "AWS::S3::Object"
    merged = merge_selectors([with_data(s3, "arn:aws:s3:::a/", "arn:aws:s3:::b/x"), with_data(s3, "arn:aws:s3:::b/")])
    data = merged.to_api()[1]["FieldSelectors"]
    assert {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::a/", "arn:aws:s3:::b/"]} in data
    whole = merge_selectors([with_data(s3, "arn:aws:s3:::a/", mode="WriteOnly"), with_data(s3, "arn:aws:s3")])
    assert len(whole.events) == 2 and "resources.ARN" not in str(whole.events)


def test_reading_and_writing_are_kept_apart() -> None:
    kind = "AWS::Lambda::Function"
    merged = merge_selectors(
        [with_data(kind, "arn:aws:lambda", mode="ReadOnly"), with_data(kind, "f", mode="WriteOnly")]
    )
    assert len(merged.events) == 3


def test_advanced_selectors_survive_with_their_operators() -> None:
    fields = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::SNS::Topic"]},
        {"Field": "resources.ARN", "StartsWith": ["arn:a"], "NotEndsWith": ["z"]},
    ]
    answer = {"AdvancedEventSelectors": [{"Name": "n", "FieldSelectors": fields}]}
    merged = merge_selectors([trail(selectors=selectors_of(answer))])
    assert merged.to_api()[1]["FieldSelectors"] == [
        fields[0],
        {"Field": "resources.ARN", "NotEndsWith": ["z"], "StartsWith": ["arn:a"]},
        fields[1],
    ]
    again = selectors_of({"AdvancedEventSelectors": merged.to_api()})
    assert again.events == tuple(sorted(merged.events))


def test_a_selector_is_not_swallowed_by_one_that_limits_the_same_field() -> None:
    base = [{"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": ["T"]}]
    narrow = [*base, {"Field": "resources.ARN", "Equals": ["x"]}]
    other = [*base, {"Field": "resources.ARN", "Equals": ["x"], "StartsWith": ["y"]}]
    answer = {"AdvancedEventSelectors": [{"FieldSelectors": narrow}, {"FieldSelectors": other}]}
    assert len(merge_selectors([trail(selectors=selectors_of(answer))]).events) == 3


def test_what_the_merge_widens_or_cannot_know_is_said() -> None:
    excluded = {"EventSelectors": [{"ReadWriteType": "All", "ExcludeManagementEventSources": ["kms.amazonaws.com"]}]}
    regional = replace(with_data("AWS::S3::Object", "arn:aws:s3", IncludeManagementEvents=False), is_multi_region=False)
    unread = trail("c", selectors=None)
    limits = merge_selectors([trail("b", selectors=selectors_of(excluded)), regional, unread]).limits
    assert [limit.split(": ", 1)[1].split(",")[0] for limit in limits] == [
        "its other events were of eu-west-1 only",
        "recorded no management events",
        "recorded some management events only",
        "its selectors were not read",
    ]


def test_more_values_than_one_trail_may_have_do_not_fit() -> None:
    merged = merge_selectors([with_data("AWS::Lambda::Function", *(f"f{n}" for n in range(MAX_VALUES)))])
    assert not merged.fits and "more than the 500" in merged.limits[0]


def test_insights_are_joined() -> None:
    rate, error = ("ApiCallRateInsight", ()), ("ApiErrorRateInsight", ("Data",))
    merged = merge_selectors([trail(insight_selectors=(rate,)), trail("b", insight_selectors=(rate, error))])
    assert merged.insights_to_api() == [
        {"InsightType": "ApiCallRateInsight"},
        {"InsightType": "ApiErrorRateInsight", "EventCategories": ["Data"]},
    ]
