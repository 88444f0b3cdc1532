"""Plans, outcomes and drift as Markdown for a pull request: counts, then what destroys or breaks, then the rest."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from orchestrator.model.address import Address
from orchestrator.reconcile.breaking import breaking
from orchestrator.reconcile.drift import Drift, Drifted
from orchestrator.reconcile.guards import DESTRUCTIVE
from orchestrator.reconcile.outcome import Applied, Outcome, Status
from orchestrator.reconcile.plan import HASH, Action, Adoptable, Change, FieldChange, Plan, Rename, Unsearchable
from orchestrator.reporting.apply_text import DONE, summary_text
from orchestrator.reporting.difference import compare_lines, inline, is_long, lines, renaming
from orchestrator.reporting.drift_text import WHAT_NOW, drift_summary, missing_note
from orchestrator.reporting.markdown import Section, code, fence, report
from orchestrator.reporting.plan_text import FAILED, MOVERS, retiring_words, summary_line
from orchestrator.reporting.remarks import LIVE, RENAMED, import_lines, moved_lines, question

NO_NAMES: Mapping[str, str] = {}
MOST_FIELDS = 40
"""Fields of one resource that are shown; the others are counted."""

MOST_WARNINGS = 20
"""Assistants shown whose model is shut down soon; the others are counted."""
_SHOWN = 1
"""Urgency up to which a change is shown unfolded: it destroys, or breaks callers."""

MOST_REASONS = 10
"""Reasons why a change breaks its callers that are shown of one resource."""


def plan_markdown(plan: Plan) -> str:
    """Give the plan as Markdown of less than 65,536 characters; what destroys or breaks comes first."""
    head = [f"### orch plan: {code(plan.project)} on {code(plan.target)}", f"**{summary_line(plan)}**"]
    if plan.pending:
        head += [_table(plan.summary), f"This plan is {code(plan.hash[:HASH])}; `orch apply --approve` takes that."]
    head += [_warnings(plan)] if plan.retiring else []
    pending = sorted(plan.pending, key=_urgency)
    urgent = sum(_urgency(change) <= _SHOWN for change in pending)
    sections = [_change(change, plan.ids) for change in pending]
    sections[urgent:urgent] = _remarks(plan)
    sections += [
        Section(f"{code(str(item.address))} {code(item.id)} is live but no longer declared (`--prune` deletes it)")
        for item in plan.leftovers
    ]
    sections += [
        Section(f"{code(str(item.address))} keeps what specs cannot express: {code(', '.join(item.paths))}")
        for item in plan.kept
    ]
    sections += [
        Section(f"{code(str(item.address))}: {code(item.path)} {_unsearchable(item)}") for item in plan.unsearchable
    ]
    return report(head, sections)


def _unsearchable(item: Unsearchable) -> str:
    return item.reason if item.pending else f"{FAILED}: {code(item.reason)}"


def _warnings(plan: Plan) -> str:
    shown = [f"- **warning** {code(str(item.address))}: {code(retiring_words(item))}" for item in plan.retiring]
    if len(shown) > MOST_WARNINGS:
        shown[MOST_WARNINGS:] = [f"- … and {len(shown) - MOST_WARNINGS:,} more"]
    return "\n".join(shown)


def apply_markdown(applied: Applied) -> str:
    """Give what became of a plan as Markdown of less than 65,536 characters; what failed comes first."""
    said = " ".join(summary_text(applied).plain.split("\n")[:-1])
    head = [f"### orch apply: {code(applied.project)} on {code(applied.target)}", f"**{said}**"]
    head += [_table(applied.summary)] if applied.outcomes else []
    if applied.interrupted:
        head.append("**Interrupted:** what was under way is finished; apply again to continue.")
    order = {Status.FAILED: 0, Status.BLOCKED: 1, Status.SKIPPED: 2, Status.APPLIED: 4}
    ranked = sorted(applied.outcomes, key=lambda item: order[item.status] - (item.action in DESTRUCTIVE))
    return report(head, [_outcome(item) for item in ranked])


def drift_markdown(drift: Drift) -> str:
    """Give what changed outside as Markdown of less than 65,536 characters."""
    head = [f"### orch drift: {code(drift.project)} on {code(drift.target)}", f"**{drift_summary(drift)}**"]
    head += [missing_note(drift)] if drift.missing else []
    head += [WHAT_NOW] if any(item.fields for item in drift.resources) else []
    return report(head, [_drifted(item) for item in drift.resources])


def _table(counts: Mapping[str, int]) -> str:
    rows = [f"| {' | '.join(counts)} |", f"|{' ---: |' * len(counts)}"]
    return "\n".join([*rows, f"| {' | '.join(map(str, counts.values()))} |"])


def _remarks(plan: Plan) -> list[Section]:
    found = []
    if plan.renames:
        found.append(_asked(plan.renames, RENAMED, fence(moved_lines(plan.renames), "yaml")))
    if plan.adoptable:
        found.append(_asked(plan.adoptable, LIVE, fence(import_lines(plan.adoptable), "sh")))
    return found


def _asked(remarks: Sequence[Rename | Adoptable], answer: str, block: str) -> Section:
    asked = "<br>".join(code(question(remark)) for remark in remarks[:MOST_FIELDS])
    return Section(f"{asked}<br>{answer}", block, open=True)


def _urgency(change: Change) -> int:
    if change.action in DESTRUCTIVE:
        return 0
    if any(breaking(field) for field in change.fields):
        return 1
    if change.blocked_by is not None:
        return 2
    return 3 if change.action is Action.UPDATE else 4


def _change(change: Change, known: Collection[Address]) -> Section:
    words = [f"<b>{change.action.value}</b>", code(str(change.address))]
    words += [code(change.id)] if change.id is not None else []
    words += [f"moved, {code(str(change.moved_from))} until now"] if change.moved_from is not None else []
    words += ["<b>breaking</b>"] if any(breaking(field) for field in change.fields) else []
    words += [f"blocked, {code(change.blocked_by)}"] if change.blocked_by is not None else []
    plain = change.record_only and change.blocked_by is None and change.moved_from is None
    words += ["only the record on the object"] if plain else []
    return Section(" ".join(words), _fields(change.fields, known, change), open=_urgency(change) <= _SHOWN)


def _drifted(item: Drifted) -> Section:
    words = [code(str(item.address)), *([code(item.id)] if item.id is not None else [])]
    words += [f"not compared, {code(item.problem)}"] if item.problem is not None else []
    return Section(" ".join(words), _fields([field.moved for field in item.fields], ()), open=True)


def _outcome(outcome: Outcome) -> Section:
    words = [code(str(outcome.address)), *([code(outcome.id)] if outcome.id is not None else [])]
    if outcome.status is Status.APPLIED:
        return Section(" ".join([*words, DONE[outcome.action]]))
    words.append(f"<b>{outcome.action.value} {outcome.status.value}</b>")
    said = [f"{line}" for line in (outcome.error, f"hint: {outcome.hint}" if outcome.hint else None) if line]
    return Section(" ".join(words), fence(said) if said else "", open=True)


def _fields(fields: Iterable[FieldChange], known: Collection[Address], change: Change | None = None) -> str:
    """Give the fields that move as one diff block, with a headline each; of a file that `change` renames, one."""
    renamed, away = (change.renamed, change.moved_away) if change is not None else (NO_NAMES, ())
    chosen = [field for field in fields if field.path not in away]
    if not chosen:
        return ""
    shown: list[str] = []
    for field in chosen[:MOST_FIELDS]:
        if field.path in renamed:
            shown += f"# {renaming(renamed[field.path], field)}".split("\n")
            continue
        shown += [f"# {line}" for line in _headline(field)]
        shown += [line for text in _values(field, known) for line in text.split("\n")]
    if len(chosen) > MOST_FIELDS:
        shown.append(f"# … and {len(chosen) - MOST_FIELDS:,} more fields")
    block = fence(shown, "diff")
    reasons = [f"- **breaking** {code(field.path)}: {code(reason)}" for field in chosen for reason in breaking(field)]
    if len(reasons) > MOST_REASONS:
        reasons[MOST_REASONS:] = [f"- … and {len(reasons) - MOST_REASONS:,} more"]
    return "\n".join([*reasons, "", block]) if reasons else block


def _headline(field: FieldChange) -> list[str]:
    remark = f" ({MOVERS[field.who]})" if MOVERS[field.who] else ""
    return f"{field.path}{remark}".split("\n")


def _values(field: FieldChange, known: Collection[Address]) -> list[str]:
    if not is_long(field.old) and not is_long(field.new):
        old = [f"- {inline(field.old, known)}"] if field.old is not None else []
        return old + ([f"+ {inline(field.new, known)}"] if field.new is not None else [])
    if field.old is None:
        return [f"+ {line}" for line in lines(field.new)]
    if field.new is None:
        return [f"- {line}" for line in lines(field.old)]
    return [
        piece.text if piece.sign == "@" else f"{piece.sign} {piece.text}"
        for piece in compare_lines(field.old, field.new)
    ]
