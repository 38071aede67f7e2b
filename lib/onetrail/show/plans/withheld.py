"""What no exported plan holds: credentials that stand inside a text, such as a presigned URL in a tag or a policy.

The run record keeps such texts, because an undo puts them back byte for byte; what leaves the machine does not need
them. Forms: AWS General Reference, Signature Version 4 query and header parameters; IAM User Guide, unique identifiers.
"""

import re
from typing import Any, Final

MARK: Final = "(withheld)"
_PARTS: Final = (
    re.compile(r"(X-Amz-(?:Signature|Credential|Security-Token)(?:=|%3D))[^&\s\"'<>)]+", re.IGNORECASE),
    re.compile(r"((?:\bAWSAccessKeyId|[?&]Signature)(?:=|%3D))[^&\s\"'<>)]+", re.IGNORECASE),
    re.compile(r"(\bSignature=)[0-9a-fA-F]{64}\b"),
    re.compile(r"()\b(?:AKIA|ASIA|OTPRACTICE)[A-Z0-9]{12,20}\b"),
    re.compile(r"()\b(?:FwoGZXIvYXdz|IQoJb3JpZ2lu|FQoGZXIvYXdz|FQoDYXdz)[A-Za-z0-9+/=_%-]{20,}"),
    re.compile(r"((?:secret_?access_?key|session_?token)[\"']?\s*[=:]\s*[\"']?)[A-Za-z0-9+/=]{16,}", re.IGNORECASE),
    re.compile(r"(://[^/\s:@]+:)[^@/\s]+(?=@)"),
)
"""In a presigned URL of either version, in a header, a key id, a session token, an assignment, and a password in a
URL."""


def without_credentials(value: Any) -> Any:
    """The value, of plain JSON types, with each credential in its texts withheld."""
    if isinstance(value, str):
        for part in _PARTS:
            value = part.sub(rf"\1{MARK}", value)
        return value
    if isinstance(value, dict):
        return {without_credentials(key): without_credentials(item) for key, item in value.items()}
    return [without_credentials(item) for item in value] if isinstance(value, list) else value
