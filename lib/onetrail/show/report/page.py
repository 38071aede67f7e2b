"""The page as text: the sections in their order, put into the template with its style sheet. Nothing of it is
fetched; its one script only filters tables, and its hash is in the page's own policy."""

from importlib.resources import files
from typing import TYPE_CHECKING

from markupsafe import Markup

from onetrail.lazily import later
from onetrail.settings import Settings
from onetrail.show.report import (
    access,
    chains,
    coverage,
    custody,
    evidence_index,
    exceptions,
    findings,
    howto,
    moved,
    permissions,
    plans,
    promise,
    risks,
    sign_off,
)
from onetrail.show.report.front import method, scope, summary, title, tool
from onetrail.show.report.layout import annexed, running_heads, source_hash
from onetrail.show.report.model import Section, breakable, cell_class, lines, said
from onetrail.steps.evidence import EvidenceObservation, check

if TYPE_CHECKING:
    import jinja2
else:
    jinja2 = later("jinja2")

_TEMPLATE, _STYLE, _SCRIPT = "report.html.j2", "report.css", "report.js"


def sections(settings: Settings, observation: EvidenceObservation) -> tuple[Section, ...]:
    """What the page is about, the findings, who did what, the evidence of each claim, and the signatures."""
    found = check(settings, observation)
    return (
        scope.section(settings, observation),
        tool.section(settings, observation),
        method.section(settings, observation, found),
        summary.section(settings, observation, found),
        findings.attention(found),
        exceptions.section(settings, found),
        plans.section(observation),
        findings.steps(observation, found),
        moved.section(settings, observation),
        chains.section(observation),
        coverage.section(observation),
        promise.section(settings, observation),
        access.section(settings, observation),
        permissions.section(observation),
        custody.section(settings, observation),
        risks.section(settings),
        howto.check_it(settings, observation),
        evidence_index.section(observation),
        howto.words(settings),
        sign_off.section(settings, observation),
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
    name, number = title.title(settings), title.report_id(settings, observation)
    body, annexes = annexed(sections(settings, observation))
    style = f"\n{_text(_STYLE)}{running_heads(number, name)}\n"
    script = f"\n{_text(_SCRIPT)}"
    return environment.get_template(_TEMPLATE).render(
        title=name,
        number=number,
        facts=title.facts(settings, observation),
        headline=findings.headline(found),
        mark=findings.mark(found),
        sections=body,
        annexes=annexes,
        style=Markup(style),
        script=Markup(script),
        policy=Markup(
            f"default-src 'none'; style-src {source_hash(style)}; script-src {source_hash(script)}; img-src data:;"
            " base-uri 'none'; form-action 'none'"
        ),
    )


def _text(name: str) -> str:
    return files("onetrail.show.report").joinpath(name).read_text(encoding="utf-8")
