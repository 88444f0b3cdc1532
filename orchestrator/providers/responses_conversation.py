"""A conversation on the Responses wire: the whole assistant travels with each request, in the fewest there can be.

A conversation is made once; each message, and all outputs of a round of functions together, are one request, whose
reply is streamed and whose last event holds it whole. Closing deletes the conversation. Facts: API facts 3.2.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from orchestrator.errors import TargetUnknownError
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
from orchestrator.providers._replies import get_call, get_failure, get_usage, must_answer_each, must_be_done
from orchestrator.providers._shapes import mapping, mappings, number
from orchestrator.providers.interface import Hearer

RESPONSES, CONVERSATIONS = "/responses", "/conversations"
INCLUDE = {
    "file_search": "file_search_call.results",
    "code_interpreter": "code_interpreter_call.outputs",
}
"""What has to be asked for to be told, by the type of the tool that makes it."""
_ENDS = {
    "response.completed": ReplyStatus.COMPLETED,
    "response.incomplete": ReplyStatus.INCOMPLETE,
    "response.failed": ReplyStatus.FAILED,
    "response.cancelled": ReplyStatus.CANCELLED,
}
_DELTA, _ITEM = "response.output_text.delta", "response.output_item.done"
_APPROVAL = "mcp_approval_request"


class ResponsesConversation:
    """A conversation with one released assistant; made on the target with the first message."""

    def __init__(
        self,
        client: Client,
        get_request: Callable[[], Mapping[str, Any]],
        model: str | None = None,
        hearer: Hearer | None = None,
    ) -> None:
        """`get_request` is asked for the release's request once, at the first message; `model` stands in for its own.

        Raises nothing; what is wrong with the release is raised by `send`.
        """
        self._client = client
        self._get_request = get_request
        self._model = model
        self._hearer = hearer
        self._body: dict[str, Any] | None = None
        self._conversation: str | None = None
        self._pending: frozenset[str] = frozenset()
        self._untold = 0  # requests that no reply has told of yet

    async def send(self, message: str) -> Reply:
        """Say something and read the reply; raises `TargetRejectedError` while calls wait for their outputs."""
        must_be_done(not self._pending)
        return await self._ask([{"role": "user", "content": message}])

    async def answer(self, answers: Sequence[Answer]) -> Reply:
        """Give all outputs of the round and read on."""
        must_answer_each(self._pending, answers)
        outputs = [
            {"type": "function_call_output", "call_id": answer.call_id, "output": answer.output} for answer in answers
        ]
        return await self._ask(outputs)

    async def close(self) -> int:
        """Delete the conversation; gives how many requests it took."""
        conversation, self._conversation = self._conversation, None
        if conversation is None:
            return 0
        await self._client.delete(f"{CONVERSATIONS}/{conversation}")
        return 1

    async def _ask(self, given: Sequence[Mapping[str, Any]]) -> Reply:
        if self._body is None:
            self._body = get_body(self._get_request(), self._model)
        if self._conversation is None:
            made = await self._client.post(CONVERSATIONS, {}, once=True)
            self._conversation, self._untold = str(made.get("id")), 1
        body = {**self._body, "conversation": self._conversation, "input": list(given)}
        last = None
        async for event in self._client.stream(RESPONSES, body, wanted=self._is_wanted):
            if event.name in _ENDS:
                last = event
            elif self._hearer is not None:
                _tell(self._hearer, event.name, event.data)
        if last is None:
            raise TargetUnknownError("the target ended its stream before the reply was done", "run the scenario again")
        reply = get_reply(_ENDS[last.name], mapping(last.data.get("response")))
        reply, self._untold = replace(reply, requests=1 + self._untold), 0
        self._pending = frozenset(call.id for call in reply.calls)
        return reply

    def _is_wanted(self, name: str) -> bool:
        return name in _ENDS or (self._hearer is not None and name in (_DELTA, _ITEM))


def get_body(request: Mapping[str, Any], model: str | None) -> dict[str, Any]:
    """Give what each request of a conversation is sent with, besides its input."""
    tools = {str(tool.get("type")) for tool in mappings(request.get("tools"))}
    asked = [*(request.get("include") or ()), *(word for tool, word in INCLUDE.items() if tool in tools)]
    body = {**request, **({"model": model} if model is not None else {})}
    return body | ({"include": list(dict.fromkeys(asked))} if asked else {})


def get_reply(status: ReplyStatus, response: Mapping[str, Any]) -> Reply:
    """Give a whole response as a reply; functions that it calls wait for their outputs."""
    output = mappings(response.get("output"))
    by_type: dict[str, list[Mapping[str, Any]]] = {}
    for item in output:
        by_type.setdefault(str(item.get("type")), []).append(item)
    calls = tuple(map(_call, by_type.get("function_call", ()))) if status in _ANSWERABLE else ()
    failure = get_failure(response, "error")
    if waiting := get_waiting(output, complete=status in _ANSWERABLE):
        status, calls = ReplyStatus.FAILED, ()
        failure = Failure("requires_action", f"the model waits for {_named(waiting)}, which orch cannot give")
    elif calls:
        status = ReplyStatus.NEEDS_ANSWERS
    kinds = {"file_search_call": FILE_SEARCH, "code_interpreter_call": CODE_INTERPRETER, "message": MESSAGE}
    return Reply(
        status,
        tuple(get_message(item) for item in by_type.get("message", ())),
        calls,
        Evidence(
            tuple(get_search(item) for item in by_type.get("file_search_call", ())),
            tuple(get_code(item) for item in by_type.get("code_interpreter_call", ())),
            tuple(kinds[kind] for kind in (str(item.get("type")) for item in output) if kind in kinds),
        ),
        get_usage(response.get("usage")),
        failure,
    )


_ANSWERABLE = frozenset([ReplyStatus.COMPLETED])
"""A response that broke off has calls that may lack half their arguments."""


def get_waiting(output: Sequence[Mapping[str, Any]], *, complete: bool) -> Mapping[str, Any] | None:
    """Give the first item that waits for what nobody here gives: an approval, or the output of a tool of the client's.

    Whatever has a `call_id` is answered with an item of that id; what the API runs itself has its answer beside it.
    """
    answered = {item.get("call_id") for item in output if _is_output(item)}
    for item in output:
        call = item.get("call_id") if complete and item.get("type") != "function_call" else None
        if item.get("type") == _APPROVAL or (call is not None and call not in answered):
            return item
    return None


def _is_output(item: Mapping[str, Any]) -> bool:
    return str(item.get("type")).endswith("_output")


def get_message(item: Mapping[str, Any]) -> Message:
    """Give a message; a refusal is its text."""
    texts: list[str] = []
    citations: list[Citation] = []
    files: list[MadeFile] = []
    for part in mappings(item.get("content")):
        if part.get("type") not in _TEXTS:
            continue
        texts.append(str(part.get(_TEXTS[part["type"]]) or ""))
        for note in mappings(part.get("annotations")):
            id, name = str(note.get("file_id")), note.get("filename")
            if note.get("type") == "file_citation":
                citations.append(Citation(id, None if name is None else str(name), ""))
            elif note.get("type") in ("container_file_citation", "file_path"):
                files.append(MadeFile(id, None if name is None else str(name)))
    return Message("\n".join(texts), tuple(citations), tuple(files))


_TEXTS = {"output_text": "text", "refusal": "refusal"}
"""Where the text of a part of a message stands; parts of other types have none."""


def get_search(item: Mapping[str, Any]) -> Search:
    """Give what a search found, best first."""
    return Search(
        tuple(
            Passage(
                str(found.get("file_id")),
                str(found.get("filename")),
                float(number(found.get("score"))),
                str(found.get("text") or ""),
            )
            for found in mappings(item.get("results"))
        )
    )


def get_code(item: Mapping[str, Any]) -> CodeRun:
    """Give what code was run and what it printed."""
    outputs = mappings(item.get("outputs"))
    logs = "".join(str(each.get("logs") or "") for each in outputs if each.get("type") == "logs")
    return CodeRun(str(item.get("code") or ""), logs, sum(each.get("type") == "image" for each in outputs))


def _call(item: Mapping[str, Any]) -> Call:
    return get_call(item.get("call_id"), item.get("name"), item.get("arguments"))


def _named(item: Mapping[str, Any]) -> str:
    about = " ".join(str(item[key]) for key in ("server_label", "name") if item.get(key))
    return f"{item.get('type')}{f' ({about})' if about else ''}"


def _tell(hearer: Hearer, name: str, data: Mapping[str, Any]) -> None:
    if name == _DELTA:
        hearer.wrote(str(data.get("delta") or ""))
        return
    item = mapping(data.get("item"))
    if item.get("type") == "file_search_call":
        hearer.searched(get_search(item))
    elif item.get("type") == "code_interpreter_call":
        hearer.ran(get_code(item))
