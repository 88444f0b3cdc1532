"""What changed outside, for people: from what is declared to what is live, then what can be done about it."""

from collections.abc import Iterator

from rich.text import Text

from orchestrator.diagnostics import counted
from orchestrator.reconcile.drift import Drift, Drifted
from orchestrator.reporting.characters import visible
from orchestrator.reporting.plan_text import moved

WHAT_NOW = "`orch accept ADDRESS` takes a change into the specs; `orch apply` takes it back."


def drift_text(drift: Drift) -> Text:
    """Give the drift as text, without a line end at its end."""
    blocks = []
    if drift.resources:
        heading = Text("Changed outside: declared -> live", style="bold")
        blocks.append(Text("\n").join([heading, *(line for item in drift.resources for line in _lines(item))]))
    closing = [Text(drift_summary(drift), style="bold")]
    if drift.missing:
        closing.append(Text(missing_note(drift)))
    if any(item.fields for item in drift.resources):
        closing.append(Text(WHAT_NOW))
    closing.append(Text(counted(drift.requests, "request"), style="dim"))
    return Text("\n\n").join([*blocks, Text("\n").join(closing)])


def drift_summary(drift: Drift) -> str:
    """Give the drift in one sentence."""
    if not drift.resources:
        return f"No drift: {counted(drift.clean, 'live resource')} compared."
    fields = sum(len(item.fields) for item in drift.resources)
    return f"Drift: {counted(fields, 'field')} of {counted(len(drift.resources), 'resource')}. {drift.clean} clean."


def missing_note(drift: Drift) -> str:
    """Say what could not be compared because it is not there."""
    names = ", ".join(map(str, drift.missing[:5])) + (", …" if len(drift.missing) > 5 else "")
    return f"Declared but not live (never applied, or deleted outside): {names}; `orch plan` shows the create."


def _lines(item: Drifted) -> Iterator[Text]:
    heading = Text.assemble(("  ~ ", "yellow"), (str(item.address), "bold"))
    if item.id is not None:
        heading.append(f"  {visible(item.id)}", style="dim")
    yield heading
    if item.problem is not None:
        yield Text(f"      not compared, {visible(item.problem)}", style="red")
    for field in item.fields:
        yield from moved(field.moved, ())
