"""Playing scenarios: turns and mocks in order, conversations side by side, and nothing lost when it ends early."""

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from orchestrator.diagnostics import Position
from orchestrator.errors import TargetBusyError, TargetMissingError, TargetRejectedError, UsageError
from orchestrator.model.conversation import Answer, Failure, Reply, ReplyStatus, Usage
from orchestrator.model.prices import Price
from orchestrator.model.project import LocatedScenario
from orchestrator.model.scenario import Scenario
from orchestrator.providers.interface import Conversation
from orchestrator.providers.scripted_conversation import ScriptedConversation, calls, says
from orchestrator.scenario.conversing import MAX_TOOL_ROUNDS
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import Run, ScenarioResult, Tally, TurnResult, exit_code
from orchestrator.scenario.runner import RunOptions, run


def scenario(name: str, *turns: Mapping[str, object], **more: object) -> LocatedScenario:
    spec = {"name": name, "assistant": "tutor", "turns": list(turns) or [{"user": "hi"}], **more}
    return LocatedScenario(Scenario.model_validate(spec), Position(f"{name}.yaml"), Path(f"/{name}.yaml"))


def one(located: LocatedScenario, *script: Reply | TargetBusyError) -> tuple[ScenarioResult, ScriptedConversation]:
    talk = ScriptedConversation(script)
    ran = asyncio.run(run([located], lambda _: talk, RunOptions()))
    assert not ran.interrupted
    assert talk.closed
    return ran.results[0], talk


def test_a_conversation_passes_with_mocks_and_checks():
    quiz = scenario(
        "quiz",
        {
            "user": "quiz me",
            "mocks": {"display_quiz": {"sequence": [{"returns": ["a"]}, {"returns": ["b"]}]}},
            "checks": [{"tool_called": {"name": "display_quiz", "times": 2}}, {"contains": "feedback"}],
        },
        {"user": "thanks", "checks": [{"equals": "welcome"}, {"tool_not_called": "display_quiz"}]},
        checks=[{"tool_called": "display_quiz"}, {"contains": "feedback"}, {"contains": "welcome"}],
    )
    result, talk = one(
        quiz,
        calls(("display_quiz", {"n": 1}), ("display_quiz", {"n": 2}), usage=Usage(5, 2)),
        says("feedback", usage=Usage(7, 3)),
        says("welcome", usage=Usage(1, 1)),
    )
    assert result.status is Status.PASSED
    assert talk.told == ["quiz me", (Answer("call_1", '["a"]'), Answer("call_2", '["b"]')), "thanks"]
    [attempt] = result.attempts
    assert (attempt.requests, attempt.usage, attempt.problem, attempt.leftover) == (4, Usage(13, 6), None, None)
    assert [turn.exchange.text for turn in attempt.turns] == ["feedback", "welcome"]
    assert [(c.name, c.arguments, c.output) for c in attempt.turns[0].exchange.calls] == [
        ("display_quiz", {"n": 1}, '["a"]'),
        ("display_quiz", {"n": 2}, '["b"]'),
    ]
    assert [v.check for turn in attempt.turns for v in turn.verdicts] == [
        "tool_called",
        "contains",
        "equals",
        "tool_not_called",
    ]
    assert [v.passed for v in attempt.verdicts] == [True, True, True]
    assert attempt.duration_ms >= attempt.turns[0].duration_ms >= 0


def test_a_failed_turn_stops_its_conversation():
    result, talk = one(
        scenario("s", {"user": "a", "checks": [{"contains": "x"}, {"contains": "y"}]}, {"user": "b"}, checks=[]),
        says("y"),
        says("unreached"),
    )
    [attempt] = result.attempts
    assert (result.status, attempt.status, talk.told) == (Status.FAILED, Status.FAILED, ["a"])
    assert [verdict.passed for verdict in attempt.turns[0].verdicts] == [False, True]
    assert (len(attempt.turns), attempt.verdicts) == (1, ())


def test_a_failed_check_over_the_conversation_fails_it():
    result, _ = one(scenario("s", {"user": "a"}, checks=[{"contains": "x"}]), says("y"))
    assert result.status is Status.FAILED
    assert result.attempts[0].turns[0].status is Status.PASSED
    assert [verdict.passed for verdict in result.attempts[0].verdicts] == [False]


def test_a_call_without_a_mock_fails_the_turn_and_is_not_judged():
    result, talk = one(
        scenario("s", {"user": "a", "mocks": {"f": {"returns": 1}}, "checks": [{"contains": "x"}]}),
        calls(("f", {}), ("g", {"id": 7})),
    )
    [turn] = result.attempts[0].turns
    assert (turn.status, turn.verdicts, talk.told) == (Status.FAILED, (), ["a"])
    assert turn.problem
    assert turn.problem.message == 'g was called and has no mock: g({"id": 7})'
    assert [call.output for call in turn.exchange.calls] == [None, None]


def test_a_mock_that_is_not_used_is_a_warning_and_in_a_strict_scenario_a_failure():
    mocks = {"look_up": {"returns": 1}}
    written = {"user": "a", "mocks": {"list": {"returns": 2, "times": {"max": 1}}}}
    result, _ = one(scenario("s", written, {"user": "b"}, mocks=mocks), says("x"), says("y"))
    assert result.status is Status.PASSED
    assert [each.message for each in result.attempts[0].warnings] == ["the mock of look_up was never used"]
    result, _ = one(scenario("s", written, {"user": "b"}, mocks=mocks, strict=True), says("x"), says("y"))
    [attempt] = result.attempts
    [verdict] = attempt.verdicts
    assert (result.status, verdict.check, attempt.warnings) == (Status.FAILED, "mocks", ())
    assert verdict.reason.splitlines() == [
        "expected: mocks used as often as they say, for the scenario is strict",
        "  s:1:1: the mock of look_up was never used",
    ]


def test_a_strict_turn_fails_by_its_own_mocks():
    twice = {"user": "a", "mocks": {"f": {"returns": 1, "times": 2}}}
    result, talk = one(scenario("s", twice, {"user": "b"}, strict=True), calls(("f", {})), says("x"), says("y"))
    assert (result.status, len(talk.told)) == (Status.FAILED, 2)
    [turn] = result.attempts[0].turns
    assert "the mock of f was used once, expected twice" in turn.verdicts[-1].reason


def test_endless_calls_fail_after_a_bound():
    spec = scenario("s", {"user": "a"}, mocks={"f": {"returns": 1}})
    result, talk = one(spec, *(calls(("f", {"n": n})) for n in range(MAX_TOOL_ROUNDS + 5)))
    [turn] = result.attempts[0].turns
    assert turn.problem
    assert turn.problem.message.endswith(f'the assistant calls again: f({{"n": {MAX_TOOL_ROUNDS}}})')
    assert (result.status, len(talk.told)) == (Status.FAILED, MAX_TOOL_ROUNDS + 1)


def test_as_many_rounds_as_the_bound_allows():
    spec = scenario("s", {"user": "a"}, mocks={"f": {"returns": 1}})
    result, _ = one(spec, *(calls(("f", {})) for _ in range(MAX_TOOL_ROUNDS)), says("done"))
    assert result.status is Status.PASSED


BROKEN = Reply(ReplyStatus.FAILED, failure=Failure("rate_limit_exceeded", "slow down"))


def test_an_exchange_that_does_not_complete_fails_by_itself():
    result, _ = one(scenario("s", {"user": "a", "checks": [{"not": {"contains": "x"}}]}, {"user": "b"}), BROKEN)
    [turn] = result.attempts[0].turns
    assert [(verdict.check, verdict.passed) for verdict in turn.verdicts] == [("status", False), ("not contains", True)]
    assert turn.verdicts[0].reason == "expected: completed\ngot:      failed (rate_limit_exceeded: slow down)"


def test_a_status_check_may_expect_otherwise():
    turn = {"user": "a", "checks": [{"status": "failed"}]}
    result, talk = one(scenario("s", turn, {"user": "b"}), BROKEN, says("fine"))
    assert (result.status, talk.told) == (Status.PASSED, ["a", "b"])
    whole = scenario("s", {"user": "a"}, checks=[{"status": "failed"}])
    assert one(whole, BROKEN)[0].status is Status.PASSED
    first_of_two = scenario("s", {"user": "a"}, {"user": "b"}, checks=[{"status": "failed"}])
    assert one(first_of_two, BROKEN)[0].status is Status.FAILED


def test_a_status_check_inside_others_counts_as_one():
    turn = {"user": "a", "checks": [{"any_of": [{"contains": "x"}, {"not": {"status": "completed"}}]}]}
    assert one(scenario("s", turn), BROKEN)[0].status is Status.PASSED


def test_a_check_of_weight_0_fails_nothing():
    turn = {"user": "a", "checks": [{"contains": "x", "weight": 0}, {"contains": "y"}]}
    result, _ = one(scenario("s", turn, checks=[{"contains": "z", "weight": 0}]), says("y"))
    [attempt] = result.attempts
    assert (result.status, attempt.turns[0].status) == (Status.PASSED, Status.PASSED)
    assert [verdict.passed for verdict in (*attempt.turns[0].verdicts, *attempt.verdicts)] == [False, True, False]


def test_checks_know_how_long_it_took_what_it_costs_and_where_the_project_lies(tmp_path):
    (tmp_path / "mine.py").write_text("def two(exchanges):\n    return len(exchanges) == 2\n", encoding="utf-8")
    located = scenario(
        "s",
        {"user": "a", "checks": [{"latency_ms": {"max": 60_000}}, {"cost_usd": {"max": 0.001}}]},
        {"user": "b", "checks": [{"not": {"python": "mine:two"}}]},
        checks=[{"python": "mine:two"}, {"cost_usd": {"max": 0.001}}],
    )
    known = replace(located, root=tmp_path, price=Price(input=1, output=2))
    usage = Usage(300, 300)
    result, _ = one(known, says("one", usage=usage), says("two", usage=usage))
    [attempt] = result.attempts
    assert [turn.status for turn in attempt.turns] == [Status.PASSED, Status.PASSED]
    assert [(verdict.check, verdict.passed) for verdict in attempt.verdicts] == [("python", True), ("cost_usd", False)]
    assert all(turn.exchange.duration_ms == turn.duration_ms for turn in attempt.turns)
    unknown, _ = one(located, says("one", usage=usage), says("two", usage=usage))
    assert unknown.status is Status.FAILED


def test_a_target_error_is_an_errored_scenario_and_no_more():
    talks = {
        "bad": ScriptedConversation([says("one"), TargetBusyError("too many requests", "try later")]),
        "good": ScriptedConversation([says("x")]),
    }

    def begin(spec: LocatedScenario) -> Conversation:
        if spec.scenario.name == "gone":
            raise TargetMissingError("no assistant named tutor", "apply first")
        return talks[spec.scenario.name]

    scenarios = [scenario("gone"), scenario("bad", {"user": "a"}, {"user": "b"}), scenario("good")]
    ran = asyncio.run(run(scenarios, begin, RunOptions()))
    assert [result.status for result in ran.results] == [Status.ERRORED, Status.ERRORED, Status.PASSED]
    gone, bad = ran.results[0].attempts[0], ran.results[1].attempts[0]
    assert gone.problem
    assert (gone.problem.message, gone.problem.hint, gone.requests) == ("no assistant named tutor", "apply first", 0)
    assert [turn.status for turn in bad.turns] == [Status.PASSED, Status.ERRORED]
    assert bad.turns[1].problem
    assert (bad.turns[1].problem.message, bad.turns[1].problem.hint) == ("too many requests", "try later")
    assert (bad.turns[1].exchange.status, bad.requests) == (None, 3)
    assert talks["bad"].closed
    assert (exit_code(ran), ran.requests) == (2, 5)


class BadlyClosed(ScriptedConversation):
    """Cannot be closed."""

    async def close(self) -> int:
        raise TargetRejectedError("cannot delete the thread", "delete it by hand")


def test_a_conversation_that_cannot_be_removed_is_reported_but_passes():
    ran = asyncio.run(run([scenario("s")], lambda _: BadlyClosed([says("x")]), RunOptions()))
    [attempt] = ran.results[0].attempts
    assert attempt.status is Status.PASSED
    assert attempt.leftover
    assert attempt.leftover.message == "cannot delete the thread"


class Held(ScriptedConversation):
    """Answers only once its gate is open."""

    def __init__(self, script: Sequence[Reply], gate: asyncio.Event, arrived: Callable[[], None]) -> None:
        super().__init__(script)
        self._gate = gate
        self._arrived = arrived

    async def send(self, message: str) -> Reply:
        self._arrived()
        await self._gate.wait()
        return await super().send(message)


def test_conversations_run_side_by_side_up_to_the_bound():
    async def measure() -> tuple[Run, int]:
        gate, now, most = asyncio.Event(), 0, 0

        class Counted(ScriptedConversation):
            async def send(self, message: str) -> Reply:
                nonlocal now, most
                now += 1
                most = max(most, now)
                if now == 3:
                    gate.set()
                await gate.wait()
                now -= 1
                return await super().send(message)

        scenarios = [scenario(f"s{n}") for n in range(10)]
        return await run(scenarios, lambda _: Counted([says("x")]), RunOptions(concurrency=3)), most

    ran, most = asyncio.run(measure())
    assert most == 3
    assert [result.located.scenario.name for result in ran.results] == [f"s{n}" for n in range(10)]
    assert exit_code(ran) == 0


class Seen:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def scenario_started(self, located: LocatedScenario) -> None:
        self.events.append(f"started {located.scenario.name}")

    def turn_finished(self, located: LocatedScenario, index: int, turn: TurnResult) -> None:
        self.events.append(f"turn {index} of {located.scenario.name} {turn.status}")

    def scenario_finished(self, result: ScenarioResult) -> None:
        self.events.append(f"finished {result.located.scenario.name} {result.status}")


def test_results_keep_the_given_order_when_the_first_ends_last():
    async def play() -> tuple[Run, list[str]]:
        gate = asyncio.Event()
        talks = {"slow": Held([says("x")], gate, lambda: None), "fast": ScriptedConversation([says("x")])}

        class OpensTheGate(Seen):
            def scenario_finished(self, result: ScenarioResult) -> None:
                super().scenario_finished(result)
                gate.set()

        seen = OpensTheGate()
        scenarios = [scenario("slow"), scenario("fast")]
        return await run(scenarios, lambda spec: talks[spec.scenario.name], RunOptions(), seen), seen.events

    ran, events = asyncio.run(play())
    assert [event for event in events if "finished" in event] == ["finished fast passed", "finished slow passed"]
    assert [result.located.scenario.name for result in ran.results] == ["slow", "fast"]


def test_a_listener_hears_everything_in_order():
    seen = Seen()
    talk = ScriptedConversation([says("x"), says("y")])
    located = scenario("s", {"user": "a"}, {"user": "b", "checks": [{"contains": "z"}]})
    asyncio.run(run([located], lambda _: talk, RunOptions(), seen))
    assert seen.events == ["started s", "turn 0 of s passed", "turn 1 of s failed", "finished s failed"]


def test_fail_fast_begins_nothing_after_a_failure():
    scenarios = [scenario("a"), scenario("b", {"user": "x", "checks": [{"contains": "no"}]}), scenario("c")]
    options = RunOptions(concurrency=1, fail_fast=True)
    ran = asyncio.run(run(scenarios, lambda _: ScriptedConversation([says("y")]), options))
    assert [result.status for result in ran.results] == [Status.PASSED, Status.FAILED]
    assert [located.scenario.name for located in ran.not_run] == ["c"]
    assert (ran.interrupted, exit_code(ran)) == (False, 1)


def test_nothing_to_run_and_nonsense():
    ran = asyncio.run(run([], lambda _: ScriptedConversation([]), RunOptions()))
    assert (ran.results, ran.not_run, exit_code(ran)) == ((), (), 0)
    with pytest.raises(UsageError):
        RunOptions(concurrency=0)


def test_cancelling_keeps_what_is_finished_and_closes_the_rest():
    talks: dict[str, ScriptedConversation] = {}

    async def play() -> Run:
        waiting = asyncio.Event()

        def begin(spec: LocatedScenario) -> Conversation:
            script = [says("x")]
            talks[spec.scenario.name] = (
                Held(script, asyncio.Event(), waiting.set)
                if spec.scenario.name == "held"
                else ScriptedConversation(script)
            )
            return talks[spec.scenario.name]

        names = ("first", "held", "never")
        task = asyncio.create_task(run([scenario(n) for n in names], begin, RunOptions(concurrency=1)))
        await waiting.wait()
        task.cancel()
        ran = await task
        assert task.cancelling() == 0
        return ran

    ran = asyncio.run(play())
    assert [result.located.scenario.name for result in ran.results] == ["first"]
    assert [located.scenario.name for located in ran.not_run] == ["held", "never"]
    assert (ran.interrupted, exit_code(ran)) == (True, 2)
    assert sorted(talks) == ["first", "held"]
    assert all(talk.closed for talk in talks.values())


def test_ctrl_c_gives_the_run_so_far():
    def begin(spec: LocatedScenario) -> Conversation:
        if spec.scenario.name == "held":
            return Held([says("x")], asyncio.Event(), lambda: signal.raise_signal(signal.SIGINT))
        return ScriptedConversation([says("x")])

    ran = asyncio.run(run([scenario("first"), scenario("held")], begin, RunOptions(concurrency=1)))
    assert [result.located.scenario.name for result in ran.results] == ["first"]
    assert ran.interrupted


def test_a_close_under_way_is_finished_when_cancelled():
    async def play() -> tuple[Run, ScriptedConversation]:
        closing, may_close = asyncio.Event(), asyncio.Event()

        class SlowlyClosed(ScriptedConversation):
            async def close(self) -> int:
                closing.set()
                await may_close.wait()
                return await super().close()

        talk = SlowlyClosed([says("x")])
        task = asyncio.create_task(run([scenario("s")], lambda _: talk, RunOptions()))
        await closing.wait()
        task.cancel()
        asyncio.get_running_loop().call_soon(may_close.set)
        return await task, talk

    ran, talk = asyncio.run(play())
    assert talk.closed
    assert (ran.interrupted, len(ran.not_run)) == (True, 1)


def test_a_close_that_hangs_is_given_up():
    class NeverClosed(ScriptedConversation):
        async def close(self) -> int:
            await asyncio.Event().wait()
            return 0

    options = RunOptions(close_seconds=0.01)
    ran = asyncio.run(run([scenario("s")], lambda _: NeverClosed([says("x")]), options))
    assert ran.results[0].status is Status.PASSED
    assert ran.results[0].attempts[0].leftover
    assert ran.results[0].attempts[0].leftover.message == "the conversation was not closed within 0.01 s"


class BuggyError(Exception):
    """A defect, not the target's doing."""


def test_any_other_exception_is_raised_after_all_conversations_are_closed():
    talks: list[ScriptedConversation] = []

    class Buggy(ScriptedConversation):
        async def send(self, message: str) -> Reply:
            raise BuggyError

    def begin(spec: LocatedScenario) -> Conversation:
        if spec.scenario.name == "buggy":
            talks.append(Buggy([]))
        else:
            talks.append(Held([], asyncio.Event(), lambda: None))
        return talks[-1]

    with pytest.raises(BuggyError):
        asyncio.run(run([scenario("held"), scenario("buggy")], begin, RunOptions()))
    assert [talk.closed for talk in talks] == [True, True]


def test_errored_goes_before_failed_in_the_exit_code():
    def begin(spec: LocatedScenario) -> Conversation:
        return ScriptedConversation([TargetBusyError("busy")] if spec.scenario.name == "errored" else [says("x")])

    failing = scenario("failing", {"user": "a", "checks": [{"contains": "y"}]})
    passing = scenario("passing")
    assert exit_code(asyncio.run(run([passing, failing], begin, RunOptions()))) == 1
    assert exit_code(asyncio.run(run([failing, scenario("errored"), passing], begin, RunOptions()))) == 2
    undecided = scenario("undecided", repeat={"min": 1, "max": 2, "require": 0.9})
    assert exit_code(asyncio.run(run([passing, undecided], begin, RunOptions()))) == 4
    assert exit_code(asyncio.run(run([undecided, failing], begin, RunOptions()))) == 1
    assert exit_code(asyncio.run(run([undecided, scenario("errored")], begin, RunOptions()))) == 2


def repeated(name: str, repeat: object) -> LocatedScenario:
    return scenario(name, {"user": "hi", "checks": [{"contains": "good"}]}, repeat=repeat)


class Flaky:
    """Opens conversations that end as it is told, one after the other: good, bad or down."""

    def __init__(self, **ends: str) -> None:
        self._ends = {name: iter(words.split()) for name, words in ends.items()}

    def __call__(self, spec: LocatedScenario) -> Conversation:
        word = next(self._ends[spec.scenario.name])
        return ScriptedConversation([TargetBusyError("down")] if word == "down" else [says(word)])


def statuses(result: ScenarioResult) -> str:
    return " ".join(attempt.status for attempt in result.attempts)


@pytest.mark.parametrize(("concurrency", "mixed", "down"), [(1, 16, 3), (8, 18, 4)])
def test_attempts_stop_once_the_verdict_is_decided(concurrency, mixed, down):
    twenty = {"min": 3, "max": 20, "require": 0.8}
    scenarios = [repeated(name, twenty) for name in ("good", "bad", "mixed", "down")]
    begin = Flaky(good="good " * 20, bad="bad " * 20, mixed="good good bad good " * 5, down="down " * 20)
    ran = asyncio.run(run(scenarios, begin, RunOptions(concurrency=concurrency)))
    assert [(r.located.scenario.name, r.status, len(r.attempts)) for r in ran.results] == [
        ("good", Status.PASSED, 14),
        ("bad", Status.FAILED, 3),
        ("mixed", Status.INCONCLUSIVE, mixed),  # 12 of 15: no 20 attempts show it any more, nor the contrary
        ("down", Status.ERRORED, down),
    ]
    assert ran.requests == sum(len(result.attempts) * 2 for result in ran.results)
    assert exit_code(ran) == 2


def test_a_fixed_number_is_played_whole_and_all_have_to_pass():
    scenarios = [repeated("all", 3), repeated("most", 3), repeated("down", 3)]
    begin = Flaky(all="good good good", most="bad good good", down="good down good")
    ran = asyncio.run(run(scenarios, begin, RunOptions(concurrency=1)))
    assert [(r.status, statuses(r)) for r in ran.results] == [
        (Status.PASSED, "passed passed passed"),
        (Status.FAILED, "failed passed passed"),
        (Status.ERRORED, "passed errored passed"),
    ]
    assert [ran.count(status) for status in Status] == [1, 1, 1, 0]


def test_an_errored_attempt_is_made_up_for():
    [result] = asyncio.run(
        run([repeated("s", {"max": 20, "require": 0.8})], Flaky(s="good down " + "good " * 20), RunOptions())
    ).results
    assert (result.status, result.tally) == (Status.PASSED, Tally(passed=14, errored=1))


def test_attempts_run_side_by_side_up_to_min_and_none_in_vain():
    async def measure(located: LocatedScenario, concurrency: int) -> tuple[int, int]:
        now, most, begun = 0, 0, 0

        class Counted(ScriptedConversation):
            async def send(self, message: str) -> Reply:
                nonlocal now, most, begun
                now, begun = now + 1, begun + 1
                most = max(most, now)
                for _ in range(5):
                    await asyncio.sleep(0)  # lets others begin
                now -= 1
                return await super().send(message)

        await run([located], lambda _: Counted([says("good")]), RunOptions(concurrency=concurrency))
        return most, begun

    twenty = repeated("s", {"min": 3, "max": 20, "require": 0.8})
    assert asyncio.run(measure(twenty, 8)) == (3, 14)
    assert asyncio.run(measure(twenty, 2)) == (2, 14)
    assert asyncio.run(measure(repeated("s", 10), 8)) == (8, 10)


def test_attempts_stand_in_the_order_they_were_begun():
    async def play() -> Run:
        gate = asyncio.Event()
        opened = 0

        def begin(_: LocatedScenario) -> Conversation:
            nonlocal opened
            opened += 1
            if opened == 1:
                return Held([says("bad")], gate, lambda: None)
            if opened == 3:
                gate.set()  # the first attempt ends after the second
            return ScriptedConversation([says("good")])

        return await run([repeated("s", 3)], begin, RunOptions())

    [result] = asyncio.run(play()).results
    assert statuses(result) == "failed passed passed"


def test_a_repeated_scenario_is_heard_of_once():
    seen = Seen()
    asyncio.run(run([repeated("s", 2)], Flaky(s="good bad"), RunOptions(concurrency=1), seen))
    assert seen.events == ["started s", "turn 0 of s passed", "turn 0 of s failed", "finished s failed"]


def test_fail_fast_finishes_the_attempts_of_a_scenario_under_way():
    scenarios = [repeated("a", 3), repeated("b", 3)]
    options = RunOptions(concurrency=1, fail_fast=True)
    ran = asyncio.run(run(scenarios, Flaky(a="bad good good"), options))
    assert [statuses(result) for result in ran.results] == ["failed passed passed"]
    assert [located.scenario.name for located in ran.not_run] == ["b"]


def test_cancelled_between_attempts_a_scenario_is_not_run():
    async def play() -> Run:
        waiting, opened = asyncio.Event(), 0

        def begin(_: LocatedScenario) -> Conversation:
            nonlocal opened
            opened += 1
            held = Held([says("good")], asyncio.Event(), waiting.set)
            return held if opened == 2 else ScriptedConversation([says("good")])

        task = asyncio.create_task(run([repeated("s", 3)], begin, RunOptions(concurrency=1)))
        await waiting.wait()
        task.cancel()
        return await task

    ran = asyncio.run(play())
    assert (ran.results, len(ran.not_run), ran.interrupted) == ((), 1, True)


# Budgets, quarantines, and the first Ctrl-C

PRICED = Price(input=10_000, output=0)  # a cent for each token
CENT = Usage(1, 0)


def priced(name: str, **more: object) -> LocatedScenario:
    return replace(scenario(name, **more), price=PRICED)


def test_no_attempt_begins_once_the_budget_is_spent():
    scenarios = [priced(name) for name in "abcd"]
    options = RunOptions(concurrency=1, budget_usd=0.02)
    ran = asyncio.run(run(scenarios, lambda _: ScriptedConversation([says("x", usage=CENT)]), options))
    assert [result.located.scenario.name for result in ran.results] == ["a", "b"]
    assert [located.scenario.name for located in ran.not_run] == ["c", "d"]
    assert ran.budget
    assert (ran.budget.spent_usd, ran.budget_reached, exit_code(ran)) == (0.02, True, 5)
    assert (ran.cost_usd, ran.results[0].attempts[0].cost_usd) == (0.02, 0.01)


def test_a_budget_that_is_spent_by_the_last_attempt_left_nothing_out():
    options = RunOptions(concurrency=1, budget_usd=0.02)
    ran = asyncio.run(run([priced("a"), priced("b")], lambda _: ScriptedConversation([says("x", usage=CENT)]), options))
    assert (len(ran.results), ran.budget_reached, exit_code(ran)) == (2, False, 0)


def test_what_is_under_way_when_the_budget_is_reached_is_finished():
    async def play() -> Run:
        gate, begun = asyncio.Event(), 0

        def arrived() -> None:
            nonlocal begun
            begun += 1
            if begun == 3:
                gate.set()

        def begin(_: LocatedScenario) -> Conversation:
            return Held([says("x", usage=CENT)], gate, arrived)

        return await run([priced(name) for name in "abcde"], begin, RunOptions(concurrency=3, budget_usd=0.01))

    ran = asyncio.run(play())
    assert [result.located.scenario.name for result in ran.results] == ["a", "b", "c"]
    assert ran.budget
    assert ran.budget.spent_usd == pytest.approx(0.03)


def test_a_repeated_scenario_that_the_budget_ends_is_not_run_and_its_cost_is_counted():
    options = RunOptions(concurrency=1, budget_usd=0.02)
    ran = asyncio.run(run([priced("a", repeat=3)], lambda _: ScriptedConversation([says("x", usage=CENT)]), options))
    assert (ran.results, [located.scenario.name for located in ran.not_run]) == ((), ["a"])
    assert ran.budget
    assert (ran.budget.spent_usd, exit_code(ran)) == (0.02, 5)


def test_a_recorded_attempt_costs_nothing_now():
    recorded = replace(says("x", usage=CENT), recorded_ms=3)
    options = RunOptions(concurrency=1, budget_usd=0.01)
    ran = asyncio.run(run([priced(name) for name in "abc"], lambda _: ScriptedConversation([recorded]), options))
    assert ran.budget
    assert (len(ran.results), ran.budget.spent_usd, exit_code(ran)) == (3, 0.0, 0)
    assert ran.cost_usd == ran.recorded_cost_usd == pytest.approx(0.03)


def test_a_target_that_does_not_count_tokens_ends_a_run_with_a_budget():
    options = RunOptions(concurrency=1, budget_usd=1)
    ran = asyncio.run(run([priced("a"), priced("b")], lambda _: ScriptedConversation([says("x")]), options))
    assert (len(ran.results), ran.cost_usd, exit_code(ran)) == (1, None, 5)


def test_a_scenario_that_cannot_begin_costs_nothing():
    def begin(_: LocatedScenario) -> Conversation:
        raise TargetMissingError("gone")

    ran = asyncio.run(run([priced("a")], begin, RunOptions(budget_usd=1)))
    assert (ran.cost_usd, exit_code(ran)) == (0.0, 2)


@pytest.mark.parametrize("budget", [0, -1, float("nan"), float("inf")])
def test_a_budget_is_more_than_nothing(budget):
    with pytest.raises(UsageError):
        RunOptions(budget_usd=budget)


def test_a_failure_goes_before_the_budget_and_the_budget_before_undecided():
    failing = replace(scenario("failing", {"user": "a", "checks": [{"contains": "y"}]}), price=PRICED)
    undecided = priced("undecided", repeat={"min": 1, "max": 2, "require": 0.9})

    def code(*scenarios: LocatedScenario) -> int:
        options = RunOptions(concurrency=1, budget_usd=0.02)
        begin = Flaky(**{located.scenario.name: "good good" for located in scenarios})
        return exit_code(asyncio.run(run([*scenarios], lambda spec: Spending(begin(spec)), options)))

    assert code(undecided) == 4
    assert code(undecided, priced("second"), priced("left")) == 5
    assert code(failing, priced("second"), priced("left")) == 1


class Spending:
    """Another conversation, whose every reply costs a cent."""

    def __init__(self, inner: Conversation) -> None:
        self._inner = inner

    async def send(self, message: str) -> Reply:
        return replace(await self._inner.send(message), usage=CENT)

    async def answer(self, answers: Sequence[Answer]) -> Reply:
        return replace(await self._inner.answer(answers), usage=CENT)

    async def close(self) -> int:
        return await self._inner.close()


FLAKY = {"reason": "waits for the vendor", "until": "2026-03-01"}


@pytest.mark.parametrize(("today", "code", "counted"), [(date(2026, 3, 1), 0, 0), (date(2026, 3, 2), 1, 1)])
def test_a_scenario_in_quarantine_is_played_and_fails_no_run(today, code, counted):
    failing = scenario("failing", {"user": "a", "checks": [{"contains": "y"}]}, quarantine=FLAKY)
    begin = ScriptedConversation([says("x")])
    ran = asyncio.run(run([failing], lambda _: begin, RunOptions(today=today)))
    assert ran.results[0].status is Status.FAILED
    assert (exit_code(ran), ran.count(Status.FAILED), ran.quarantined) == (code, counted, 1 - counted)


def test_a_target_error_in_quarantine_and_a_pass_count_no_more():
    def begin(located: LocatedScenario) -> Conversation:
        return ScriptedConversation([TargetBusyError("busy")] if located.scenario.name == "down" else [says("x")])

    held = [scenario(name, quarantine=FLAKY) for name in ("down", "up")]
    ran = asyncio.run(run(held, begin, RunOptions(today=date(2026, 3, 1))))
    assert [result.status for result in ran.results] == [Status.ERRORED, Status.PASSED]
    assert (exit_code(ran), ran.quarantined, ran.count(Status.PASSED)) == (0, 2, 0)


def test_fail_fast_goes_on_after_a_failure_in_quarantine():
    failing = scenario("failing", {"user": "a", "checks": [{"contains": "y"}]}, quarantine=FLAKY)
    options = RunOptions(concurrency=1, fail_fast=True, today=date(2026, 3, 1))
    ran = asyncio.run(run([failing, scenario("next")], lambda _: ScriptedConversation([says("x")]), options))
    assert len(ran.results) == 2


def test_who_is_interrupted_says_how_many_conversations_are_closed():
    async def play() -> list[int]:
        both, arrived = asyncio.Event(), 0
        told: list[int] = []

        def arrive() -> None:
            nonlocal arrived
            arrived += 1
            if arrived == 2:
                both.set()

        options = RunOptions(concurrency=2, on_interrupt=told.append)
        scenarios = [scenario(name) for name in "abc"]
        task = asyncio.create_task(run(scenarios, lambda _: Held([], asyncio.Event(), arrive), options))
        await both.wait()
        assert told == []
        task.cancel()
        await task
        return told

    assert asyncio.run(play()) == [2]
