"""What a person does about credentials that AWS did not take: sign in again, or set the clock, which looks the same at
first sight."""

from typing import Final

from botocore.exceptions import ClientError

from onetrail.aws.refused import error_code, error_message

_BAD_SIGNATURE = ("SignatureDoesNotMatch", "InvalidSignatureException", "RequestExpired")
_OVER: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "UnauthorizedSSOTokenError"})


def clock_is_off(err: BaseException) -> str:
    """What to do where AWS refuses a signature for its time, and not for its key; empty for any other error.

    Source: IAM User Guide, troubleshooting of signed requests: "Signature expired" and "Signature not yet current".
    """
    if not isinstance(err, ClientError):
        return ""
    code, said = error_code(err), error_message(err)
    late = "ignature expired" in said or "ignature not yet current" in said
    if not (code == "RequestTimeTooSkewed" or (late and code in _BAD_SIGNATURE)):
        return ""
    theirs = err.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    at = f" (AWS answered at {theirs})" if theirs else ""
    return f"this machine's clock is off{at}: set it right and run again"


def advice(err: BaseException) -> str:
    """What to do about credentials that were not taken."""
    return clock_is_off(err) or "sign in again"


def cure(err: BaseException, otherwise: str) -> str:
    """What to do about a call that failed: about the clock or the credentials where it is they, else `otherwise`."""
    over = isinstance(err, ClientError) and error_code(err) in _OVER
    return clock_is_off(err) or ("the credentials have expired: sign in again" if over else otherwise)
