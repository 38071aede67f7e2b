"""A plan leaves onetrail as JSON and as Markdown: whole, without a secret, and without markup from a name."""

import json

import pytest
from given import given_a_change, given_a_plan

from onetrail import show
from onetrail.change import Bulk, BulkAction, CheckKind, Document, OneOf, RequiredCheck
from onetrail.show.plans.plan_json import plan_as_json, plans_as_json
from onetrail.show.plans.plan_markdown import plan_as_markdown

POLICY = {"Version": "2012-10-17", "Statement": [{"Sid": "Old", "Effect": "Deny"}]}
DELETION = given_a_change(
    "delete",
    call="DeleteObjects",
    parameters={},
    resource="acme-eu",
    before={"listing": "a" * 64},
    reason="it is proven",
    undo="none: it is gone",
    requires=RequiredCheck(CheckKind.EMPTY, "acme-eu"),
    bulk=Bulk(
        BulkAction.DELETE,
        ("DeleteObjects",),
        {"Bucket": "acme-eu"},
        {"objects": "exactly this listing"},
        "a" * 64,
        {"objects": 3, "bytes": 1_500},
        (OneOf("VersionId", (None,)),),
    ),
)
PUT = given_a_change("put", before=POLICY, parameters={"Bucket": "old", "Policy": Document(POLICY)})
PLAN = given_a_plan(DELETION, PUT, notes=("one bucket is left alone",))


def test_every_change_is_there_with_its_sign_its_call_what_it_replaces_and_its_undo():
    """As plain JSON; the whole expected value, so that a field that goes missing is noticed."""
    said = json.loads(json.dumps(plan_as_json(PLAN)))
    assert (said["step"], said["id"], said["estate"], said["accounts"]) == ("03", PLAN.id, "practice", ["111122223333"])
    assert said["consequence"]["line"] == "Plan: 1 to change, 1 to delete; 1 of them cannot be undone."
    assert said["consequence"]["objects_deleted"] == 3
    assert said["notes"] == ["one bucket is left alone"]
    assert said["changes"] == [
        {
            "n": 1,
            "sign": "-!",
            "effect": "deletes",
            "reversible": "no",
            "key": "delete",
            "account": "111122223333",
            "region": "us-east-1",
            "service": "s3",
            "call": "DeleteObjects",
            "resource": "acme-eu",
            "parameters": {},
            "before": {"listing": "a" * 64},
            "reason": "it is proven",
            "undo": "none: it is gone",
            "actor": "named role",
            "requires": "empty:acme-eu",
            "closes": None,
            "expects": "done",
            "after": None,
            "tries": 1,
            "bulk": {
                "action": "delete",
                "calls": ["DeleteObjects"],
                "fixed": {"Bucket": "acme-eu"},
                "rule": {"objects": "exactly this listing"},
                "listing_sha256": "a" * 64,
                "bounds": [["one of", "VersionId", [None]]],
                "estimate": {"objects": 3, "bytes": 1500},
            },
        },
        {
            "n": 2,
            "sign": "~",
            "effect": "changes",
            "reversible": "yes",
            "key": "put",
            "account": "111122223333",
            "region": "us-east-1",
            "service": "s3",
            "call": "PutBucketPolicy",
            "resource": "old",
            "parameters": {"Bucket": "old", "Policy": POLICY},
            "before": POLICY,
            "reason": "because",
            "undo": "put it back",
            "actor": "named role",
            "requires": None,
            "closes": None,
            "expects": "done",
            "after": None,
            "tries": 1,
            "bulk": None,
        },
    ]


def test_the_document_names_its_form():
    """And is empty of plans where none was proposed."""
    assert plans_as_json([]) == {"format": "onetrail-plans", "version": 1, "plans": []}


def test_what_the_name_of_a_value_calls_a_secret_is_withheld():
    """Wherever it stands. Twin: a value of another name."""
    change = given_a_change(parameters={"Bucket": "seen", "Deep": [{"SecretAccessKey": "hidden", "Name": "seen too"}]})
    said = json.dumps(plan_as_json(given_a_plan(change)))
    assert "hidden" not in said
    assert "(withheld)" in said and "seen too" in said


def test_in_markdown_it_has_its_consequence_its_rows_and_how_to_approve_it():
    """The whole text: a reviewer needs nothing else."""
    assert plan_as_markdown(PLAN) == (
        f"## Plan {PLAN.id} of step 03\n"
        "\n"
        "- 3 objects (1.5 kB) are deleted from 1 bucket; this cannot be undone.\n"
        "- **Plan: 1 to change, 1 to delete; 1 of them cannot be undone.**\n"
        "\n"
        "| sign | n | change | on what | undo | why | account | region | as | requires |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
        "| -\\! delete | 1 | s3:DeleteObjects, by a rule | acme-eu | none: it is gone | it is proven | 111122223333"
        " | us-east-1 | named role | empty: acme-eu |\n"
        "| \\~ change | 2 | s3:PutBucketPolicy | old | put it back | because | 111122223333 | us-east-1 | named role |"
        "  |\n"
        "\n"
        "Sign: + makes, \\~ changes, - deletes, = tries what must be refused; \\! cannot be undone, or only in part.\n"
        "\n"
        "- one bucket is left alone\n"
        "\n"
        "Nothing is sent until this plan is approved. To approve exactly this plan: `onetrail run -f FILE --from 03"
        f" --to 03 --approve {PLAN.id}`,\n"
        f'or `approve = "{PLAN.id}"` in the parameters. Anything that changes until then gives it another id.\n'
        "The gate also asks for `confirm` in the parameters: what is deleted for good.\n"
    )


@pytest.mark.parametrize(
    "name", ["a|b", "<img src=x>", "[x](http://evil)", "`x`", "@team", "a\nb", "x\u202ey", "#1", "&lt;", "![x](y)"]
)
def test_no_name_is_markup_in_markdown(name):
    """A table keeps its columns and a ticket its links. Twin: a plain name stays as it is."""
    rows = plan_as_markdown(given_a_plan(given_a_change(resource=name))).split("\n")
    row = next(line for line in rows if "PutBucketPolicy" in line)
    assert row.replace("\\|", "").count("|") == 11
    assert all(f"\\{sign}" in row for sign in "<>[]`@|#&" if sign in name)
    assert "\u202e" not in row
    assert "| plain-name |" in plan_as_markdown(given_a_plan(given_a_change(resource="plain-name")))


def test_only_a_runners_notebook_carries_the_plan(monkeypatch):
    """A person's notebook stays small. Twin: in the runner's kernel it is there, and an empty plan never."""
    monkeypatch.delenv("ONETRAIL_EXPORTS_PLANS", raising=False)
    assert show.PLAN_MIME not in show.plan(PLAN)._repr_mimebundle_()
    monkeypatch.setenv("ONETRAIL_EXPORTS_PLANS", "1")
    bundle = show.plan(PLAN)._repr_mimebundle_()
    assert bundle[show.PLAN_MIME] == {"plan": plan_as_json(PLAN), "markdown": plan_as_markdown(PLAN)}
    assert set(bundle) == {"text/html", "text/plain", show.PLAN_MIME}
    assert show.PLAN_MIME not in show.plan(given_a_plan())._repr_mimebundle_()
