"""Reading the log account's access paths, its public-access block, and the old buckets as they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from onetrail.aws import Clients
from onetrail.aws.one_look import one_look
from onetrail.estate.log_account.observed import LogAccount, observe_log_account
from onetrail.estate.old_estate import OldEstate, read_old_estate
from onetrail.estate.proof.receipts import read_receipts
from onetrail.estate.source_identity import owner_of
from onetrail.looked import Unread
from onetrail.settings import Settings


@dataclass(frozen=True)
class LockdownObservation:
    """The log account, the old estate, and per source account the identity that will retire its buckets.

    `gone` are buckets that a receipt of this run remembers and that are not listed any more: 07 deleted them.
    """

    log: LogAccount
    old: OldEstate
    owners: Mapping[str, str] = field(default_factory=dict)
    could_not_look: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


@one_look
def observe(settings: Settings, clients: Clients, estate: OldEstate | None = None) -> LockdownObservation:
    """Everything step 02 rests on; changes nothing. `estate` is what the caller has just read of the old trails and
    buckets."""
    owners, failed = {}, []
    for account in settings.source_account_ids:
        found = owner_of(settings, clients, account)
        if isinstance(found, Unread):
            failed.append(f"{account}: who retires its buckets: GetRole: {found.why}")
        else:
            owners[account] = found.value
    old = estate or read_old_estate(settings, clients)
    proven = read_receipts(settings.run_folder).remembered
    gone = sorted(set(proven) - {bucket.name for bucket in old.buckets})
    return LockdownObservation(observe_log_account(settings, clients), old, owners, tuple(failed), tuple(gone))
