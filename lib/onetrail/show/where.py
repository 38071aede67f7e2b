"""The first table of every notebook: which estate, which accounts, and our identity in each."""

from pathlib import Path
from typing import TYPE_CHECKING

from onetrail.aws import Clients, environment
from onetrail.change import iso
from onetrail.change.interrupt import interrupted_in_one_line
from onetrail.errors import WrongUse
from onetrail.show.html import Column, Shown, paragraph, together
from onetrail.show.table import simple
from onetrail.workspace.version import laid_out_by_another

if TYPE_CHECKING:
    from onetrail.settings import Settings

_COLUMNS = [Column(head) for head in ("account", "purpose", "our identity there", "access")]


def where(settings: "Settings", clients: Clients) -> Shown:
    """Asks for our identity in each account, and nothing else; an account that cannot be entered is reported.

    First comes that the notebook's folder was laid out by another version, and what a run that was cut off left open,
    by the record. Last comes the parameters file with its hash, where the notebook takes one.
    """
    from onetrail.show.parameters import source_line
    from onetrail.steps.left_open import left_open, warning_of  # `validate` shows tables too, and needs no step

    with interrupted_in_one_line(lambda: "interrupted while accounts were entered: run this cell again"):
        rows = [_base(clients)]
        rows += [_row(clients, account, "old trails") for account in settings.source_account_ids]
        rows.append(_row(clients, settings.log_account.account_id, "log archive"))
    shut = [row[0] for row in rows if row[2].startswith("cannot be entered")]
    line = (
        f"{len(shut)} of {len(rows)} cannot be entered: {', '.join(shut)}." if shut else "Every account can be entered."
    )
    approval = f"Approved: {settings.approve}." if settings.approve else "Nothing is approved: this run only plans."
    first = filter(None, (laid_out_by_another(Path.cwd()), warning_of(left_open(settings.run_folder))))
    return together(
        *(paragraph(one, strong=True) for one in first),
        simple(_estate(clients), _COLUMNS, rows),
        paragraph(f"{line} {approval}", strong=True),
        *([paragraph(source_line(settings))] if settings.origins.file else []),
    )


def _estate(clients: Clients) -> str:
    estate = clients.estate
    if estate:
        return (
            f"The practice estate: scenario {estate.scenario}, number {estate.number}, its clock at"
            f" {iso(clients.clock.now())}; nothing here reaches AWS"
        )
    endpoint = environment.endpoint_url()
    return "AWS: everything here is real" + (f", through AWS_ENDPOINT_URL {endpoint}" if endpoint else "")


def _base(clients: Clients) -> list[str]:
    base = clients.base()
    if base is None:
        return ["–", "account of the current credentials", "no credentials, and none are needed", "–"]
    return [base.account, "account of the current credentials", base.arn, base.way]


def _row(clients: Clients, account: str, what: str) -> list[str]:
    try:
        entry = clients.entry(account)
    except WrongUse as err:
        return [account, what, f"cannot be entered: {err}", "–"]
    return [account, what, entry.arn, entry.way]
