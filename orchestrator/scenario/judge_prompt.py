"""What a judge is asked, and what its answer says: pure, over one case.

A conversation is written down as JSON values, one a line, in which `<` and everything that ends a line somewhere is
escaped. So no text of it can end the block it stands in, or look like a line of ours.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.model.conversation import AnsweredCall, Evidence, Message, Reply, ReplyStatus
from orchestrator.model.judges import Opinion
from orchestrator.scenario.check_structure import find_json
from orchestrator.scenario.finding import folded_space
from orchestrator.scenario.quoting import quoted
from orchestrator.scenario.results import Vote
from orchestrator.scenario.transcript import Exchange

_AWKWARD = re.compile("[<\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Case:
    """What a judge sees."""

    judge: str
    """Its name."""
    criteria: tuple[str, ...]
    said: tuple[Mapping[str, Any], ...]
    """The conversation as JSON data, as `get_said` gives it."""
    turn: int | None = None
    """The turn that is graded, counted from 1: the last in `said`; None where all are."""


def get_said(exchanges: Sequence[Exchange]) -> tuple[Mapping[str, Any], ...]:
    """Give a conversation as JSON data, in order; ids of the target are left out: they tell a judge nothing."""
    return tuple(
        {"turn": number, **part} for number, exchange in enumerate(exchanges, 1) for part in _exchange(exchange)
    )


def get_prompt(case: Case) -> str:
    """Give the message to the judge."""
    criteria = [{"number": number, "criterion": text} for number, text in enumerate(case.criteria, 1)]
    task = "Grade by the whole transcript."
    if case.turn is not None:
        task = f"Grade turn {case.turn}, the last."
        if case.turn > 1:
            task += " What comes before it is there to be understood, and is not graded."
    lines = ["<criteria>", *map(_line, criteria), "</criteria>", "<transcript>", *map(_line, case.said)]
    return "\n".join([*lines, "</transcript>", task])


def read_votes(case: Case, reply: Reply) -> list[Vote]:
    """Give what an answer says of each criterion; what cannot be used is a vote that cannot tell, and says why."""
    texts = [message.text for message in reply.messages]
    answer = find_json(texts)
    entries = answer.get("criteria") if isinstance(answer, Mapping) else None
    if not isinstance(entries, list):
        cut = ", and it was cut off" if reply.status is ReplyStatus.INCOMPLETE else ""
        why = f"the answer is not the JSON asked for{cut}: {quoted(' '.join(texts))}"
        return [_unusable(why) for _ in case.criteria]
    shown = [folded_space(text) for text in (*_texts(case.said), *map(_line, case.said))]
    return [
        _read(_of_number(entries, number), lambda quote: any(folded_space(quote) in text for text in shown))
        for number in range(1, len(case.criteria) + 1)
    ]


def _exchange(exchange: Exchange) -> Iterator[dict[str, Any]]:
    yield {"user": exchange.user}
    for index, reply in enumerate(exchange.replies):
        yield from _evidence(reply.evidence)
        yield from map(_message, reply.messages)
        yield from map(_call, exchange.calls_of(index))
    if exchange.status is not None and exchange.status is not ReplyStatus.COMPLETED:
        yield {"ended": str(exchange.status)}


def _evidence(evidence: Evidence) -> Iterator[dict[str, Any]]:
    for search in evidence.searches:
        yield {"found": [{"file": passage.file, "text": passage.text} for passage in search.passages]}
    for run in evidence.code_runs:
        yield {"code": run.code, "printed": run.logs}


def _message(message: Message) -> dict[str, Any]:
    cited = [citation.file or citation.text for citation in message.citations]
    made = [file.name for file in message.files if file.name]
    extra = {key: list(dict.fromkeys(names)) for key, names in (("cites", cited), ("made", made)) if names}
    return {"assistant": message.text, **extra}


def _call(call: AnsweredCall) -> dict[str, Any]:
    arguments = dict(call.arguments) if call.invalid is None else call.invalid
    return {"call": call.name, "arguments": arguments, "output": call.output}


def _line(value: Mapping[str, Any]) -> str:
    return _AWKWARD.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            for item in value.values():
                yield from _texts(item)
        case list() | tuple():
            for item in value:
                yield from _texts(item)


def _of_number(entries: list[Any], number: int) -> list[Mapping[str, Any]]:
    found = [each for each in entries if isinstance(each, Mapping) and each.get("number") == number]
    return [each for each in found if type(each["number"]) is int]  # true is no number


def _read(entries: list[Mapping[str, Any]], is_said: Callable[[str], bool]) -> Vote:
    if len(entries) != 1:
        return _unusable("the answer says nothing of it" if not entries else "the answer speaks of it twice")
    [entry] = entries
    given, quote, reason = (entry.get(key) for key in ("verdict", "quote", "reason"))
    if given not in list(Opinion) or not isinstance(quote, str) or not isinstance(reason, str):
        return _unusable(f"the answer on it is not as asked for: {quoted(json.dumps(entry, ensure_ascii=False))}")
    opinion = Opinion(given)
    if opinion is Opinion.CANNOT_TELL:
        return Vote(opinion, quote, reason)
    if not folded_space(quote):
        return _unusable(f"it says {opinion} and quotes nothing", quote, reason)
    if not is_said(quote):
        why = f"it says {opinion}, and what it quotes is not in the transcript: {quoted(quote)}"
        return _unusable(why, quote, reason)
    return Vote(opinion, quote, reason)


def _unusable(why: str, quote: str = "", reason: str = "") -> Vote:
    return Vote(Opinion.CANNOT_TELL, quote, reason, why)
