"""Before a call is made: which statements of a policy will refuse it, named, with the condition keys that do it."""

import pytest

from onetrail.iam import Request, role
from onetrail.iam.refusing import KNOWN_OF_ANY_CALL, refusing

COPIER = role("arn:aws:iam::044455556666:role/onetrail-copier")
READ = Request(COPIER, "s3:GetObject", "arn:aws:s3:::old/AWSLogs/any", "111122223333", KNOWN_OF_ANY_CALL)
LIST = Request(COPIER, "s3:ListBucket", "arn:aws:s3:::old", "111122223333", KNOWN_OF_ANY_CALL)


def given(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def a_deny(sid="Perimeter", action="s3:*", **condition):
    named = {"Sid": sid} if sid else {}
    return {
        **named,
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": ["arn:aws:s3:::old", "arn:aws:s3:::old/*"],
        **({"Condition": condition} if condition else {}),
    }


@pytest.mark.parametrize(
    ("statement", "said", "sure"),
    [
        # a data perimeter around the account
        (
            a_deny(StringNotEquals={"aws:PrincipalAccount": "111122223333"}),
            "its statement Perimeter refuses s3:GetObject (by aws:PrincipalAccount)",
            True,
        ),
        # no Sid: by its number, and no condition
        (a_deny(sid=""), "its statement number 1 refuses s3:GetObject", True),
        # only the list
        (a_deny(action="s3:List*"), "its statement Perimeter refuses s3:ListBucket", True),
        # a network that only the call shows
        (
            a_deny(StringNotEquals={"aws:SourceVpce": "vpce-1"}),
            "its statement Perimeter refuses s3:GetObject (by aws:SourceVpce)",
            False,
        ),
        (
            a_deny(NotIpAddress={"aws:SourceIp": "10.0.0.0/8"}),
            "its statement Perimeter refuses s3:GetObject (by aws:SourceIp)",
            False,
        ),
        # an organization, where none is named in the parameters
        (
            a_deny(StringNotEqualsIfExists={"aws:PrincipalOrgID": "o-1"}),
            "its statement Perimeter refuses s3:GetObject (by aws:PrincipalOrgID)",
            False,
        ),
    ],
)
def test_a_statement_that_will_refuse_is_named_with_its_keys(statement, said, sure):
    """By its Sid or number, with the first action that it refuses; twin: whoever it exempts is not refused."""
    (found,) = refusing(given(statement), [READ, LIST])
    assert (str(found), found.sure) == (said, sure)
    exempt = {"ArnNotEquals": {"aws:PrincipalArn": COPIER.arn}, **statement.get("Condition", {})}
    assert refusing(given({**statement, "Condition": exempt}), [READ, LIST]) == ()


@pytest.mark.parametrize(
    "statement",
    [
        a_deny(Bool={"aws:SecureTransport": "false"}),  # every call of ours is by TLS
        a_deny(NumericLessThan={"s3:TlsVersion": "1.2"}),
        a_deny(action="s3:PutObject"),  # a copier only reads there
        a_deny(action="s3:DeleteObject*"),
        {**a_deny(), "Effect": "Allow"},
        {**a_deny(), "Principal": {"AWS": "arn:aws:iam::111122223333:role/somebody"}},
    ],
)
def test_a_statement_that_lets_it_through_is_not_named(statement):
    """Ordinary hardening refuses no copier."""
    assert refusing(given(statement), [READ, LIST]) == ()


def test_every_refusing_statement_is_named_and_what_is_left_out_is_not():
    """Two refuse, so to exempt a role from one helps nobody; a Sid that is left out is not asked."""
    both = given(a_deny("One"), {**a_deny("Fine"), "Effect": "Allow"}, a_deny(""))
    assert [one.statement for one in refusing(both, [READ])] == ["One", "number 3"]
    assert [one.statement for one in refusing(both, [READ], {"One"})] == ["number 3"]
    assert refusing(None, [READ]) == ()
