"""What every provider keeps to, whatever it speaks; a test is skipped only where a capability is not declared."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from orchestrator.diagnostics import Diagnostic, Position
from orchestrator.errors import TargetError, TargetMissingError
from orchestrator.model.address import Address, Kind
from orchestrator.model.conversation import Answer, CodeRun, ReplyStatus, Search
from orchestrator.model.fields import Ref, equal, file_path
from orchestrator.model.language import Secret
from orchestrator.model.ownership import Baseline, Marks, files_digest
from orchestrator.model.project import Project, Resource, Target
from orchestrator.model.release import FOLDER, Release
from orchestrator.model.scripted import Rule, ScriptedModel
from orchestrator.providers.agents import AgentsProvider
from orchestrator.providers.interface import Capabilities, Capability, Desired, Live, Provider
from orchestrator.providers.memory import EVERYTHING, MemoryProvider, StoredObject
from orchestrator.providers.registry import PROVIDERS, open_provider
from orchestrator.providers.responses import ResponsesProvider
from orchestrator.providers.scripted_conversation import ScriptedConversation, calls, says
from orchestrator.providers.stored import StoredObjects
from orchestrator.reconcile.diff import covers, value_at
from orchestrator.reconcile.refusals import refusals
from tests.providers.building import (
    JOURNAL,
    OTHER_MODEL,
    OTHER_RULES,
    PAPERS,
    RULES,
    SMALL_CHUNKS,
    TUTOR,
    desired,
    documents,
    on_port,
)

SEARCH = "tools.file_search"
STORES = f"{SEARCH}.vector_stores"
QUIZ = {
    "tools.quiz": "function",
    "tools.quiz.description": "Ask the user",
    "tools.quiz.parameters": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
    "tools.quiz.strict": False,
}
QUIET = EVERYTHING.can - {Capability.CODE_INTERPRETER, Capability.FILE_SEARCH, Capability.CITATIONS}
DATES = {"gpt-4o": date(2027, 1, 14)}
OUTSIDE = {"description": "somebody was here", "metadata.theirs": "kept"}


@dataclass
class Subject:
    """A provider, and the hand of somebody outside who knows nothing of orch."""

    provider: Provider
    plant: Callable[[], Awaitable[str]]
    """Makes an assistant without marks; gives its id."""
    touch: Callable[[str], Awaitable[None]]
    """Sets `outside` on an assistant, leaving the rest."""
    path: str | None = "/assistants"
    """Where assistants are on the wire; None where the API stores none, and reading them costs nothing."""
    outside: Mapping[str, str] = field(default_factory=lambda: OUTSIDE)

    def requests(self, counts: Mapping[str, int]) -> dict[str, int]:
        """Give how many requests for assistants are expected, by method and what follows the path."""
        return {f"{name.replace(' ', f' {self.path}')}": n for name, n in counts.items()} if self.path else {}

    def takes(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Give the fields without those that the provider declares it cannot take."""
        resource = Resource(TUTOR, fields, frozenset(), Position("orch.yaml"), locate=named)
        refused = {item.message for item in refusals(resource, self.provider.capabilities, "t")}
        return {path: value for path, value in fields.items() if not any(covers(gone, path) for gone in refused)}


def named(path: str, message: str, hint: str | None) -> Diagnostic:
    return Diagnostic(path, Position("orch.yaml"), hint)


@asynccontextmanager
async def memory(folder: Path) -> AsyncIterator[Subject]:
    def converse(id: str, model: str | None) -> ScriptedConversation:
        if model == OTHER_MODEL:
            script = [calls(("quiz", {"n": 3})), says("the other heard a3"), says("the other says hello")]
            return ScriptedConversation(script)
        return ScriptedConversation([calls(("quiz", {"n": 1}), ("quiz", {"n": 2})), says("you said a1 and a2")])

    can = Capabilities(QUIET, EVERYTHING.defaults)
    provider = MemoryProvider(can, conversations=converse, retirements=DATES)

    async def plant() -> str:
        return provider.put(StoredObject(Kind.ASSISTANT, {"model": "m"}))

    async def touch(id: str) -> None:
        provider.objects[id].fields["description"] = OUTSIDE["description"]
        provider.objects[id].metadata["theirs"] = OUTSIDE["metadata.theirs"]

    yield Subject(provider, plant, touch)
    await provider.close()


@asynccontextmanager
async def opened(project: Project, env: Mapping[str, str]) -> AsyncIterator[Subject]:
    provider = await open_provider(project, env)
    assert isinstance(provider, StoredObjects)
    client = provider._client
    if isinstance(provider, ResponsesProvider):
        async with released(project, provider) as subject:
            yield subject
        return
    path = "/agents" if isinstance(provider, AgentsProvider) else "/assistants"
    field = "instructions" if isinstance(provider, AgentsProvider) else "description"
    outside = {field: OUTSIDE["description"], "metadata.theirs": OUTSIDE["metadata.theirs"]}

    async def plant() -> str:
        return str((await client.post(path, {"model": "m"}, once=True))["id"])

    async def touch(id: str) -> None:
        metadata = (await client.get(f"{path}/{id}"))["metadata"] | {"theirs": OUTSIDE["metadata.theirs"]}
        await client.post(f"{path}/{id}", {field: outside[field], "metadata": metadata}, once=False)

    try:
        yield Subject(provider, plant, touch, path, outside)
    finally:
        await provider.close()


@asynccontextmanager
async def released(project: Project, provider: ResponsesProvider) -> AsyncIterator[Subject]:
    """Somebody outside has an editor, where assistants are files."""
    folder = project.root / FOLDER / project.target_name

    async def plant() -> str:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "planted.json").write_text(json.dumps(Release("planted", {"model": "m"}).to_json()))
        return "planted"

    async def touch(id: str) -> None:
        written = json.loads((folder / f"{id}.json").read_text())
        written["description"] = OUTSIDE["description"]
        written["request"]["metadata"] = {"theirs": OUTSIDE["metadata.theirs"]}
        (folder / f"{id}.json").write_text(json.dumps(written))

    try:
        yield Subject(provider, plant, touch, None)
    finally:
        await provider.close()


MODELS = tuple(
    ScriptedModel(name=name, rules=[Rule.model_validate(rule) for rule in rules])
    for name, rules in (("*", RULES), (OTHER_MODEL, OTHER_RULES))
)


@asynccontextmanager
async def local(folder: Path) -> AsyncIterator[Subject]:
    target = Target(provider="local")
    async with opened(Project("p", folder, "t", target, Position("orch.yaml"), {}, (), MODELS), {}) as subject:
        yield subject


@asynccontextmanager
async def local_agents(folder: Path) -> AsyncIterator[Subject]:
    target = Target(provider="local", speaks="agents")
    async with opened(Project("p", folder, "t", target, Position("orch.yaml"), {}, (), MODELS), {}) as subject:
        yield subject


@asynccontextmanager
async def local_responses(folder: Path) -> AsyncIterator[Subject]:
    target = Target(provider="local", speaks="responses")
    async with opened(Project("p", folder, "t", target, Position("orch.yaml"), {}, (), MODELS), {}) as subject:
        yield subject


@asynccontextmanager
async def responses(folder: Path) -> AsyncIterator[Subject]:
    async with remote(folder, "responses") as subject:
        yield subject


@asynccontextmanager
async def assistants(folder: Path) -> AsyncIterator[Subject]:
    async with remote(folder, "assistants") as subject:
        yield subject


@asynccontextmanager
async def agents(folder: Path) -> AsyncIterator[Subject]:
    async with remote(folder, "agents") as subject:
        yield subject


@asynccontextmanager
async def remote(folder: Path, provider: Any) -> AsyncIterator[Subject]:
    with on_port(folder, api_key="sk-contract") as url:
        target = Target(provider=provider, base_url=url, api_key=Secret(env="KEY"))
        project = Project("p", folder, "t", target, Position("orch.yaml"), {}, (), ())
        async with opened(project, {"KEY": "sk-contract"}) as subject:
            yield subject


SUBJECTS = {
    "memory": memory,
    "local": local,
    "local-agents": local_agents,
    "local-responses": local_responses,
    "assistants": assistants,
    "agents": agents,
    "responses": responses,
}


@pytest.fixture(params=SUBJECTS)
def check(request, tmp_path):
    """Run a coroutine function on an open subject; `needs` are the capabilities it is about."""

    def run(body: Callable[[Subject], Awaitable[None]], *needs: Capability) -> None:
        async def whole() -> None:
            async with SUBJECTS[request.param](tmp_path) as subject:
                missing = sorted(set(needs) - subject.provider.capabilities.can)
                if missing:
                    pytest.skip(f"{request.param} has no {', '.join(missing)}")
                await body(subject)

        asyncio.run(whole())

    return run


def at(live: Live, path: str, provider: Provider) -> Any:
    return value_at(live.fields, path, provider.capabilities.defaults.get(live.kind, {}))


def assert_reads(live: Live, wanted: Desired, provider: Provider) -> None:
    assert live.marks == wanted.marks
    for path, value in wanted.fields.items():
        if path == STORES:
            value = [wanted.ids[item.address] for item in value]
        assert equal(at(live, path, provider), value), path


def test_every_provider_is_held_to_this():
    assert set(SUBJECTS) - {"local-agents", "local-responses"} == {*PROVIDERS, "memory"}


def test_what_is_created_is_read_back_alone_and_in_the_list(check):
    async def body(subject):
        provider = subject.provider
        fields = {
            "display_name": "Tutor",
            "model": "m",
            "instructions": "Be kind\n\n한국어로",
            "description": "d",
            "temperature": 0.25,
            "top_p": 0.5,
            "reasoning_effort": "low",
            "response_format": {"json_schema": {"name": "n", "schema": {"type": "object"}, "strict": True}},
            "metadata.team": "교육",
            "metadata.team.lead": "b",
            "tools.code_interpreter": "code_interpreter",
            **QUIZ,
        }
        kept = provider.capabilities.kept
        fields = subject.takes(fields)
        wanted = desired(TUTOR, kept(Kind.ASSISTANT, fields) if kept else fields)
        id = await provider.create(wanted, JOURNAL)
        live = await provider.fetch(Kind.ASSISTANT, id)
        assert (live.kind, live.id) == (Kind.ASSISTANT, id)
        assert_reads(live, wanted, provider)
        assert await provider.fetch_live(Kind.ASSISTANT) == (live,)
        assert provider.requests.counts == subject.requests({"POST ": 1, "GET /{id}": 1, "GET ": 1})

    check(body)


def test_what_nobody_declared_reads_as_a_default_that_is_declared(check):
    async def body(subject):
        provider = subject.provider
        fields = subject.takes({"model": "m", SEARCH: "file_search", "tools.code_interpreter": "code_interpreter"})
        id = await provider.create(desired(TUTOR, fields), JOURNAL)
        live = await provider.fetch(Kind.ASSISTANT, id)
        defaults = provider.capabilities.defaults[Kind.ASSISTANT]
        undeclared = {path for path, value in live.fields.items() if value is not None}
        undeclared -= set(fields)
        assert undeclared <= defaults.keys()
        assert all(equal(live.fields[path], defaults[path]) for path in undeclared)

    check(body)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("display_name", "x"),
        ("instructions", "x"),
        ("description", "x"),
        ("temperature", 0.25),
        ("top_p", 0.25),
        ("reasoning_effort", "low"),
        ("response_format", "json_object"),
        ("response_format", {"json_schema": {"name": "reply", "schema": {"type": "object"}, "strict": False}}),
        ("metadata.team", "x"),
        ("tools.code_interpreter", "code_interpreter"),
    ],
)
def test_a_field_that_is_removed_goes_back_to_what_it_was(check, path, value):
    async def body(subject):
        provider = subject.provider
        if path not in subject.takes({path: value}):
            pytest.skip(f"there is no {path}: {value}")
        id = await provider.create(desired(TUTOR, {"model": "m"}), JOURNAL)
        bare = at(await provider.fetch(Kind.ASSISTANT, id), path, provider)
        given = desired(TUTOR, {"model": "m", path: value})
        await provider.update(await provider.fetch(Kind.ASSISTANT, id), given, frozenset({path}), JOURNAL)
        live = await provider.fetch(Kind.ASSISTANT, id)
        assert_reads(live, given, provider)
        without = desired(TUTOR, {"model": "m"})
        await provider.update(live, without, frozenset({path}), JOURNAL)
        live = await provider.fetch(Kind.ASSISTANT, id)
        assert equal(at(live, path, provider), bare)
        assert live.marks == without.marks

    check(body)


def test_a_functions_parts_change_and_go(check):
    async def body(subject):
        provider = subject.provider
        id = await provider.create(desired(TUTOR, {"model": "m", **QUIZ}), JOURNAL)
        parts = subject.takes({"tools.quiz.description": "Other", "tools.quiz.strict": True})
        wanted = desired(TUTOR, {"model": "m", **QUIZ, **parts})
        live = await provider.fetch(Kind.ASSISTANT, id)
        await provider.update(live, wanted, frozenset(parts), JOURNAL)
        live = await provider.fetch(Kind.ASSISTANT, id)
        assert_reads(live, wanted, provider)
        await provider.update(live, desired(TUTOR, {"model": "m"}), frozenset(QUIZ), JOURNAL)
        live = await provider.fetch(Kind.ASSISTANT, id)
        assert not [path for path in live.fields if path.startswith("tools.quiz")]

    check(body, Capability.FUNCTIONS)


def test_an_assistant_searches_the_store_it_refers_to(check):
    async def body(subject):
        provider = subject.provider
        store = await provider.create(desired(PAPERS, {"display_name": "papers"}), JOURNAL)
        options = {
            f"{SEARCH}.max_num_results": 8,
            f"{SEARCH}.ranking_options": {"ranker": "auto", "score_threshold": 0.5},
        }
        fields = {"model": "m", SEARCH: "file_search", STORES: [Ref(PAPERS)], **options}
        wanted = desired(TUTOR, fields, {PAPERS: store})
        id = await provider.create(wanted, JOURNAL)
        live = await provider.fetch(Kind.ASSISTANT, id)
        assert_reads(live, wanted, provider)
        other = desired(TUTOR, {"model": "m", SEARCH: "file_search"})
        await provider.update(live, other, frozenset({STORES, *options}), JOURNAL)
        assert not (await provider.fetch(Kind.ASSISTANT, id)).fields.get(STORES)

    check(body, Capability.VECTOR_STORES, Capability.FILE_SEARCH)


def test_what_somebody_else_wrote_survives_an_update(check):
    async def body(subject):
        provider = subject.provider
        id = await provider.create(desired(TUTOR, {"model": "m", **QUIZ}), JOURNAL)
        await subject.touch(id)
        live = await provider.fetch(Kind.ASSISTANT, id)
        kept = desired(TUTOR, {**live.fields, "model": "n", "tools.quiz.description": "Other"})
        await provider.update(live, kept, frozenset({"model", "tools.quiz.description"}), JOURNAL)
        after = await provider.fetch(Kind.ASSISTANT, id)
        assert {path: after.fields[path] for path in subject.outside} == subject.outside
        assert (after.fields["model"], after.fields["tools.quiz.description"]) == ("n", "Other")

    check(body, Capability.FUNCTIONS)


def test_marks_of_any_size_come_back_and_others_have_none(check):
    async def body(subject):
        provider = subject.provider
        foreign = await subject.plant()
        fields = {"model": "m", **{f"metadata.k{number}": "v" for number in range(6)}}
        many = Baseline.of({f"field-{number}": number for number in range(150)})
        other = Address(Kind.ASSISTANT, "other")
        for marks in (
            Marks("p", TUTOR, many, None, protect=True, revision="0" * 40 + "-dirty"),
            Marks("p", other, Baseline.of(fields)),
        ):
            id = await provider.create(Desired(marks.address, fields, marks, {}), JOURNAL)
            assert (await provider.fetch(Kind.ASSISTANT, id)).marks == marks
        listed = {live.id: live.marks for live in await provider.fetch_live(Kind.ASSISTANT)}
        assert listed[foreign] is None
        assert len(listed) == 3

    check(body)


def test_a_list_is_read_to_its_last_page_in_requests_of_a_hundred(check):
    async def body(subject):
        provider = subject.provider
        ids = [
            await provider.create(desired(Address(Kind.ASSISTANT, f"a{number}"), {"model": "m"}), JOURNAL)
            for number in range(101)
        ]
        provider.requests.counts.clear()
        live = await provider.fetch_live(Kind.ASSISTANT)
        assert sorted(item.id for item in live) == sorted(ids)
        assert provider.requests.counts == subject.requests({"GET ": 2})

    check(body)


def test_kinds_do_not_mix_and_nothing_is_an_empty_list(check):
    async def body(subject):
        provider = subject.provider
        assert await provider.fetch_live(Kind.ASSISTANT) == ()
        id = await provider.create(desired(PAPERS, {"display_name": "papers"}), JOURNAL)
        assert await provider.fetch_live(Kind.ASSISTANT) == ()
        assert [live.id for live in await provider.fetch_live(Kind.VECTOR_STORE)] == [id]
        with pytest.raises(TargetError):
            await provider.fetch(Kind.ASSISTANT, id)

    check(body, Capability.VECTOR_STORES)


def test_what_is_deleted_is_gone_and_deleting_it_again_is_done(check):
    async def body(subject):
        provider = subject.provider
        for where in (TUTOR, PAPERS):
            id = await provider.create(
                desired(where, {"display_name": "x", "model": "m"} if where is TUTOR else {"display_name": "x"}),
                JOURNAL,
            )
            live = await provider.fetch(where.kind, id)
            await provider.delete(live)
            with pytest.raises(TargetMissingError):
                await provider.fetch(where.kind, id)
            with pytest.raises(TargetMissingError):
                await provider.update(live, desired(where, dict(live.fields)), frozenset({"display_name"}), JOURNAL)
            await provider.delete(live)
            assert await provider.fetch_live(where.kind) == ()

    check(body, Capability.VECTOR_STORES)


def test_a_stores_own_fields_change_and_go(check):
    async def body(subject):
        provider = subject.provider
        wanted = desired(PAPERS, {"display_name": "papers", "expires_after": {"days": 3}, "metadata.team": "x"})
        id = await provider.create(wanted, JOURNAL)
        live = await provider.fetch(Kind.VECTOR_STORE, id)
        assert_reads(live, wanted, provider)
        bare = desired(PAPERS, {"display_name": "other"})
        await provider.update(live, bare, frozenset({"display_name", "expires_after", "metadata.team"}), JOURNAL)
        live = await provider.fetch(Kind.VECTOR_STORE, id)
        assert (live.fields, live.marks) == ({"display_name": "other"}, bare.marks)

    check(body, Capability.VECTOR_STORES)


def test_files_are_counted_in_the_list_and_swapped_under_their_labels(check, tmp_path):
    async def body(subject):
        provider = subject.provider
        first = documents(tmp_path, {"a.md": "one", "논문/b.md": "two", "c.md": "three"}, attributes={"topic": "lm"})
        id = await provider.create(first, JOURNAL)
        (listed,) = await provider.fetch_live(Kind.VECTOR_STORE)
        assert (listed.id, listed.file_count, listed.files, listed.marks) == (id, 3, None, first.marks)
        live = await provider.fetch_files(listed)
        assert_reads(live, first, provider)
        assert set(live.files) == {"a.md", "논문/b.md", "c.md"}
        assert all(file.ours for file in live.files.values())
        assert files_digest(live.fields) == first.marks.files

        second = documents(tmp_path, {"a.md": "ONE", "논문/b.md": "two", "d.md": "four"}, chunking=SMALL_CHUNKS)
        changed = frozenset(map(file_path, ["a.md", "논문/b.md", "c.md", "d.md"]))
        await provider.update(live, second, changed, JOURNAL)
        live = await provider.fetch_files(await provider.fetch(Kind.VECTOR_STORE, id))
        assert_reads(live, second, provider)
        assert (set(live.files), live.file_count) == ({"a.md", "논문/b.md", "d.md"}, 3)
        assert files_digest(live.fields) == second.marks.files

    check(body, Capability.VECTOR_STORES)


def test_the_record_is_written_even_where_no_field_changes(check):
    async def body(subject):
        provider = subject.provider
        id = await provider.create(desired(TUTOR, {"model": "m"}), JOURNAL)
        live = await provider.fetch(Kind.ASSISTANT, id)
        again = replace(desired(TUTOR, {"model": "m"}), marks=Marks("p", TUTOR, Baseline(), revision="abc"))
        await provider.update(live, again, frozenset(), JOURNAL)
        assert (await provider.fetch(Kind.ASSISTANT, id)).marks == again.marks

    check(body)


async def talk(subject: Subject, fields: Mapping[str, Any], ids: Mapping[Address, str] | None = None) -> Any:
    return subject.provider.open(await subject.provider.create(desired(TUTOR, {"model": "m", **fields}, ids), JOURNAL))


def test_parallel_calls_are_answered_together(check):
    async def body(subject):
        conversation = await talk(subject, QUIZ)
        asked = await conversation.send("quiz")
        assert asked.status is ReplyStatus.NEEDS_ANSWERS
        assert [(call.name, call.arguments, call.invalid) for call in asked.calls] == [
            ("quiz", {"n": 1}, None),
            ("quiz", {"n": 2}, None),
        ]
        with pytest.raises(TargetError):
            await conversation.answer([Answer(asked.calls[0].id, "a1")])
        with pytest.raises(TargetError):
            await conversation.send("never mind")
        done = await conversation.answer([Answer(call.id, f"a{call.arguments['n']}") for call in asked.calls])
        assert done.status is ReplyStatus.COMPLETED
        assert [message.text for message in done.messages] == ["you said a1 and a2"]
        await conversation.close()

    check(body, Capability.FUNCTIONS)


def test_another_model_answers_all_of_a_conversation_and_the_assistant_keeps_its_own(check):
    async def body(subject):
        id = await subject.provider.create(desired(TUTOR, {"model": "m", **QUIZ}), JOURNAL)
        conversation = subject.provider.open(id, model=OTHER_MODEL)
        asked = await conversation.send("quiz")
        assert [call.arguments for call in asked.calls] == [{"n": 3}]
        heard = await conversation.answer([Answer(asked.calls[0].id, "a3")])
        further = await conversation.send("hi")
        assert [reply.messages[0].text for reply in (heard, further)] == ["the other heard a3", "the other says hello"]
        await conversation.close()
        assert (await subject.provider.fetch(Kind.ASSISTANT, id)).fields["model"] == "m"
        own = subject.provider.open(id)
        assert len((await own.send("quiz")).calls) == 2
        await own.close()

    check(body, Capability.FUNCTIONS)


def test_a_conversation_ends_while_calls_are_pending(check):
    async def body(subject):
        conversation = await talk(subject, QUIZ)
        assert (await conversation.send("quiz")).calls
        await conversation.close()
        await conversation.close()

    check(body, Capability.FUNCTIONS)


def test_code_is_run_and_told(check, sandbox):
    async def body(subject):
        conversation = await talk(subject, {"tools.code_interpreter": "code_interpreter"})
        reply = await conversation.send("code")
        assert [(run.code, run.logs.strip(), run.images) for run in reply.evidence.code_runs] == [
            ("print(6 * 7)", "42", 0)
        ]
        assert [message.text for message in reply.messages] == ["it says 42"]
        assert (await conversation.send("hi")).evidence.code_runs == ()
        await conversation.close()

    check(body, Capability.CODE_INTERPRETER)


def test_a_search_is_told_with_its_passages_and_cited_by_file_name(check, tmp_path):
    async def body(subject):
        files = documents(tmp_path, {"sea/고래.md": "All whales breathe air.", "b.txt": "Cats purr."})
        store = await subject.provider.create(files, JOURNAL)
        conversation = await talk(subject, {SEARCH: "file_search", STORES: [Ref(PAPERS)]}, {PAPERS: store})
        reply = await conversation.send("search")
        (search,) = reply.evidence.searches
        best = search.passages[0]
        assert (best.file, best.text.strip()) == ("고래.md", "All whales breathe air.")
        (message,) = reply.messages
        assert [(citation.file, citation.file_id) for citation in message.citations] == [("고래.md", best.file_id)]
        assert message.citations[0].text in message.text
        await conversation.close()

    check(body, Capability.FILE_SEARCH, Capability.CITATIONS)


def test_models_are_listed_in_one_request_with_the_days_they_end(check):
    async def body(subject):
        before = subject.provider.requests.total
        listed = await subject.provider.fetch_models()
        assert listed
        assert all(isinstance(model, str) and isinstance(day, date | None) for model, day in listed.items())
        assert subject.provider.requests.total == before + 1

    check(body)


class Ear:
    """Hears a reply."""

    def __init__(self) -> None:
        self.text = ""
        self.found: list[list[str]] = []
        self.code: list[CodeRun] = []

    def wrote(self, text: str) -> None:
        self.text += text

    def searched(self, search: Search) -> None:
        self.found.append([passage.file_id for passage in search.passages])

    def ran(self, code: CodeRun) -> None:
        self.code.append(code)


def test_who_listens_hears_what_the_reply_holds_and_it_costs_nothing(check):
    async def body(subject):
        id = await subject.provider.create(desired(TUTOR, {"model": "m", **QUIZ}), JOURNAL)
        costs = []
        for ear in (Ear(), None):
            before = subject.provider.requests.total
            conversation = subject.provider.open(id, None, ear)
            asked = await conversation.send("quiz")
            done = await conversation.answer([Answer(call.id, f"a{call.arguments['n']}") for call in asked.calls])
            await conversation.close()
            costs.append(subject.provider.requests.total - before)
            if ear is not None:
                assert ear.text == "".join(message.text for message in (*asked.messages, *done.messages))
                assert ear.text == "you said a1 and a2"
        assert costs[0] == costs[1]

    check(body, Capability.FUNCTIONS)


def test_searches_are_heard(check, tmp_path):
    async def body(subject):
        files = documents(tmp_path, {"고래.md": "All whales breathe air.", "b.txt": "Cats purr."})
        store = await subject.provider.create(files, JOURNAL)
        fields = {"model": "m", SEARCH: "file_search", STORES: [Ref(PAPERS)]}
        ear = Ear()
        id = await subject.provider.create(desired(TUTOR, fields, {PAPERS: store}), JOURNAL)
        reply = await subject.provider.open(id, None, ear).send("search")
        assert ear.found == [[passage.file_id for passage in search.passages] for search in reply.evidence.searches]
        assert ear.found[0]

    check(body, Capability.FILE_SEARCH, Capability.CITATIONS)


def test_code_is_heard(check, sandbox):
    async def body(subject):
        fields = {"model": "m", "tools.code_interpreter": "code_interpreter"}
        ear = Ear()
        id = await subject.provider.create(desired(TUTOR, fields), JOURNAL)
        reply = await subject.provider.open(id, None, ear).send("code")
        assert tuple(ear.code) == reply.evidence.code_runs != ()

    check(body, Capability.CODE_INTERPRETER)
