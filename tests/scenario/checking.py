"""Exchanges as a target would have given them, and checks as an author would have written them."""

from collections.abc import Mapping

from pydantic import TypeAdapter

from orchestrator.model.checks import Check
from orchestrator.model.conversation import (
    Call,
    Citation,
    CodeRun,
    Evidence,
    MadeFile,
    Message,
    Passage,
    Reply,
    ReplyStatus,
    Search,
    Usage,
)
from orchestrator.scenario.checks import get_verdict
from orchestrator.scenario.results import Verdict
from orchestrator.scenario.setting import Setting
from orchestrator.scenario.transcript import Exchange

CHECK: TypeAdapter[Check] = TypeAdapter(Check)


def said(*texts: str, usage: Usage | None = None, ms: float | None = None) -> Exchange:
    """Give an exchange in which the assistant said these messages."""
    messages = tuple(Message(text) for text in texts)
    return Exchange("hi", (Reply(ReplyStatus.COMPLETED, messages, usage=usage or Usage()),), duration_ms=ms)


def called(*rounds: Call | tuple[Call, ...]) -> Exchange:
    """Give an exchange with these calls; those of a tuple were made together, in one reply."""
    replies = [Reply(ReplyStatus.NEEDS_ANSWERS, calls=each if isinstance(each, tuple) else (each,)) for each in rounds]
    return Exchange("hi", (*replies, Reply(ReplyStatus.COMPLETED)))


def call(name: str, **arguments: object) -> Call:
    """Give a call."""
    return Call(f"call_{name}", name, arguments)


def found(*passages: tuple[str, float]) -> Exchange:
    """Give an exchange with one search that found these files with these scores, best first."""
    search = Search(tuple(Passage(f"file-{n}", name, score, "text") for n, (name, score) in enumerate(passages)))
    return Exchange("hi", (Reply(ReplyStatus.COMPLETED, (Message("see"),), evidence=Evidence((search,))),))


def cited(*files: str | None, found: tuple[tuple[str, str], ...] = (), searched: bool = True) -> Exchange:
    """Give an exchange whose reply cites these files, after a search that found these names and texts."""
    ids = {name: f"file-{n}" for n, (name, _) in enumerate(found)}
    citations = tuple(Citation(ids.get(file or "", "file-0"), file, "[1]") for file in files)
    passages = tuple(Passage(ids[name], name, 0.5, text) for name, text in found)
    evidence = Evidence((Search(passages),) if searched else ())
    return Exchange("hi", (Reply(ReplyStatus.COMPLETED, (Message("see [1]", citations),), (), evidence),))


def ran(*runs: CodeRun, files: tuple[str | None, ...] = ()) -> Exchange:
    """Give an exchange in which this code ran and these files came with the reply."""
    made = tuple(MadeFile(f"file-{n}", name) for n, name in enumerate(files))
    return Exchange("hi", (Reply(ReplyStatus.COMPLETED, (Message("done", (), made),), (), Evidence((), runs)),))


def verdict(check: Mapping[str, object], *exchanges: Exchange, setting: Setting | None = None) -> Verdict:
    """Give the verdict of a check as written."""
    return get_verdict(CHECK.validate_python(check), exchanges, setting)


def reason(check: Mapping[str, object], *exchanges: Exchange, setting: Setting | None = None) -> str:
    """Give the reason of a failure, having seen that it is one."""
    given = verdict(check, *exchanges, setting=setting)
    assert not given.passed, given.reason
    assert 0 <= given.score < 1
    return given.reason
