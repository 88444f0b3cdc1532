"""Which entry of the history a rollback goes back to. Pure: no I/O, no clock."""

from orchestrator.errors import UsageError
from orchestrator.reconcile.history import Command, Entry, History, short_revision
from orchestrator.spec.revisions import DIRTY, RevisionError

_KEEP = "the history is in .orch/, on the machine that applied; a CI that rolls back has to keep that folder"
_BY_HAND = "check out the specs you want and run `orch apply`"


def choose(history: History, project: str, target: str, number: int | None) -> tuple[int, str]:
    """Give an entry's number and its revision: the named entry, or the last one to go back to.

    That is the last of this target that was done completely and from another revision than the newest one, whether
    that one was done completely or not. Raises `UsageError` for a number that cannot be meant, `RevisionError` for
    an entry whose specs nobody can get back.
    """
    if number is not None:
        entry = _named(history, project, target, number)
    else:
        number, entry = _last(history, project, target)
    if entry.command is Command.DESTROY:
        raise UsageError(f"entry {number} is a destroy: it applied no specs", "name another; `orch history` shows them")
    hint = _other(history, project, target)
    if entry.revision is None:
        raise RevisionError(f"entry {number} has no revision: it was applied outside of git", hint)
    if entry.revision.endswith(DIRTY):
        message = f"entry {number} was applied from specs that were not committed ({short_revision(entry.revision)})"
        raise RevisionError(f"{message}: git does not have them", hint)
    return number, entry.revision


def _named(history: History, project: str, target: str, number: int) -> Entry:
    entry = history.entries.get(number)
    if entry is None:
        hint = "`orch history` shows the entries" if history.entries else _KEEP
        raise UsageError(f"the history has no entry {number}", hint)
    if entry.project != project:
        message = f"entry {number} is of project {entry.project}, and this is {project}"
        raise UsageError(
            message, "what a project owns keeps its name; a rollback to another one would make it all anew"
        )
    if entry.target != target:
        hint = f"`orch rollback {number} --target {entry.target}`, or another entry"
        raise UsageError(f"entry {number} is of target {entry.target}, not {target}", hint)
    return entry


def _last(history: History, project: str, target: str) -> tuple[int, Entry]:
    applied = _applied(history, project, target)
    if not applied:
        raise RevisionError(f"the history knows of nothing applied to {target}", _KEEP)
    newest = applied[0][1].revision
    found = next(((n, entry) for n, entry in applied if entry.complete and entry.revision != newest), None)
    if found is None:
        at = short_revision(newest) if newest is not None else "no revision"
        message = f"nothing to go back to: the history knows of nothing done completely on {target} but from {at}"
        raise RevisionError(message, _BY_HAND)
    return found


def _applied(history: History, project: str, target: str) -> list[tuple[int, Entry]]:
    """Give the entries of a target that applied specs, newest first."""
    return [
        (number, entry)
        for number, entry in sorted(history.entries.items(), reverse=True)
        if (entry.project, entry.target) == (project, target) and entry.command is not Command.DESTROY
    ]


def _other(history: History, project: str, target: str) -> str:
    """Name the newest entry whose specs git has and that are others than were applied last."""
    applied = _applied(history, project, target)
    for number, entry in applied:
        revision = entry.revision
        if revision is None or revision.endswith(DIRTY) or revision == applied[0][1].revision:
            continue
        if entry.complete:
            return f"`orch rollback {number}` goes to {short_revision(revision)}; or {_BY_HAND}"
    return _BY_HAND
