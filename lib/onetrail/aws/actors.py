"""The identities that changes are sent as, beside the one that the parameters name; `aws.sessions` becomes them."""

from typing import Final

from onetrail import names

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
ROLES: Final = {
    OPERATOR: names.OPERATOR_ROLE,
    BREAK_GLASS: names.BREAK_GLASS_ROLE,
    GRANT_KEEPER: names.GRANT_KEEPER_ROLE,
    COPIER: names.COPIER_ROLE,
    SEALER: names.SEALER_ROLE,
    JOBS: names.JOBS_ROLE,
    READER: names.READER_ROLE,
}
"""The role that each of them is."""
