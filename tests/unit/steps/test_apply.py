"""`apply` takes what it sends through and what it looks with, in every step alike: a sender need not be what reads
AWS."""

import ast
import inspect
from importlib import import_module
from pathlib import Path

import pytest

import onetrail
from onetrail.change import run_plan

STEPS = [
    "start_here",
    "inventory",
    "account_lockdown",
    "bucket_creation",
    "trail_cutover",
    "copy_history",
    "verification",
    "retirement",
    "evidence",
]


def takes(apply):
    return [*inspect.signature(apply).parameters]


@pytest.mark.parametrize("name", STEPS)
def test_every_step_applies_a_plan_through_a_gate_with_clients(name):
    """Each of the nine is called in the same way. Twin: what sends any plan takes no clients."""
    assert takes(import_module(f"onetrail.steps.{name}").apply) == ["plan", "gate", "clients"]
    assert takes(run_plan) != ["plan", "gate", "clients"]


def casts(source):
    return [
        ast.unparse(one.args[1])
        for one in ast.walk(ast.parse(source))
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id == "cast"
    ]


def test_nothing_takes_the_sender_of_a_gate_for_more_than_it_promises():
    """No module says by a cast that the sender is anything else. Twin: a cast is found where one is written."""
    lib = Path(onetrail.__file__).parent
    assert not [path for path in lib.rglob("*.py") if any("sender" in one for one in casts(path.read_text()))]
    assert casts("clients = cast(Clients, gate.sender)") == ["gate.sender"]
