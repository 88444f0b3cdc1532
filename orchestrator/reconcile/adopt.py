"""What an import does with the objects it takes: the address of each, the files that declare it, the claim on it. Pure.

A function that many assistants have becomes one spec; another one of the same name gets a name of its own, and says in
`display_name` what the model calls it by. An object that is exactly what a spec declares already is taken for that
spec, so that an import that was broken off goes on where it was.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from orchestrator.errors import OrchError
from orchestrator.model.address import Address, Kind
from orchestrator.model.fields import Fields, digest, equal
from orchestrator.model.project import Resource
from orchestrator.model.resources import Function
from orchestrator.providers.interface import Limit, Live
from orchestrator.reconcile.diff import covers
from orchestrator.reconcile.draft import Draft, RefusedError, Surroundings, draft, function_data
from orchestrator.reconcile.naming import free_address, free_name
from orchestrator.reconcile.observe import Observed
from orchestrator.reconcile.outcome import Applied, Status
from orchestrator.reconcile.picks import Pick
from orchestrator.reconcile.plan import Plan
from orchestrator.spec.new_files import LINE, UnwritableError, prompt_text, spec_text
from orchestrator.spec.schema import schema_file


@dataclass(frozen=True, slots=True)
class Place:
    """What the specs are written into."""

    project: str
    resources: Mapping[Address, Resource]
    """What is declared already."""
    functions: Mapping[str, Function]
    """Declared functions by name, used or not."""
    revision: str | None = None
    """Git revision the record will hold."""
    schemas: str | None = None
    """The way from the folder that is written into to the JSON Schemas, with `/`; None where there are none."""
    limits: tuple[Limit, ...] = ()
    """What cannot be had where the objects shall live."""
    exported: bool = False
    """Whether what is drafted comes from an export and is live nowhere."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """One object that becomes this project's."""

    live: Live
    resource: Resource
    """What declares it, or will."""
    file: str | None = None
    """Its spec, relative to the folder that is written into, with `/`; None where it is declared already."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Text of every file it needs; what others need too, and what a spec names, comes before the spec."""

    @property
    def address(self) -> Address:
        """Its address from now on."""
        return self.resource.address


@dataclass(frozen=True, slots=True)
class Refused:
    """An object that stays as it is, and why."""

    live: Live
    reason: str


@dataclass(frozen=True, slots=True)
class Adoptions:
    """What an import will do."""

    adopted: tuple[Adoption, ...] = ()
    refused: tuple[Refused, ...] = ()


def adopt(picks: Sequence[Pick], observed: Observed, place: Place, defaults: Mapping[Kind, Fields]) -> Adoptions:
    """Draft every pick that is not declared yet; stores come first, so that assistants can name them."""
    work = _Work(picks, observed, place, defaults)
    adopted: list[Adoption] = []
    refused: list[Refused] = []
    for pick in sorted(picks, key=lambda item: (item.live.kind is Kind.ASSISTANT, item.live.id)):
        try:
            adopted.append(work.take(pick))
        except (RefusedError, UnwritableError) as error:
            refused.append(Refused(pick.live, error.message))
    return Adoptions(tuple(adopted), tuple(refused))


class _Work:
    """What is known while one object after the other is taken."""

    def __init__(
        self, picks: Sequence[Pick], observed: Observed, place: Place, defaults: Mapping[Kind, Fields]
    ) -> None:
        live = {*observed.owned, *observed.duplicates}
        self._place, self._defaults = place, defaults
        self._taken = {*place.resources, *live, *(pick.address for pick in picks if pick.address is not None)}
        self._waiting: dict[bytes, list[Resource]] = {}
        for address in sorted(set(place.resources) - live, key=lambda item: (len(item.name), item.name)):
            self._waiting.setdefault(_print(place.resources[address]), []).append(place.resources[address])
        self._stores = {live.id: address for address, live in observed.owned.items() if address in place.resources}
        unowned = (live for live in observed.foreign if live.kind is Kind.VECTOR_STORE and live.marks is None)
        self._unowned = {store.id for store in unowned}
        self._functions = dict(place.functions)
        self._texts: dict[str, str] = {}  # of functions, by file: many assistants have the same

    def take(self, pick: Pick) -> Adoption:
        """Give one adoption and remember it; raises `RefusedError` or `UnwritableError`."""
        declared = self._place.resources.get(pick.address) if pick.address is not None else None
        adoption = self._drafted(pick) if declared is None else Adoption(pick.live, declared)
        if "files" in adoption.resource.whole:
            message = f"{adoption.address} declares files, and which files are live cannot be told"
            raise RefusedError(f"{message}: take `files` out of its spec, or let `orch apply` create a store")
        self._taken.add(adoption.address)
        if pick.live.kind is Kind.VECTOR_STORE:
            self._stores[pick.live.id] = adoption.address
            self._unowned.discard(pick.live.id)
        return adoption

    def _drafted(self, pick: Pick) -> Adoption:
        """Draft an object; where its address is free to choose, one that is declared and not live may be its own."""
        live, place = pick.live, self._place
        unowned = frozenset(self._unowned)
        around = Surroundings(
            place.project, self._defaults, self._stores, unowned, place.revision, place.limits, place.exported
        )
        address = pick.address or free_address(live.kind, live.fields.get("display_name"), self._taken)
        made = draft(live, address, around)
        waiting = self._waiting.get(_print(made.resource), []) if pick.address is None else []
        return Adoption(live, waiting.pop(0)) if waiting else self._written(made, live)

    def _written(self, made: Draft, live: Live) -> Adoption:
        """Give the files of a draft; raises `UnwritableError`."""
        address, data = made.resource.address, dict(made.data)
        files: dict[str, str] = {}
        functions = {called: self._shared(function) for called, function in made.functions.items()}
        for function in functions.values():
            if function.name not in self._place.functions:
                file = _file("functions/", function.name)
                if file not in self._texts:
                    self._texts[file] = self._text(function_data(function), (), file)
                files[file] = self._texts[file]
        if tools := data.get("tools"):
            data["tools"] = [_listed(tool, functions) for tool in tools]
        text = data.get("instructions")
        prompt = prompt_text(text) if isinstance(text, str) and ("\n" in text or len(text) > LINE) else None
        if prompt is not None:
            data["instructions"] = {"file": f"prompts/{address.name}.md"}
            files[f"prompts/{address.name}.md"] = prompt
        file = _file("" if address.kind is Kind.ASSISTANT else "vector-stores/", address.name)
        files[file] = self._text(data, made.comments, file)
        return Adoption(live, made.resource, file, files)

    def _shared(self, function: Function) -> Function:
        """Give the function that is the same, or this one with a name that is free."""
        for known in self._functions.values():
            if known.called == function.called and _same_function(known, function):
                return known
        name = free_name(function.name, self._functions)
        named = {"name": name, "display_name": function.name} if name != function.name else {}
        self._functions[name] = function.model_copy(update=named)
        return self._functions[name]

    def _text(self, data: Mapping[str, Any], comments: Sequence[str], file: str) -> str:
        if self._place.schemas is None:
            return spec_text(data, comments)
        way = "../" * file.count("/") + self._place.schemas
        return spec_text(data, (f"yaml-language-server: $schema={way}/{schema_file(str(data['kind']))}", *comments))


def claimed(observed: Observed, adoptions: Sequence[Adoption]) -> Observed:
    """Give what was observed as if the objects to adopt were this project's already."""
    ids = {adoption.live.id for adoption in adoptions}
    owned = {**observed.owned, **{adoption.address: adoption.live for adoption in adoptions}}
    return replace(observed, owned=owned, foreign=tuple(live for live in observed.foreign if live.id not in ids))


def files_of(adoptions: Iterable[Adoption]) -> dict[str, str]:
    """Give all files by name, in an order in which the project can be read whenever writing them is broken off."""
    kept = list(adoptions)
    helpers = {name: text for item in kept for name, text in item.files.items() if name != item.file}
    return helpers | {item.file: item.files[item.file] for item in kept if item.file is not None}


def check_read(adoptions: Iterable[Adoption], resources: Mapping[Address, Resource]) -> None:
    """See that the new specs are read as they are meant; `resources` are what the project declares with them in it.

    Raises `OrchError`.
    """
    for item in adoptions:
        read = resources.get(item.address)
        if read is None:
            hint = "let `specs:` in orch.yaml match its files, and keep it out of hidden folders and other projects"
            raise OrchError(f"the spec of {item.address} is not part of the project; nothing was imported", hint)
        if _print(read) != _print(item.resource):
            raise OrchError(f"the spec of {item.address} does not read back as it is live; nothing was imported")


def check_plan(decided: Plan) -> None:
    """See that adopting changes nothing but the record on each object; raises `OrchError`."""
    for change in decided.pending:
        if change.blocked_by is not None:
            raise OrchError(f"{change.address} cannot be adopted: {change.blocked_by}; nothing was imported")
        if not change.record_only:
            what = ", ".join(sorted(change.paths)) or change.action.value
            hint = "let the spec say what is live, then import again"
            raise OrchError(f"{change.address} would change when adopted: {what}; nothing was imported", hint)


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of an import."""

    imported: tuple[Adoption, ...]
    kept: tuple[Adoption, ...]
    """Those whose specs stay: what was imported, and what may have been."""
    refused: tuple[Refused, ...] = ()


def settle(made: Adoptions, applied: Applied, observed: Observed | None) -> Settled:
    """Tell what was imported; `observed` is the target afterwards, None where it did not answer.

    An object whose reply was lost may be ours by now. Its spec stays where it is, or where nobody knows; a spec of what
    is not ours would make the next apply create another one.
    """
    failed = {item.address: item for item in applied.outcomes if item.status is not Status.APPLIED}
    imported, kept, refused = [], [], list(made.refused)
    for adoption in made.adopted:
        outcome = failed.get(adoption.address)
        ours = observed is not None and observed.addresses.get(adoption.live.id) == adoption.address
        if outcome is None:
            imported.append(adoption)
        else:
            remark = {True: "; adopted all the same, see `orch plan`", False: ""}[ours]
            remark = "; run the same command again" if observed is None else remark
            refused.append(Refused(adoption.live, f"{outcome.error or outcome.status}{remark}"))
        if outcome is None or ours or observed is None:
            kept.append(adoption)
    return Settled(tuple(imported), tuple(kept), tuple(refused))


def _print(resource: Resource) -> bytes:
    """Give what a resource declares in short, its address left out: the same for two that declare the same."""
    unnamed = any(covers(prefix, "display_name") for prefix in resource.ignore)
    fields = {path: value for path, value in resource.fields.items() if not (unnamed and path == "display_name")}
    return digest([resource.address.kind, sorted(resource.ignore), sorted(resource.whole), fields])


def _same_function(one: Function, other: Function) -> bool:
    return (one.description, one.strict) == (other.description, other.strict) and equal(
        one.parameters, other.parameters
    )


def _listed(tool: Any, functions: Mapping[str, Function]) -> Any:
    return {"function": functions[tool["function"]].name} if isinstance(tool, dict) and "function" in tool else tool


def _file(folder: str, name: str) -> str:
    """Give a spec's file; one called orch.yaml would begin a project of its own."""
    return f"{folder}{name}.yaml" if name != "orch" else f"{folder}orch.spec.yaml"
