"""What became of a plan, for people: a line a change, then one that sums it up."""

from collections.abc import Sequence

from rich.text import Text

from orchestrator.diagnostics import counted
from orchestrator.reconcile.outcome import Applied, Outcome, Status
from orchestrator.reconcile.plan import Action
from orchestrator.reporting.characters import visible
from orchestrator.reporting.plan_text import STYLES, nothing_to_do

DONE = {Action.CREATE: "created", Action.UPDATE: "updated", Action.REPLACE: "replaced", Action.DELETE: "deleted"}


def apply_text(applied: Applied) -> Text:
    """Give all outcomes as text, without a line end at its end."""
    parts = [outcome_text(outcome) for outcome in applied.outcomes]
    if parts:
        parts.append(Text())
    if applied.interrupted:
        parts.append(Text("Interrupted: what was under way is finished; apply again to continue.", style="yellow"))
    if applied.unclear:
        parts.append(Text(unclear_message(applied.unclear), style="yellow"))
    parts.append(summary_text(applied))
    return Text("\n").join(parts)


def unclear_message(names: Sequence[str]) -> str:
    """Say which files of an interrupted apply may be left on the target, and why they were not deleted."""
    listed = visible(", ".join(names))
    return (
        f"Left alone: files named {listed}. An apply that was interrupted may have uploaded one, but more than one "
        "looks like it; delete those that no store has, if they are yours."
    )


def outcome_text(outcome: Outcome) -> Text:
    """Give one outcome: a line, and under it a hint where there is one; also for showing progress."""
    sign, style = STYLES[outcome.action]
    id = f"  {visible(outcome.id)}" if outcome.id is not None else ""
    if outcome.status is Status.APPLIED:
        return Text.assemble(
            (f"  {sign} ", style), (str(outcome.address), "bold"), (id, "dim"), f"  {DONE[outcome.action]}"
        )
    text = Text.assemble(("  ! ", "red"), (str(outcome.address), "bold"), (id, "dim"))
    text.append(f"  {outcome.action} {outcome.status}: {visible(outcome.error or 'no reason given')}", style="red")
    if outcome.hint is not None:
        text.append(f"\n      hint: {visible(outcome.hint)}")
    return text


def summary_text(applied: Applied) -> Text:
    """Give the closing lines: what was done, what was not, and how many requests it took."""
    requests = Text(counted(applied.requests, "request"), style="dim")
    if not applied.outcomes:
        return Text("\n").join([Text(nothing_to_do(applied.noop), style="bold"), requests])
    done = [item.action for item in applied.outcomes if item.status is Status.APPLIED]
    words = [action for action in DONE if action is not Action.REPLACE or action in done]
    line = (
        f"Applied: {', '.join(f'{done.count(action)} {DONE[action]}' for action in words)}. {applied.noop} unchanged."
    )
    lines = [Text(line, style="bold")]
    counts = applied.summary
    left = [f"{counts[status]} {status}" for status in Status if status is not Status.APPLIED and counts[status]]
    if left:
        lines.append(Text(f"Not applied: {', '.join(left)}.", style="bold red"))
    return Text("\n").join([*lines, requests])
