"""An exchange keeps its replies and gives what checks ask for, in order."""

from orchestrator.model.conversation import (
    Answer,
    AnsweredCall,
    Call,
    Citation,
    CodeRun,
    Evidence,
    Failure,
    Message,
    Reply,
    ReplyStatus,
    Search,
    Usage,
)
from orchestrator.scenario.transcript import Exchange


def test_everything_of_all_replies_in_order():
    first, second = Citation("file-1", "a.pdf", "[1]"), Citation("file-2", None, "[2]")
    run, search = CodeRun("1", "1"), Search(())
    exchange = Exchange(
        "hi",
        (
            Reply(
                ReplyStatus.NEEDS_ANSWERS,
                (Message("a", (first,)),),
                (Call("1", "f", {"n": 1}), Call("2", "g", {}, "{")),
                Evidence(code_runs=(run,)),
                Usage(1, 2),
            ),
            Reply(
                ReplyStatus.INCOMPLETE,
                (Message("b"), Message("c", (second,))),
                evidence=Evidence((search,), (run,)),
                usage=Usage(10, 20),
                failure=Failure("max_tokens", "cut"),
            ),
        ),
        ((Answer("1", "one"),),),
    )
    assert exchange.text == "a\nb\nc"
    assert exchange.calls == (AnsweredCall("f", {"n": 1}, None, "one"), AnsweredCall("g", {}, "{", None))
    assert exchange.calls_of(1) == ()
    assert exchange.citations == (first, second)
    assert exchange.evidence == Evidence((search,), (run, run))
    assert (exchange.usage, exchange.status) == (Usage(11, 22), ReplyStatus.INCOMPLETE)
    assert exchange.failure == Failure("max_tokens", "cut")


def test_an_exchange_without_replies():
    silent = Exchange("hi")
    assert (silent.status, silent.failure, silent.text, silent.calls, silent.usage) == (None, None, "", (), Usage())


def test_an_id_that_comes_again_is_another_call():
    replies = tuple(Reply(ReplyStatus.NEEDS_ANSWERS, calls=(Call("c", "f", {"n": n}),)) for n in (1, 2, 3))
    exchange = Exchange("hi", replies, ((Answer("c", "one"),), (Answer("c", "two"),)))
    assert [call.output for call in exchange.calls] == ["one", "two", None]
