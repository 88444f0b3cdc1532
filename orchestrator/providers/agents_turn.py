"""A turn of an agent's session, out of the events that tell of it. Pure; facts: API facts 1.6.

Only events that are known by name are read, and of those only what has the shape that is expected.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from orchestrator.model.bridges import citations_in
from orchestrator.model.conversation import (
    CODE_INTERPRETER,
    FILE_SEARCH,
    MESSAGE,
    CodeRun,
    Evidence,
    Failure,
    Message,
    Passage,
    Reply,
    ReplyStatus,
    Search,
)
from orchestrator.providers._events import Event
from orchestrator.providers._replies import get_failure, get_usage
from orchestrator.providers._shapes import items, mapping, mappings, number

SESSION, TURN = "agent.session.", "agent.session.turn."
IDLE, FAILED, BUDGET, REQUIRES = (
    f"{SESSION}{word}" for word in ("idle", "failed", "budget_reached", "requires_action")
)
RESTS = frozenset([IDLE, FAILED, BUDGET])
"""Events of a session that does nothing more by itself."""
SESSION_EVENTS = RESTS | {f"{SESSION}created", f"{SESSION}in_progress", REQUIRES}
CREATED, ITEM, DELTA = f"{TURN}created", f"{TURN}item.done", f"{TURN}output_text.delta"
ENDS = {
    f"{TURN}completed": ReplyStatus.COMPLETED,
    f"{TURN}failed": ReplyStatus.FAILED,
    f"{TURN}cancelled": ReplyStatus.CANCELLED,
}
READ = SESSION_EVENTS | ENDS.keys() | {CREATED, ITEM, "error"}
"""Events that are read; all others may have any shape."""
_TOO_LONG = "max_output_tokens"


class Turn:
    """What is known of the turn in progress."""

    def __init__(self) -> None:
        self.id: str | None = None
        self.ended: Mapping[str, Any] | None = None
        """The turn as its last event tells it."""
        self.status: ReplyStatus | None = None
        self.done: list[tuple[int, Search | CodeRun | str]] = []
        """What was done since it was last told, by its place among the outputs; final messages as their text."""
        self._place = 0
        """The last place that was heard of."""
        self._seen: set[str] = set()
        """Items that are in it already, or were told."""
        self._passages: list[Passage] = []
        """All that was found in this turn, for the reply to be read by."""
        self.trouble: str | None = None
        """What an `error` event said."""

    def hear(self, event: Event) -> None:
        """Take in an event of the turn; those of other turns (a subagent's) change nothing."""
        data = event.data
        if event.name == CREATED:
            if self.id is None and mapping(data.get("turn")).get("subagent_id") is None:
                self.id = str(data.get("turn_id"))
        elif event.name in ENDS:
            if self.is_of(event):
                self.status, self.ended = ENDS[event.name], {"usage": data.get("usage")} | _known(data.get("turn"))
        elif event.name == ITEM:
            item = mapping(data.get("item"))
            if self.id is not None and item.get("turn_id") == self.id and str(item.get("id")) not in self._seen:
                self._seen.add(str(item.get("id")))
                place = self._place = int(number(data.get("output_index")))
                self.done += [(place, _text(item))] if _is_answer(item) else []
                self.done += [(place, get_code(item))] if item.get("type") == "command_execution" else []
        elif event.name == "error":
            self.trouble = _trouble(data)

    def is_of(self, event: Event) -> bool:
        """Tell whether an event is of this turn."""
        return self.id is not None and event.data.get("turn_id") == self.id

    def is_over(self, event: Event) -> bool:
        """Tell whether, with this event, its session will do nothing more by itself: ended and idle, or failed."""
        if event.name == BUDGET:
            return self.id is None or self.status is not None
        return event.name == FAILED or (event.name == IDLE and self.status is not None)

    def ends_with(self, event: Event) -> bool:
        """Tell whether an event is the end of this turn, or of its session."""
        return event.name == FAILED or (event.name in ENDS and self.is_of(event))

    def found(self, passages: tuple[Passage, ...]) -> None:
        """Take in what a search found."""
        self._passages += passages
        self.done.append((self._place, Search(passages)))

    def take(self) -> tuple[tuple[Message, ...], Evidence]:
        """Give what was not told yet, in order."""
        done = [each for _, each in sorted(self.done, key=lambda entry: entry[0])]
        self.done = []
        texts = [each for each in done if isinstance(each, str)]
        messages = tuple(Message(text, citations_in(text, self._passages)) for text in texts)
        searches = tuple(each for each in done if isinstance(each, Search))
        code_runs = tuple(each for each in done if isinstance(each, CodeRun))
        return messages, Evidence(searches, code_runs, tuple(map(_step, done)))

    def fails(self, why: str) -> Reply:
        """Give the reply of a turn that waits for what it will not get."""
        messages, evidence = self.take()
        return Reply(ReplyStatus.FAILED, messages, evidence=evidence, failure=Failure("requires_action", why))

    def finished(self, event: Event) -> Reply:
        """Give the reply of a turn that is over with this event."""
        messages, evidence = self.take()
        status, ended = self.status or ReplyStatus.FAILED, self.ended or {}
        failure = None
        if status is not ReplyStatus.COMPLETED:
            failure = self._failure(ended, event)
            status = ReplyStatus.INCOMPLETE if failure.code == _TOO_LONG else status
        return Reply(status, messages, (), evidence, get_usage(ended.get("usage")), failure)

    def _failure(self, ended: Mapping[str, Any], event: Event) -> Failure:
        """Say why it did not complete."""
        if (told := get_failure(ended, "error")) is not None:
            return told
        if event.name == BUDGET:
            return Failure("session_budget_exceeded", "the session's spending limit is reached")
        if ended.get("status") == "cancelled":
            return Failure("cancelled", "the turn was cancelled")
        error = mapping(event.data.get("session")).get("error")
        return Failure("failed", str(error or self.trouble or "the session failed and gave no reason"))


def required_actions(session: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Give what a session waits for; what has no shape goes by its text."""
    actions = items(session.get("required_actions"))
    return [action if isinstance(action, Mapping) else {"type": str(action)} for action in actions]


def named(action: Mapping[str, Any]) -> str:
    """Say what a required action is about."""
    if action.get("type") == "function_call":
        return f"a result of {action.get('name')}"
    request = mapping(action.get("request"))
    parts = [request.get(key) for key in ("server_label", "name", "origin", "credential_origin")]
    about = " ".join(str(part) for part in [*parts, action.get("environment_id")] if part)
    return f"{action.get('type')}{f' ({about})' if about else ''}"


def told_again(
    turns: Sequence[Mapping[str, Any]],
    outputs: Sequence[Mapping[str, Any]],
    session: Mapping[str, Any],
    known: Collection[str],
) -> list[Event]:
    """Give the events that would have told of a session's newest turn, unless that is known; `turns` newest first.

    None of them was heard; the lists say the same (API facts 1.6, "Poll alternative").
    """
    turn = next((each for each in turns if each.get("subagent_id") is None), None)
    if turn is None or str(turn.get("id")) in known:
        return []
    of = {"turn_id": str(turn.get("id")), "turn": turn}
    made = [item for item in outputs if item.get("turn_id") == of["turn_id"]]
    events = [Event(CREATED, of)]
    events += [Event(ITEM, {**of, "output_index": number, "item": item}) for number, item in enumerate(made)]
    end, state = f"{TURN}{turn.get('status')}", f"{SESSION}{session.get('status')}"
    events += [Event(end, {**of, "usage": turn.get("usage")})] if end in ENDS else []
    return [*events, *([Event(state, {"session": session})] if state in SESSION_EVENTS else [])]


def get_code(item: Mapping[str, Any]) -> CodeRun:
    """Give what a command ran, and what it printed."""
    return CodeRun(str(item.get("command") or ""), str(item.get("output") or ""))


def _trouble(data: Mapping[str, Any]) -> str:
    error = data.get("error")
    said = mapping(error).get("message") or (error if isinstance(error, str) else None) or data.get("message")
    return str(said or "it gave no reason")


def _step(done: Search | CodeRun | str) -> str:
    return MESSAGE if isinstance(done, str) else FILE_SEARCH if isinstance(done, Search) else CODE_INTERPRETER


def _is_answer(item: Mapping[str, Any]) -> bool:
    return (
        item.get("type") == "message"
        and item.get("role") == "assistant"
        and item.get("status") == "completed"
        and item.get("phase") != "commentary"
    )


def _text(item: Mapping[str, Any]) -> str:
    return "".join(str(part.get("text") or "") for part in mappings(item.get("content")))


def _known(value: object) -> dict[str, Any]:
    """Give what a mapping says, nulls left out."""
    return {key: item for key, item in mapping(value).items() if item is not None}
