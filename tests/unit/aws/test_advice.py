"""A clock that is off is not taken for credentials that are over, and neither for a refusal."""

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from onetrail.aws.advice import advice, cure

SIGN_IN = "sign in again"
OVER = f"the credentials have expired: {SIGN_IN}"
SET_THE_CLOCK = "this machine's clock is off: set it right and run again"


def refused(code, message=""):
    return ClientError({"Error": {"Code": code, "Message": message}}, "GetCallerIdentity")


@pytest.mark.parametrize(
    ("error", "said", "of_a_call"),
    [
        (refused("RequestTimeTooSkewed"), SET_THE_CLOCK, SET_THE_CLOCK),
        (
            refused(
                "SignatureDoesNotMatch", "Signature expired: 20260112T090000Z is now earlier than 20260112T091500Z"
            ),
            SET_THE_CLOCK,
            SET_THE_CLOCK,
        ),
        (
            refused("InvalidSignatureException", "Signature not yet current: 20260112T092000Z"),
            SET_THE_CLOCK,
            SET_THE_CLOCK,
        ),
        (refused("SignatureDoesNotMatch", "The request signature we calculated does not match"), SIGN_IN, "otherwise"),
        (refused("ExpiredToken", "The provided token has expired."), SIGN_IN, OVER),
        (refused("AccessDenied"), SIGN_IN, "otherwise"),
        (NoCredentialsError(), SIGN_IN, "otherwise"),
    ],
)
def test_what_to_do_follows_from_what_aws_said(error, said, of_a_call):
    """About credentials that were not taken, and about a call that failed."""
    assert (advice(error), cure(error, "otherwise")) == (said, of_a_call)
