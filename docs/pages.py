"""The pages and parts of pages that are made from the code and from the recorded notebooks.

`python docs/pages.py` writes them, `--check` writes nothing and names those that are stale, `--test-log FILE` takes
what `make test` printed into the README.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from unittest import mock

from onetrail.cli.reference import reference
from onetrail.estate.policy_documents.printed import documents
from onetrail.iam.expectations.decisions import Ruling, decisions
from onetrail.iam.limits import LIMITS, size
from onetrail.runner import RunResult
from onetrail.runner.notebooks import all_notebooks, read
from onetrail.runner.result import from_notebook
from onetrail.settings import Settings
from onetrail.settings.rendered import OF_NOTEBOOKS, SECTIONS, default_of, yaml_entry
from onetrail.steps.start_here.documents_ahead import kind_of

ROOT: Final = Path(__file__).resolve().parents[1]
PARAMETERS: Final = ROOT / "parameters"
COLUMNS: Final = "120"
"""What the Makefile sets, so that the table is as wide as `make demo` prints it."""


CONTRACTS: Final = re.compile(r"Contracts: (\d+) kept, 0 broken\.")
"""How import-linter ends."""
SUM: Final = re.compile(r"\d+ passed(, \d+ (deselected|warnings?))* in [\d.]+s( \(\d+:\d\d:\d\d\))?")
"""How pytest ends where nothing failed and nothing was skipped."""


class UnfitPage(Exception):
    """A page or one of its marks is not as it must be; the message says what to do."""


# --- Parts of pages that people write


LAST_STEPS: Final = 3
"""Steps that the README shows of a run; docs/steps.md has all."""


def the_whole_run() -> str:
    """The table of all steps that a run ends with, and the report it names."""
    return "\n".join(["```text", *_end_of_the_demo(), "```"])


def last_lines_of_the_demo() -> str:
    """What `make demo` prints last: the last steps, and where to look."""
    lines = _end_of_the_demo()
    steps = [number for number, line in enumerate(lines) if re.match(r"\d\d_", line)]
    return "\n".join(["```text", "$ make demo", "...", *lines[steps[-LAST_STEPS] :], "```"])


def _end_of_the_demo() -> list[str]:
    """From the results that the recorded notebooks hold, by the very code that prints a run's."""
    found = all_notebooks(ROOT / "notebooks")
    steps = tuple(from_notebook(one.name, read(one.path), one.path) for one in found)
    folder = Settings.from_file(PARAMETERS / "practice.yaml").run_folder
    report = Path.cwd() / folder / "report.html" if found[-1].step == "evidence" else None
    with mock.patch.dict(os.environ, COLUMNS=COLUMNS):
        text = RunResult(steps, report).text
    return text.split("\n")


def the_notebooks() -> str:
    """One row per notebook: what it says it leaves."""
    rows = ["| notebook | what it leaves |", "|---|---|"]
    for one in all_notebooks(ROOT / "notebooks"):
        _, sentence, *_ = read(one.path).cells[0].source.split("\n\n")
        words = sentence.removeprefix("This notebook ").rstrip(".")
        rows.append(f"| [`{one.name}`](../notebooks/{one.path.name}) | {words} |")
    return "\n".join(rows)


_GROWING: Final = {
    "central_bucket_open_both": "the archive's policy during pushes and pulls",
    "central_bucket_open_push": "during pushes",
    "central_bucket_open": "during pulls",
    "central_bucket": "permanently",
    "role_copier": "the copier's permissions",
    "trail_rail": "the guardrail around the trails",
}
"""Documents that grow with each source account, and what they are."""


def how_many_accounts_fit() -> str:
    """The documents that grow with the estate, with the number of source accounts that each has room for: one old
    bucket in each."""
    few, more = (sizes_with(accounts) for accounts in (SOME, SOME + 1))
    rows = ["| document | limit | source accounts |", "|---|---:|---:|"]
    for name, said in _GROWING.items():
        limit = LIMITS[kind_of(name)]
        fit = SOME + (limit.most - few[name]) // (more[name] - few[name])
        rows.append(f"| `{name}`: {said} | {limit.most:,} {limit.unit} | {fit} |")
    return "\n".join(rows)


SOME: Final = 50
"""Source accounts from which on each further one adds the same."""


def sizes_with(accounts: int) -> dict[str, int]:
    """The size of each printed document with so many source accounts, and one old bucket in each, as the parameters of
    the practice run are."""
    ids = [f"{111122223333 + number}" for number in range(accounts)]
    sources = [{"account_id": one, "role_arn": f"arn:aws:iam::{one}:role/TrailConsolidation"} for one in ids]
    settings = Settings.from_file(PARAMETERS / "practice.yaml").with_values(source_accounts=sources)
    found = documents(settings, old_buckets=[f"acme-audit-{one}" for one in ids])
    return {name: size(kind_of(name), found[name]) for name in _GROWING}


PARTS: Final[Mapping[str, Mapping[str, Callable[[], str]]]] = {
    "README.md": {"demo": last_lines_of_the_demo},
    "docs/steps.md": {"notebooks": the_notebooks, "run": the_whole_run, "accounts": how_many_accounts_fit},
}
"""Page -> the name between its marks -> the text between them."""


def with_part(text: str, name: str, made: str) -> str:
    """The page with what stands between the two marks of that name replaced; UnfitPage where the marks are not
    there."""
    begin, end = f"<!-- {name}: made by docs/pages.py -->", f"<!-- end of {name} -->"
    before, mark, rest = text.partition(begin)
    _, other, after = rest.partition(end)
    if not mark or not other:
        raise UnfitPage(f"the marks {begin} and {end} are not in the page: put them back around the part")
    return f"{before}{begin}\n{made}\n{end}{after}"


# --- Pages that are made as a whole


def parameters_page() -> str:
    """docs/parameters.md: every key of `Settings` with type, defaults, meaning and an example."""
    settings = Settings.from_file(PARAMETERS / "organization.yaml")
    example = settings.parameters()
    parts = [
        "# Parameters\n",
        *_lines(
            "This page lists every parameter of `onetrail.settings.Settings`.",
            "Values that do not fit are refused all at once, each with a line that names the key.",
            "The examples come from [parameters/organization.yaml](../parameters/organization.yaml).",
            "For your own estate, `onetrail init DIR` makes `DIR/parameters/mine.yaml` of"
            " [parameters/template.yaml](../parameters/template.yaml).",
            "Always put account ids in quotes: YAML reads `012345670123` as another number.",
            "No secret is ever a parameter: credentials come from your AWS configuration.",
        ),
        "## One file for all notebooks\n",
        *_lines(
            "The notebooks of a folder that `onetrail init DIR` laid out take `parameters/mine.yaml`.",
            "`onetrail init DIR --parameters FILE` makes all of them take another one, such as"
            " `parameters/practice.yaml`.",
            "A file is taken only where `parameters_file` names it.",
            "A relative name is looked for in the notebook's folder and in the folder above it; if both have it, it is"
            " refused.",
            "With `ONETRAIL_LIVE=0` no file is taken.",
        ),
        *_lines(
            "Each parameter has the first value that there is of these:",
            "",
            "1. What papermill injected: `onetrail run`, or `papermill -f` and `-p`.",
            "2. A line that you changed in the parameters cell.",
            "3. The file.",
            "4. The default.",
        ),
        *_lines(
            "The kernel's history of executed cells shows which lines are injected or changed, so an injected value"
            " counts even if it is the default.",
            "00 shows every parameter with its value, the line of the file or the cell that it comes from, and what it"
            " means; the first table of each notebook names the file with its SHA-256.",
            "If it cannot be known which value you mean, the notebook refuses both in one line.",
            "That is so for a line that you changed without changing its value, and for an edited parameters cell of"
            " another version, where the file has another value.",
        ),
        "## How values are read\n",
        *_lines(
            "`onetrail run` and `onetrail policies` read a file exactly as it is written.",
            "Text is text, a whole number is written in digits, and `true` and `false` are booleans.",
            "Values that YAML readers interpret differently are refused: `010`, `1_000`, `0x10`, `1:30`, `1e3`, `.inf`,"
            " `yes`, `off`, dates without quotes.",
            "The message names the key, the value as written, and what to write instead.",
            "Duplicate keys, anchors, aliases, `<<`, tags, a second document, invisible characters, and a file that is"
            " not UTF-8 or is larger than 1 MiB are refused too.",
            "Keys and values that look like a secret are refused, and never shown.",
            "Every mistake is reported at once, each with its line in the file, the key, what is wrong, and the cure.",
        ),
        *_lines(
            "papermill by itself converts values before onetrail sees them, so onetrail cannot know what you wrote.",
            "`papermill -f` and `-y` read YAML 1.1: `010` is 8, `1:30` is 90, `off` is false.",
            "`papermill -p` converts everything that Python accepts as a number: `010` is 10, `1_000` is 1000, and a"
            " quoted account id loses its leading zero.",
            "`papermill -r` passes only text, so numbers are refused.",
            "The notebook applies the same checks as to a file: types, bounds, unknown keys, contradictions and"
            " invisible characters.",
            "If that is not enough, use `onetrail run`.",
        ),
    ]
    schema = Settings.model_json_schema()
    for heading, keys in SECTIONS:
        parts.append(f"## {heading}\n")
        for key in keys:
            said = Settings.model_fields[key].description
            defaults = [_default(key, estate) for estate in ("practice", "aws")]
            default = defaults[0] if defaults[0] == defaults[1] else f"{defaults[0]} on practice, {defaults[1]} on aws"
            parts.append(
                f"### `{key}`\n\n{said}\n\n"
                f"- Type: {type_of(schema['properties'][key], schema['$defs'])}\n- Default: {default}\n\n"
                f"{_example(key, example[key])}\n"
            )
    return "\n".join(parts)


def _lines(*sentences: str) -> tuple[str, str]:
    """A paragraph with a sentence a line, and the empty line after it."""
    return "\n".join(sentences), ""


def _example(key: str, value: Any) -> str:
    if key in OF_NOTEBOOKS:
        return f'```python\n{key} = "parameters/mine.yaml"\n```'
    return f"```yaml\n{yaml_entry(key, value)}```"


def _default(key: str, estate: str) -> str:
    value = default_of(key, estate)
    return "must be stated" if value is ... else f"`{json.dumps(value)}`"


def type_of(said: Mapping[str, Any], others: Mapping[str, Any]) -> str:
    """A JSON schema in words."""
    if "$ref" in said:
        fields = others[said["$ref"].rsplit("/", 1)[-1]]["properties"]
        return "a mapping of " + ", ".join(f"`{name}`" for name in fields)
    if "anyOf" in said:
        return " or ".join(type_of(one, others) for one in said["anyOf"])
    if "const" in said:
        return f"`{said['const']}`"
    if "enum" in said:
        return "one of " + ", ".join(f"`{word}`" for word in said["enum"])
    if said["type"] == "array":
        return f"a list, each {type_of(said['items'], others)}"
    if said["type"] == "object":
        return f"a mapping of names, each {type_of(said['additionalProperties'], others)}"
    if said["type"] == "integer":
        least = said.get("minimum", said.get("exclusiveMinimum", -1) + 1)
        return f"a whole number, {least} or more" + (f", at most {said['maximum']}" if "maximum" in said else "")
    return "text"


POLICIES: Final[Mapping[str, str]] = {
    "central_bucket": "Bucket policy of the archive at all times except during a copy. Put by step 03.",
    "central_bucket_window": (
        "The same, and the grant-keeper may set the policy. Put by break-glass when a copy starts in step 05."
    ),
    "central_bucket_open": (
        "The same, and the copiers may write copies from the old buckets until the expiry. Put by the grant-keeper in"
        " step 05."
    ),
    "central_bucket_open_push": (
        "The same, for copiers of source accounts, which also need an Allow. Put by the grant-keeper in step 05."
    ),
    "central_bucket_open_both": "The same, for copiers of both kinds. Put by the grant-keeper in step 05.",
    "central_bucket_open_batch": (
        "The same, for the copier of the log account and the role that runs jobs. Put by the grant-keeper in step 05."
    ),
    "central_bucket_open_both_batch": (
        "The same, for copiers of both kinds and the role that runs jobs. Put by the grant-keeper in step 05."
    ),
    "old_bucket_hold_still": (
        "One statement, added to the policy of each old bucket: nobody deletes during the move. Put by step 02."
    ),
    "old_bucket_open": (
        "Three statements, added to the policy of an old bucket that is pulled from: the copier lists and reads until"
        " the expiry, and is denied from then on. Put and removed by step 05."
    ),
    "old_key_open": (
        "One statement, added to the policy of the key that encrypts an old bucket's logs: the copier decrypts the"
        " objects of that bucket, through S3 of its region, until the expiry. Put and removed by step 05."
    ),
    "old_bucket_open_batch": (
        "The same, and the role that runs jobs of S3 Batch Operations lists and reads too. Put and removed by step 05."
    ),
    "old_bucket_closed": (
        "One statement, added to the policy of an old bucket before a lifecycle rule empties it: no principal and no"
        " service writes or deletes an object. Put by step 07 if `old_buckets` is `expire`."
    ),
    "old_bucket_shell": "The whole policy of an emptied bucket: retired, closed and kept for its name. Put by step 07.",
    "kms_key": (
        "Policy of the archive's key. Put by step 03 if `kms_key` is `create`; if `kms_key` is an ARN, the key's owner"
        " puts it."
    ),
    "kms_key_open": (
        "The same, and copiers of source accounts may encrypt with the key until the expiry. Put and removed by"
        " step 05."
    ),
    "access_log_bucket": "Bucket policy of the bucket for S3 access logs. Put by step 03.",
    "work_bucket": (
        "Bucket policy of the work bucket, which holds audit-record anchors, batch manifests and reports. Put by"
        " step 03."
    ),
    "work_bucket_open": (
        "The same, and jobs may write their reports into the folder of this run until the expiry. Put and removed by"
        " break-glass in step 05."
    ),
    "role_break_glass": (
        "What break-glass may do, the same as AWS's managed policy AdministratorAccess. Attached by step 02."
    ),
    "role_break_glass_trust": "Who may assume the break-glass role. Put by step 02.",
    "role_operator": "What the everyday role may do. Put by step 02.",
    "role_operator_trust": "Who may assume the operator role. Put by step 02.",
    "role_reader": "What the role that reads the logs may do. Put by step 02.",
    "role_reader_trust": "Who may assume the reader role. Put by step 02.",
    "role_sealer": (
        "What the role that seals run records may do: put objects below `records/*/sealed/` of the work bucket, and"
        " read the records. Put by step 02."
    ),
    "role_sealer_trust": "Who may assume the sealer role: only the break-glass principals. Put by step 02.",
    "role_grant_keeper": (
        "What the grant-keeper may do: set the archive's policy, which itself limits when. Put by step 02."
    ),
    "role_grant_keeper_trust": "Who may assume the grant-keeper role: only the operator role. Put by step 02.",
    "role_copier": "What the copier of the log account may do (pull). Put by step 02.",
    "role_copier_trust": "Who may assume the copier role: the operator role. Put by step 02.",
    "role_copier_old_keys": "The same if old buckets are encrypted with KMS keys. Put by step 02.",
    "role_organization_access_trust": (
        "Who may still assume OrganizationAccountAccessRole. Put by step 02 as its last change."
    ),
    "role_batch": "What jobs of S3 Batch Operations may do while they copy. Put and removed by step 05.",
    "role_batch_trust": "Who may assume the role that runs jobs: only S3 Batch Operations. Put and removed by step 05.",
    "role_batch_jobs": "What the role that creates jobs may do. Put and removed by step 05.",
    "role_batch_jobs_trust": (
        "Who may assume the role that creates jobs: only the operator role. Put and removed by step 05."
    ),
    "role_source_copier_trust": "Who may assume the copier role of a source account. Put and removed by step 05.",
    "role_source_copier": (
        "What the copier of a source account may do until the expiry (push); from then on everything is denied. Put and"
        " removed by step 05."
    ),
    "trail_rail": (
        "Service control policy for the source accounts: nobody stops, deletes or narrows the new trail. Attached by"
        " step 04."
    ),
    "archive_rail": (
        "Service control policy for the log account: nobody removes the protection of the archive and its key, and the"
        " account stays in the organization. Attached by step 06."
    ),
    "scp": "Both guardrails in one document, for organizations that manage guardrails elsewhere. No step puts it.",
    "rcp": "Resource control policy for the log account, for organizations that use RCPs. No step puts it.",
    "identity_source": (
        "What the identity that `source_accounts` names needs, one statement per step and kind of resource. For the"
        " person who hands that identity over; no step puts it. A further source account has a document with its id at"
        " the end of the name."
    ),
    "identity_log_first": (
        "What the identity that `log_account` names needs until step 02 has made the operator. It makes the break-glass"
        " role and attaches AdministratorAccess to it, so hand it over for step 02 alone. No step puts it."
    ),
    "identity_management": (
        "What the current credentials need in the management account for the guardrails. Without it the steps go on,"
        " and an administrator of the organization sets what `scp` prints. No step puts it."
    ),
}
"""Document -> what it is for, and who puts it."""


def policies_page() -> str:
    """docs/policies.md: every document of `onetrail policies`, for the practice parameters."""
    printed = documents(Settings.from_file(PARAMETERS / "practice.yaml"))
    unknown = sorted(set(printed) - set(POLICIES))
    if unknown:
        raise UnfitPage(f"{', '.join(unknown)}: say in POLICIES of docs/pages.py what the document is for")
    parts = [
        "# Policy documents\n",
        *_lines(
            "Every document that `onetrail policies -f parameters/practice.yaml` prints, and its purpose.",
            "Here the temporary statements have an expiry that is long past, so a statement copied from this page"
            " grants nothing.",
            "The command prints them with an expiry `grant_hours` from now, or at the instant given as `--expires`.",
            "`onetrail policies -f FILE --explain` evaluates the archive's policy in each of its states, request by"
            " request.",
            "[security-model.md](security-model.md) explains what these documents withstand, and what no document can"
            " stop.",
        ),
        "## To hand out\n",
        *_lines(
            "Three identities are handed to the move: `identity_source` in each source account, `identity_log_first` in"
            " the log account, and `identity_management` where guardrails are set.",
            "Each document is the least that the steps send: a test holds it against the request log of whole runs, in"
            " both directions.",
            "A statement's Sid names the step that needs it, so a statement can be granted when its step is due;"
            " `EveryStep` is what every look needs.",
            "Name the old buckets that 00 lists with `--old-bucket`; before that, the placeholder stands for them.",
            "Step 00 evaluates each identity's own policies and names the step, the action and the resource that are"
            " missing (`00.permissions`), before anything changes.",
            "All other permissions belong to roles that step 02 makes; their documents begin with `role_`.",
        ),
        "## Documents\n",
        *(f"- [`{name}`](#{name})" for name in printed),
        "",
        *_every_write(),
    ]
    for name, document in printed.items():
        text = json.dumps(document, indent=2, ensure_ascii=False)
        parts.append(f"## `{name}`\n\n{POLICIES[name].replace('. ', '.' + chr(10))}\n\n```json\n{text}\n```\n")
    return "\n".join(parts)


def _every_write() -> Iterator[str]:
    """A row for each write action of AWS's list: who may, when, why."""
    yield "## Who may write\n"
    yield "\n".join(
        (
            (
                "This table has every action that AWS lists as a write to S3, to a KMS key or to an IAM role, on the"
                " archive, on its key, and on the roles `onetrail-*`."
            ),
            (
                "`nobody` means that the action is denied to everyone, including break-glass; `irrelevant` means that"
                " it acts on neither a bucket nor an object, so no bucket policy decides it."
            ),
            "An action that AWS adds later is denied, and a test requires a row for it here.",
            "",
            "| action | who may | when | why |",
            "|---|---|---|---|",
            *(
                f"| `{one.action}` |"
                f" {', '.join(one.who) or ('nobody' if one.ruling is Ruling.DENIED else 'irrelevant')} | {one.when} |"
                f" {one.why} |"
                for one in decisions()
            ),
            "",
        )
    )


WHOLE: Final[Mapping[str, Callable[[], str]]] = {
    "docs/cli.md": reference,
    "docs/parameters.md": parameters_page,
    "docs/policies.md": policies_page,
}
"""Page -> its text."""


def made() -> dict[str, str]:
    """Every page that is made, whole or in part, as it must be: path from the repository's root -> text."""
    texts = {name: text() for name, text in WHOLE.items()}
    for name, parts in PARTS.items():
        texts[name] = (ROOT / name).read_text(encoding="utf-8")
        for part, text in parts.items():
            texts[name] = with_part(texts[name], part, text())
    return texts


def last_lines_of_the_tests(log: str) -> str:
    """What a log of `make test` ends with, as the README shows it; UnfitPage where it does not end in pytest's own
    sum."""
    lines = [line.rstrip() for line in log.splitlines() if line.strip()]
    if not lines or not SUM.fullmatch(lines[-1].strip("= ")):
        raise UnfitPage("the log does not end with pytest's line of what passed: give one of a whole `make test`")
    contracts = [line for line in lines if CONTRACTS.fullmatch(line)]
    return "\n".join(["```text", "$ make test", "...", *contracts[:1], "...", lines[-1].strip("= "), "```"])


def main() -> int:
    """0 when written or nothing is stale, 1 when something is stale, 2 when a page is unfit."""
    parser = argparse.ArgumentParser(prog="python docs/pages.py", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail and name the pages that are stale")
    parser.add_argument("--test-log", type=Path, metavar="FILE", help="what `make test` printed, for the README")
    asked = parser.parse_args()
    try:
        texts = made()
        if asked.test_log:
            said = last_lines_of_the_tests(asked.test_log.read_text(encoding="utf-8"))
            texts["README.md"] = with_part(texts["README.md"], "test", said)
    except UnfitPage as err:
        print(err, file=sys.stderr)
        return 2
    stale = stale_among(texts)
    for name in stale:
        print(f"{name} is stale: run make docs" if asked.check else f"{name} written")
        if not asked.check:
            (ROOT / name).write_text(texts[name], encoding="utf-8")
    return 1 if asked.check and stale else 0


def stale_among(texts: Mapping[str, str]) -> list[str]:
    """The pages whose file says something else, or is not there."""
    paths = {name: ROOT / name for name in texts}
    return [
        name for name, path in paths.items() if not path.exists() or path.read_text(encoding="utf-8") != texts[name]
    ]


if __name__ == "__main__":
    sys.exit(main())
