"""A migration as a report to keep: every field of every resource on every kind of target, and what to write instead."""

from collections.abc import Iterator, Sequence

from orchestrator.diagnostics import counted
from orchestrator.model.address import Address
from orchestrator.reconcile.fitting import Fate, FieldFate, Fit
from orchestrator.reporting.markdown import Section, code, report
from orchestrator.reporting.migrate_report import MigrateReport
from orchestrator.reporting.migrate_text import WORDS, counts, filled, summary, to_do

LONGEST = 1_000_000
"""Characters: a file that is kept need not fit into a comment."""


def migrate_markdown(migrated: MigrateReport) -> str:
    """Give the report as Markdown."""
    head = [f"### orch migrate: {code(migrated.project)}", f"**{code(summary(migrated))}**"]
    sections = [_targets(migrated.fits)] if migrated.moved and migrated.fits else []
    places = {item.address: item for item in migrated.moved}
    for address in places:
        moved = places[address]
        title = f"{code(str(address))} {code(moved.id)} in {code(moved.file or 'a spec that was there')}"
        sections.append(Section(title, _fields(address, migrated.fits), open=True))
    sections += [Section(title, "\n".join(lines), open=True) for title, lines in _rest(migrated) if lines]
    return report(head, sections, LONGEST)


def _targets(fits: Sequence[Fit]) -> Section:
    lines = []
    for fit in fits:
        lines.append(f"- {code(fit.target)}: {counts(fit)}")
        lines += [f"  - {code(said)}" for said in filled(fit)]
    return Section("On each kind of target", "\n".join(lines), open=True)


def _fields(address: Address, fits: Sequence[Fit]) -> str:
    """Give the table of one resource, a column a target, and under it what is not as it was."""
    fates: dict[str, dict[str, FieldFate]] = {}
    for fit in fits:
        for item in fit.fields:
            if item.address == address:
                fates.setdefault(item.path, {})[fit.target] = item
    targets = [fit.target for fit in fits]
    rows = [f"| field | written at | {' | '.join(targets)} |", f"|{'---|' * (len(targets) + 2)}"]
    told: list[str] = []
    for path, by_target in fates.items():
        place = next(iter(by_target.values())).diagnostic.position
        words = [WORDS[by_target[target].fate] if target in by_target else "" for target in targets]
        rows.append(f"| {code(path)} | {code(f'{place.file}:{place.line}')} | {' | '.join(words)} |")
        told += [_told(item) for item in by_target.values() if item.fate is not Fate.CARRIED]
    return "\n".join(rows) + ("\n\n" + "\n".join(dict.fromkeys(told)) if told else "")


def _told(item: FieldFate) -> str:
    problem = item.diagnostic
    hint = f": {code(problem.hint)}" if problem.hint else ""
    return f"- {code(str(problem.position))} {code(problem.message)}{hint}"


def _rest(migrated: MigrateReport) -> Iterator[tuple[str, list[str]]]:
    yield "Scenarios", [f"- {code(name)}" for name in migrated.scenarios]
    lost = [f"- {code(item.live.id)} {code(item.reason)}" for item in migrated.refused]
    lost += [f"- {code(where)} {code(text)}" for where, text in (*migrated.broken, *migrated.remarks)]
    lost += [f"- {code(kind)} {counted(number, 'object')}" for kind, number in migrated.ignored.items()]
    yield "Not carried over", lost
    yield "Left to do", [f"- {code(str(address))} {code(to_do(held))}" for address, held in migrated.files.items()]
