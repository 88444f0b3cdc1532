"""Using the hosted tools of a run: code_interpreter and file_search, and what their calls look like on the wire."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.server.models.interface import Action, CallFunctions, ModelRequest, RunCode, Search
from orchestrator.server.runs.events import Event, step_delta
from orchestrator.server.store import Body, Store
from orchestrator.server.tools import (
    CodeRunner,
    CodeUnavailableError,
    Execution,
    Files,
    Searcher,
    SearchHit,
    StoredFile,
    VectorStores,
)
from orchestrator.server.wire import new_id

NO_CODE = "This server cannot run code: it was started without a code interpreter"
NO_SEARCH = "This server cannot search files: it was started without vector stores"
_DEFAULT_RANKING = {"ranker": "auto", "score_threshold": 0.0}


class ToolFailedError(Exception):
    """A tool cannot be used at all; the run fails with this text."""


def refusal(action: Action, request: ModelRequest, run: Mapping[str, Any]) -> str | None:
    """Say why an action is not open to this run: a tool it does not have, or calls in parallel it forbids."""
    functions = {tool["function"]["name"] for tool in request.tools if tool["type"] == "function"}
    hosted = {tool["type"] for tool in request.tools}
    match action:
        case CallFunctions(calls=calls):
            unknown = [call.name for call in calls if call.name not in functions]
            if unknown:
                return _not_offered(request, f"calls the function '{unknown[0]}'", sorted(functions))
            if len(calls) > 1 and not run["parallel_tool_calls"]:
                return f"The model '{request.model}' calls {len(calls)} functions at once; parallel_tool_calls is false"
        case RunCode() if "code_interpreter" not in hosted:
            return _not_offered(request, "runs code", sorted(hosted))
        case Search() if "file_search" not in hosted:
            return _not_offered(request, "searches files", sorted(hosted))
    return None


def _not_offered(request: ModelRequest, does: str, offered: Sequence[str]) -> str:
    have = ", ".join(offered) or "none"
    because = " because tool_choice is none" if request.tool_choice == "none" else ""
    return f"The model '{request.model}' {does}, which the run's tools do not offer (they offer: {have}{because})"


@dataclass(frozen=True, slots=True)
class CodeOutcome:
    """What running code gave."""

    execution: Execution

    def finished(self, call: Body, files: Files | None) -> Body:
        """Complete the call, storing what the code produced as file objects; inside the step's transaction."""
        outputs: list[Body] = []
        if self.execution.logs:
            outputs.append({"type": "logs", "logs": self.execution.logs})
        notes: list[Body] = []
        if files is not None:
            for number, image in enumerate(self.execution.images, 1):
                file_id = files.add(f"image-{number}.png", image, "assistants_output")
                outputs.append({"type": "image", "image": {"file_id": file_id}})
            for name, data in self.execution.files:
                notes.append({"filename": name, "file_id": files.add(name, data, "assistants_output")})
        code = {**call["code_interpreter"], "outputs": outputs}
        return {**call, "code_interpreter": code, "_files": notes}


@dataclass(frozen=True, slots=True)
class SearchOutcome:
    """What a search found."""

    hits: Sequence[SearchHit]

    def finished(self, call: Body, files: Files | None) -> Body:
        """Complete the call with the results and their texts."""
        results = [
            {
                "file_id": hit.file_id,
                "file_name": hit.filename,
                "score": hit.score,
                "content": [{"type": "text", "text": hit.text}],
            }
            for hit in self.hits
        ]
        return {**call, "file_search": {**call["file_search"], "results": results}}


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The tools the server was started with; None where it has none of a kind."""

    store: Store
    code_runner: CodeRunner | None = None
    searcher: Searcher | None = None
    files: Files | None = None
    vector_stores: VectorStores | None = None

    async def use(self, action: RunCode | Search, run: Mapping[str, Any]) -> CodeOutcome | SearchOutcome:
        """Run the code or the search of a run; raises ToolFailedError."""
        if isinstance(action, Search):
            return SearchOutcome(await self._search(action, run))
        if self.code_runner is None:
            raise ToolFailedError(NO_CODE)
        given = [(file.filename, file.data) for file in self._code_files(run)]
        try:
            return CodeOutcome(await self.code_runner.run(run["thread_id"], action.code, given))
        except CodeUnavailableError as error:
            raise ToolFailedError(str(error)) from error

    async def _search(self, action: Search, run: Mapping[str, Any]) -> Sequence[SearchHit]:
        if self.searcher is None:
            raise ToolFailedError(NO_SEARCH)
        ids = self._resources(run, "file_search", "vector_store_ids")
        if self.vector_stores is not None:
            await self.vector_stores.wait_until_indexed(ids)
        options = search_options(run)
        most = options.get("max_num_results") or (5 if run["model"].startswith("gpt-3.5") else 20)
        ranking, filters = options.get("ranking_options"), options.get("filters")
        return await self.searcher.search(ids, action.query, most, ranking, filters)

    def _code_files(self, run: Mapping[str, Any]) -> Iterable[StoredFile]:
        """Find every file that the code of this thread may read: the assistant's, the thread's, the messages'.

        Of files with one name the latest counts: code may have written a new version of what it was given.
        """
        ids = self._resources(run, "code_interpreter", "file_ids")
        for message in self.store.fetch_page("message", run["thread_id"]).items:
            for attachment in message["attachments"]:
                if {"type": "code_interpreter"} in attachment["tools"]:
                    ids.append(attachment["file_id"])
        named: dict[str, StoredFile] = {}
        for file_id in dict.fromkeys(ids):
            stored = self.files.fetch_content(file_id) if self.files is not None else None
            if stored is not None:
                named[stored.filename] = stored
        return named.values()

    def _resources(self, run: Mapping[str, Any], tool: str, field: str) -> list[str]:
        """List what the assistant (as the run copied it) and the thread lend to a tool."""
        thread = self.store.fetch("thread", run["thread_id"]) or {}
        ids: list[str] = []
        for owner in (run, thread):
            ids += (owner.get("tool_resources") or {}).get(tool, {}).get(field) or []
        return list(dict.fromkeys(ids))


def search_options(run: Mapping[str, Any]) -> Mapping[str, Any]:
    """Read the file_search options of a run's tool."""
    options = (tool.get("file_search") for tool in run["tools"] if tool["type"] == "file_search")
    return next(options, None) or {}


def begun_call(action: RunCode | Search, run: Mapping[str, Any]) -> Body:
    """Show a hosted call that has no outcome yet."""
    if isinstance(action, RunCode):
        code = {"input": action.code, "outputs": list[Body]()}
        return {"id": new_id("call_"), "type": "code_interpreter", "code_interpreter": code}
    ranking = search_options(run).get("ranking_options") or _DEFAULT_RANKING
    search = {"ranking_options": dict(ranking), "results": list[Body]()}
    return {"id": new_id("call_"), "type": "file_search", "file_search": search, "_query": action.query}


def begun_delta(step: Body, call: Body) -> Event:
    """Tell a stream that a hosted call begins."""
    told = {"code_interpreter": call["code_interpreter"]} if "code_interpreter" in call else {"file_search": {}}
    return step_delta(step["id"], {"index": 0, "id": call["id"], "type": call["type"], **told})


def finished_deltas(step: Body, call: Body) -> Iterator[Event]:
    """Tell a stream what code put out, one output an event."""
    if call["type"] == "code_interpreter":
        for index, output in enumerate(call["code_interpreter"]["outputs"]):
            code = {"outputs": [{"index": index, **output}]}
            yield step_delta(step["id"], {"index": 0, "type": "code_interpreter", "code_interpreter": code})
