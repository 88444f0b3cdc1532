"""A plan for people: grouped by action, readable without colour, ending in one line that sums it up."""

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from rich.text import Text

from orchestrator.diagnostics import counted
from orchestrator.model.address import Address
from orchestrator.model.fields import file_label
from orchestrator.reconcile.breaking import breaking
from orchestrator.reconcile.plan import Action, Adoptable, Change, FieldChange, Plan, Rename, Retiring, Who
from orchestrator.reconcile.retiring import end_text
from orchestrator.reporting.characters import visible
from orchestrator.reporting.difference import Piece, compare_lines, compare_words, inline, is_long, lines, renaming
from orchestrator.reporting.remarks import LIVE, RENAMED, import_lines, moved_lines, question

STYLES = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.REPLACE: ("±", "magenta"),
    Action.DELETE: ("-", "red"),
}
"""Sign and colour of an action."""
MOVERS = {
    Who.SPEC: "",
    Who.OUTSIDE: "changed outside",
    Who.BOTH: "changed in the spec and outside",
    Who.DEFAULT: "the target went back to its default",
}
FAILED = "could not be indexed"
"""What is said of a file whose very content failed before."""
MOST_LINES = 12
"""Lines shown of a long text that is new as a whole."""
MOST_FILES = 20
"""Files shown of one store; the others are counted."""


class _Most(NamedTuple):
    lines: int
    files: int


_SOME, _ALL = _Most(MOST_LINES, MOST_FILES), _Most(sys.maxsize, sys.maxsize)
_PIECE_STYLES = {"-": "red", "+": "green", "@": "cyan"}


def plan_text(plan: Plan, verbose: bool = False) -> Text:
    """Give the plan as text, without a line end at its end.

    `verbose` shows new texts whole, every file, and names what is unchanged; otherwise they are cut, and no-ops are
    counted only.
    """
    most = _ALL if verbose else _SOME
    unchanged = _unchanged(plan) if verbose else ()
    warnings = [Text(f"  ! {item.address}: {visible(retiring_words(item))}", style="yellow") for item in plan.retiring]
    blocks = [*_groups(plan, most), *unchanged, *_leftovers(plan), *_kept(plan), *_unsearchable(plan), *_remarks(plan)]
    blocks += [Text("\n").join(warnings)] if warnings else []
    blocks.append(Text(summary_line(plan), style="bold"))
    blocks.append(Text(counted(plan.requests, "request"), style="dim"))
    last = blocks[-2:]
    return Text("\n\n").join([*blocks[:-2], Text("\n").join(last)])


def summary_line(plan: Plan) -> str:
    """Give the plan in one sentence."""
    counts = plan.summary
    if not plan.pending:
        return nothing_to_do(counts["noop"])
    replaced = f"{counts['replace']} to replace, " if counts["replace"] else ""
    blocked = f" {counts['blocked']} blocked." if counts["blocked"] else ""
    return (
        f"Plan: {counts['create']} to create, {counts['update']} to update, {replaced}{counts['delete']} to delete. "
        f"{counts['noop']} unchanged.{blocked}"
    )


def retiring_words(item: Retiring) -> str:
    """Say when an assistant's model is shut down."""
    return f"model {end_text(item.model, item.day, item.days)}"


def nothing_to_do(noop: int) -> str:
    """Say that everything is as declared."""
    if noop == 0:
        return "Nothing to do: nothing is declared."
    return f"Nothing to do: {counted(noop, 'resource')} {'is' if noop == 1 else 'are'} as declared."


def _groups(plan: Plan, most: _Most) -> Iterator[Text]:
    for action in STYLES:
        chosen = [item for item in plan.changes if item.action is action and item.blocked_by is None]
        if chosen:
            yield Text("\n").join([Text(action.value.capitalize(), style="bold"), *_all(chosen, plan.ids, most)])
    blocked = [item for item in plan.changes if item.blocked_by is not None]
    if blocked:
        yield Text("\n").join([Text("Blocked", style="bold"), *_all(blocked, plan.ids, most)])


def _all(changes: Collection[Change], known: Collection[Address], most: _Most) -> Iterator[Text]:
    for change in changes:
        sign, style = STYLES[change.action]
        heading = Text.assemble(("  " + sign + " ", style), (str(change.address), "bold"))
        if change.id is not None:
            heading.append(f"  {visible(change.id)}", style="dim")
        yield heading
        if change.blocked_by is not None:
            yield Text(f"      {change.action} blocked, {visible(change.blocked_by)}", style="red")
        if change.reason is not None:
            yield Text(f"      {change.reason}", style="yellow")
        if change.moved_from is not None:
            yield Text(f"      moved: the same object, {change.moved_from} until now", style="dim")
        elif change.record_only and change.blocked_by is None:
            yield Text("      only orch's record on the object; what it does stays the same", style="dim")
        shown, left = _cut(change, most.files)
        if change.action is not Action.CREATE:
            yield from _moves(shown, change, known)
        else:
            for field in shown:
                if field.new is not None:
                    yield from _new(field, known, most.lines)
        if left:
            yield Text(f"      … {_counted_files(left, change.renamed)} (--verbose names them)", style="dim")


def _cut(change: Change, most: int) -> tuple[list[FieldChange], list[FieldChange]]:
    """Give the fields to show and the files to count; a file that breaks somebody is shown."""
    shown: list[FieldChange] = []
    left: list[FieldChange] = []
    away = change.moved_away
    files = 0
    for field in change.fields:
        is_file = file_label(field.path) is not None and field.path not in away
        files += is_file
        (left if is_file and files > most and not breaking(field) else shown).append(field)
    return shown, left


def _counted_files(left: Sequence[FieldChange], renamed: Mapping[str, str]) -> str:
    kinds = {"added": 0, "changed": 0, "removed": 0, "renamed": 0}
    for field in left:
        moved = "added" if field.old is None else "removed" if field.new is None else "changed"
        kinds["renamed" if field.path in renamed else moved] += 1
    became = ", ".join(f"{number:,} {kind}" for kind, number in kinds.items() if number)
    return f"{counted(len(left), 'more file')}: {became}"


def _new(field: FieldChange, known: Collection[Address], most: int) -> Iterator[Text]:
    if not is_long(field.new):
        yield Text(f"      {visible(field.path)}: {inline(field.new, known)}")
        return
    yield Text(f"      {visible(field.path)}:")
    shown = lines(field.new)
    for line in shown[:most]:
        yield Text(f"        {line}")
    if len(shown) > most:
        yield Text(f"        … {counted(len(shown) - most, 'more line')}", style="dim")


def _moves(fields: Iterable[FieldChange], change: Change, known: Collection[Address]) -> Iterator[Text]:
    """Give the lines of fields that move; of a file that was renamed, one."""
    names, away = change.renamed, change.moved_away
    for field in fields:
        if field.path in names:
            sign = ("~ ", "yellow")
            yield Text.assemble("      ", sign, visible(renaming(names[field.path], field)))
        elif field.path not in away:
            yield from moved(field, known)


def moved(field: FieldChange, known: Collection[Address]) -> Iterator[Text]:
    """Give the lines of one field that moves: what it was, what it becomes, who moved it, and whom it breaks."""
    yield from _values(field, known)
    for reason in breaking(field):
        yield Text(f"        breaking: {visible(reason)}", style="bold red")


def _values(field: FieldChange, known: Collection[Address]) -> Iterator[Text]:
    sign = "+" if field.old is None else "-" if field.new is None else "~"
    heading = Text.assemble("      ", (sign + " ", _PIECE_STYLES.get(sign, "yellow")), f"{visible(field.path)}:")
    remark = Text(f"  ({MOVERS[field.who]})" if MOVERS[field.who] else "", style="magenta")
    if not is_long(field.old) and not is_long(field.new):
        old, new = inline(field.old, known), inline(field.new, known)
        values = {"+": new, "-": old, "~": f"{old} -> {new}"}[sign]
        yield Text.assemble(heading, f" {values}", remark)
        return
    yield heading + remark
    one_line = all(isinstance(value, str) and "\n" not in value for value in (field.old, field.new))
    if one_line:
        yield _words(compare_words(field.old, field.new))
        return
    for piece in compare_lines(field.old, field.new):
        line = piece.text if piece.sign == "@" else f"{piece.sign} {piece.text}"
        yield Text(f"        {line}", style=_PIECE_STYLES.get(piece.sign, ""))


def _words(pieces: list[Piece]) -> Text:
    """Give words as `[-gone-]{+new+}`, which reads without colour."""
    text = Text("        ")
    for sign, words in pieces:
        marked = {"-": f"[-{words}-]", "+": f"{{+{words}+}}"}.get(sign, words)
        text.append(marked, style=_PIECE_STYLES.get(sign, ""))
    return text


def _unchanged(plan: Plan) -> Iterator[Text]:
    noops = [change for change in plan.changes if change.action is Action.NOOP]
    if noops:
        named = [Text(f"    {change.address}  {visible(change.id or '')}") for change in noops]
        yield Text("\n").join([Text("Unchanged", style="bold"), *named])


def _remarks(plan: Plan) -> Iterator[Text]:
    parts = []
    if plan.renames:
        parts += _asked(plan.renames, RENAMED, moved_lines(plan.renames))
    if plan.adoptable:
        parts += _asked(plan.adoptable, LIVE, import_lines(plan.adoptable))
    if parts:
        yield Text("\n").join([Text("Remarks", style="bold"), *parts])


def _asked(remarks: Sequence[Rename | Adoptable], answer: str, paste: Sequence[str]) -> list[Text]:
    asked = [Text(f"    {question(remark)}") for remark in remarks]
    return [*asked, Text(f"    {answer}"), *(Text(f"      {line}", style="cyan") for line in paste)]


def _kept(plan: Plan) -> Iterator[Text]:
    if plan.kept:
        heading = Text("Live, but specs cannot express it: it stays as it is", style="bold")
        named = [Text(f"    {item.address}  {visible(', '.join(item.paths))}") for item in plan.kept]
        yield Text("\n").join([heading, *named])


def _unsearchable(plan: Plan) -> Iterator[Text]:
    if plan.unsearchable:
        lasting = "Not searchable: fix or remove it; unchanged, it is resent only with --retry-failed"
        for words, pending in ((lasting, False), ("Not searchable yet: it is being indexed; plan again later", True)):
            shown = [item for item in plan.unsearchable if item.pending is pending]
            named = [Text(f"    {item.address}  {visible(f'{item.path}: {item.reason}')}") for item in shown]
            if named:
                yield Text("\n").join([Text(words, "bold yellow"), *named])


def _leftovers(plan: Plan) -> Iterator[Text]:
    if plan.leftovers:
        heading = Text("Live but no longer declared (--prune deletes them)", style="bold")
        yield Text("\n").join(
            [heading, *(Text(f"    {item.address}  {visible(item.id)}") for item in plan.leftovers)],
        )
