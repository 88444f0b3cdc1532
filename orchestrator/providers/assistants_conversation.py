"""A conversation on the Assistants wire: a thread and its runs, in the fewest requests the protocol allows.

The first message makes the thread and starts the run in one request, each further one travels with its run, all
outputs of a round go together; replies are streamed, so nothing is polled. Facts: API facts 4.2 to 4.4.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from itertools import starmap
from typing import Any

from orchestrator.errors import TargetMissingError, TargetUnknownError
from orchestrator.model.conversation import (
    CODE_INTERPRETER,
    FILE_SEARCH,
    MESSAGE,
    Answer,
    Call,
    Citation,
    CodeRun,
    Evidence,
    Failure,
    MadeFile,
    Message,
    Passage,
    Reply,
    ReplyStatus,
    Search,
)
from orchestrator.providers._client import Client
from orchestrator.providers._events import Event
from orchestrator.providers._replies import get_call, get_failure, get_usage, must_answer_each, must_be_done
from orchestrator.providers._shapes import mapping, mappings, number
from orchestrator.providers.interface import Hearer

_STATUSES = {
    "thread.run.completed": ReplyStatus.COMPLETED,
    "thread.run.requires_action": ReplyStatus.NEEDS_ANSWERS,
    "thread.run.incomplete": ReplyStatus.INCOMPLETE,
    "thread.run.failed": ReplyStatus.FAILED,
    "thread.run.cancelled": ReplyStatus.CANCELLED,
    "thread.run.expired": ReplyStatus.EXPIRED,
}
_RUN_EVENTS = frozenset(
    [*_STATUSES, *(f"thread.run.{word}" for word in ("created", "queued", "in_progress", "cancelling"))]
)
_STEP_ENDS = frozenset(f"thread.run.step.{word}" for word in ("completed", "failed", "cancelled", "expired"))
_MESSAGE_ENDS = frozenset(["thread.message.completed", "thread.message.incomplete"])
_READ = _RUN_EVENTS | _STEP_ENDS | _MESSAGE_ENDS | {"thread.created"}
_OUTPUTS = "submit_tool_outputs"
_DELTA = "thread.message.delta"
_HOSTED = frozenset([FILE_SEARCH, CODE_INTERPRETER])
_CONTENT = {"include": ["step_details.tool_calls[*].file_search.results[*].content"]}


class AssistantsConversation:
    """A thread with one assistant; made on the target with the first message."""

    def __init__(
        self,
        client: Client,
        assistant_id: str,
        file_names: dict[str, str],
        model: str | None = None,
        hearer: Hearer | None = None,
    ) -> None:
        """`file_names` is a cache of names by file id that conversations share; `model` answers, if not its own."""
        self._client = client
        self._hearer = hearer
        # What each run is made with; outputs go to a run that has it already.
        self._with = {"assistant_id": assistant_id} | ({} if model is None else {"model": model})
        self._file_names = file_names
        self._thread: str | None = None
        self._run: str | None = None
        self._pending: frozenset[str] = frozenset()

    async def send(self, message: str) -> Reply:
        """Say something and read the reply; raises `TargetRejectedError` while calls wait for their outputs."""
        must_be_done(not self._pending)
        said = {"role": "user", "content": message}
        if self._thread is None:
            first = {**self._with, "thread": {"messages": [said]}}
            return await self._read(self._client.stream("/threads/runs", first, wanted=self._is_wanted))
        further = {**self._with, "additional_messages": [said]}
        path = f"/threads/{self._thread}/runs"
        return await self._read(self._client.stream(path, further, _CONTENT, self._is_wanted))

    async def answer(self, answers: Sequence[Answer]) -> Reply:
        """Give all outputs of the round and read on."""
        must_answer_each(self._pending, answers)
        body = {"tool_outputs": [{"tool_call_id": answer.call_id, "output": answer.output} for answer in answers]}
        path = f"/threads/{self._thread}/runs/{self._run}/submit_tool_outputs"
        return await self._read(self._client.stream(path, body, wanted=self._is_wanted))

    async def close(self) -> int:
        """Delete the thread; gives how many requests it took."""
        thread, self._thread = self._thread, None
        if thread is None:
            return 0
        await self._client.delete(f"/threads/{thread}")
        return 1

    async def _read(self, events: AsyncIterator[Event]) -> Reply:
        messages: list[Mapping[str, Any]] = []
        calls: list[Mapping[str, Any]] = []
        order: list[str] = []
        last: Event | None = None
        async for event in events:  # to the end of the stream, so that its connection serves the next request
            name, data = event
            if name == "thread.created":
                self._thread = _id(data.get("id")) or self._thread
            elif name in _STEP_ENDS:
                made = mappings(mapping(data.get("step_details")).get("tool_calls"))
                calls += made
                order += [str(call.get("type")) for call in made if call.get("type") in _HOSTED]
                if self._hearer is not None:
                    _tell(self._hearer, get_evidence(made))
            elif name == _DELTA:
                self._hear_pieces(data)
            elif name in _MESSAGE_ENDS and data.get("role") == "assistant":
                messages.append(data)
                order.append(MESSAGE)
            elif name in _RUN_EVENTS:
                self._run = _id(data.get("id")) or self._run
                self._thread = _id(data.get("thread_id")) or self._thread
                last = event
        if last is None or last.name not in _STATUSES:
            raise TargetUnknownError("the target ended its stream before the run was done", "run the scenario again")
        reply = await self._reply(_STATUSES[last.name], last.data, messages, calls, order)
        self._pending = frozenset(call.id for call in reply.calls)
        return reply

    def _is_wanted(self, name: str) -> bool:
        """Tell whether an event is read: pieces of a text are where somebody hears them, else it comes whole."""
        return name in _READ or (self._hearer is not None and name == _DELTA)

    def _hear_pieces(self, data: Mapping[str, Any]) -> None:
        for part in mappings(mapping(data.get("delta")).get("content")):
            value = mapping(part.get("text")).get("value") if part.get("type") == "text" else part.get("refusal")
            if value and self._hearer is not None:
                self._hearer.wrote(str(value))

    async def _reply(
        self,
        status: ReplyStatus,
        run: Mapping[str, Any],
        messages: Sequence[Mapping[str, Any]],
        calls: Sequence[Mapping[str, Any]],
        order: Sequence[str],
    ) -> Reply:
        lacking = any(map(_lacks_texts, calls))
        evidence = replace(get_evidence(await self._with_passages(calls)), order=tuple(order))
        self._file_names.update({p.file_id: p.file for search in evidence.searches for p in search.passages})
        waiting = get_refusal(run) if status is ReplyStatus.NEEDS_ANSWERS else None
        action = mapping(mapping(run.get("required_action")).get(_OUTPUTS))
        return Reply(
            status=status if waiting is None else ReplyStatus.FAILED,
            messages=tuple([await self._message(message) for message in messages]),
            calls=tuple(map(_call, mappings(action.get("tool_calls")))) if waiting is None else (),
            evidence=evidence,
            usage=get_usage(run.get("usage"), "prompt_tokens", "completion_tokens"),
            requests=2 if lacking else 1,
            failure=waiting or get_failure(run, "last_error"),
        )

    async def _with_passages(self, calls: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        """Read the text of what was found where the stream left it out: one more request."""
        if not any(map(_lacks_texts, calls)):
            return calls
        steps = await self._client.list_all(f"/threads/{self._thread}/runs/{self._run}/steps", _CONTENT)
        full = {
            str(call.get("id")): call
            for step in steps
            for call in mappings(mapping(step.get("step_details")).get("tool_calls"))
        }
        return [full.get(str(call.get("id")), call) for call in calls]

    async def _message(self, message: Mapping[str, Any]) -> Message:
        texts: list[str] = []
        citations: list[Citation] = []
        files: dict[str, str | None] = {}
        for part in mappings(message.get("content")):
            if part.get("type") == "text":
                text = mapping(part.get("text"))
                texts.append(str(text.get("value") or ""))
                for annotation in mappings(text.get("annotations")):
                    if annotation.get("type") == "file_citation":
                        id = _file_id(annotation, "file_citation")
                        citations.append(Citation(id, await self._file_name(id), str(annotation.get("text") or "")))
                    elif annotation.get("type") == "file_path":
                        link = str(annotation.get("text") or "")
                        files[_file_id(annotation, "file_path")] = link.rpartition("/")[2] or None
            elif part.get("type") == "image_file":
                files[_file_id(part, "image_file")] = None
            elif part.get("type") == "refusal":
                texts.append(str(part.get("refusal")))
        for attachment in mappings(message.get("attachments")):  # what code wrote, also where the text does not link it
            if (id := str(attachment.get("file_id"))) not in files:
                files[id] = await self._file_name(id)
        return Message("\n".join(texts), tuple(citations), tuple(starmap(MadeFile, files.items())))

    async def _file_name(self, file_id: str) -> str | None:
        if file_id not in self._file_names:
            try:
                self._file_names[file_id] = str((await self._client.get(f"/files/{file_id}")).get("filename"))
            except TargetMissingError:
                return None  # cited and deleted since: the citation stands, its name is gone
        return self._file_names[file_id]


def _tell(hearer: Hearer, done: Evidence) -> None:
    for search in done.searches:
        hearer.searched(search)
    for code in done.code_runs:
        hearer.ran(code)


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _file_id(part: Mapping[str, Any], kind: str) -> str:
    return str(mapping(part.get(kind)).get("file_id"))


def _call(call: Mapping[str, Any]) -> Call:
    function = mapping(call.get("function"))
    return get_call(call.get("id"), function.get("name"), function.get("arguments"))


def get_evidence(calls: Sequence[Mapping[str, Any]]) -> Evidence:
    """Give what built-in tools did, from the calls of finished run steps."""
    searches, code_runs = [], []
    for call in calls:
        if call.get("type") == FILE_SEARCH:
            results = mappings(mapping(call.get(FILE_SEARCH)).get("results"))
            searches.append(Search(tuple(_passage(result) for result in results)))
        elif call.get("type") == CODE_INTERPRETER:
            code = mapping(call.get(CODE_INTERPRETER))
            outputs = mappings(code.get("outputs"))
            logs = "".join(str(output.get("logs") or "") for output in outputs if output.get("type") == "logs")
            images = sum(output.get("type") == "image" for output in outputs)
            code_runs.append(CodeRun(str(code.get("input") or ""), logs, images))
    return Evidence(tuple(searches), tuple(code_runs))


def _lacks_texts(call: Mapping[str, Any]) -> bool:
    if call.get("type") != FILE_SEARCH:
        return False
    results = mapping(call.get(FILE_SEARCH)).get("results")
    return results is None or any(not result.get("content") for result in mappings(results))


def _passage(result: Mapping[str, Any]) -> Passage:
    text = "\n".join(str(part.get("text") or "") for part in mappings(result.get("content")))
    score = float(number(result.get("score")))
    return Passage(str(result.get("file_id")), str(result.get("file_name")), score, text)


def get_refusal(run: Mapping[str, Any]) -> Failure | None:
    """Say what a run waits for where that is anything but outputs of functions: nobody here approves calls."""
    action = mapping(run.get("required_action"))
    kind = str(action.get("type") or _OUTPUTS)
    calls = mappings(mapping(action.get(kind)).get("tool_calls"))
    strange = [call for call in calls if kind != _OUTPUTS or call.get("type", "function") != "function"]
    if calls and not strange:
        return None
    about = [str(part) for call in strange[:1] for part in (call.get("server_label"), call.get("name")) if part]
    named = f"{kind} ({' '.join(about)})" if about else kind
    return Failure("requires_action", f"the assistant waits for {named}, which orch cannot give")
