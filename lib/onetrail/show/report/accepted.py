"""Why each kind of note is accepted and until when, by the id of its check: decisions of the method, each in a
sentence."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Accepted(NamedTuple):
    """`why` it is no finding; `until` when, or until what happens."""

    why: str
    until: str


_RETENTION = "the retention of these logs ends"
_DECISION = "the owner decides otherwise"
_OWNER_KEEPS = "the owner of these objects decides what becomes of them"

_OBSTACLES: Final = (
    "bucket-policy",
    "customer-key",
    "document-size",
    "foreign-owned",
    "key",
    "mfa-delete",
    "moving",
    "region",
    "requester-pays",
    "unreadable",
)
_LISTENERS: Final = ("data-events", "notification", "replication")

ACCEPTED: Final[Mapping[str, Accepted]] = {
    **{f"05.{name}": Accepted("nothing of this bucket is left to copy", _DECISION) for name in _OBSTACLES},
    **{f"05.{name}": Accepted("it gets no event of a copy", _DECISION) for name in _LISTENERS},
    "02.role": Accepted("the role served the copy alone; it may do nothing while no grant is open", "it is deleted"),
    "02.contact": Accepted("the account has a security contact, which onetrail does not replace", _DECISION),
    "02.access-log": Accepted("old buckets are retired, so no access log is set up for them", "the bucket is retired"),
    "03.kept-account": Accepted("what may deliver goes on until the account is released by name", _DECISION),
    "03.key": Accepted("the key belongs to its owner; onetrail changes no key that it did not make", _DECISION),
    "04.selector-name": Accepted(
        "the name of a selector changes nothing of what is recorded", "the selectors are put again"
    ),
    "04.old-trail": Accepted("the trail belongs to others, and is not in scope", _DECISION),
    "04.guardrail": Accepted("the parameters or the access decide that it is not set from here", _DECISION),
    "05.beside": Accepted("both files are kept, each under a key of its own", _RETENTION),
    "05.compare": Accepted("step 06 reads the bytes of both and decides", "step 06 has run"),
    "05.deleted": Accepted("the newest version that existed was copied", _RETENTION),
    "05.foreign": Accepted("the objects are not CloudTrail's, and are not in scope", _OWNER_KEEPS),
    "05.ledger": Accepted("the ledger is evidence, never state: each copy was found by a listing", _RETENTION),
    "05.policy-edited": Accepted("somebody else's change of a policy is kept, not overwritten", _DECISION),
    "05.versions": Accepted("the newest version is the log; older ones have the same bytes", "the bucket is retired"),
    "06.bucket": Accepted(
        "without a full check nothing is proven, and nothing of this bucket is deleted", "step 06 proves it"
    ),
    "06.foreign": Accepted("the objects are not CloudTrail's: never copied, never deleted", _OWNER_KEEPS),
    "06.gap": Accepted("no digest exists for this time, and none can be made afterwards", _RETENTION),
    "06.default-lock": Accepted("the parameters want no lock", _DECISION),
    "06.guardrail": Accepted("the parameters or the access decide that it is not set from here", _DECISION),
    "06.ledger": Accepted("the ledger is evidence, never state: each copy was found by a listing", _RETENTION),
    "06.log-unnamed": Accepted("equal bytes are in the archive; no digest can be made afterwards", _RETENTION),
    "06.log-unsigned": Accepted("equal bytes are in the archive; no digest can be made afterwards", _RETENTION),
    "06.older-gone": Accepted("the older digests are in no bucket any more", _RETENTION),
    "06.receipt": Accepted("without a receipt nothing of the bucket is deleted", "step 06 proves it"),
    "06.repeated": Accepted("CloudTrail delivers an event more than once; evidence is not removed", _RETENTION),
    "06.seam": Accepted(
        "no record covers the time between the two trails, and none can be made afterwards", _RETENTION
    ),
    "06.since": Accepted("the files came after the archive was read", "step 08 runs again"),
    "06.trail-unknown": Accepted("the digests name the trail, and their signatures were checked", _RETENTION),
    "06.unread": Accepted("the file is kept as it was delivered", _RETENTION),
    "06.versions": Accepted("older versions and delete markers are not part of the proof", "the bucket is retired"),
    "07.bucket": Accepted("what is not proven, or is still needed, is left alone", "step 07 runs again"),
    "07.trail": Accepted("what is not proven, or belongs to others, is left alone", "step 07 runs again"),
    "08.anchors": Accepted("the heads that could be read fit the record", "step 08 runs again"),
    "08.approval": Accepted("only the practice estate accepts it, and nothing there is real", "the run on AWS"),
    "08.file": Accepted(
        "a change that did not reach its end left it; the objects were checked again", "it is moved out of the folder"
    ),
    "08.permission": Accepted("AWS shows it closed now", "always: a fact about the past"),
    "08.policy": Accepted("the closing had to be sent, whatever could be read", "always: a fact about the past"),
    "08.record": Accepted("what was never finished is no line of the record", "always: a fact about the past"),
    "08.receipt": Accepted("it permits nothing, and still says what the bucket held", _RETENTION),
    "08.unended": Accepted("nothing of that step is open any more", "always: a fact about the past"),
    "08.unknown": Accepted("nothing of that step is open any more", "always: a fact about the past"),
}
"""Check -> why its note is accepted. A check that is not here has no reason, and the page says so."""
NEXT_DIGEST: Final = Accepted(
    "CloudTrail signs the digests of an hour after it has ended", "the next digests are delivered"
)
"""For logs that the new trail delivered after its last digest."""
