"""A run in which one scenario came from its recording."""

from dataclasses import replace

from orchestrator.scenario.results import Run


def replayed(ran: Run) -> Run:
    """Give the run with its first scenario played once more, from a recording, before all others."""
    first = ran.results[0]
    [attempt] = first.attempts
    [turn] = attempt.turns
    replies = tuple(replace(reply, recorded_ms=10) for reply in turn.exchange.replies)
    turns = (replace(turn, exchange=replace(turn.exchange, replies=replies)),)
    again = replace(first, attempts=(replace(attempt, turns=turns, requests=0),))
    return replace(ran, results=(again, *ran.results))
