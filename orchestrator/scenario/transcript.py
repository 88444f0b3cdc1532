"""What was said and called in a conversation, kept as the wire gave it: the one thing checks and reports read.

An exchange keeps its replies whole and in order, so that nothing is lost between the runner and a check; what a
check asks for (the text, the calls with their outputs, the searches) is derived from them.
"""

from dataclasses import dataclass

from orchestrator.model.conversation import (
    Answer,
    AnsweredCall,
    Citation,
    CodeRun,
    Evidence,
    Failure,
    MadeFile,
    Reply,
    ReplyStatus,
    Search,
    Usage,
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What one user message led to."""

    user: str
    replies: tuple[Reply, ...] = ()
    """In order; the last one ends the exchange. Empty where the target gave none."""
    answers: tuple[tuple[Answer, ...], ...] = ()
    """What was given to the calls of the reply at the same place."""
    duration_ms: float | None = None
    """From sending the message to the last reply; None where nobody measured it."""

    @property
    def status(self) -> ReplyStatus | None:
        """How the exchange ended, or None where no reply came."""
        return self.replies[-1].status if self.replies else None

    @property
    def failure(self) -> Failure | None:
        """Why it did not complete, as the wire says it."""
        return self.replies[-1].failure if self.replies else None

    @property
    def text(self) -> str:
        """Everything the assistant said, message after message, one line break between."""
        return "\n".join(message.text for reply in self.replies for message in reply.messages)

    @property
    def calls(self) -> tuple[AnsweredCall, ...]:
        """All function calls, in order."""
        return tuple(call for index in range(len(self.replies)) for call in self.calls_of(index))

    def calls_of(self, index: int) -> tuple[AnsweredCall, ...]:
        """Give the calls of the reply at this place with the outputs they were given."""
        outputs = {a.call_id: a.output for a in self.answers[index]} if index < len(self.answers) else {}
        return tuple(AnsweredCall(c.name, c.arguments, c.invalid, outputs.get(c.id)) for c in self.replies[index].calls)

    @property
    def citations(self) -> tuple[Citation, ...]:
        """All citations in the messages, in order."""
        return tuple(c for reply in self.replies for message in reply.messages for c in message.citations)

    @property
    def searches(self) -> tuple[Search, ...]:
        """All uses of file_search, in order."""
        return tuple(search for reply in self.replies for search in reply.evidence.searches)

    @property
    def code_runs(self) -> tuple[CodeRun, ...]:
        """All uses of the code interpreter, in order."""
        return tuple(run for reply in self.replies for run in reply.evidence.code_runs)

    @property
    def evidence(self) -> Evidence:
        """What the assistant did besides answering."""
        return Evidence(self.searches, self.code_runs)

    @property
    def files(self) -> tuple[MadeFile, ...]:
        """All files and images that came with messages, in order."""
        return tuple(file for reply in self.replies for message in reply.messages for file in message.files)

    @property
    def steps(self) -> tuple[str, ...]:
        """What was done, in order: `file_search`, `code_interpreter`, `message`, and functions by name."""
        return tuple(step for reply in self.replies for step in reply.steps)

    @property
    def usage(self) -> Usage:
        """Tokens of all replies together."""
        return sum((reply.usage for reply in self.replies), Usage())

    @property
    def recorded_ms(self) -> int | None:
        """How long the replies took when they were recorded; None where they came from the target just now."""
        times = [reply.recorded_ms for reply in self.replies if reply.recorded_ms is not None]
        return sum(times) if times else None
