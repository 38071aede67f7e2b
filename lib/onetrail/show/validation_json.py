"""A checked place for a program: one JSON document of files, chains and what they come to."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from onetrail.change.values import iso
from onetrail.cloudtrail.digests.verdict import FileVerdict
from onetrail.show.validation import because, instant_text, states, verdict
from onetrail.validation import CheckedChain, ValidationResult


def file_row(one: FileVerdict) -> dict[str, str]:
    """One file for a program. `key` is where it lies now, of a missing one the key that a digest names."""
    key, kind = one.key or one.original_key, one.kind.value
    return {"key": key, "kind": kind, "state": one.state.value, "why": one.why}


def json_text(files: Iterable[FileVerdict], result: ValidationResult) -> Iterator[str]:
    """The whole of it as one JSON document, in pieces as the files come; `result` is read after the last of them.

    What ends the check early is raised once the document is whole.
    """
    yield '{"files": ['
    between = "\n"
    ended: Exception | KeyboardInterrupt | None = None
    try:
        for one in files:
            yield f"{between}{json.dumps(file_row(one))}"
            between = ",\n"
    except (Exception, KeyboardInterrupt) as err:  # noqa: BLE001 - it is raised again once the document is whole
        ended, result.ended = err, str(err) or type(err).__name__
    chains = (json.dumps(chain_row(one)) for one in result.chains)
    yield '\n], "chains": [\n' + ",\n".join(chains)
    yield f'\n], "summary": {json.dumps(summary(result))}}}\n'
    if ended is not None:
        raise ended


def chain_row(one: CheckedChain) -> dict[str, Any]:
    """One chain for a program; times are UTC, `from` null where nothing says when a gap began."""
    chain = one.chain
    return {
        "account": chain.account,
        "region": chain.region,
        "trail": chain.trail,
        "home_region": chain.home_region,
        "backfill": chain.backfill,
        "proven": chain.sound,
        "buckets": list(one.buckets),
        "intervals": [
            {
                "from": None if i.start is None else iso(i.start),
                "to": iso(i.end),
                "state": i.state.value,
                "why": i.why,
                "missing": i.missing,
                "before_the_oldest_digest": i.oldest,
            }
            for i in chain.intervals
        ],
        "digests": states(chain.digests),
        "logs": states(chain.logs),
    }


def summary(result: ValidationResult) -> dict[str, Any]:
    """What all files and chains come to, for a program."""
    named = result.believed is not None
    return {
        "place": result.place,
        "proven": result.proven,
        "ended_early": result.ended or None,
        "verdict": verdict(result),
        "chains": len(result.chains),
        "digests": states(result.digests),
        "logs": states(result.logs),
        "foreign_objects": result.foreign,
        "foreign_objects_among_logs": result.strays,
        "markers": result.markers,
        "unreadable_others": result.unread,
        "younger_than_the_newest_digest": result.young,
        "chains_of_an_earlier_run": {
            "chains": len(result.kept),
            "oldest": instant_text(min(result.kept, default=None)) or None,
        },
        "bucket_owner": result.owner or None,
        "believed": [
            {
                "bucket": bucket,
                "because": because(named, bucket, result),
                "chains": result.buckets.get(bucket, 0),
            }
            for bucket in sorted({*result.buckets, *(result.believed or ())})
        ],
        "public_keys": [
            {"region": region, "keys": len(keys.store.held()), "source": keys.source, "why": keys.why}
            for region, keys in sorted(result.keys.items())
        ],
    }
