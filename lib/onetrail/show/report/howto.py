"""How to check this page without trusting it, contacts, and definitions."""

from typing import Final

from onetrail.settings import Settings
from onetrail.show.report.model import Commands, Prose, Section, table
from onetrail.steps.evidence import EvidenceObservation

_WORDS: Final = (
    ("archive", "the one bucket of the log account that holds every log, old and new"),
    ("anchor, head", "the hash of the record's last line at some time, stored in the locked work bucket"),
    (
        "break-glass",
        (
            "the one role that may change the archive; named people assume it in an emergency, and where a plan of the"
            " move says so"
        ),
    ),
    ("copier", "the role that writes the copies while a temporary permission is open"),
    (
        "digest",
        (
            "a file that CloudTrail signs every hour; it names each log of that hour with its SHA-256, and the digest"
            " before it"
        ),
    ),
    ("digest chain", "the digests of one trail and region, each naming the one before"),
    ("gap", "a time without proof by a signed digest"),
    (
        "governance, compliance",
        (
            "modes of S3 Object Lock: principals with the permission can bypass governance; nobody can bypass"
            " compliance before its date"
        ),
    ),
    ("guardrail", "a service control policy of the organization over the new trail or the archive"),
    ("ledger", "Parquet files with one row for each object that was listed for the copy, locked or deleted"),
    ("old bucket, old trail", "what the estate had before the move"),
    ("plan, plan id", "an ordered list of changes, and the hash of what they mean; an approval names it"),
    ("record", "record.jsonl: each change before and after it was sent, each line with the hash of the line before"),
    (
        "emptied bucket",
        "an old bucket that is empty and closed: it keeps the name ours, and nothing can be put into it",
    ),
    ("receipt", "a file that binds the exact listing of a proven old bucket; without it nothing is deleted"),
    ("unsigned", "a log that is in the archive with equal bytes, and that no digest names"),
)


def check_it(settings: Settings, observation: EvidenceObservation) -> Section:
    """Commands that use the files and AWS, not this page."""
    run = settings.run_name
    last = observation.anchors.held[-1] if observation.anchors.held else None
    key = last.key if last else f"records/{run}/head-LINE.json"
    line = last.line if last else "LINE"
    parts = (
        Commands(
            "The hash chain of the record, line by line, compared with its heads outside this machine:",
            f'onetrail record verify "$PWD" --heads s3://{settings.work_bucket}',
        ),
        Commands(
            "Whether the record names this page: the two hashes must be the same:",
            'grep \'"kind":"report"\' record.jsonl | tail -n 1\nsha256sum report.html',
        ),
        Commands(
            "The heads outside this machine: each key has one version, under its lock; the hash in it must be that of"
            " the same line of the record:",
            f"aws s3api list-object-versions --bucket {settings.work_bucket} --prefix records/{run}/ --query"
            f" 'Versions[].[Key,VersionId]'\naws s3api get-object --bucket {settings.work_bucket} --key {key}"
            f" --version-id VERSION head.json\ncat head.json\nsed -n '{line}p' record.jsonl | grep -o"
            ' \'"hash":"[0-9a-f]*"\'',
        ),
        Commands(
            "The ledger in sums, with DuckDB:",
            'duckdb -c "select action, source_bucket, outcome, count(*) as objects, sum(size) as bytes '
            "from 'ledger/*.parquet' group by all order by all\"",
        ),
        Commands(
            "The same with pandas:",
            "python -c \"import glob, pandas as pd; d = pd.concat(map(pd.read_parquet, glob.glob('ledger/*.parquet')));"
            " print(d.groupby(['action', 'source_bucket', 'outcome'])['size'].agg(['count', 'sum']))\"",
        ),
        Commands(
            "Each file by its hash, as in the annex to the index of evidence:",
            f"sha256sum ledger/* policies/* public-keys/* receipts/* inventory.parquet\n{_head(observation)}",
        ),
        Commands(
            "The archive as AWS shows it:",
            f"aws s3api get-bucket-policy --bucket {settings.bucket_name} --query Policy --output text\n"
            f"aws s3api get-object-lock-configuration --bucket {settings.bucket_name}\n"
            f"aws s3api get-bucket-versioning --bucket {settings.bucket_name}",
        ),
        Commands(
            "The digests of every trail, old and new, as the reader of the log account:",
            f"onetrail validate s3://{settings.bucket_name} --public-keys public-keys",
        ),
    )
    return Section(
        "check",
        "How to check this page without trusting it",
        "Run these commands in the folder of this page. None of them trusts this page: each reads AWS, or a file that"
        " the record binds.",
        parts,
    )


def _head(observation: EvidenceObservation) -> str:
    """The record as far as the page shows it: what was written after it has no part in the hash."""
    return f"head -n {observation.custody.check.lines} record.jsonl | sha256sum"


def words(settings: Settings) -> Section:
    """Contacts, then definitions."""
    who = ", ".join(settings.contacts) or "the parameters name no contact"
    rows = [[word, means] for word, means in _WORDS]
    line = f"Responsible for this move: {who}."
    parts = (
        table("Terms of this page", ("term", "meaning"), rows),
        Prose(("All instants are UTC.",)),
    )
    return Section("words", "Contacts and definitions", line, parts)
