"""Whether one principal may become another is answered carefully: in doubt, it may."""

import pytest

from onetrail.iam import role, user
from onetrail.iam.assume import may_assume

ANN = role("arn:aws:iam::111122223333:role/Approver")
SAML = {"Federated": "arn:aws:iam::111122223333:saml-provider/sso"}


def trust(principal, effect="Allow", action="sts:AssumeRole", **more):
    return {"Effect": effect, "Principal": principal, "Action": action, **more}


CASES = [
    # statements of the trust policy, whether the approver may become the role
    ([trust({"AWS": "arn:aws:iam::111122223333:role/Approver"})], True),
    ([trust({"AWS": ["arn:aws:iam::1:role/x", "arn:aws:iam::111122223333:role/Approver"]})], True),
    ([trust({"AWS": "arn:aws:sts::111122223333:assumed-role/Approver/session"})], True),
    ([trust({"AWS": "arn:aws:iam::111122223333:root"})], True),  # the account's own policies decide, and can be changed
    ([trust({"AWS": "111122223333"})], True),
    ([trust("*")], True),
    ([trust({"AWS": "*"}, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})], True),
    ([trust("*", action="sts:*")], True),
    ([trust("*", action="*")], True),
    ([{"Effect": "Allow", "NotPrincipal": {"AWS": "arn:aws:iam::1:root"}, "Action": "sts:AssumeRole"}], True),
    ([{"Effect": "Allow", "Principal": "*", "NotAction": "sts:TagSession"}], True),
    ([trust({"AWS": "arn:aws:iam::111122223333:role/Other"})], False),
    ([trust({"AWS": "arn:aws:iam::222233334444:root"})], False),
    ([trust(SAML, action="sts:AssumeRoleWithSAML")], False),  # as single sign-on makes its roles
    ([trust({"Service": "ec2.amazonaws.com"})], False),
    ([trust("*", action="sts:TagSession")], False),
    ([trust("*"), trust({"AWS": "arn:aws:iam::111122223333:role/Approver"}, "Deny")], False),
    # a Deny with a condition may not hold
    ([trust("*"), trust("*", "Deny", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}})], True),
    ([trust("*"), trust({"AWS": "arn:aws:iam::111122223333:role/Other"}, "Deny")], True),
    ([trust("*"), trust("*", "Deny", action="sts:TagSession")], True),
]


@pytest.mark.parametrize(("statements", "may"), CASES)
def test_who_may_become_the_role(statements, may):
    """By its trust policy alone."""
    assert may_assume({"Version": "2012-10-17", "Statement": statements}, ANN) is may


def test_a_user_is_named_by_its_own_arn():
    """And not by that of a role of the same name."""
    found = {"Version": "2012-10-17", "Statement": [trust({"AWS": "arn:aws:iam::111122223333:user/Approver"})]}
    assert may_assume(found, user("arn:aws:iam::111122223333:user/Approver"))
    assert not may_assume(found, ANN)
