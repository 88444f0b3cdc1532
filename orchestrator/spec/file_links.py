"""Whether what a check or a question list calls a file tells one that is declared; where not, what to write instead."""

from orchestrator.diagnostics import nearest
from orchestrator.model.file_names import FROM_ROOT, FileNames, composed

_MOST = 8
"""Files that one message names."""


def find_doubt(written: str, files: FileNames, missing: str) -> tuple[str, str] | None:
    """Say why a name does not tell one file, and what to write; None where it does.

    `missing` is what is said where no file has it.
    """
    found = files.find(written)
    if len(found) == 1:
        return None
    if found:
        clear = [path if len(files.find(path)) == 1 else f"{FROM_ROOT}{path}" for path in found]
        return f"`{written}` is the name of {len(found)} files", f"write {_listed(clear, 'or')}"
    if near := _nearest(composed(written), files):
        return missing, f"did you mean `{near}`?"
    return missing, f"it can find: {_listed(files.paths, 'and') or 'nothing'}"


def _nearest(written: str, files: FileNames) -> str | None:
    namesakes = files.named(written)
    if namesakes:
        return nearest(written, namesakes) or namesakes[0]
    name = written.rpartition("/")[2]
    return nearest(written, [*files.paths, *files.unique]) or nearest(name, files.unique)


def _listed(paths: list[str] | tuple[str, ...], last: str) -> str:
    shown, more = paths[:_MOST], len(paths) - _MOST
    told = [*shown, f"{more} more"] if more > 0 else list(shown)
    return f" {last} ".join([", ".join(told[:-1]), told[-1]]) if len(told) > 1 else "".join(told)
