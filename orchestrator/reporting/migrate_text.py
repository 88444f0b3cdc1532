"""A migration in lines for people: short, and with `verbose` every field that a target changes or refuses."""

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.text import Text

from orchestrator.diagnostics import counted
from orchestrator.model.fields import Fields, canonical
from orchestrator.reconcile.fitting import Fate, Fit
from orchestrator.reporting.characters import visible
from orchestrator.reporting.migrate_report import MigrateReport, Moved, StoreFiles
from orchestrator.reporting.table import table

MOST = 5
"""Files of a store that are named."""
MOST_LINES = 20
"""Lines of one kind that are shown, unless everything is asked for."""
LONGEST = 200
"""Characters of a value that is shown."""
WORDS = {Fate.CARRIED: "as it is", Fate.CHANGED: "changed", Fate.REFUSED: "refused", Fate.UNSEEN: "not seen"}
"""How a field's fate is said."""
_MARKS = {Fate.CHANGED: ("~", "yellow"), Fate.REFUSED: ("!", "red"), Fate.UNSEEN: ("-", "yellow")}


def migrate_text(report: MigrateReport, verbose: bool = False) -> Text:
    """Give the report as text, without a line end at its end."""
    parts = {
        "Carried over": list(map(_moved, report.moved)),
        "Scenarios": [Text.assemble(("  + ", "green"), name) for name in report.scenarios],
        "Scripts of what models said": [Text.assemble(("  + ", "green"), name) for name in report.models],
        "Not carried over": [*_refused(report), *_remarks(report)],
    }
    blocks = [_block(title, lines, verbose) for title, lines in parts.items() if lines]
    if report.moved and report.fits:
        blocks.append(Text("\n").join(_fits(report.fits, verbose)))
    if todo := list(_to_do(report)):
        blocks.append(_block("Left to do", todo, verbose))
    blocks.append(Text(summary(report), style="bold"))
    return Text("\n\n").join(blocks)


def summary(report: MigrateReport) -> str:
    """Say in a line what was done."""
    kinds = Counter(item.address.kind.value.replace("_", " ") for item in report.moved)
    parts = [counted(number, kind) for kind, number in kinds.items()]
    parts += [counted(len(report.scenarios), "scenario")] if report.scenarios else []
    left = f" {counted(len(report.refused), 'object')} not carried over." if report.refused else ""
    broken = f" {len(report.broken):,} could not be read." if report.broken else ""
    known = f" Target {report.target} knows them by their old ids." if report.target and report.moved else ""
    return f"Migrated: {', '.join(parts) or 'nothing new'}.{left}{broken}{known}"


def counts(fit: Fit) -> str:
    """Say how many fields have which fate."""
    found = [(fit.count(fate), WORDS[fate]) for fate in Fate]
    carried, *others = found
    said = [f"{counted(carried[0], 'field')} as {'it is' if carried[0] == 1 else 'they are'}"]
    return ", ".join([*said, *(f"{number} {word}" for number, word in others if number)])


def to_do(held: StoreFiles) -> str:
    """Say what to do about the files of a store."""
    names = held.missing
    shown = ", ".join(map(visible, names[:MOST])) + (f" and {len(names) - MOST} more" if len(names) > MOST else "")
    if held.texts and not names:
        return (
            f"{counted(len(held.texts), 'file')} as text in {held.folder}/: put the files themselves there if you can"
        )
    what = f"put its files ({shown})" if names else "put its files"
    return f"{what} into {held.folder}/ and declare them: files: [{{path: {held.path}}}]"


def _block(title: str, lines: Sequence[Text], verbose: bool) -> Text:
    shown = list(lines if verbose or len(lines) <= MOST_LINES else lines[:MOST_LINES])
    if len(lines) > len(shown):
        shown.append(Text(f"  … and {len(lines) - len(shown):,} more (--verbose)"))
    return Text("\n").join([Text(title, style="bold"), *shown])


def _moved(item: Moved) -> Text:
    where = item.file or "declared already"
    return Text.assemble(("  + ", "green"), (str(item.address), "bold"), (f"  {visible(item.id)}", "dim"), f"  {where}")


def _refused(report: MigrateReport) -> Iterator[Text]:
    for item in report.refused:
        name = visible(str(item.live.fields.get("display_name") or "")).replace("\n", " ")
        head = Text.assemble(("  ! ", "red"), (visible(item.live.id), "bold"), f"  {name}".rstrip())
        yield Text("\n").join([head, Text(f"      {visible(item.reason)}", style="red")])


def _remarks(report: MigrateReport) -> Iterator[Text]:
    for where, text in report.broken:
        yield Text.assemble(("  ! ", "red"), (visible(where), "bold"), f"  {visible(text)}")
    for id, text in report.remarks:
        yield Text.assemble(("  - ", "yellow"), (visible(id), "bold"), f"  {visible(text)}")
    for kind, number in report.ignored.items():
        yield Text.assemble(("  - ", "yellow"), (visible(kind), "bold"), f"  {counted(number, 'object')}")


def _to_do(report: MigrateReport) -> Iterator[Text]:
    for address, held in report.files.items():
        yield Text.assemble("  ", (str(address), "bold"), f"  {to_do(held)}")


def _fits(fits: Sequence[Fit], verbose: bool) -> Iterator[Text]:
    yield Text("On each kind of target", style="bold")
    lines = table(["", ""], [[f"  {fit.target}", counts(fit)] for fit in fits])[1:]
    for fit, line in zip(fits, lines, strict=True):
        yield line
        if verbose:
            yield from _details(fit)
    if not verbose and any(item.fate is not Fate.CARRIED for fit in fits for item in fit.fields):
        yield Text("  (--verbose names each field, --format markdown is a report to keep)", style="dim")


def _details(fit: Fit) -> Iterator[Text]:
    lost = {item.diagnostic: item.fate for item in fit.fields if item.fate is not Fate.CARRIED}
    for told, fate in lost.items():
        mark, style = _MARKS[fate]
        yield Text.assemble((f"    {mark} ", style), (str(told.position), "bold"), f"  {visible(told.message)}")
        if told.hint:
            yield Text(f"        {visible(told.hint)}", style="cyan")
    for said in filled(fit):
        yield Text(f"    = {said}")


def filled(fit: Fit) -> Iterator[str]:
    """Say what the target fills in besides what is declared, and what it does not."""
    if fit.filled_in:
        yield f"fills in where nothing is declared: {_values(fit.filled_in)}"
    if fit.not_filled_in:
        yield f"does not fill in, as the Assistants API did: {_values(fit.not_filled_in)}"


def _values(fields: Fields) -> str:
    return ", ".join(f"{path}: {canonical(value)}" for path, value in fields.items())


def short(value: object) -> str:
    """Give a value in a line."""
    text = canonical(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
