"""The report people read: a line a scenario, the story of each failure, a summary; the same without colours."""

import io
from dataclasses import replace

from rich.console import Console

from orchestrator.model.conversation import MadeFile
from orchestrator.reporting.junit import junit_xml
from orchestrator.reporting.run_json import run_json
from orchestrator.reporting.run_markdown import run_markdown
from orchestrator.reporting.run_text import failure_text, run_text, summary_text
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import Attempt, Problem, Run, ScenarioResult
from tests.reporting.cases import as_case
from tests.reporting.counting import counted
from tests.reporting.repeats import played
from tests.reporting.replaying import replayed

REPORT = """\
PASSED   quiz    41 ms
FAILED   papers  41 ms
FAILED   lookup  41 ms
ERRORED  busy    41 ms

FAILED papers  specs/papers.yaml:7
  turn 1 of 3
    user:      논문을 찾아줘
    search:    => gpt.pdf (0.82)
    code:      print(1)
               print(2)
               => 1
               2
               => 1 image
    assistant: 여기 있어요 [1]
    cites:     gpt.pdf
  turn 2 of 3
    user:      고마워
               정말
    assistant: 네.\\x1b[31m
               네.\\ud800
    check failed: contains
      expected: a reply that contains "천만에요"
      got:      "네.\\u001b[31m\\n네.\\ud800"
    check failed: not contains
      expected: not {"contains": "네"}
      got:      found in "네.\\u001b[31m\\n네.\\ud800"
  turn 3 of 3 not run

FAILED lookup  specs/lookup.yaml:1
  turn 1 of 2
    user:      Where is A-1?
    call:      lookup_order({"id": "A-1"}) => (not answered)
    problem:   lookup_order was called and has no mock: lookup_order({"id": "A-1"})
    hint:      to answer, write in turn 1:
               mocks:
                 lookup_order: {returns: VALUE}
  turn 2 of 2 not run

ERRORED busy  specs/busy.yaml:1
  turn 1 of 1
    user:      hi
    problem:   too many requests
    hint:      try again later

2 failed, 1 errored, 1 passed, 1 not run in 1.2 s (10 requests, 69 tokens in, 6 out)"""


def printed(run: Run, *, terminal: bool, no_color: bool = False) -> str:
    console = Console(
        file=io.StringIO(),
        width=30,
        force_terminal=terminal,
        no_color=no_color,
        color_system="truecolor" if terminal else "auto",
    )
    console.print(run_text(run), soft_wrap=True)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_whole_report(a_run):
    assert run_text(a_run).plain == REPORT


def test_a_pipe_gets_whole_lines_without_styles_and_a_terminal_colours(a_run):
    assert printed(a_run, terminal=False) == REPORT + "\n"
    assert "\x1b[32mPASSED" in printed(a_run, terminal=True)
    assert "\x1b[31m네" not in printed(a_run, terminal=True)
    assert "\x1b[32m" not in printed(a_run, terminal=True, no_color=True)


def test_a_conversation_that_was_left_behind_is_a_warning(a_run):
    passed = a_run.results[0]
    attempt = replace(passed.attempts[0], leftover=Problem("cannot delete the thread", "delete it by hand"))
    run = Run((replace(passed, attempts=(attempt,)),), 59_999)
    assert run_text(run).plain.splitlines()[1:] == [
        "",
        "warning:   the conversation of quiz is left there: cannot delete the thread",
        "hint:      delete it by hand",
        "",
        "1 passed in 60.0 s (3 requests, 69 tokens in, 6 out)",
    ]


def test_a_scenario_that_could_not_begin(a_run):
    attempt = Attempt(Status.ERRORED, (), (), 0.0, 0, Problem("no assistant named tutor", "run `orch apply` first"))
    result = ScenarioResult(a_run.results[0].located, Status.ERRORED, (attempt,))
    assert failure_text(result).plain == (
        "ERRORED quiz  specs/quiz.yaml:1\n  problem:   no assistant named tutor\n  hint:      run `orch apply` first"
    )


def test_a_check_over_the_conversation(a_run):
    passed = a_run.results[0]
    verdict = a_run.results[1].attempts[0].turns[1].verdicts[0]
    attempt = replace(passed.attempts[0], status=Status.FAILED, verdicts=(verdict,))
    text = failure_text(replace(passed, status=Status.FAILED, attempts=(attempt,))).plain
    assert "\n  the whole conversation\n    check failed: contains\n      expected:" in text
    assert "not run" not in text


def test_what_weighs_nothing_is_told_and_what_came_near_is_scored(a_run):
    papers = a_run.results[1]
    attempt = papers.attempts[0]
    bad, worse = attempt.turns[1].verdicts
    turn = replace(attempt.turns[1], verdicts=(replace(bad, weight=0), replace(worse, score=2 / 3)))
    text = failure_text(replace(papers, attempts=(replace(attempt, turns=(attempt.turns[0], turn)),))).plain
    assert "    check failed: contains, of weight 0: it fails nothing\n      expected:" in text
    assert "    check failed: not contains, score 0.67\n      expected:" in text


def test_files_that_came_with_a_reply_are_named(a_run):
    papers = a_run.results[1]
    attempt = papers.attempts[0]
    reply = attempt.turns[0].exchange.replies[0]
    message = replace(reply.messages[0], files=(MadeFile("file-1", "out.csv"), MadeFile("file-2")))
    exchange = replace(attempt.turns[0].exchange, replies=(replace(reply, messages=(message,)),))
    turns = (replace(attempt.turns[0], exchange=exchange), *attempt.turns[1:])
    text = failure_text(replace(papers, attempts=(replace(attempt, turns=turns),))).plain
    assert "    cites:     gpt.pdf\n    made:      out.csv\n" in text


def test_every_form_tells_what_came_in_its_order(a_run):
    papers = a_run.results[1]
    attempt = papers.attempts[0]
    reply = attempt.turns[0].exchange.replies[0]
    evidence = replace(reply.evidence, order=("code_interpreter", "message", "file_search"))
    exchange = replace(attempt.turns[0].exchange, replies=(replace(reply, evidence=evidence),))
    turns = (replace(attempt.turns[0], exchange=exchange), *attempt.turns[1:])
    ran = Run((replace(papers, attempts=(replace(attempt, turns=turns),)),), 1)
    markdown = run_markdown(run_json(ran, project="p", target="t"))
    for text in (run_text(ran).plain, markdown, junit_xml(ran, project="p", target="t")):
        told = [line.strip().replace("&gt;", ">") for line in text.splitlines()]
        code, said = told.index("code:      print(1)"), told.index("assistant: 여기 있어요 [1]")
        assert code < said < told.index("search:    => gpt.pdf (0.82)")


def test_long_texts_are_cut(a_run):
    failed = a_run.results[1]
    turn = failed.attempts[0].turns[1]
    long = replace(turn, exchange=replace(turn.exchange, user="x" * 100_000))
    result = replace(failed, attempts=(replace(failed.attempts[0], turns=(long,)),))
    assert len(failure_text(result).plain) < 5000


def test_summaries():
    assert summary_text(Run((), 3)).plain == "no scenarios in 3 ms (0 requests)"
    stopped = Run((), 125_000, interrupted=True)
    assert summary_text(stopped).plain == "interrupted: no scenarios in 2 min 5 s (0 requests)"


def test_what_was_replayed_says_so(a_run):
    ran = replayed(a_run)
    lines = run_text(ran).plain.splitlines()
    assert lines[0].split() == ["PASSED", "quiz", "41", "ms", "recorded"]
    assert "recorded" not in lines[1]
    assert summary_text(ran).plain.endswith("of these 69 in, 6 out recorded)")
    alone = Run(ran.results[:1], 41.0)
    assert summary_text(alone).plain == "1 passed in 41 ms (0 requests, 69 tokens in, 6 out, all recorded)"


REPEATED = """\
PASSED        once   10 ms
FAILED        twice  30 ms  2/3 passed, 95 % interval 0.21-0.94, all required
INCONCLUSIVE  some   150 ms  12/15 passed, 95 % interval 0.55-0.93, required 0.8
INCONCLUSIVE  few    70 ms  7/7 passed, 95 % interval 0.65-1.00, required 0.8

FAILED twice  specs/twice.yaml:1
  2/3 passed, 95 % interval 0.21-0.94, all required
  pass@2 1.00, pass^2 0.33, pass@3 1.00, pass^3 0.00
  attempt 2 of 3 failed
  turn 1 of 1
    user:      hi
    assistant: bad
    check failed: contains
      expected: a reply that contains "good"
      got:      "bad"

INCONCLUSIVE some  specs/some.yaml:1
  12/15 passed, 95 % interval 0.55-0.93, required 0.8
  problem:   after 15 of 20 attempts, none of what may follow shows that it passes often enough or not
  hint:      more attempts may decide it: write a higher max under `repeat`
  attempt 4 of 15 failed
  turn 1 of 1
    user:      hi
    assistant: bad
    check failed: contains
      expected: a reply that contains "good"
      got:      "bad"

INCONCLUSIVE few  specs/few.yaml:1
  7/7 passed, 95 % interval 0.65-1.00, required 0.8
  problem:   12 attempts cannot show a pass rate of 0.8 with confidence 0.95, even where all pass
  hint:      write max: 14 or more under `repeat`

1 failed, 2 inconclusive, 1 passed in 100 ms (52 requests)"""


def test_repeated_scenarios_say_how_often_and_which_attempt_is_told():
    twenty, twelve = {"min": 5, "max": 20, "require": 0.8}, {"min": 8, "max": 12, "require": 0.8}
    some = (twenty, "good good good bad " * 5)
    run = played(once=(1, "good"), twice=(3, "good bad good"), some=some, few=(twelve, "good " * 12))
    assert run_text(run).plain == REPEATED


def test_the_attempt_that_ended_as_the_scenario_did_is_told():
    run = played(s=(3, "down good bad"))
    assert "attempt 3 of 3 failed\n  turn 1 of 1\n    user:      hi\n    assistant: bad" in run_text(run).plain
    assert "1 errored" in run_text(run).plain


COUNTED = """\
FAILED   held  10 ms  taken over  quarantined until 2026-03-01: waits for the vendor
PASSED   good  10 ms  quarantined until 2026-04-01: waits for the vendor
FAILED   over  10 ms

FAILED held  specs/held.yaml:1
  turn 1 of 1
    user:      hi
    assistant: bad
    check failed: contains
      expected: a reply that contains "good"
      got:      "bad"

FAILED over  specs/over.yaml:1
  turn 1 of 1
    user:      hi
    assistant: bad
    check failed: contains
      expected: a reply that contains "good"
      got:      "bad"

warning:   specs/good.yaml:1:1: good passes though it is in quarantine: waits for the vendor
hint:      take `quarantine` out
warning:   specs/over.yaml:1:1: the quarantine of over ended on 2026-02-28 and it counts again: waits for the vendor
hint:      take `quarantine` out, or write a later day

1 failed, 2 quarantined, 1 not run in 100 ms (6 requests, 60 tokens in, 15 out, $0.0003)
1 of 3 taken over from the run before, not played again
spent $0.0002 of $0.0002; 1 not run: the budget of $0.0002 is spent"""


def test_costs_budget_quarantine_and_what_was_taken_over():
    assert run_text(counted()).plain == COUNTED


def test_a_budget_that_was_enough_says_what_was_spent():
    ran = replace(counted(), results=(), not_run=())
    assert summary_text(ran).plain == "no scenarios in 100 ms (0 requests)\nspent $0.0002 of $0.0002"


def test_recorded_costs_say_so():
    ran = counted()
    text = summary_text(replayed(replace(ran, results=ran.results[1:], budget=None))).plain
    assert text.endswith("$0.0003, of these 20 in, 5 out, $0.0001 recorded)")


def test_scenarios_of_several_targets_say_which(a_run):
    good, bad = as_case(a_run.results[0], "local"), as_case(a_run.results[1], "a-server")
    text = run_text(Run((good, bad), 1)).plain
    assert text.splitlines()[:2] == [
        "PASSED   quiz[model=gpt-5,row1] on local       41 ms",
        "FAILED   papers[model=gpt-5,row1] on a-server  41 ms",
    ]
    assert "FAILED papers[model=gpt-5,row1] on a-server  specs/papers.yaml:7" in text
    assert " on local" not in run_text(Run((good,), 1)).plain


def test_names_in_wide_letters_stand_in_columns(a_run):
    quiz, papers = a_run.results[:2]
    scenario = quiz.located.scenario.model_copy(update={"name": "풀기"})
    wide = replace(quiz, located=replace(quiz.located, scenario=scenario))
    lines = run_text(Run((wide, papers), 1)).plain.splitlines()
    assert lines[:2] == ["PASSED   풀기    41 ms", "FAILED   papers  41 ms"]
