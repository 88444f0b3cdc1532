"""From shaped specs to what should be live: references are resolved, prompts read, files found and hashed.

Every broken link is a diagnostic at the place that names it; nothing here stops at the first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from orchestrator.diagnostics import Diagnostic, did_you_mean
from orchestrator.model.address import Address, Kind
from orchestrator.model.code_files import MOST as MOST_CODE_FILES
from orchestrator.model.desired import assistant_fields, vector_store_fields
from orchestrator.model.file_names import FileNames
from orchestrator.model.judges import Judge, get_assistant, get_instructions
from orchestrator.model.language import FileText, Spec
from orchestrator.model.own_settings import all_own_tools, own_tools
from orchestrator.model.prices import Price
from orchestrator.model.project import LocatedScenario, Resource
from orchestrator.model.questions import Knowledge
from orchestrator.model.resources import (
    Assistant,
    CodeInterpreterTool,
    FileSearchTool,
    Function,
    FunctionTool,
    JsonSchemaReply,
    Tool,
    ToolFiles,
    VectorStore,
)
from orchestrator.model.scenario import Scenario
from orchestrator.model.scripted import ScriptedModel
from orchestrator.spec.argument_faults import Signature
from orchestrator.spec.check_links import CheckLinks, Subject
from orchestrator.spec.connections import circle, connected
from orchestrator.spec.expansion import Faults, ShapedCase
from orchestrator.spec.mentions import located_checks, located_mocks, named_functions, named_judges, tool_name
from orchestrator.spec.mock_links import find_mock_problems
from orchestrator.spec.places import AssistantPlaces, JudgePlaces
from orchestrator.spec.prompts import PromptReader
from orchestrator.spec.python_files import PythonFiles
from orchestrator.spec.question_lists import read_questions
from orchestrator.spec.reader import NO_TEXTS, Document, Path_, Texts
from orchestrator.spec.rendering import Names
from orchestrator.spec.rows import RowFiles
from orchestrator.spec.schema import check_parameters
from orchestrator.spec.store_files import Found, StoreFileFinder

_MARKED = {"defer_loading": "deferred", "async": "async"}


@dataclass(frozen=True, slots=True)
class Shaped:
    """A document and its model."""

    document: Document
    spec: Spec
    cases: Sequence[ShapedCase] = ()
    """The cases of a scenario that has some."""


@dataclass(slots=True)
class Linked:
    """What linking gives, problems included."""

    resources: dict[Address, Resource] = field(default_factory=dict)
    scenarios: list[LocatedScenario] = field(default_factory=list)
    models: list[ScriptedModel] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)


class Linker:
    """Resolves the specs of one project against each other and its files."""

    def __init__(
        self,
        root: Path,
        cwd: Path,
        names: Names,
        specs: list[Shaped],
        broken: frozenset[tuple[str, str]],
        texts: Texts = NO_TEXTS,
        prices: Mapping[str, Price] | None = None,
        wire: str = "assistants",
        refresh: bool = False,
    ) -> None:
        """`broken` are kind and name of documents that have no shape; nobody is told that those do not exist.

        `wire` is what the target speaks; `refresh` reads every file anew.
        """
        self._wire = wire
        self._prices = prices or {}
        self._files = PythonFiles(root, cwd)
        self._store_files = StoreFileFinder(root, cwd, refresh)
        self._root, self._cwd, self._broken, self._names = root, cwd, broken, names
        self._rows = RowFiles(root, cwd, texts)
        self._prompts = PromptReader(root, cwd, names.context(), texts)
        self._problems: list[Diagnostic] = []
        self._by_name: dict[str, dict[str, Shaped]] = {}
        self._subjects: dict[str, Subject] = {}
        for shaped in specs:
            self._register(shaped)
        self._functions = {n: s.spec for n, s in self._named("Function").items() if isinstance(s.spec, Function)}
        self._judges = {n: s.spec for n, s in self._named("Judge").items() if isinstance(s.spec, Judge)}
        shapeless = dict.fromkeys(name for kind, name in broken if kind == "Judge")
        self._checks = CheckLinks(self._files, self._prices, {**shapeless, **self._judges})
        self._faulty = {n: check_parameters(f.parameters, f.strict) for n, f in self._functions.items()}

    def link(self) -> Linked:
        """Give everything resolved."""
        linked = Linked(problems=self._problems)
        for shaped in [shaped for named in self._by_name.values() for shaped in named.values()]:
            document, spec = shaped.document, shaped.spec
            match spec:
                case Function():
                    self._check_function(document, spec)
                case Assistant():
                    resource = self._link_assistant(document, spec)
                    linked.resources[resource.address] = resource
                case Judge():
                    resource = self._link_judge(document, spec)
                    linked.resources.setdefault(resource.address, resource)
                case VectorStore():
                    resource = self._link_store(document, spec)
                    linked.resources[resource.address] = resource
                case ScriptedModel():
                    linked.models.append(spec)
        for shaped in self._named("Scenario").values():  # they speak of what the others hold
            if isinstance(shaped.spec, Scenario):
                linked.scenarios += self._link_scenario(shaped, shaped.spec, linked.resources)
        for shaped in self._named("Knowledge").values():
            if isinstance(shaped.spec, Knowledge):
                linked.scenarios += self._link_questions(shaped.document, shaped.spec, linked.resources)
        return linked

    def save(self) -> None:
        """Keep what was seen of files for the next command."""
        self._store_files.save()

    def _named(self, kind: str) -> dict[str, Shaped]:
        return self._by_name.get(kind, {})

    def _register(self, shaped: Shaped) -> None:
        kind, name = type(shaped.spec).__name__, str(getattr(shaped.spec, "name", ""))
        named = self._by_name.setdefault(kind, {})
        if name in named:
            other = named[name].document.position(("name",))
            message = f"two specs of kind {kind} are called `{name}`"
            self._problems.append(
                shaped.document.diagnostic(message, ("name",), f"the other is at {other}; rename or remove one")
            )
            return
        named[name] = shaped

    def _check_function(self, document: Document, function: Function) -> None:
        for problem in self._faulty[function.name]:
            self._problems.append(document.diagnostic(problem.message, ("parameters", *problem.path), problem.hint))

    def _check_reply_schema(self, document: Document, assistant: Assistant) -> None:
        if not isinstance(assistant.response_format, JsonSchemaReply):
            return
        written = assistant.response_format.json_schema
        for problem in check_parameters(written.schema_, written.strict, called="schema"):
            path = ("response_format", "json_schema", "schema", *problem.path)
            self._problems.append(document.diagnostic(problem.message, path, problem.hint))

    def _link_assistant(self, document: Document, assistant: Assistant) -> Resource:
        usable: list[Any] = []
        for index, tool in enumerate(assistant.tools or ()):
            at: Path_ = ("tools", index)
            match tool:
                case FunctionTool(function=name):
                    if self._refer("Function", name, document, (*at, "function")):
                        usable.append(tool)
                case FileSearchTool(file_search=search):
                    for number, name in enumerate(search.vector_stores):
                        self._refer("VectorStore", name, document, (*at, "file_search", "vector_stores", number))
                    usable.append(tool)
                case _:
                    usable.append(tool)
        files = self._code_files(document, assistant)
        hashes = {label: sha256 for label, (sha256, _) in files.files.items()}
        self._check_tools_once(document, assistant)
        self._check_marked(document, assistant)
        self._check_connected(document, assistant)
        self._check_reply_schema(document, assistant)
        known = assistant.model_copy(update={"tools": usable if assistant.tools is not None else None})
        prompt = self._instructions(document, assistant)
        return Resource(
            address=Address(Kind.ASSISTANT, assistant.name),
            fields=assistant_fields(known, prompt, self._functions, self._wire, hashes),
            whole=frozenset(["tools"] if self._lists_tools(assistant) else []),
            position=document.position(),
            protect=assistant.lifecycle.protect,
            ignore=tuple(assistant.lifecycle.ignore),
            sources=files.sources,
            locate=AssistantPlaces(document, assistant, self._functions, self._function_documents).locate,
        )

    def _code_files(self, document: Document, assistant: Assistant) -> Found[ToolFiles]:
        """Find the files of the code interpreter."""
        for index, tool in enumerate(assistant.tools or ()):
            if isinstance(tool, CodeInterpreterTool):
                at: Path_ = ("tools", index, "code_interpreter", "files")
                found = self._store_files.find(document, tool.code_interpreter.files, at)
                self._problems += found.problems
                if len(found.files) > MOST_CODE_FILES:
                    message = f"{len(found.files)} files; a code interpreter is given at most {MOST_CODE_FILES}"
                    hint = "leave some out with `exclude`, or put them into one archive"
                    self._problems.append(document.diagnostic(message, at, hint))
                return found
        return Found()

    def _lists_tools(self, assistant: Assistant) -> bool:
        return assistant.tools is not None or own_tools(assistant, self._wire) is not None

    def _check_marked(self, document: Document, assistant: Assistant) -> None:
        """Find what `agents` says of tools that are not listed: the API would be told of a tool that is none."""
        if assistant.agents is None:
            return
        there = {tool_name(tool, self._functions): tool for tool in assistant.tools or ()}
        listed = sorted(name for name, tool in there.items() if isinstance(tool, FunctionTool))
        for mark, names in assistant.agents.marks.items():
            for number, name in enumerate(names):
                if name not in listed:
                    message = f"the function `{name}` is {_MARKED[mark]} and not among the tools"
                    hint = f"list it under `tools`; there are: {', '.join(listed) or 'none'}"
                    self._problems.append(document.diagnostic(message, ("agents", mark, number), hint))
        bridges = assistant.agents.bridges or () if self._wire == "agents" else ()  # elsewhere they say nothing
        for number, name in enumerate(bridges):
            if name not in there:
                message = f"`{name}` is bridged and not among the tools"
                hint = f"list `{name}` under `tools`, or take it out here"
                self._problems.append(document.diagnostic(message, ("agents", "bridges", number), hint))

    @cached_property
    def _function_documents(self) -> dict[str, Document]:
        return {name: shaped.document for name, shaped in self._named("Function").items()}

    @cached_property
    def _connections(self) -> dict[str, list[str]]:
        """By the name of each assistant, those it asks."""
        specs = [shaped.spec for shaped in self._named("Assistant").values() if isinstance(shaped.spec, Assistant)]
        return {spec.name: [name for _, name in connected(spec)] for spec in specs}

    def _check_connected(self, document: Document, assistant: Assistant) -> None:
        """Find assistants that are not there, and those that would each have to be created first."""
        for number, name in connected(assistant):
            path: Path_ = ("assistants", "tools", number, "connected_agent", "assistant")
            known = self._refer("Assistant", name, document, path)
            if known and (way := circle(assistant.name, name, self._connections)):
                message = f"assistants ask one another in a circle: {' -> '.join(way)}"
                self._problems.append(document.diagnostic(message, path, "take one of them out, or name it by `id`"))

    def _link_judge(self, document: Document, judge: Judge) -> Resource:
        """Give the assistant that a judge is on a target."""
        if other := self._named("Assistant").get(judge.name):
            address = Address(Kind.ASSISTANT, judge.name)
            for here, there, kind in ((document, other.document, "Assistant"), (other.document, document, "Judge")):
                message = f"a Judge and an Assistant are called `{judge.name}`, and both would be {address}"
                hint = f"the {kind} is at {there.position(('name',))}; rename one"
                self._problems.append(here.diagnostic(message, ("name",), hint))
        instructions = get_instructions(self._instructions(document, judge))
        return Resource(
            address=Address(Kind.ASSISTANT, judge.name),
            fields=assistant_fields(get_assistant(judge), instructions, self._functions),
            whole=frozenset(["tools"]),
            position=document.position(),
            locate=JudgePlaces(document).locate,
        )

    def _check_tools_once(self, document: Document, assistant: Assistant) -> None:
        seen: set[str] = set()
        for index, tool in enumerate(assistant.tools or ()):
            name = tool_name(tool, self._functions)
            if name in seen:
                self._problems.append(
                    document.diagnostic(f"the tool `{name}` is listed twice", ("tools", index), "keep one")
                )
            seen.add(name)
        for wire, index, name in all_own_tools(assistant):
            if name in seen:
                message = f"the tool `{name.removeprefix(f'{wire}:')}` is listed twice"
                self._problems.append(document.diagnostic(message, (wire, "tools", index), "keep one"))
            seen.add(name)

    def _refer(self, kind: str, name: str, document: Document, path: Path_) -> bool:
        """Tell whether there is a spec of this name, and note that it is missing where nothing else tells why."""
        missing = self._missing(kind, name, document, path)
        self._problems += [] if missing is None else [missing]
        return name in self._named(kind)

    def _missing(self, kind: str, name: str, document: Document, path: Path_) -> Diagnostic | None:
        named = self._named(kind)
        if name in named or (kind, name) in self._broken:
            return None
        known = sorted({*named, *(other for of, other in self._broken if of == kind)})
        hint = did_you_mean(name, known) or f"there are: {', '.join(known) or 'none'}"
        return document.diagnostic(f"no {kind} is called `{name}`", path, hint)

    def _instructions(self, document: Document, spec: Assistant | Judge) -> str | None:
        written = spec.instructions
        if document.body is not None:
            if written is not None:
                message = "instructions are given twice: as a field and as the Markdown below"
                self._problems.append(document.diagnostic(message, ("instructions",), "keep the Markdown", key=True))
            read = self._prompts.read_body(document)
        elif isinstance(written, FileText):
            read = self._prompts.read_file(document, written)
        else:
            return written
        if isinstance(read, Diagnostic):
            self._problems.append(read)
            return None
        return read

    def _link_store(self, document: Document, store: VectorStore) -> Resource:
        found = self._store_files.find(document, store.files or ())
        self._problems += found.problems
        return Resource(
            address=Address(Kind.VECTOR_STORE, store.name),
            fields=vector_store_fields(store, found.files),
            whole=frozenset(["files"] if store.files is not None else []),
            position=document.position(),
            protect=store.lifecycle.protect,
            ignore=tuple(store.lifecycle.ignore),
            sources=found.sources,
        )

    def _link_scenario(
        self, shaped: Shaped, scenario: Scenario, resources: Mapping[Address, Resource]
    ) -> list[LocatedScenario]:
        """Give a scenario, or all its cases."""
        document = shaped.document
        own = document.data.get("variables")
        judges = {name: self._judges[name] for name in named_judges(scenario) if name in self._judges}
        mocks = {at: document.position(at, key=isinstance(at[-1], str)) for at, _, _ in located_mocks(scenario)}
        located = LocatedScenario(
            scenario,
            document.position(),
            document.path,
            self._root,
            mock_positions=mocks,
            judges=judges,
            judge_prices={n: self._prices[judge.model] for n, judge in judges.items() if judge.model in self._prices},
            target=self._names.target,
            documents=self._documents(scenario, resources),
        )
        if not shaped.cases:
            self._problems += self._check_scenario(document, scenario, None, resources)
            price = self._price(scenario, None)
            return [replace(located, price=price, variables=self._names.context(own)["vars"])]
        faults = Faults()
        found = []
        for each in shaped.cases:
            case = each.case
            faults.add(case, self._check_scenario(document, each.scenario, case.model, resources))
            if faults.are_many:
                break
            found.append(
                replace(
                    located,
                    scenario=each.scenario,
                    price=self._price(each.scenario, case.model),
                    variables=each.variables,
                    case=case.labels,
                    written_as=scenario.name,
                    model=case.model,
                )
            )
        self._problems += faults.told()
        return found

    def _link_questions(
        self, document: Document, spec: Knowledge, resources: Mapping[Address, Resource]
    ) -> list[LocatedScenario]:
        """Give a question list as the scenario it is."""
        if spec.name in self._by_name.get("Scenario", {}):
            message = f"a Scenario is called `{spec.name}` too"
            self._problems.append(document.diagnostic(message, ("name",), "reports tell them apart by their names"))
        known = self._refer("VectorStore", spec.store, document, ("store",))
        store = resources.get(Address(Kind.VECTOR_STORE, spec.store)) if known else None
        scenario, problems = read_questions(document, spec, self._rows, store)
        self._problems += problems
        if scenario is None:
            return []
        at, path = document.position(), document.path
        free = Price(input=0, output=0)
        return [LocatedScenario(scenario, at, path, self._root, free, target=self._names.target, searches=True)]

    def _price(self, scenario: Scenario, model: str | None) -> Price | None:
        """Give what the model costs that answers: its own where it has one, else the assistant's."""
        shaped = self._named("Assistant").get(scenario.assistant)
        own = shaped.spec.model if shaped is not None and isinstance(shaped.spec, Assistant) else ""
        return self._prices.get(own if model is None else model)

    def _check_scenario(
        self, document: Document, scenario: Scenario, model: str | None, resources: Mapping[Address, Resource]
    ) -> list[Diagnostic]:
        """Say what is wrong with what a scenario refers to; `model` answers in place of the assistant's own."""
        unknown = self._missing("Assistant", scenario.assistant, document, ("assistant",))
        shaped = self._named("Assistant").get(scenario.assistant)
        if shaped is None or not isinstance(shaped.spec, Assistant):
            return [] if unknown is None else [unknown]
        subject = self._subject(shaped.spec, resources)
        if model is not None:
            subject = replace(subject, model=model)
        found = []
        for path, name in named_functions(scenario):
            if name not in subject.functions:
                has = ", ".join(subject.functions) or "no functions"
                hint = did_you_mean(name, subject.functions) or f"it has: {has}"
                message = f"assistant `{scenario.assistant}` has no function `{name}`"
                found.append(document.diagnostic(message, path, hint, key=path[-2:-1] == ("mocks",)))
        problems = list(find_mock_problems(scenario, subject.functions, self._files))
        for path, check in located_checks(scenario):
            problems += self._checks.problems(check, path, subject)
        return [*found, *(document.diagnostic(p.message, p.path, p.hint, p.of_key) for p in problems)]

    def _documents(self, scenario: Scenario, resources: Mapping[Address, Resource]) -> Mapping[str, str]:
        shaped = self._named("Assistant").get(scenario.assistant)
        if shaped is None or not isinstance(shaped.spec, Assistant):
            return {}
        return self._subject(shaped.spec, resources).documents

    def _subject(self, assistant: Assistant, resources: Mapping[Address, Resource]) -> Subject:
        """Give what checks may speak of, made once for an assistant."""
        if assistant.name not in self._subjects:
            self._subjects[assistant.name] = self._new_subject(assistant, resources)
        return self._subjects[assistant.name]

    def _new_subject(self, assistant: Assistant, resources: Mapping[Address, Resource]) -> Subject:
        """An unknown store is told elsewhere, and its files are anybody's guess."""
        tools = assistant.tools or ()
        searches = [tool.file_search for tool in tools if isinstance(tool, FileSearchTool)]
        stores = [resources.get(Address(Kind.VECTOR_STORE, name)) for each in searches for name in each.vector_stores]
        told = all(store is not None and "files" in store.whole for store in stores)
        sources = [store.sources or {} for store in stores if store is not None]
        documents = {label: file for each in sources for label, file in each.items()}
        return Subject(
            assistant.name,
            assistant.model,
            {each.name: each for each in map(self._signature, tools) if each is not None},
            FileNames(documents) if told and stores else None,
            documents,
        )

    def _signature(self, tool: Tool) -> Signature | None:
        """Give a function as its callers see it; of one that is not known or not sound, nothing but its name."""
        if not isinstance(tool, FunctionTool):
            return None
        function = self._functions.get(tool.function)
        if function is None or self._faulty[tool.function]:
            return Signature(tool_name(tool, self._functions), {})
        return Signature(function.called, function.parameters, function.strict)
