"""What a person sees: tables, plans, findings, pictures, and the box that opens the gate."""

from onetrail.show.findings import findings
from onetrail.show.html import RESULT_MIME, Shown, bullets, folded, paragraph, together
from onetrail.show.parameters import parameters
from onetrail.show.plans.gate_box import GateBox, gate
from onetrail.show.plans.outcome import outcome
from onetrail.show.plans.plan import PLAN_MIME, plan, undo
from onetrail.show.plots import Pictured, bars, heatmap
from onetrail.show.progress import LivePanel, panel
from onetrail.show.run_map import run_map
from onetrail.show.table import table
from onetrail.show.where import where

__all__ = [
    "PLAN_MIME",
    "RESULT_MIME",
    "GateBox",
    "LivePanel",
    "Pictured",
    "Shown",
    "bars",
    "bullets",
    "findings",
    "folded",
    "gate",
    "heatmap",
    "outcome",
    "panel",
    "paragraph",
    "parameters",
    "plan",
    "run_map",
    "table",
    "together",
    "undo",
    "where",
]
