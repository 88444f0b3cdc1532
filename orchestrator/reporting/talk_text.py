"""What happens in a talk besides what the assistant says, each on a line of its own, for people who follow it."""

from collections.abc import Sequence

from orchestrator.diagnostics import counted
from orchestrator.model.conversation import Call, CodeRun, Message, Reply, ReplyStatus, Search, Usage
from orchestrator.reporting.characters import visible
from orchestrator.reporting.money import usd
from orchestrator.scenario.quoting import shown_call

_SHOWN = 5
"""Passages of a search that are named."""


def searched_text(search: Search) -> str:
    """Say what a search found: files with their scores, best first."""
    found = [f"{visible(passage.file)} {passage.score:.2f}" for passage in search.passages[:_SHOWN]]
    more = len(search.passages) - len(found)
    return f"searched: {', '.join(found) or 'nothing found'}{f' and {more} more' if more > 0 else ''}"


def ran_text(code: CodeRun) -> str:
    """Show code and what it printed."""
    printed = [f"  -> {line}" for line in visible(code.logs).splitlines()]
    return "\n".join(["ran:", *(f"  {line}" for line in visible(code.code).splitlines()), *printed])


def called_text(call: Call, output: str | None) -> str:
    """Show a call of a function, and what it gave where that is known."""
    made = f"called: {visible(shown_call(call.name, call.arguments, call.invalid))}"
    return made if output is None else f"{made} -> {visible(output)}"


def cited_text(messages: Sequence[Message]) -> str | None:
    """Name the files that messages cite; None where they cite none."""
    names = dict.fromkeys(citation.file or citation.file_id for message in messages for citation in message.citations)
    return f"cites: {', '.join(map(visible, names))}" if names else None


def ended_text(reply: Reply) -> str | None:
    """Say how a reply ended that did not complete; None for one that did."""
    if reply.status in (ReplyStatus.COMPLETED, ReplyStatus.NEEDS_ANSWERS):
        return None
    why = f": {visible(reply.failure.message)} ({visible(reply.failure.code)})" if reply.failure is not None else ""
    return f"{reply.status}{why}"


def sum_text(messages: int, usage: Usage, requests: int, cost: float | None) -> str:
    """Sum a talk up."""
    tokens = f"{counted(usage.input_tokens, 'token')} in, {usage.output_tokens:,} out"
    said = f"{counted(messages, 'message')}, {counted(requests, 'request')}, {tokens}"
    return f"{said}{f', {usd(cost)}' if cost is not None else ''}"
