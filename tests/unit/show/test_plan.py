"""A plan is shown whole: nothing that would be sent is missing, and alike changes are no wall."""

import re

import pytest
from given import given_a_change, given_a_plan

from onetrail import show
from onetrail.change import (
    Bulk,
    BulkAction,
    CheckKind,
    Document,
    ExpectedAnswer,
    RequiredCheck,
    Reversible,
    StatedEffect,
)
from onetrail.show.html import Column
from onetrail.show.plans.change_group import short
from onetrail.show.plans.plan_markdown import plan_as_markdown
from onetrail.show.table import simple

REGIONS = ("us-east-1", "eu-west-1", "eu-west-2", "sa-east-1", "ap-south-1")


def _policy(bucket, sid="OnetrailHoldStill", effect="Deny"):
    statement = {
        "Sid": sid,
        "Effect": effect,
        "Principal": "*",
        "Action": "s3:DeleteObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _hold(region, **said):
    bucket = f"acme-audit-{region}"
    parameters = {"Bucket": bucket, "Policy": Document(_policy(bucket))}
    return given_a_change(
        f"hold-{bucket}",
        region=region,
        resource=bucket,
        parameters=parameters,
        before={"Policy": _policy(bucket, "Old", "Allow")},
        **said,
    )


def test_twenty_of_a_kind_are_one_row():
    """The count, and every single one folded away below it."""
    shown = show.plan(given_a_plan(*map(_hold, REGIONS)))
    assert "5 of them, from acme-audit-us-east-1" in shown.text
    assert "1-5" in shown.text
    for region in REGIONS:
        assert f"acme-audit-{region}" in shown.html


def test_three_of_a_kind_stand_for_themselves():
    """A few are read one by one."""
    assert "of them" not in show.plan(given_a_plan(*map(_hold, REGIONS[:3]))).text


def test_what_is_sent_alike_is_shown_once_and_what_differs_apart():
    """A group cannot hide the one that sends something else."""
    odd = _hold("eu-central-1")
    odd = given_a_change(
        "odd",
        region=odd.region,
        resource=odd.resource,
        before=odd.before,
        parameters={**odd.parameters, "Policy": Document(_policy("quite-another-bucket"))},
    )
    shown = show.plan(given_a_plan(*map(_hold, REGIONS), odd))
    assert "1-5: s3:PutBucketPolicy (5 alike" in shown.html
    assert "6: s3:PutBucketPolicy on acme-audit-eu-central-1" in shown.html
    assert "quite-another-bucket" in shown.html


def test_policies_are_shown_by_the_statements_that_differ():
    """Added, removed, changed, by Sid."""
    html = show.plan(given_a_plan(_hold("us-east-1"))).html
    assert "removed Old" in html
    assert "added OnetrailHoldStill" in html


def test_a_rule_shows_its_estimate_and_a_probe_that_it_must_be_refused():
    """Bulk work is a rule with numbers beside it."""
    bulk = Bulk(
        BulkAction.COPY,
        ("CopyObject",),
        {"Bucket": "old"},
        {"prefix": "AWSLogs/"},
        estimate={"objects": 1_234_567},
    )
    copy = given_a_change("copy", call="CopyObject", bulk=bulk)
    probe = given_a_change("probe", call="PutObject", expects=ExpectedAnswer.REFUSED)
    text = show.plan(given_a_plan(copy, probe)).text
    assert "1,234,567" in text
    assert "s3:PutObject, must be refused" in text


def _deletion(bucket="old", **said):
    bulk = Bulk(BulkAction.DELETE, ("DeleteObjects",), {}, {}, "a" * 64, {"objects": 12, "bytes": 1_500})
    return given_a_change(
        f"delete-{bucket}", call="DeleteObjects", resource=bucket, undo="none: it is gone", bulk=bulk, **said
    )


SIGNED = [
    (given_a_change(), "+ make"),
    (given_a_change(before={"Statement": []}), "~ change"),
    (given_a_change(call="DeleteBucketPolicy"), "- delete"),
    (_deletion(), "-! delete"),
    (given_a_change(expects=ExpectedAnswer.REFUSED, call="PutObject"), "= try"),
]


@pytest.mark.parametrize(("change", "sign"), SIGNED, ids=[sign for _, sign in SIGNED])
def test_each_row_begins_with_its_sign_and_the_word_for_it(change, sign):
    """In the first column, which a narrow window shows; in bold where it cannot be undone, and never by colour."""
    shown = show.plan(given_a_plan(change))
    first = re.search(r"<tbody><tr><t[dh][^>]*>(.*?)</t[dh]>", shown.html)[1]
    assert first == (f'<strong style="white-space:nowrap">{sign}</strong>' if "!" in sign else sign)
    mark, word = sign.split(" ")
    assert re.search(rf"^{re.escape(mark)} +1 +{word} s3:{change.call}", shown.text, re.MULTILINE)
    assert "color" not in shown.html
    for text in (shown.html, shown.text):
        assert "Sign: + makes, ~ changes, - deletes, = tries what must be refused; ! cannot be undone" in text


def test_the_undo_of_each_change_stands_in_the_plan_above_the_gate():
    """Beside what is changed, and where each differs, every one. Twin: the plan shows none that it does not have."""
    alike = show.plan(given_a_plan(*(_hold(region, undo="take it out") for region in REGIONS)))
    assert "undo: take it out" in alike.text
    heads = re.findall(r"<th [^>]*>(.*?)</th>", alike.html)[:4]
    assert heads == ["sign", "n", "change and undo", "why, where and as whom"]
    assert "<br><em>undo:</em> take it out" in alike.html
    odd = show.plan(given_a_plan(*(_hold(region, undo=f"undo {region}") for region in REGIONS)))
    assert all(f"undo {region}" in " ".join(odd.text.split()) for region in REGIONS)
    assert "take it out" not in odd.text
    rows = odd.html[odd.html.index("<tbody>") : odd.html.index("</tbody>")]
    assert "<table" not in rows, "a table in a cell would be cut off without a word"
    assert rows.count("<br>") >= len(REGIONS)


def test_each_change_says_where_as_whom_and_what_it_requires_and_fits_into_a_narrow_window():
    """Three columns beside the number, so no line has to say that there are more. Twin: a table that is wider does."""
    asked = RequiredCheck(CheckKind.PROVEN_QUIET_COOLED, "acme-audit-us-east-1")
    html = show.plan(given_a_plan(_hold("us-east-1", requires=asked))).html
    table = html[: html.index("</table>")]
    assert "<br><em>in 111122223333 us-east-1, as named role</em>" in table
    assert "<br><em>requires proven, quiet and cooled off: acme-audit-us-east-1</em>" in table
    assert "columns, the last is" not in table
    assert '<div style="min-width:10em;overflow-wrap:anywhere">because<br>' in table
    assert table.count('<div style="min-width:10em;overflow-wrap:anywhere">') == 2
    wide = simple("t", [Column(f"head{n}") for n in range(9)], [["eu-west-1"] * 9])
    assert "9 columns, the last is" in wide.html


def test_what_is_deleted_for_good_is_counted_in_words_right_above_the_approval():
    """Twin: a plan that destroys nothing says so there."""
    plan = given_a_plan(_deletion("a"), _deletion("b"), _hold("us-east-1"))
    lines = [line for line in show.plan(plan).text.split("\n") if line]
    assert lines[-4:] == [
        "24 objects (3.00 kB) are deleted from 2 buckets; this cannot be undone.",
        "Plan: 1 to change, 2 to delete; 2 of them cannot be undone.",
        "3 changes in 1 account; nothing is sent until this plan is approved.",
        f'To approve it: approve = "{plan.id}" and confirm = "24"',
    ]
    assert "<strong>24 objects (3.00 kB) are deleted from 2 buckets; this cannot be undone.</strong>" in (
        show.plan(plan).html
    )
    harmless = show.plan(given_a_plan(_hold("us-east-1"))).text
    assert "cannot be undone." not in harmless
    assert "Plan: 1 to change; nothing is lost for good." in harmless


def test_the_one_that_cannot_be_undone_has_its_own_row():
    """Twenty alike and one of another sign are two rows."""
    lasting = StatedEffect(reversible=Reversible.PARTLY)
    text = show.plan(given_a_plan(*map(_hold, REGIONS), _hold("eu-central-1", stated=lasting))).text
    assert re.search(r"^~   1-5 +change s3:PutBucketPolicy on 5 of them", text, re.MULTILINE)
    assert re.search(r"^~!  6 +change s3:PutBucketPolicy on acme-audit-eu-central-1", text, re.MULTILINE)


def test_the_rounds_of_a_probe_are_one_row():
    """What the first of each round requires is said once. Twin: three other changes that are alike."""
    wanted = RequiredCheck(CheckKind.READS_REFUSED)
    rounds = [
        given_a_change(
            f"probe-{name}-{n}",
            call="PutObject",
            resource=name,
            expects=ExpectedAnswer.REFUSED,
            requires=wanted if name == "a" else None,
        )
        for n in range(3)
        for name in ("a", "b")
    ]
    text = show.plan(given_a_plan(*rounds)).text
    assert len(re.findall(r"^= ", text, re.MULTILINE)) == 1
    assert "1-6" in text and "reads refused, at the first of each round" in " ".join(text.split())
    puts = [given_a_change(f"put-{n}") for n in range(3)]
    assert len(re.findall(r"^\+ ", show.plan(given_a_plan(*puts)).text, re.MULTILINE)) == 3


def test_the_last_line_says_how_to_approve():
    """And an empty plan does not."""
    plan = given_a_plan(given_a_change())
    assert show.plan(plan).text.endswith(f'approve = "{plan.id}"')
    assert show.plan(given_a_plan()).text == "Nothing to change: everything this step is for is already so."
    assert show.plan(given_a_plan(looks_only=True)).text == "Nothing to change: this step only looks."
    assert show.plan(given_a_plan(waiting_for="02", why="roles")).text == "waiting for 02: roles"


def test_undo_goes_backwards():
    """The last change is taken back first."""
    text = show.undo(
        given_a_plan(given_a_change("a", undo="undo a"), given_a_change("b", call="PutBucketTagging", undo="undo b"))
    ).text
    assert text.index("undo b") < text.index("undo a")
    assert "there is nothing to undo" in show.undo(given_a_plan()).text


def test_changes_that_each_require_their_own_bucket_are_one_row():
    """Twenty deletions that wait for twenty proofs read as one; each proof stands in the fold."""
    shown = show.plan(
        given_a_plan(
            *(_hold(r, requires=RequiredCheck(CheckKind.PROVEN_QUIET_COOLED, f"acme-audit-{r}")) for r in REGIONS)
        )
    )
    text = " ".join(shown.text.split())
    assert "proven, quiet and cooled off, each its own" in text
    assert "5 of them" in text
    for region in REGIONS:
        assert f"proven, quiet and cooled off:acme-audit-{region}" in shown.html


def test_what_a_check_is_made_for_keeps_its_name():
    """The words of a check are put for the reader, the name of a trail is not, alone in its row or in the fold of
    several."""
    arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/old_audit"
    for number in (1, 5):
        asked = [_hold(r, requires=RequiredCheck(CheckKind.TRAIL_AS_REVIEWED, f"{arn}_{r}")) for r in REGIONS[:number]]
        html = show.plan(given_a_plan(*asked)).html.replace("<wbr>", "")
        assert "trail as reviewed" in html
        assert f"{arn}_{REGIONS[0]}" in html


def test_the_one_that_is_sent_for_a_reason_of_its_own_has_its_own_row():
    """A group does not hide it."""
    odd = _hold("eu-central-1", reason="a dead principal goes too")
    text = show.plan(given_a_plan(*map(_hold, REGIONS), odd)).text
    assert "5 of them" in text
    assert "a dead principal goes too" in text
    assert "differs" not in text


def test_every_second_change_is_one_group_with_readable_places():
    """Delete and close, bucket by bucket, is two rows and not forty."""
    pairs = []
    for number in range(8):
        pairs += [
            given_a_change(f"delete-{number}", call="DeleteObjects", resource=f"bucket-{number}"),
            given_a_change(f"close-{number}", resource=f"bucket-{number}"),
        ]
    text = " ".join(show.plan(given_a_plan(*pairs)).text.split())
    assert "every second of 1 to 15" in text
    assert "8 of them, from bucket-0 to bucket-7" in text


def test_one_rule_over_many_buckets_is_one_row_with_its_sum():
    """Each bucket's own estimate stands in the fold."""
    rules = [
        given_a_change(
            f"copy-{region}",
            call="CopyObject",
            resource=f"acme-{region} -> archive",
            bulk=Bulk(
                BulkAction.COPY,
                ("CopyObject",),
                {"CopySource.Bucket": f"acme-{region}"},
                {"from": f"acme-{region}"},
                estimate={"objects": 1_000 + n},
            ),
        )
        for n, region in enumerate(REGIONS)
    ]
    shown = show.plan(given_a_plan(*rules))
    assert "5,010" in shown.text
    assert "from: ‹bucket›" in shown.text
    assert "1,004" not in shown.text
    assert "1,004" in shown.html
    odd = given_a_change(
        "odd",
        call="CopyObject",
        resource="odd -> archive",
        bulk=Bulk(BulkAction.COPY, ("CopyObject",), {}, {"objects": "two"}, estimate={"objects": 2}),
    )
    assert "objects: two" in show.plan(given_a_plan(*rules, odd)).text


def test_the_size_of_a_rule_is_written_as_every_size_is():
    """Exact bytes add up before they are rounded. Twin: what is no size stays as it is."""
    estimates = [{"objects": 1, "bytes": 14_000, "US dollars": 0.5} for _ in REGIONS]
    rules = [
        given_a_change(
            f"copy-{region}",
            call="CopyObject",
            resource=f"acme-{region} -> archive",
            bulk=Bulk(BulkAction.COPY, ("CopyObject",), {"CopySource.Bucket": f"acme-{region}"}, {}, estimate=estimate),
        )
        for region, estimate in zip(REGIONS, estimates, strict=True)
    ]
    text = show.plan(given_a_plan(*rules)).text
    assert _row_of_the_rule(text)[-3:] == ["5", "0.07", "2.50"]
    assert "5 objects (70.00 kB) are copied; onetrail never deletes a copy." in text


def _row_of_the_rule(text: str) -> list[str]:
    """The first line below the rule of the table of rules, as words."""
    lines = text[text.index("Rules that cover") :].splitlines()
    return lines[next(at for at, line in enumerate(lines) if line.startswith(("--", " --"))) + 1].split()


def test_the_rules_of_a_plan_fit_into_a_narrow_window():
    """Which objects each covers is below what it is on; the text has a column for each. Twin: as columns of a page, a
    line says how many there are."""
    rule = Bulk(
        BulkAction.COPY, ("CopyObject",), {"CopySource.Bucket": "acme-eu-west-1"}, {"objects": "what is not there"}
    )
    shown = show.plan(given_a_plan(given_a_change("copy", call="CopyObject", resource="acme-eu-west-1", bulk=rule)))
    table = shown.html[shown.html.index("Rules that cover") :]
    table = table[: table.index("</table>")]
    assert re.findall(r"<th [^>]*>(.*?)</th>", table)[:2] == ["n", "rule"]
    assert "CopyObject<br>acme-eu-west-1<br><em>objects: what is not there</em></div>" in table
    assert "columns, the last is" not in table
    assert "which objects" in shown.text
    assert [one.caption for one in shown.tables if "which objects" in [column.head for column in one.columns]]


def test_the_short_name_leaves_out_only_what_the_row_says_already():
    """Another account's ARN stays whole."""
    ours = given_a_change(resource="arn:aws:iam::111122223333:role/ours")
    other = given_a_change(resource="arn:aws:iam::999988887777:role/theirs")
    assert short(ours) == "role/ours"
    assert short(other) == "arn:aws:iam::999988887777:role/theirs"
    assert "arn:aws:iam::111122223333:role/ours" in show.plan(given_a_plan(ours)).html


def test_undo_of_a_group_names_each_way_in_text_too():
    """None is left out where all differ; what most share is said once."""
    each = [_hold(region, undo=f"undo {region}") for region in REGIONS]
    assert all(f"undo {region}" in " ".join(show.undo(given_a_plan(*each)).text.split()) for region in REGIONS)
    shared = [
        *(_hold(region, undo="take it out") for region in REGIONS[1:]),
        _hold(REGIONS[0], undo="otherwise"),
    ]
    text = " ".join(show.undo(given_a_plan(*shared)).text.split())
    assert text.count("take it out") == 1
    assert "acme-audit-us-east-1: otherwise" in text


def test_a_plan_over_several_source_accounts_is_summed_account_by_account():
    """In the order of its changes, with a total; for a ticket too. Twin: one source account beside the log account."""
    one, two, log = "111122223333", "222233334444", "044455556666"
    held = [_hold("us-east-1"), _hold("eu-west-1")]
    other = given_a_change("stop", account=two, service="cloudtrail", call="StopLogging", parameters={"Name": "x"})
    made = given_a_change("role", account=log, service="iam", call="CreateRole", parameters={"RoleName": "r"})
    whole = given_a_plan(made, *held, other)
    shown = show.plan(whole)
    (table,) = [table for table in shown.tables if table.caption == "By account"]
    assert [tuple(map(str, row)) for row in table.frame.itertuples(index=False)] == [
        (log, "1", "1", "0", "0", "0"),
        (one, "2", "0", "2", "0", "0"),
        (two, "1", "0", "1", "0", "0"),
    ]
    assert "total" in shown.text
    markdown = plan_as_markdown(whole)
    assert "| account | changes | make | change | delete | for good |" in markdown
    assert "| total | 4 | 1 | 3 | 0 | 0 |" in markdown
    rail = given_a_change("rail", account="999988887777", service="organizations", call="CreatePolicy", parameters={})
    few = given_a_plan(made, *held, rail)
    assert "By account" not in show.plan(few).text
    assert "| account | changes |" not in plan_as_markdown(few)
