"""A plan leaves onetrail as JSON and as Markdown: whole, without a secret, and without markup from a name."""

import json
from html.parser import HTMLParser

import mistune
import pytest
from given import given_a_change, given_a_plan
from hypothesis import given, settings
from hypothesis import strategies as st

from onetrail import show
from onetrail.change import Bulk, BulkAction, CheckKind, Document, OneOf, RequiredCheck
from onetrail.printable import printable
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
        f"## Plan `{PLAN.id}` of step 03\n"
        "\n"
        "- 3 objects (1.50 kB) are deleted from 1 bucket; this cannot be undone.\n"
        "- **Plan: 1 to change, 1 to delete; 1 of them cannot be undone.**\n"
        "\n"
        "| sign | n | change | on what | undo | why | account | region | as | requires |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
        "| `-!` delete | 1 | `s3:DeleteObjects`, by a rule | acme-eu | none: it is gone | it is proven | `111122223333`"
        " | `us-east-1` | named role | empty: acme-eu |\n"
        "| \\~ change | 2 | `s3:PutBucketPolicy` | old | put it back | because | `111122223333` | `us-east-1` |"
        " named role |  |\n"
        "\n"
        "Sign: \\+ makes, \\~ changes, \\- deletes, \\= tries what must be refused; \\! cannot be undone, or only"
        " in part.\n"
        "\n"
        "- one bucket is left alone\n"
        "\n"
        "Nothing is sent until this plan is approved. To approve exactly this plan: `onetrail run -f FILE --from 03"
        f" --to 03 --approve {PLAN.id}`,\n"
        f'or `approve = "{PLAN.id}"` in the parameters. Anything that changes until then gives it another id.\n'
        "The gate also asks for `confirm` in the parameters: the number of what cannot be undone.\n"
    )


class _Cells(HTMLParser):
    """The tags and the text of each cell of the last row, as a reader of the rendered Markdown sees them."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.cells = set(), []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "tr":
            self.cells = []
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_data(self, data):
        if self.cells:
            self.cells[-1] += data


RENDERED = mistune.create_markdown(escape=False, plugins=["table", "url", "strikethrough", "footnotes", "task_lists"])
OURS = {"h2", "ul", "li", "strong", "table", "thead", "tbody", "tr", "th", "td", "code", "p"}
EVIL = [
    *(
        "|",
        "`",
        "``",
        "\\",
        "\\|",
        "<img src=x>",
        "[x](http://evil)",
        "![x](y)",
        "https://evil.example",
        "www.evil.example",
    ),
    *(
        "a@b.example",
        "@team",
        "#1",
        "GH-12",
        "acme/repo#1",
        "~~x~~",
        "*x*",
        "_x_",
        "&lt;",
        "a\nb",
        "1.",
        "- [ ]",
        ":tada:",
        "[^1]",
    ),
]


@given(st.lists(st.sampled_from(EVIL) | st.text(max_size=5), min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_no_name_is_markup_in_markdown(parts):
    """Whatever somebody called a bucket: the row keeps its ten cells, nothing is a link, a picture or a tag, and the
    name is read as it is. Twin: the same name as plain text, below."""
    name = "".join(parts)
    plan = given_a_plan(given_a_change(resource=name, reason=name), notes=(name or "a",))
    html = str(RENDERED("\n".join(plan_as_markdown(plan).split("\n")[:8]) + "\n"))
    seen = _Cells(html)
    assert seen.tags <= OURS
    assert len(seen.cells) == 10
    read = " ".join(printable(name).split()).replace("|", "\\x7c")
    assert " ".join(seen.cells[3].split()) == read
    notes = str(RENDERED(plan_as_markdown(plan).split("Sign: ")[1].split("\n\nNothing")[0]))
    assert _Cells(notes).tags <= OURS


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("defaced", True),  # letters that could be the start of a commit's hash
        ("DEADBEEF", True),
        ("c0ffee1", True),
        ("f" * 40, True),
        ("@security", True),
        ("#12", True),
        ("acme/repo@1234567", True),
        ("SEC-123", True),
        # Six letters, a word of others, and a number are none.
        ("facade", False),
        ("deleted", False),
        ("10,979", False),
    ],
)
def test_what_github_links_by_itself_is_code(word, code):
    """A hash, a mention, an issue, a ticket of another system, wherever it stands. Twin: a plain word is left alone."""
    plan = given_a_plan(given_a_change(resource=word, reason=f"for {word}, again"), notes=(f"see ({word}).",))
    said = plan_as_markdown(plan)
    assert (f"| `{word}` |" in said, f"for `{word}`, again" in said, f"- see (`{word}`)." in said) == (code,) * 3
    assert (f"| {word} |" in said) is not code


@pytest.mark.parametrize("name", ["https://evil.example", "<img src=x>", "![x](y)", "www.evil.example"])
def test_a_renderer_would_make_markup_of_it(name):
    """Twin: as plain text it is a link or a picture."""
    assert not _Cells(str(RENDERED(f"| a |\n| --- |\n| {name} |\n"))).tags <= OURS or name.startswith("www")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (
            "https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIAEXAMPLEEXAMPLE12%2F2026&X-Amz-Security-Token=IQoJb3&X-Amz-Signature=ab12",
            "https://b.s3.amazonaws.com/k?X-Amz-Credential=(withheld)&X-Amz-Security-Token=(withheld)&X-Amz-Signature=(withheld)",
        ),
        (
            "k?AWSAccessKeyId=AKIA&Signature=x%3D&Expires=1",
            "k?AWSAccessKeyId=(withheld)&Signature=(withheld)&Expires=1",
        ),
        ("id ASIAABCDEFGHIJKLMNOP here", "id (withheld) here"),
        (f"IQoJb3JpZ2luX2Vj{'A' * 40}", "(withheld)"),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "aws_secret_access_key = (withheld)"),
        ("https://bob:hunter2@example.com/", "https://bob:(withheld)@example.com/"),
        # What is no credential stays.
        ("arn:aws:iam::111122223333:role/AKIA", "arn:aws:iam::111122223333:role/AKIA"),
        ("arn:aws:s3:::acme-eu/*", "arn:aws:s3:::acme-eu/*"),
    ],
)
def test_a_credential_inside_a_text_leaves_in_neither_form(text, kept):
    """A tag may hold a presigned URL. Twin: what is none stays, and the plan itself, from which an undo is made, holds
    all of it."""
    change = given_a_change(
        parameters={"Bucket": "b", "Tagging": {"TagSet": [{"Key": "url", "Value": text}]}}, reason=text
    )
    plan = given_a_plan(change, notes=(text,))
    said = plan_as_json(plan)["changes"][0]
    assert (said["parameters"]["Tagging"]["TagSet"][0]["Value"], said["reason"]) == (kept, kept)
    assert plan_as_json(plan)["notes"] == [kept]
    assert (text in plan_as_markdown(plan)) is (text == kept)
    assert change.parameters["Tagging"]["TagSet"][0]["Value"] == text


def test_only_a_runners_notebook_carries_the_plan(monkeypatch):
    """A person's notebook stays small. Twin: in the runner's kernel it is there, and an empty plan never."""
    monkeypatch.delenv("ONETRAIL_EXPORTS_PLANS", raising=False)
    assert show.PLAN_MIME not in show.plan(PLAN)._repr_mimebundle_()
    monkeypatch.setenv("ONETRAIL_EXPORTS_PLANS", "1")
    bundle = show.plan(PLAN)._repr_mimebundle_()
    assert bundle[show.PLAN_MIME] == {"plan": plan_as_json(PLAN), "markdown": plan_as_markdown(PLAN)}
    assert set(bundle) == {"text/html", "text/plain", show.PLAN_MIME}
    assert show.PLAN_MIME not in show.plan(given_a_plan())._repr_mimebundle_()
