"""The page as text: the sections in their order, put into the template with its style sheet. Nothing of it is
fetched."""

from importlib.resources import files
from typing import TYPE_CHECKING

from markupsafe import Markup

from onetrail.change import iso
from onetrail.change.words import counted
from onetrail.lazily import later
from onetrail.settings import Settings
from onetrail.show.report import (
    access,
    chains,
    coverage,
    custody,
    findings,
    howto,
    moved,
    permissions,
    promise,
    risks,
)
from onetrail.show.report.model import Section, breakable, cell_class, lines, said
from onetrail.steps.evidence import EvidenceObservation, check

if TYPE_CHECKING:
    import jinja2
else:
    jinja2 = later("jinja2")

_TEMPLATE, _STYLE = "report.html.j2", "report.css"


def sections(settings: Settings, observation: EvidenceObservation) -> tuple[Section, ...]:
    """Findings first, then their evidence."""
    found = check(settings, observation)
    return (
        findings.attention(found),
        findings.steps(observation, found),
        promise.section(settings, observation),
        moved.section(settings, observation),
        chains.section(observation),
        coverage.section(observation),
        access.section(settings, observation),
        permissions.section(observation),
        custody.section(settings, observation),
        risks.section(settings),
        howto.check_it(settings, observation),
        howto.words(settings),
    )


def page(settings: Settings, observation: EvidenceObservation) -> str:
    """The whole page. The same settings and observation give the same text."""
    found = check(settings, observation)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("onetrail.show.report", "."),
        autoescape=jinja2.select_autoescape(default=True),
        undefined=jinja2.StrictUndefined,
        finalize=said,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["cell"] = cell_class
    environment.filters["breakable"] = breakable
    environment.filters["lines"] = lines
    environment.filters["svg"] = Markup  # made by us, with every name escaped where it is made
    style = files("onetrail.show.report").joinpath(_STYLE).read_text(encoding="utf-8")
    return environment.get_template(_TEMPLATE).render(
        run=settings.run_name,
        estate=_estate(settings),
        facts=_facts(settings, observation),
        headline=findings.headline(found),
        mark=findings.mark(found),
        sections=sections(settings, observation),
        style=Markup(style),
    )


def _estate(settings: Settings) -> str:
    return (
        f"practice estate, scenario {settings.scenario}: nothing here is real"
        if settings.estate == "practice"
        else "AWS"
    )


def _facts(settings: Settings, observation: EvidenceObservation) -> list[tuple[str, str]]:
    check = observation.custody.check
    return [
        ("Run", settings.run_name),
        ("Estate", _estate(settings)),
        ("Read at", f"{iso(observation.now)}, by the estate's clock"),
        ("Source accounts", ", ".join(settings.source_account_ids)),
        ("Log account", settings.log_account.account_id),
        ("Organization", settings.organization_id or "none"),
        ("Archive", f"{settings.bucket_name} in {settings.home_region}"),
        (
            "Retention",
            f"{settings.retention_years} years from the date in the key; lock mode {settings.object_lock}",
        ),
        ("Run record", f"{counted(check.lines, 'line')}, last hash {check.head}" if check.lines else "none"),
        ("Responsible", ", ".join(settings.contacts) or "not named"),
    ]
