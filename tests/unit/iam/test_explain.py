"""Which statement decides, and how that is reported: the most precise one, the first of equals, by its Sid and its
policy."""

import pytest

from onetrail.iam import (
    ANONYMOUS,
    Policies,
    PolicyError,
    Request,
    differences,
    evaluate,
    explain,
    parse,
    prepared,
    role,
    root,
    service,
    table,
    user,
)
from onetrail.iam.condition import clauses
from onetrail.iam.document import canonical
from onetrail.iam.match import PrincipalPrecision, named, spared
from onetrail.iam.request import context_of
from onetrail.iam.statement import Scene, ready

HOME = "044455556666"
ROLE = role("arn:aws:iam::044455556666:role/team/reader", "anna")
USER = user("arn:aws:iam::044455556666:user/old")
TRAIL = service("cloudtrail.amazonaws.com")
OBJECT = "arn:aws:s3:::b/k"


def statement(sid="S", effect="Allow", principal=None, **more):
    said = {"Sid": sid, "Effect": effect, "Action": "s3:GetObject", "Resource": "*", **more}
    return said if principal is None else {**said, "Principal": principal}


def doc(*found):
    return {"Version": "2012-10-17", "Statement": list(found)}


def decided(who, **policies):
    return evaluate(Request(who, "s3:GetObject", OBJECT, HOME), Policies(**policies))


ACCOUNT, AS_ROLE, AS_SESSION = {"AWS": HOME}, {"AWS": ROLE.arn}, {"AWS": ROLE.session_arn}


@pytest.mark.parametrize(
    ("statements", "sid"),
    [
        ([("A", ACCOUNT), ("B", AS_ROLE)], "B"),
        ([("A", AS_ROLE), ("B", ACCOUNT)], "A"),
        ([("A", AS_ROLE), ("B", AS_SESSION)], "B"),
        ([("A", AS_SESSION), ("B", AS_ROLE)], "A"),
        ([("A", AS_ROLE), ("B", "*")], "A"),  # of two that are as precise the first
        (
            [("A", {"AWS": [HOME, ROLE.arn]}), ("B", AS_ROLE)],
            "A",
        ),  # the most precise name of one statement counts
    ],
)
def test_of_several_statements_the_most_precise_one_decides(statements, sid):
    """A role that is named needs no identity policy, whatever stands beside it."""
    found = decided(ROLE, resource=doc(*(statement(sid, principal=who) for sid, who in statements)))
    assert (found.allowed, found.sid, found.where) == (True, sid, "resource")


def test_an_allow_of_the_identity_policy_is_named():
    """Root without one is named as itself."""
    assert decided(ROLE, identity=(doc(statement("Mine")),)).sid == "Mine"
    assert decided(ROLE, identity=(doc(statement("")),)).sid == "(no Sid)"
    assert decided(root(HOME)).sid == "(root user)"
    assert decided(root(HOME), identity=(doc(statement("Mine")),)).sid == "Mine"


@pytest.mark.parametrize("who", [ROLE, USER, root(HOME)])
@pytest.mark.parametrize("kind", ["identity", "boundary", "session", "resource", "scp", "rcp"])
def test_a_deny_of_any_policy_reaches_every_caller_with_an_identity(who, kind):
    """And is named with its Sid and its policy. Twin: without it the caller is let in."""
    allow, deny = statement("A"), statement("No", "Deny")
    policies = {"identity": (doc(allow),), "boundary": doc(allow), "session": doc(allow)}
    policies |= {
        "scps": ((doc(allow),),),
        "rcps": ((doc(allow),),),
        "resource": doc(statement("A", principal="*")),
    }
    assert decided(who, **policies).allowed
    name = {"scp": "scps", "rcp": "rcps"}.get(kind, kind)
    policies[name] = {
        "identity": (doc(allow, deny),),
        "boundary": doc(allow, deny),
        "session": doc(allow, deny),
        "scps": ((doc(allow, deny),),),
        "rcps": ((doc(allow, deny),),),
        "resource": doc(statement("A", principal="*"), statement("No", "Deny", "*")),
    }[name]
    found = decided(who, **policies)
    assert (found.reason, found.sid, found.where) == ("explicit_deny", "No", kind)


def test_a_decision_is_reported_in_one_sentence():
    """Allowed, denied, and not allowed; with what was given only where something was."""
    request = Request(ROLE, "s3:GetObject", OBJECT, HOME)
    said = "arn:aws:iam::044455556666:role/team/reader may"
    deed = "s3:GetObject on arn:aws:s3:::b/k"
    allow, deny = doc(statement("A")), doc(statement("No", "Deny"))
    for identity, line in (
        ((allow,), f"{said} {deed}: statement A of the caller's identity policy allows it."),
        ((allow, deny), f"{said} not {deed}: statement No of the caller's identity policy denies it."),
        ((), f"{said} not {deed}: no statement of the caller's identity policy allows it."),
    ):
        assert explain(evaluate(request, Policies(identity)), request) == line
    given = Request(ROLE, "s3:GetObject", OBJECT, HOME, {"b": ("1", "2"), "a": "x"})
    assert explain(evaluate(given, Policies()), given).endswith(" allows it. Given: a=x, b=[1, 2].")


def test_a_row_says_what_was_wanted_and_what_decided():
    """Wanted or not, allowed or not, by a statement or for want of one."""
    request = Request(ROLE, "s3:GetObject", OBJECT, HOME)
    rows = table([(request, True), (request, False), request], Policies((doc(statement("A")),)))
    assert [(row.wanted, row.verdict, row.statement) for row in rows] == [
        ("allow", "allow", "A (identity)"),
        ("deny", "allow", "A (identity)"),
        ("", "allow", "A (identity)"),
    ]
    (row,) = table([request], Policies())
    assert (row.who, row.does, row.where) == (ROLE.arn, "s3:GetObject", OBJECT)
    assert (row.verdict, row.statement) == ("deny", "no Allow (identity)")


@pytest.mark.parametrize(
    ("principal", "who", "how"),
    [
        ({"AWS": ""}, TRAIL, PrincipalPrecision.NO),  # a service has no account that could be named
        ({"AWS": ""}, ANONYMOUS, PrincipalPrecision.NO),
        ({"AWS": "*"}, TRAIL, PrincipalPrecision.PRINCIPAL),
        ({"AWS": HOME}, ROLE, PrincipalPrecision.ACCOUNT),
        ({"AWS": HOME}, root(HOME), PrincipalPrecision.EXACT),
        ({"AWS": USER.arn}, USER, PrincipalPrecision.EXACT),
        ({"AWS": ROLE.arn}, ROLE, PrincipalPrecision.PRINCIPAL),
        ({"AWS": ROLE.session_arn}, ROLE, PrincipalPrecision.EXACT),
        ({"AWS": "111122223333"}, ROLE, PrincipalPrecision.NO),
        ({"Service": "*"}, TRAIL, PrincipalPrecision.PRINCIPAL),
        ({"Service": "*"}, ROLE, PrincipalPrecision.NO),
        ({"Service": TRAIL.service}, ROLE, PrincipalPrecision.NO),
        ({"Federated": "*"}, ROLE, PrincipalPrecision.NO),
        ("arn", ROLE, PrincipalPrecision.NO),
    ],
)
def test_how_a_principal_names_a_caller(principal, who, how):
    """The more precise, the less stands above it."""
    assert named(principal, who) is how


def test_not_principal_of_everybody_spares_everybody():
    """Written in either way; what is no principal at all spares nobody."""
    for who in (ROLE, TRAIL, ANONYMOUS):
        assert spared("*", who)
        assert not spared("", who)
    assert spared({"AWS": "*"}, ROLE)


def test_a_service_shows_its_names_and_no_other_caller_does():
    """As one key and as a list."""
    found = context_of(Request(TRAIL, "s3:PutObject", OBJECT, HOME))
    assert found["aws:principalservicenameslist"] == (TRAIL.service,)
    assert found["aws:principalisawsservice"] == "true"
    assert "aws:principaltype" not in found
    found = context_of(Request(ROLE, "s3:PutObject", OBJECT, HOME))
    assert found["aws:principaltype"] == "AssumedRole"
    assert "aws:principalservicenameslist" not in found


@pytest.mark.parametrize(
    "other",
    [
        {"Action": "s3:PutObject"},
        {"Principal": {"AWS": "111122223333"}},
        {"Resource": "${aws:Missing}"},
        {"Resource": "arn:aws:s3:::c"},
    ],
)
def test_a_statement_that_does_not_reach_a_request_names_nobody(other):
    """Another action, another caller, a variable without a value, another resource. Twin: it reaches it."""
    request = Request(ROLE, "s3:GetObject", OBJECT, HOME)
    scene = Scene(request, "s3:getobject", context_of(request))
    for more, how in ((other, PrincipalPrecision.NO), ({}, PrincipalPrecision.ACCOUNT)):
        (one,) = ready(doc({**statement(principal=ACCOUNT), **more}))
        assert one.applies(scene) is how


def test_a_prepared_document_is_the_document():
    """A mapping as long as it, prepared once."""
    whole = doc(statement("A"))
    found = prepared(whole)
    assert (dict(found), len(found), prepared(found)) == (whole, 2, found)


# --- Documents


def test_a_document_is_taken_as_text_bytes_or_mapping():
    """And comes out the same."""
    whole = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*"}]}
    text = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*"}]}'
    assert parse(whole) == parse(text) == parse(text.encode()) == whole


def test_the_canonical_text_stays_what_it_was():
    """It was hashed into records and plans of earlier releases."""
    whole = doc(
        {
            "Effect": "Allow",
            "Action": ["s3:b", "s3:a", "s3:a"],
            "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
            "Sid": "",
        }
    )
    assert canonical({**whole, "Id": "x"}) == (
        '{"Id":"x","Statement":["{\\"Action\\":[\\"s3:a\\",\\"s3:b\\"],\\"Effect\\":\\"Allow\\",'
        '\\"Principal\\":{\\"AWS\\":[\\"111122223333\\"]}}"],"Version":"2012-10-17"}'
    )


def test_statements_without_a_sid_or_of_the_same_one_are_told_apart():
    """Each is one line; whom and what it is about stands in for the missing Sid."""
    one, two = statement("A"), statement("A", Action="s3:PutObject")
    assert differences(None, doc(one, two, {**two, "Action": "s3:C"})) == [
        "added A: Allow s3:GetObject",
        "added A again: Allow s3:PutObject",
        "added A again again: Allow s3:C",
    ]
    bare = {"Effect": "Deny", "NotAction": ["s3:A", "s3:B"], "NotPrincipal": {"Service": "x", "AWS": "y"}}
    said = 'Deny all but s3:A, s3:B for {"AWS": "y", "Service": "x"}'
    assert differences(doc(bare), None) == [f"removed (no Sid) {said}: {said}"]
    everybody = {"Effect": "Deny", "Action": "s3:A", "Principal": "*"}
    assert differences(doc(everybody), None) == ["removed (no Sid) Deny s3:A for *: Deny s3:A for *"]


@pytest.mark.parametrize("operator", ["ForAllValues:String:Equals", "ForAllValues:", ":StringEquals:x"])
def test_an_operator_with_too_many_parts_is_none_of_iams(operator):
    """In one line, as any other that IAM does not have."""
    with pytest.raises(PolicyError, match="not one of IAM's"):
        clauses({operator: {"aws:Key": "x"}})
