"""The gate in a notebook: what the plan comes to and what it asks for; type that, and run the next cell.

Without widgets it is a few sentences. No cell waits for anybody.
"""

import threading
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final

from onetrail.aws import environment
from onetrail.aws.witness import EstateWitness
from onetrail.change import GivenApproval, Plan, RecordError, entries, iso
from onetrail.change.approval import AccountName, Confirmation, Showing, confirmation_of, near_id, shown
from onetrail.change.approval.second import command
from onetrail.change.consequence import consequence
from onetrail.change.run_record.line_kind import LineKind
from onetrail.change.words import counted
from onetrail.settings.words import LONGEST_TICKET
from onetrail.show.html import Shown, bullets, paragraph, together
from onetrail.workspace.plain_saves import CONTROLS

if TYPE_CHECKING:
    from onetrail.aws import Clients
    from onetrail.settings import Settings


NEW_KERNEL: Final = "After a restart of the kernel, choose Run > Run All Cells first."


class GateBox:
    """`approval` is what the parameters say, or what a person has typed. `clients` are asked who is here, what time it
    is, and what the accounts are called."""

    def __init__(self, plan: Plan, settings: "Settings", clients: "Clients | None" = None) -> None:
        self._plan, self._settings = plan, settings
        self._witness = EstateWitness(clients) if clients else None
        self._asked = None if plan.empty else confirmation_of(plan, self._name_of)
        self._showing: Showing | None = None
        self._facts = () if plan.empty else tuple(self._said(clients))
        self._typed: GivenApproval | None = None
        self._taking: AbstractContextManager[Any] = threading.RLock()
        self._box = (
            self._widgets() if environment.people_are_here() and not plan.empty and not settings.approve else None
        )

    @property
    def approval(self) -> GivenApproval:
        """What opens the gate; its `approve` is empty while nothing is approved."""
        said = self._settings
        return self._typed or GivenApproval(said.approve, said.confirm, said.ticket, witness=self._witness)

    @property
    def approve(self) -> str:
        """The approved ids; empty while nothing is approved."""
        return self.approval.approve

    def open_with(self, typed: str, confirm: str = "", ticket: str = "") -> str:
        """Take what a person typed; returns what to tell them. Anything but this plan's id, with what it
        asks for, closes the gate again."""
        self._typed = None
        typed = typed.strip()
        if typed != self._plan.id:
            meant = f" Did you mean {self._plan.id}?" if near_id(typed) == self._plan.id else ""
            return f"{typed or 'Nothing'} is not this plan's id: the gate stays closed.{meant}"
        if self._asked and not self._asked.met_by(confirm):
            return (
                f"The id is right. This plan {self._asked.loss}: type {self._asked.answers} too. The gate stays closed."
            )
        ticket = " ".join(ticket.split())[:LONGEST_TICKET]
        self._typed = GivenApproval(
            typed, confirm.strip(), ticket, typed=True, witness=self._witness, shown=self._showing
        )
        return f"Open for {self._plan.id}: run the next cell and those below it. {NEW_KERNEL}"

    @property
    def line(self) -> str:
        """The state of the gate, in one sentence."""
        if self._plan.empty:
            return "There is nothing to approve here."
        if self._typed:
            return f"Open for plan {self._plan.id}."
        if self._plan.id in self._settings.approvals:
            return self._line_of_the_parameters(self._asked)
        if self._settings.approve == "any":
            return f'Open for plan {self._plan.id}: approve = "any" approves every plan on the practice estate.'
        if self._settings.approve:
            return f"Another plan was approved ({self._settings.approve}): this one is {self._plan.id}."
        if self._box is not None:
            return (
                f"Opens in its box, where the id of plan {self._plan.id} is typed; to have the box here, run this cell."
                " Whether it was opened, the next cell shows."
            )
        more = f' and confirm = "{self._asked.shortest}"' if self._asked else ""
        return f'Closed: nothing is approved. To open it set approve = "{self._plan.id}"{more} and run again.'

    def _line_of_the_parameters(self, asked: Confirmation | None) -> str:
        if asked is None or asked.met_by(self._settings.confirm, several=True):
            return f"Open for plan {self._plan.id}."
        given = f"confirm is {self._settings.confirm}" if self._settings.confirm else "confirm is empty"
        return (
            f"Closed: {self._plan.id} is approved, and {given}. This plan {asked.loss}: "
            f'set confirm = "{asked.shortest}" and run again.'
        )

    @property
    def shown(self) -> Shown:
        """The state of the gate, and what to know before approving; to a person, also what a new kernel needs."""
        # A person's notebook keeps this text: what a new kernel shows in place of the box.
        parts = [paragraph(self.line, strong=True), bullets(self._facts)]
        return together(*parts, *([] if self._box is None else [paragraph(NEW_KERNEL)]))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        bundle = {"text/html": self.shown.html, "text/plain": self.shown.text}
        if self._box is None:
            return bundle
        drawn = self._box._repr_mimebundle_()
        data, metadata = drawn if isinstance(drawn, tuple) else (drawn, {})
        return {**data, **bundle}, {**metadata, CONTROLS: True}

    def _name_of(self, account: str) -> AccountName:
        return self._witness.name_of(account) if self._witness else AccountName(account, account)

    def _said(self, clients: "Clients | None") -> list[str]:
        found = consequence(self._plan)
        lines = [found.line, *found.sentences]
        if clients and self._witness:
            lines += [self._planned(clients, self._witness), _read_again(self._witness.settings_of(self._plan))]
        if self._settings.second_person == "required":
            account = self._settings.log_account.account_id
            lines.append(
                "A second person approves it too: one of approver_principals runs: "
                + command(self._plan, self._settings.work_bucket, account)
            )
        if self._asked:
            lines.append(f"In addition to the id, the gate asks for {self._asked.answers}.")
        return lines

    def _planned(self, clients: "Clients", witness: EstateWitness) -> str:
        hours = self._settings.approval_hours
        try:
            first = shown(self._plan, entries(self._settings.run_folder, LineKind.STEP), hours)
        except RecordError as err:
            return f"When it was first shown is not known: {err.line}."
        first_or_now = "First shown" if first else "Planned"
        first = self._showing = first or Showing(clients.clock.now(), witness.caller())
        by = f" by {first.by}" if first.by else ""
        return f"{first_or_now} at {iso(first.at)}{by}; it can be approved until {iso(first.until(hours))}."

    def _widgets(self) -> Any:
        import ipywidgets as widgets

        said: dict[str, Any] = {"continuous_update": False}
        id_ = widgets.Text(placeholder="p-…", description="plan id", **said)
        number = widgets.Text(placeholder="number or account", description="number", **said)
        ticket = widgets.Text(
            placeholder="kept in the record", description="ticket", value=self._settings.ticket, **said
        )
        button = widgets.Button(description="Open the gate")
        says = widgets.HTML(value=paragraph(self._to_type).html)
        facts = widgets.HTML(value=bullets(self._facts).html)

        def taken(_: Any) -> None:
            with self._taking:
                says.value = paragraph(self.open_with(id_.value, number.value, ticket.value)).html

        # The typed text and the press travel apart, and the press may arrive first: whichever comes last counts. A
        # kernel takes them in two threads (ipykernel's subshells), so each is read and answered as one.
        typed = [id_, number, ticket] if self._asked else [id_, ticket]
        for text in typed:
            text.observe(taken, names="value")
        button.on_click(taken)
        wraps = widgets.Layout(flex_flow="row wrap")  # in a narrow window the button is not cut off
        return widgets.VBox([facts, widgets.HBox([*typed, button], layout=wraps), says])

    @property
    def _to_type(self) -> str:
        if self._asked:
            return f"Type the plan's id, and {self._asked.answers}, to approve it. Nothing is sent before that."
        return "Type the plan's id to approve it. Nothing is sent before that."


def _read_again(settings: int) -> str:
    read = f"the {counted(settings, 'setting')} that it reviewed" if settings else "what it reviewed"
    return f"Right before anything is sent, {read} of what it changes will be read again; a difference stops it."


def gate(plan: Plan, settings: "Settings", clients: "Clients | None" = None) -> GateBox:
    """The gate of this plan, closed unless the parameters approve it."""
    return GateBox(plan, settings, clients)
