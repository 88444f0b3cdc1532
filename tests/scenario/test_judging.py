"""Judges in a run: asked only where they decide, side by side, each in a conversation that is closed; then counted."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.diagnostics import Position
from orchestrator.errors import TargetBusyError, TargetError
from orchestrator.model.conversation import Failure, Reply, ReplyStatus, Usage
from orchestrator.model.judges import Judge
from orchestrator.model.project import LocatedScenario
from orchestrator.model.scenario import Scenario
from orchestrator.providers.interface import Conversation
from orchestrator.providers.scripted_conversation import ScriptedConversation, calls, says
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import Attempt, Run, exit_code
from orchestrator.scenario.runner import RunOptions, run
from tests.scenario.grading import QUOTE, grades, judge

Script = Sequence[Reply | TargetError]
REPLY = says(f"{QUOTE}, all is paid.", usage=Usage(7, 3))
JUDGED = {"judge": "strict"}


def scenario(*turns: Mapping[str, object], judges: Sequence[Judge] = (), **more: object) -> LocatedScenario:
    spec = {"name": "s", "assistant": "tutor", "turns": list(turns), **more}
    by_name = {each.name: each for each in (judges or [judge()])}
    parsed = Scenario.model_validate(spec)
    return LocatedScenario(parsed, Position("s.yaml"), Path("/s.yaml"), judges=by_name)


def turn(*checks: Mapping[str, object], user: str = "hi") -> dict[str, object]:
    return {"user": user, "checks": list(checks)}


class Target:
    """Opens conversations by the assistant's name; a judge says what its list holds, one answer a conversation."""

    def __init__(self, talk: Script = (REPLY,), **judges: Script) -> None:
        self.opened: list[str] = []
        self.talks: list[ScriptedConversation] = []
        self._talk = talk
        self._answers = {name: iter(script) for name, script in judges.items()}

    def open(self, located: LocatedScenario) -> Conversation:
        self.opened.append(located.scenario.assistant)
        answers = self._answers.get(located.scenario.assistant)
        talk = ScriptedConversation(self._talk if answers is None else [next(answers)])
        self.talks.append(talk)
        return talk

    def run(self, located: LocatedScenario) -> Run:
        ran = asyncio.run(run([located], self.open, RunOptions()))
        assert all(talk.closed for talk in self.talks)
        return ran

    def play(self, located: LocatedScenario) -> Attempt:
        [attempt] = self.run(located).results[0].attempts
        return attempt

    def told(self, assistant: str) -> list[object]:
        return [
            each for name, talk in zip(self.opened, self.talks, strict=True) if name == assistant for each in talk.told
        ]


@pytest.mark.parametrize(
    ("verdict", "status", "code"),
    [("met", Status.PASSED, 0), ("not_met", Status.FAILED, 1), ("cannot_tell", Status.INCONCLUSIVE, 4)],
)
def test_what_the_judge_says_is_the_verdict(verdict, status, code):
    target = Target(strict=[grades(verdict)])
    ran = target.run(scenario(turn(JUDGED)))
    [attempt] = ran.results[0].attempts
    [given] = attempt.turns[0].verdicts
    assert (attempt.status, attempt.turns[0].status, exit_code(ran)) == (status, status, code)
    assert (given.check, given.passed, given.inconclusive) == ("judge", verdict == "met", verdict == "cannot_tell")
    assert [(each.criterion, str(each.opinion)) for each in given.criteria] == [("answers", verdict)]
    assert target.opened == ["tutor", "strict"]


def test_tokens_and_calls_of_judges_are_counted_apart_and_in_the_runs_totals():
    target = Target(strict=[grades("met"), grades("met")])
    ran = target.run(scenario(turn(JUDGED), checks=[JUDGED]))
    [attempt] = ran.results[0].attempts
    assert (attempt.usage, attempt.turns[0].judge_usage, attempt.judge_usage) == (
        Usage(7, 3),
        Usage(100, 10),
        Usage(200, 20),
    )
    assert (ran.results[0].usage, ran.results[0].judge_usage) == (Usage(7, 3), Usage(200, 20))
    assert (ran.usage, ran.judge_usage, ran.requests) == (Usage(207, 23), Usage(200, 20), 2 + 2 * 2)


@pytest.mark.parametrize(
    "checks",
    [
        [{"contains": "no such text"}, JUDGED],
        [JUDGED, {"contains": "no such text"}],
        [{"latency_ms": {"max": 0}}, JUDGED],
        [{"cost_usd": {"max": 1}}, JUDGED],
        [{"all_of": [JUDGED, {"contains": "no such text"}]}],
        [{"not": {"any_of": [JUDGED, {"contains": QUOTE}]}}],
    ],
)
def test_a_judge_is_not_asked_where_something_else_has_failed(checks):
    target = Target()
    attempt = target.play(scenario(turn(*checks)))
    assert (attempt.status, target.opened, attempt.requests) == (Status.FAILED, ["tutor"], 2)
    assert attempt.judge_usage == Usage()
    for given in attempt.turns[0].verdicts:
        assert given.check != "judge" or (given.inconclusive and not given.criteria)


def test_a_judge_is_not_asked_where_nothing_hangs_on_it():
    target = Target()
    checks: list[Mapping[str, object]] = [
        {"any_of": [{"contains": QUOTE}, JUDGED]},
        {"not": {"all_of": [{"contains": "none"}, JUDGED]}},
    ]
    assert target.play(scenario(turn(*checks))).status is Status.PASSED
    assert target.opened == ["tutor"]


def test_a_turn_that_lacks_a_mock_or_did_not_complete_is_judged_by_nobody():
    target = Target([calls(("f", {}))])
    assert target.play(scenario(turn(JUDGED))).status is Status.FAILED
    assert target.opened == ["tutor"]
    target = Target([Reply(ReplyStatus.FAILED, failure=Failure("rate_limit_exceeded", "slow down"))])
    assert target.play(scenario(turn(JUDGED))).status is Status.FAILED
    assert target.opened == ["tutor"]


def test_a_failure_of_weight_0_does_not_keep_a_judge_from_being_asked():
    target = Target(strict=[grades("met")])
    attempt = target.play(scenario(turn({"contains": "no such text", "weight": 0}, JUDGED)))
    assert (attempt.status, target.opened) == (Status.PASSED, ["tutor", "strict"])


def test_a_judge_of_weight_0_is_asked_and_fails_nothing():
    target = Target(strict=[grades("not_met")])
    attempt = target.play(scenario(turn({**JUDGED, "weight": 0})))
    assert (attempt.status, attempt.turns[0].verdicts[0].passed) == (Status.PASSED, False)


def test_a_judge_turned_round():
    target = Target(strict=[grades("not_met")])
    [given] = target.play(scenario(turn({"not": JUDGED}))).turns[0].verdicts
    assert (given.passed, given.check, [str(each.opinion) for each in given.criteria]) == (
        True,
        "not judge",
        ["not_met"],
    )
    target = Target(strict=[grades("cannot_tell")])
    assert target.play(scenario(turn({"not": JUDGED}))).status is Status.INCONCLUSIVE


@pytest.mark.parametrize(
    ("votes", "quorum", "answers", "status"),
    [
        (3, None, ["met", "not_met", "met"], Status.PASSED),
        (3, None, ["not_met", "met", "not_met"], Status.FAILED),
        (3, 3, ["met", "met", "not_met"], Status.INCONCLUSIVE),
        (3, None, ["met", "cannot_tell", "cannot_tell"], Status.INCONCLUSIVE),
        (4, None, ["met", "met", "not_met", "not_met"], Status.INCONCLUSIVE),
        (2, None, ["met", "met"], Status.PASSED),
    ],
)
def test_a_quorum_decides(votes, quorum, answers, status):
    target = Target(strict=[grades(each) for each in answers])
    attempt = target.play(scenario(turn(JUDGED), judges=[judge(votes=votes, quorum=quorum)]))
    [given] = attempt.turns[0].verdicts
    assert (attempt.status, target.opened.count("strict")) == (status, votes)
    assert [str(vote.opinion) for vote in given.criteria[0].votes] == answers
    assert attempt.requests == 2 + 2 * votes


def test_a_vote_whose_quote_is_not_in_the_transcript_does_not_count_and_says_so():
    answers = [grades("met", quote="Within 90 days"), grades("met"), grades("not_met", quote="never said")]
    target = Target(strict=answers)
    attempt = target.play(scenario(turn(JUDGED), judges=[judge(votes=3)]))
    assert attempt.status is Status.INCONCLUSIVE
    reason = attempt.turns[0].verdicts[0].reason
    assert (
        '    vote 1 does not count: it says met, and what it quotes is not in the transcript: "Within 90 days"'
        in reason
    )
    assert "    vote 3 does not count: it says not_met, and what it quotes is not in the transcript" in reason


def test_criteria_stand_in_the_check_or_in_the_judge_or_in_both():
    target = Target(strict=[grades("met"), grades("met", "not_met")])
    own, more = {"by": "strict", "criteria": ["is polite"]}, {"by": "strict", "also": ["is short"]}
    attempt = target.play(scenario(turn({"judge": own}, {"judge": more})))
    first, second = attempt.turns[0].verdicts
    assert [each.criterion for each in first.criteria] == ["is polite"]
    assert [(each.criterion, str(each.opinion)) for each in second.criteria] == [
        ("answers", "met"),
        ("is short", "not_met"),
    ]
    assert (attempt.status, second.score) == (Status.FAILED, 0.5)


def test_a_judge_of_a_turn_reads_what_came_before_and_one_of_the_conversation_all():
    talk = [REPLY, says("You are welcome.")]
    target = Target(talk, strict=[grades("met"), grades("met")])
    target.play(scenario(turn(), turn(JUDGED, user="thanks"), checks=[JUDGED]))
    first, second = (str(each) for each in target.told("strict"))
    assert first.count("\n{") == second.count("\n{") == 1 + 4
    assert "Grade turn 2, the last." in first
    assert "Grade by the whole transcript." in second


def test_checks_of_a_turn_that_are_no_judges_still_see_that_turn_only():
    target = Target([REPLY, says("You are welcome.")])
    attempt = target.play(scenario(turn(), turn({"contains": QUOTE})))
    assert attempt.status is Status.FAILED


def test_an_undecided_turn_ends_its_attempt():
    target = Target([REPLY, says("more")], strict=[grades("cannot_tell")])
    attempt = target.play(scenario(turn(JUDGED), turn(), checks=[{"contains": "x"}]))
    assert (attempt.status, len(attempt.turns), attempt.verdicts) == (Status.INCONCLUSIVE, 1, ())
    assert target.told("tutor") == ["hi"]


def test_a_failure_goes_before_what_is_undecided():
    judges = [judge(), judge("kind")]
    target = Target(strict=[grades("cannot_tell")], kind=[grades("not_met")])
    attempt = target.play(scenario(turn(JUDGED, {"judge": "kind"}), judges=judges))
    assert attempt.status is Status.FAILED


BUSY = TargetBusyError("too many requests", "try again later")
FAILED = Reply(ReplyStatus.FAILED, failure=Failure("server_error", "out of order"))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (BUSY, "too many requests"),
        (FAILED, "the judge strict gave no answer: failed (server_error: out of order)"),
        (Reply(ReplyStatus.EXPIRED), "the judge strict gave no answer: expired"),
        (calls(("f", {})), "the judge strict gave no answer: needs_answers"),
    ],
)
@pytest.mark.parametrize("whole", [False, True])
def test_a_target_that_fails_while_a_judge_is_asked_makes_the_attempt_errored(answer, message, whole):
    target = Target(strict=[grades("met"), answer, grades("met")])
    checks = {"checks": [JUDGED]} if whole else {}
    located = scenario(turn(*([] if whole else [JUDGED])), judges=[judge(votes=3)], **checks)
    ran = target.run(located)
    [attempt] = ran.results[0].attempts
    problem = attempt.problem if whole else attempt.turns[0].problem
    assert (attempt.status, exit_code(ran)) == (Status.ERRORED, 2)
    assert problem
    assert problem.message == message
    assert (attempt.verdicts, attempt.turns[0].verdicts) == ((), ())
    assert attempt.requests == 2 + 2 * 3


def test_a_judge_that_cannot_be_opened_makes_the_attempt_errored():
    target = Target()

    def open_(located: LocatedScenario) -> Conversation:
        if located.scenario.assistant == "strict":
            raise BUSY
        return target.open(located)

    ran = asyncio.run(run([scenario(turn(JUDGED))], open_, RunOptions()))
    assert ran.results[0].status is Status.ERRORED


class Slow(ScriptedConversation):
    """Answers once `go` says so."""

    def __init__(self, script: Script, go: Callable[[], "asyncio.Future[object]"]) -> None:
        super().__init__(script)
        self._go = go

    async def send(self, message: str) -> Reply:
        await self._go()
        return await super().send(message)


def test_votes_of_all_judges_are_asked_side_by_side():
    judges = [judge(votes=3), judge("kind", votes=2)]

    async def run_it() -> Run:
        together = asyncio.Barrier(5)

        def open_(located: LocatedScenario) -> Conversation:
            if located.scenario.assistant == "tutor":
                return ScriptedConversation([REPLY])
            return Slow([grades("met")], lambda: asyncio.ensure_future(together.wait()))

        return await run([scenario(turn(JUDGED, {"judge": "kind"}), judges=judges)], open_, RunOptions())

    ran = asyncio.run(asyncio.wait_for(run_it(), 30))
    assert ran.results[0].status is Status.PASSED


def test_a_run_that_is_broken_off_closes_the_conversations_with_judges():
    asked: list[Slow] = []

    async def run_it() -> Run:
        running = asyncio.current_task()
        assert running

        def broken_off() -> "asyncio.Future[object]":
            running.cancel()
            return asyncio.get_running_loop().create_future()

        def open_(located: LocatedScenario) -> Conversation:
            if located.scenario.assistant == "tutor":
                return ScriptedConversation([REPLY])
            asked.append(Slow([grades("met")], broken_off))
            return asked[-1]

        return await run([scenario(turn(JUDGED), judges=[judge(votes=3)])], open_, RunOptions())

    ran = asyncio.run(run_it())
    assert (ran.interrupted, len(ran.not_run)) == (True, 1)
    assert [talk.closed for talk in asked] == [True] * 3


class Stuck(ScriptedConversation):
    """Cannot be closed."""

    async def close(self) -> int:
        raise BUSY


def test_a_conversation_with_a_judge_that_stays_on_the_target_is_told_and_changes_nothing():
    def open_(located: LocatedScenario) -> Conversation:
        return ScriptedConversation([REPLY]) if located.scenario.assistant == "tutor" else Stuck([grades("met")])

    ran = asyncio.run(run([scenario(turn(JUDGED))], open_, RunOptions()))
    [attempt] = ran.results[0].attempts
    assert attempt.status is Status.PASSED
    assert attempt.leftover
    assert attempt.leftover.message == "too many requests"


def test_a_projects_own_function_is_called_once_whoever_is_asked(tmp_path):
    counting = "calls = []\ndef f(exchanges):\n    calls.append(1)\n    return len(calls) == 1, str(len(calls))\n"
    (tmp_path / "counting.py").write_text(counting, encoding="utf-8")
    target = Target(strict=[grades("met")])
    located = replace(scenario(turn({"all_of": [{"python": "counting:f"}, JUDGED]})), root=tmp_path)
    assert target.play(located).status is Status.PASSED


def test_inconclusive_attempts_say_nothing_about_the_pass_rate():
    target = Target(strict=[grades("met"), grades("cannot_tell"), grades("met")])
    result = target.run(scenario(turn(JUDGED), repeat=3)).results[0]
    assert (result.status, result.tally.passed, result.tally.inconclusive) == (Status.INCONCLUSIVE, 2, 1)
    target = Target(strict=[grades("not_met"), grades("cannot_tell")])
    assert target.run(scenario(turn(JUDGED), repeat=2)).results[0].status is Status.FAILED


def test_a_judge_that_no_project_knows_fails_its_check():
    target = Target()
    attempt = target.play(replace(scenario(turn(JUDGED)), judges={}))
    assert attempt.turns[0].verdicts[0].reason == "the judge strict belongs to a project, and none is known here"
    assert (attempt.status, target.opened) == (Status.FAILED, ["tutor"])
