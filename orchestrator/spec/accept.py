"""Live values written into the specs: made as texts, loaded, compared, and only then handed out to be written.

An edit that would change anything but the fields asked for is refused: a function or a prompt that several assistants
share, an anchor used elsewhere, a text that does not read back as it was.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from orchestrator.diagnostics import Diagnostic, Position
from orchestrator.errors import SpecError
from orchestrator.model.address import Address
from orchestrator.model.fields import equal, file_label
from orchestrator.model.project import Project
from orchestrator.spec.loader import Loaded
from orchestrator.spec.reader import Document, Path_, Texts, read_documents
from orchestrator.spec.rewrite import Rewrite, RewriteError, begin
from orchestrator.spec.slots import Slot, TextSlot, Wanted, YamlSlot, slots
from orchestrator.spec.template import is_template
from orchestrator.spec.verbatim import verbatim
from orchestrator.spec.writer import Edit, EditError, edited

_BY_HAND = "edit it by hand, or run `orch apply` to put back what is declared"


def accept(
    loaded: Loaded, address: Address, wanted: Sequence[Wanted], reload: Callable[[Texts], Loaded]
) -> tuple[Rewrite, ...]:
    """Give the files with the wanted values written into them; `reload` loads the project with texts in place of files.

    Raises `SpecError` with everything that cannot be written, and then nothing is.
    """
    places = slots(loaded, address, wanted)
    by_file: dict[Path, list[Slot]] = {}
    for slot in places:
        by_file.setdefault(_file(slot).resolve(), []).append(slot)
    rewrites = []
    problems: list[Diagnostic] = []
    for group in by_file.values():
        made = _rewritten(group)
        if isinstance(made, Rewrite):
            rewrites.append(made)
        else:
            problems.append(made)
    problems = problems or _verify(loaded, address, wanted, places, rewrites, reload)
    if problems:
        raise SpecError(problems)
    return tuple(rewrite for rewrite in rewrites if rewrite.after != rewrite.before)


def _file(slot: Slot) -> Path:
    return slot.path if isinstance(slot, TextSlot) else slot.document.path


def _rewritten(group: Sequence[Slot]) -> Rewrite | Diagnostic:
    """Make all edits of one file, or say why one cannot be made."""
    document = group[0].document
    path = _file(group[0])
    shown = document.shown if path == document.path else _shown_beside(document, path)
    try:
        rewrite = begin(path, shown)
        text = rewrite.before
        for slot in group:
            if isinstance(slot, TextSlot):
                text = _with_prompt(text, slot, shown)
        edits: dict[int, list[YamlSlot]] = {}
        for slot in group:
            if isinstance(slot, YamlSlot):
                edits.setdefault(id(slot.document.places), []).append(slot)
        # From the last document to the first, so that no edit moves the lines of another document.
        for chosen in sorted(edits.values(), key=lambda item: item[0].document.places[()].line, reverse=True):
            text = _with_values(text, chosen)
        text.encode("utf-8")
        problem = _strayed(rewrite, text, group)
        return problem or replace(rewrite, after=text)
    except EditError as error:
        return document.diagnostic(error.message, error.path, error.hint)
    except RewriteError as error:
        return Diagnostic(error.message, Position(shown), error.hint)
    except _PromptError as error:
        return error.diagnostic
    except UnicodeEncodeError:
        return document.diagnostic(
            "the live value holds half of a surrogate pair, which no file can hold", (), _BY_HAND
        )


class _PromptError(Exception):
    """A prompt that is not to be replaced."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def _shown_beside(document: Document, path: Path) -> str:
    """Give a file as messages name it, made from how they name its document."""
    shown = Path(document.shown)
    resolved = path.resolve()
    above = document.path
    while shown.parts and not resolved.is_relative_to(above.resolve()):
        shown, above = shown.parent, above.parent
        if above == above.parent:
            return str(resolved)
    return (shown / resolved.relative_to(above.resolve())).as_posix()


def _with_prompt(text: str, slot: TextSlot, shown: str) -> str:
    """Give a Markdown file with another prompt; the empty lines around it stay."""
    lines = text.split("\n")
    first = 0
    if slot.below:
        first = next(n for n, line in enumerate(lines[1:], 1) if line.rstrip() in ("---", "...")) + 1
    head, old = lines[:first], "\n".join(lines[first:])
    for number, line in enumerate(lines[first:], first + 1):
        if is_template(line):
            hint = "edit the prompt, what it includes, or its variables, by hand"
            raise _PromptError(Diagnostic("this prompt is a template", Position(shown, number), hint, line))
    body = old.strip("\n")
    before, after = old[: len(old) - len(old.lstrip("\n"))], old[len(old.rstrip("\n")) :] or "\n"
    new = verbatim(slot.value)
    return "\n".join([*head, f"{before}{new}{after}" if body else f"{new}\n"])


def _with_values(text: str, chosen: Sequence[YamlSlot]) -> str:
    document = chosen[0].document
    edits = [slot.edit for slot in chosen]
    if document.body is None and document.path.suffix != ".md":
        return edited(text, document.places[()].line, edits)
    lines = text.split("\n")
    end = next(n for n, line in enumerate(lines[1:], 1) if line.rstrip() in ("---", "..."))
    front = "\n".join(["", *lines[1:end], ""])  # an empty first line keeps the line numbers of the file
    changed = edited(front, document.places[()].line, edits).split("\n")
    return "\n".join([lines[0], *changed[1:-1], *lines[end:]])


def _strayed(rewrite: Rewrite, text: str, group: Sequence[Slot]) -> Diagnostic | None:
    """Say where a file's data would change beside the edits: in another target's override, by an anchor used twice."""
    slots = [slot for slot in group if isinstance(slot, YamlSlot)]
    if not slots:
        return None
    document = slots[0].document
    old = read_documents(document.path, document.shown)
    new = read_documents(document.path, document.shown, {rewrite.path: text})
    if new.problems or len(new.documents) != len(old.documents):
        return document.diagnostic("the edited file is no longer valid YAML", slots[0].edit.path, _BY_HAND)
    for before, after in zip(old.documents, new.documents, strict=True):
        allowed = [_covered(slot.edit) for slot in slots if slot.document.places[()] == before.places[()]]
        for path in _differing(before.data, after.data, ()):
            if not any(path[: len(prefix)] == prefix for prefix in allowed):
                name = ".".join(map(str, path))
                return before.diagnostic(f"writing it would also change `{name}`", path, _BY_HAND)
    return None


def _covered(edit: Edit) -> Path_:
    return edit.path[:-1] if isinstance(edit.path[-1], int) else edit.path


def _differing(before: Any, after: Any, path: Path_) -> list[Path_]:
    if isinstance(before, dict) and isinstance(after, dict):
        keys = dict.fromkeys([*before, *after])
        return [
            found
            for key in keys
            for found in (
                _differing(before[key], after[key], (*path, key)) if key in before and key in after else [(*path, key)]
            )
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [found for number, (one, other) in pairs for found in _differing(one, other, (*path, number))]
    return [] if type(before) is type(after) and before == after else [path]


def _verify(
    loaded: Loaded,
    address: Address,
    wanted: Sequence[Wanted],
    places: Sequence[Slot],
    rewrites: Sequence[Rewrite],
    reload: Callable[[Texts], Loaded],
) -> list[Diagnostic]:
    """Load the project as it would be, and say what is not as it has to be."""
    try:
        after = reload({rewrite.path: rewrite.after for rewrite in rewrites}).project
    except SpecError as error:
        hint = "a live value that the language does not allow; edit the spec by hand, or run `orch apply`"
        return [replace(each, hint=f"{each.hint}; {hint}" if each.hint else hint) for each in error.diagnostics]
    document = places[0].document
    at: Path_ = places[0].edit.path if isinstance(places[0], YamlSlot) else ()
    new = after.resources[address].fields if address in after.resources else {}
    found = [
        document.diagnostic(f"`{item.path}` cannot be written so that it reads back as it is live", at, _BY_HAND)
        for item in wanted
        if not equal(new.get(item.path), item.value)
    ]
    if found:
        return found
    other = _others(loaded.project, after, {(address, item.path) for item in wanted})
    if other is None:
        return []
    return [document.diagnostic(f"{other} shares it and would change too", at, f"give each its own, or {_BY_HAND}")]


def _others(before: Project, after: Project, allowed: set[tuple[Address, str]]) -> str | None:
    """Name the first thing that would change beside what is allowed."""
    for address in sorted({*before.resources, *after.resources}, key=str):
        old, new = before.resources.get(address), after.resources.get(address)
        if old is None or new is None:
            return str(address)
        if (old.whole, old.protect, old.ignore, old.sources) != (new.whole, new.protect, new.ignore, new.sources):
            return str(address)
        for path in dict.fromkeys([*old.fields, *new.fields]):
            if (address, path) not in allowed and not _same(old.fields, new.fields, path):
                return f"{address} ({path if file_label(path) is None else 'files'})"
    if [each.scenario for each in before.scenarios] != [each.scenario for each in after.scenarios]:
        return "a scenario"
    if before.models != after.models:
        return "a scripted model"
    return None


def _same(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> bool:
    return path in old and path in new and equal(old[path], new[path])
