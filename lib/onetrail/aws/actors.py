"""The identities that changes are sent as, beside the one that the parameters name; `aws.sessions` becomes them."""

from typing import Final

OPERATOR: Final = "operator"
BREAK_GLASS: Final = "break-glass"
GRANT_KEEPER: Final = "grant-keeper"
COPIER: Final = "copier"
SEALER: Final = "sealer"
"""The role of the log account that puts what seals a run record; break-glass principals alone become it."""
READER: Final = "reader"
"""The role of the log account that reads logs and changes nothing."""
JOBS: Final = "jobs"
"""The temporary role that makes jobs of S3 Batch Operations."""
