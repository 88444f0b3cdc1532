"""Where a field's value is written: which file, which document, which place in it, the target's override included."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from orchestrator.diagnostics import Diagnostic, Position
from orchestrator.errors import SpecError
from orchestrator.model.address import Address, Kind
from orchestrator.model.agents import MARKS
from orchestrator.model.code_files import FILES
from orchestrator.model.fields import Ref, file_label
from orchestrator.model.judges import Judge
from orchestrator.model.language import FileText
from orchestrator.model.own_settings import WIRES
from orchestrator.model.resources import Assistant, Function, FunctionTool
from orchestrator.spec.links import Shaped
from orchestrator.spec.loader import Loaded
from orchestrator.spec.mentions import tool_name
from orchestrator.spec.patch import PatchedDocument
from orchestrator.spec.reader import Document, Path_
from orchestrator.spec.writer import Edit, Gone

KINDS = {Kind.ASSISTANT: "Assistant", Kind.VECTOR_STORE: "VectorStore"}
SEARCH = "tools.file_search"
OF_JUDGE = ("model", "temperature")
"""Fields of a judge's assistant that stand in its spec as they are on the target."""
_PUT_BACK = "run `orch apply` to put it right"


class Wanted(NamedTuple):
    """One field to take: what the specs give and what they shall give; None where there is nothing."""

    path: str
    was: Any
    value: Any


@dataclass(frozen=True, slots=True)
class YamlSlot:
    """A value in a YAML document or a front matter."""

    document: Document
    edit: Edit


@dataclass(frozen=True, slots=True)
class TextSlot:
    """A prompt: a whole Markdown file, or what stands below a front matter."""

    document: Document
    """The document that names it, or is above it."""
    path: Path
    value: str
    below: bool
    """Whether it stands below a front matter."""


Slot = YamlSlot | TextSlot


def slots(loaded: Loaded, address: Address, wanted: Sequence[Wanted]) -> list[Slot]:
    """Give the place of every field; raises `SpecError` for those that have none a program may write to."""
    spec = find(loaded, KINDS[address.kind], address.name)
    if spec is None and address.kind is Kind.ASSISTANT:
        spec = find(loaded, "Judge", address.name)
    if spec is None:
        raise ValueError(f"{address} is not declared")
    found: list[Slot | Diagnostic] = []
    tools: dict[str, list[Wanted]] = {}
    for item in wanted:
        first, _, rest = item.path.partition(".")
        if isinstance(spec.spec, Judge) and item.path not in OF_JUDGE:
            found.append(spec.document.diagnostic(f"`{item.path}` of a judge is made by orch", (), _PUT_BACK))
        elif first == "tools":
            tools.setdefault(rest.partition(".")[0], []).append(item)
        else:
            found.append(_simple(spec, item))
    added = 0
    for name, items in tools.items():
        found += _tool(loaded, spec, name, items, added)
        added += any(item.path == f"tools.{name}" and item.was is None for item in items)
    if problems := [slot for slot in found if isinstance(slot, Diagnostic)]:
        raise SpecError(problems)
    return [slot for slot in found if not isinstance(slot, Diagnostic)]


def find(loaded: Loaded, kind: str, name: str) -> Shaped | None:
    """Give a spec by kind and name."""
    return next(
        (s for s in loaded.specs if type(s.spec).__name__ == kind and getattr(s.spec, "name", "") == name), None
    )


def yaml_slot(document: Document, path: Path_, was: Any, value: Any) -> YamlSlot:
    """Give the place of a value, in the target's override where it comes from there."""
    if isinstance(document, PatchedDocument) and document.head is not None:
        overridden = any(path[:size] in document.touched for size in range(1, len(path) + 1))
        if overridden:
            null = (
                None if value is Gone.GONE and not isinstance(path[-1], int) else value
            )  # null is how a patch removes
            return YamlSlot(document.head, Edit((*document.source, *path), was, null))
    return YamlSlot(document, Edit(path, was, value))


def _simple(spec: Shaped, item: Wanted) -> Slot | Diagnostic:
    document = spec.document
    first, _, rest = item.path.partition(".")
    value = Gone.GONE if item.value is None else item.value
    if file_label(item.path) is not None or item.path == FILES:
        at = ("tools",) if item.path == FILES else ("files",)
        hint = "change the files and `files` by hand, or run `orch apply` to put back what is declared"
        return document.diagnostic(f"`{item.path}`: files are not taken from a target", at, hint)
    if first == "instructions":
        return _instructions(spec, item)
    if first == "metadata":
        return yaml_slot(document, (first, rest), item.was, value)
    if first in WIRES and "." not in rest:
        return yaml_slot(document, (first, rest), item.was, value)
    if "." in item.path:
        return document.diagnostic(f"`{item.path}` has no place in a spec", (), _PUT_BACK)
    return yaml_slot(document, (first,), item.was, value)


def _instructions(spec: Shaped, item: Wanted) -> Slot | Diagnostic:
    document, assistant = spec.document, spec.spec
    written = assistant.instructions if isinstance(assistant, Assistant) else None
    if document.body is not None:
        if item.value is None:
            message = "the instructions are gone on the target, and here they are the Markdown below"
            place = Position(document.shown, document.body_line)
            return document.at(place, message, "delete the Markdown by hand, or run `orch apply` to put them back")
        return TextSlot(document, document.path, item.value, below=True)
    if isinstance(written, FileText) and item.value is not None:
        return TextSlot(document, document.path.parent / written.file, item.value, below=False)
    if isinstance(written, FileText):
        return yaml_slot(document, ("instructions",), {"file": written.file}, Gone.GONE)
    return yaml_slot(document, ("instructions",), item.was, Gone.GONE if item.value is None else item.value)


def _tool(loaded: Loaded, spec: Shaped, name: str, items: Sequence[Wanted], added: int) -> Sequence[Slot | Diagnostic]:
    """Give the places of one tool's fields; `added` is how many tools are added before it."""
    document, assistant = spec.document, spec.spec
    tools = assistant.tools or [] if isinstance(assistant, Assistant) else []
    functions = {spec.spec.name: spec.spec for spec in loaded.specs if isinstance(spec.spec, Function)}
    index = next((number for number, tool in enumerate(tools) if tool_name(tool, functions) == name), None)
    itself = next((item for item in items if item.path == f"tools.{name}"), None)
    if index is None:
        return [_added(document, name, items, len(tools) + added, functions)]
    if itself is not None and itself.value is None:
        return [yaml_slot(document, ("tools", index), None, Gone.GONE)]
    if itself is not None:
        return [document.diagnostic(f"the tool `{name}` is another kind of tool there", ("tools", index), _BY_HAND)]
    if name == "file_search":
        return [_search(document, index, items)]
    written = tools[index]
    function = find(loaded, "Function", written.function) if isinstance(written, FunctionTool) else None
    if function is None or any(item.path.rpartition(".")[2] in MARKS for item in items):
        return [document.diagnostic(f"`{items[0].path}` has no place in a spec", ("tools", index), _BY_HAND)]
    return [
        yaml_slot(
            function.document,
            (item.path.rpartition(".")[2],),
            item.was,
            Gone.GONE if item.value is None else item.value,
        )
        for item in items
    ]


_BY_HAND = "edit the specs by hand, or run `orch apply` to put back what is declared"


def _added(
    document: Document, name: str, items: Sequence[Wanted], index: int, functions: Mapping[str, Function]
) -> Slot | Diagnostic:
    """Give the place of a tool that somebody added outside."""
    kinds = {item.path: item.value for item in items}
    match kinds.get(f"tools.{name}"):
        case "function":
            tool: Any = {"function": next((key for key, item in functions.items() if item.called == name), name)}
        case "code_interpreter":
            tool = "code_interpreter"
        case "file_search":
            options = _options(document, ("tools",), items)
            if isinstance(options, Diagnostic):
                return options
            tool = {"file_search": options} if options else "file_search"
        case _:
            own = ":" in name  # of one wire alone: it stands under that wire's key
            message = f"`tools.{name}` is not taken from a target" if own else f"the language has no tool `{name}`"
            return document.diagnostic(message, ("tools",), _BY_HAND)
    return yaml_slot(document, ("tools", index), None, tool)


def _search(document: Document, index: int, items: Sequence[Wanted]) -> Slot | Diagnostic:
    """Give the place of the options of file_search, all at once: the tool may be a bare word so far."""
    options = _options(document, ("tools", index), items)
    if isinstance(options, Diagnostic):
        return options
    written = document.data["tools"][index]
    before = written.get("file_search") if isinstance(written, Mapping) else None
    known = dict(before) if isinstance(before, Mapping) else {}
    was = known | {item.path.rpartition(".")[2]: _named(item.was) for item in items if item.was is not None}
    gone = {item.path.rpartition(".")[2] for item in items if item.value is None}
    value = {key: item for key, item in (known | options).items() if key not in gone}
    if isinstance(written, Mapping):
        return yaml_slot(document, ("tools", index, "file_search"), was, value)
    return yaml_slot(document, ("tools", index), written, {"file_search": value})


def _options(document: Document, path: Path_, items: Sequence[Wanted]) -> dict[str, Any] | Diagnostic:
    options: dict[str, Any] = {}
    for item in items:
        key = item.path.removeprefix(f"{SEARCH}.")
        if item.path == SEARCH or item.value is None:
            continue
        names = _named(item.value)
        if key == "vector_stores" and not all(isinstance(store, Ref) for store in item.value):
            ids = ", ".join(str(store) for store in item.value if not isinstance(store, Ref))
            return document.diagnostic(f"{ids} is not a vector store of this project", path, _BY_HAND)
        options[key] = names
    return options


def _named(value: Any) -> Any:
    """Give a value with the names of stores for references to them."""
    if isinstance(value, list | tuple):
        return [item.address.name if isinstance(item, Ref) else item for item in value]
    return value
