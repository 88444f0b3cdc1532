"""What is said and called in a conversation, the same on every wire."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

FILE_SEARCH, CODE_INTERPRETER, MESSAGE = "file_search", "code_interpreter", "message"
"""Names of the steps that are no calls of functions."""


class ReplyStatus(StrEnum):
    """How far an exchange has come."""

    COMPLETED = "completed"
    NEEDS_ANSWERS = "needs_answers"
    """Function calls wait for their outputs."""
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Citation:
    """A place in the reply that names its source."""

    file_id: str
    file: str | None
    """File name, where the wire tells it."""
    text: str
    """The marker as it stands in the reply."""


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file or image that came with a message."""

    id: str
    name: str | None = None
    """File name; None where the wire gives none, as for images."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the assistant."""

    text: str
    citations: tuple[Citation, ...] = ()
    files: tuple[MadeFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A function call that waits for its output."""

    id: str
    name: str
    arguments: Mapping[str, Any]
    """Parsed arguments; empty where `invalid` holds what could not be parsed."""
    invalid: str | None = None
    """The arguments as the model wrote them, where they are not a JSON object."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One search result."""

    file_id: str
    file: str
    score: float
    """0 to 1, higher is nearer."""
    text: str


@dataclass(frozen=True, slots=True)
class Search:
    """One use of file_search."""

    passages: tuple[Passage, ...]
    """Best first."""


@dataclass(frozen=True, slots=True)
class CodeRun:
    """One use of the code interpreter."""

    code: str
    logs: str
    images: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the assistant did besides answering, in order."""

    searches: tuple[Search, ...] = ()
    code_runs: tuple[CodeRun, ...] = ()
    order: tuple[str, ...] = ()
    """What came when: `file_search`, `code_interpreter` and `message`, as often as it came; empty where unknown."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the wire counts them."""

    input_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(self.input_tokens + other.input_tokens, self.output_tokens + other.output_tokens)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an exchange did not complete."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The assistant's part of an exchange, up to where it completed or waits for answers.

    It holds what is new since the reply before it: messages, calls, evidence and usage are never told twice.
    """

    status: ReplyStatus
    messages: tuple[Message, ...] = ()
    calls: tuple[Call, ...] = ()
    evidence: Evidence = Evidence()
    usage: Usage = Usage()
    failure: Failure | None = None
    spent_usd: float | None = None
    """What the target says it cost, where it says that."""
    requests: int = 1
    """How many requests it took."""
    recorded_ms: int | None = None
    """How long it took when it was recorded; None where it came from the target just now."""

    @property
    def steps(self) -> tuple[str, ...]:
        """What was done, in order: `file_search`, `code_interpreter`, `message`, and functions by name, which end it.

        Where the wire did not tell the order, searches come first, then code, then messages.
        """
        evidence = self.evidence
        unordered = [FILE_SEARCH] * len(evidence.searches) + [CODE_INTERPRETER] * len(evidence.code_runs)
        done = evidence.order or (*unordered, *([MESSAGE] * len(self.messages)))
        return (*done, *(call.name for call in self.calls))


@dataclass(frozen=True, slots=True)
class Answer:
    """The output of one function call."""

    call_id: str
    output: str
    error: str | None = None
    """What went wrong, where the function failed; `output` says so too, for wires that have no word for it."""


@dataclass(frozen=True, slots=True)
class AnsweredCall:
    """A function call and what it was answered with."""

    name: str
    arguments: Mapping[str, Any]
    """Parsed arguments; empty where `invalid` holds what could not be parsed."""
    invalid: str | None
    """The arguments as the model wrote them, where they are not a JSON object."""
    output: str | None
    """The text the function returned, or None where no answer was given."""


@dataclass(frozen=True, slots=True)
class Said:
    """One exchange of a talk that is over: what becomes a turn of a scenario."""

    user: str
    replies: tuple[str, ...]
    calls: tuple[AnsweredCall, ...] = ()
    missing: tuple[str, ...] = ()
    """Kinds of what the user sent besides text, which a scenario cannot say."""
