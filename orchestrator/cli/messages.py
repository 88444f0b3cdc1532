"""How problems look on a terminal: what, where, the line itself, and what to do. Goes to stderr."""

from collections.abc import Sequence

import click

from orchestrator.diagnostics import Diagnostic, Position, counted
from orchestrator.errors import OrchError, SpecError
from orchestrator.reporting.characters import visible

MAX_EXCERPT = 160


def show_error(error: OrchError) -> None:
    """Print an error; problems in specs are printed each at its place."""
    if isinstance(error, SpecError):
        show_diagnostics(error.diagnostics)
        return
    click.echo(f"{click.style('error', fg='red', bold=True)}: {visible(error.message)}", err=True)
    if error.hint:
        click.echo(f"  {click.style('hint', fg='cyan')}: {visible(error.hint)}", err=True)


def show_diagnostics(diagnostics: Sequence[Diagnostic]) -> None:
    """Print located problems, then how many there are."""
    for diagnostic in diagnostics:
        click.echo(_describe(diagnostic), err=True)
    count = len(diagnostics)
    click.echo(click.style(counted(count, "problem"), bold=True), err=True)


def show_warning(position: Position, message: str, hint: str) -> None:
    """Print what is worth a look at a place in the specs, and wrong in no way that stops anything."""
    click.echo(
        f"{click.style(str(position), bold=True)}: {click.style('warning', fg='yellow')}: {visible(message)}", err=True
    )
    click.echo(f"  {click.style('hint', fg='cyan')}: {visible(hint)}", err=True)


def show_note(text: str) -> None:
    """Print a remark that is neither data nor an error."""
    click.echo(visible(text), err=True)


def _describe(diagnostic: Diagnostic) -> str:
    position = diagnostic.position
    lines = [
        f"{click.style(str(position), bold=True)}: {click.style('error', fg='red')}: {visible(diagnostic.message)}"
    ]
    if diagnostic.excerpt and diagnostic.excerpt.strip():
        gutter = str(position.line)
        excerpt = visible(diagnostic.excerpt.replace("\t", " "))
        shown = excerpt if len(excerpt) <= MAX_EXCERPT else excerpt[: MAX_EXCERPT - 3] + "..."
        lines.append(f"  {gutter} | {shown}")
        if position.column <= len(shown):
            lines.append(f"  {' ' * len(gutter)} | {' ' * (position.column - 1)}{click.style('^', fg='red')}")
    if diagnostic.hint:
        lines.append(f"  {click.style('hint', fg='cyan')}: {visible(diagnostic.hint)}")
    return "\n".join(lines)
