"""One package per notebook: observe, propose, apply, check. Steps return values; showing them is for
`onetrail.show`."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # mypy holds each package to the protocol; at run time none is imported before it is asked for
    from onetrail.steps import (
        account_lockdown,
        bucket_creation,
        copy_history,
        evidence,
        inventory,
        retirement,
        start_here,
        trail_cutover,
        verification,
    )
    from onetrail.steps.step import ChangingStep, Step

    _00: Step[start_here.StartObservation] = start_here
    _01: Step[inventory.InventoryObservation] = inventory
    _02: ChangingStep[account_lockdown.LockdownObservation] = account_lockdown
    _03: ChangingStep[bucket_creation.BucketsObservation] = bucket_creation
    _04: ChangingStep[trail_cutover.CutoverObservation] = trail_cutover
    _05: ChangingStep[copy_history.CopyObservation] = copy_history
    _06: ChangingStep[verification.VerificationObservation] = verification
    _07: ChangingStep[retirement.RetirementObservation] = retirement
    _08: Step[evidence.EvidenceObservation] = evidence
