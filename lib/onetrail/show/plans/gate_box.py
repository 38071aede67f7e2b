"""The gate in a notebook: type the plan's id, and run the next cell.

Without widgets it is one sentence. No cell waits for anybody.
"""

from typing import TYPE_CHECKING, Any, Final

from onetrail.aws import environment
from onetrail.change import Plan
from onetrail.show.html import paragraph

if TYPE_CHECKING:
    from onetrail.settings import Settings


NEW_KERNEL: Final = "After a restart of the kernel, choose Run > Run All Cells first."


class GateBox:
    """`approve` is what the parameters say, or the plan's id once a person has typed it."""

    def __init__(self, plan: Plan, settings: "Settings") -> None:
        self._plan, self._settings = plan, settings
        self._typed = ""
        self._box = self._widgets() if _people_are_here() and not plan.empty and not settings.approve else None

    @property
    def approve(self) -> str:
        """Empty while nothing is approved."""
        return self._typed or self._settings.approve

    def open_with(self, typed: str) -> str:
        """Take what a person typed; returns what to tell them. Anything but this plan's id closes what was typed
        open."""
        if typed.strip() != self._plan.id:
            self._typed = ""
            return f"{typed.strip() or 'Nothing'} is not this plan's id: the gate stays closed."
        self._typed = self._plan.id
        return f"Open for {self._plan.id}: run the next cell and those below it. {NEW_KERNEL}"

    @property
    def line(self) -> str:
        """The state of the gate, in one sentence."""
        if self._plan.empty:
            return "There is nothing to approve here."
        if self._typed == self._plan.id or self._plan.id in self._settings.approvals:
            return f"Open for plan {self._plan.id}."
        if self._settings.approve == "any":
            return f'Open for plan {self._plan.id}: approve = "any" approves every plan on the practice estate.'
        if self._settings.approve:
            return f"Another plan was approved ({self._settings.approve}): this one is {self._plan.id}."
        return f'Closed: nothing is approved. To open it set approve = "{self._plan.id}" and run again.'

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        # A person's notebook keeps this text: what a new kernel shows in place of the box.
        said = paragraph(self.line if self._box is None else f"{self.line} {NEW_KERNEL}")
        bundle = {"text/html": said.html, "text/plain": said.text}
        if self._box is None:
            return bundle
        drawn = self._box._repr_mimebundle_()
        data, metadata = drawn if isinstance(drawn, tuple) else (drawn, {})
        return {**data, **bundle}, metadata

    def _widgets(self) -> Any:
        import ipywidgets as widgets

        text = widgets.Text(placeholder="p-…", description="plan id", continuous_update=False)
        button = widgets.Button(description="Open the gate")
        says = widgets.HTML(value=paragraph("Type the plan's id to approve it. Nothing is sent before that.").html)

        def taken(_: Any) -> None:
            says.value = paragraph(self.open_with(text.value)).html

        # The typed text and the press travel apart, and the press may arrive first: whichever comes last counts.
        text.observe(taken, names="value")
        button.on_click(taken)
        return widgets.VBox([widgets.HBox([text, button]), says])


def gate(plan: Plan, settings: "Settings") -> GateBox:
    """The gate of this plan, closed unless the parameters approve it."""
    return GateBox(plan, settings)


def _people_are_here() -> bool:
    """False for recorded and unattended runs, whose notebooks must read without a live kernel."""
    return environment.live() and not environment.unattended()
