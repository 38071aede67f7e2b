"""What S3 accepts as the name of a general purpose bucket.

Source: Amazon S3 User Guide, "General purpose bucket naming rules", read 2026-11.
"""

import re
from typing import Final

FORBIDDEN_STARTS: Final = ("xn--", "sthree-", "amzn-s3-demo-")
FORBIDDEN_ENDS: Final = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")


def bucket_name_fault(name: str) -> str | None:
    """Why S3 would refuse a bucket of this name, or None."""
    if not name:
        return "is empty: write the name of a bucket, as in acme-audit-archive"
    if not 3 <= len(name) <= 63:
        return f'is "{name}", {len(name)} characters long, and S3 allows 3 to 63'
    if name != name.lower():
        return f'is "{name}", and S3 allows no capital letters in a bucket name'
    if not re.fullmatch(r"[a-z0-9.-]+", name):
        return f'is "{name}", and S3 allows only lowercase letters, digits, dots and hyphens in a bucket name'
    if not (name[0].isalnum() and name[-1].isalnum()):
        return f'is "{name}", and a bucket name begins and ends with a letter or a digit'
    if ".." in name:
        return f'is "{name}", and S3 allows no two dots in a row in a bucket name'
    if _ADDRESS.fullmatch(name):
        return f'is "{name}", and S3 allows no IP address as a bucket name'
    for start in FORBIDDEN_STARTS:
        if name.startswith(start):
            return f'is "{name}", and S3 reserves names that begin with {start}'
    for end in FORBIDDEN_ENDS:
        if name.endswith(end):
            return f'is "{name}", and S3 reserves names that end with {end}'
    return None
