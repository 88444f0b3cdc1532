"""What is taken over from the last run, what is played again and why, and what the next log begins with."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from orchestrator.model.prices import Price
from orchestrator.model.project import LocatedScenario
from orchestrator.scenario.cleaning import Cleaner
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import Run
from orchestrator.scenario.results_log import Entry, Key, Log, ResultsLogError, to_entry
from orchestrator.scenario.resuming import get_assistant_key, get_key, joined, resume, select_unpassed, start_anew
from orchestrator.scenario.seen import Seen
from tests.reporting.conftest import LATER, located
from tests.scenario.finished import SPECS, TODAY, finished

SEEN = Seen({"instructions": "aa", "model": "bb"}, {"a.md": "cc"})
NAMES = ("quiz", "papers", "busy")
RESULTS = {name: finished(name) for name in NAMES}
LOG_NAME = ".orch/results-local.jsonl"


def key_of(spec: LocatedScenario) -> Key:
    return get_key(spec, get_assistant_key(SEEN))


def entry(name: str, **changed: object) -> Entry:
    made = to_entry(RESULTS[name], key_of(RESULTS[name].located), Cleaner())
    return replace(made, line=2, **changed)  # type: ignore[arg-type]  # fields of it, by name


def log(*entries: Entry) -> Log:
    return Log("tutoring", "local", "then", {each.name: each for each in entries}, LOG_NAME)


CHOSEN = [*(RESULTS[name].located for name in NAMES), located(LATER)]
ALL = log(*map(entry, NAMES))


def names(items) -> list[str]:
    return [item.scenario.name for item in items]


def kept(selection) -> list[str]:
    return [each.name for each in selection.kept]


# --resume


def test_what_was_judged_is_taken_over_and_the_rest_is_played():
    selection = resume(CHOSEN, ALL, key_of, TODAY)
    assert [(r.located.scenario.name, r.status, r.taken_over) for r in selection.taken] == [
        ("quiz", Status.PASSED, True),
        ("papers", Status.FAILED, True),
    ]
    assert names(selection.to_play) == ["busy", "later"]
    assert selection.again == {"errored": ["busy"]}
    assert kept(selection) == ["quiz", "papers"]
    assert selection.goes_on


def test_an_undecided_scenario_is_taken_over_as_it_is():
    selection = resume(CHOSEN, log(entry("quiz", status=Status.INCONCLUSIVE)), key_of, TODAY)
    assert [result.status for result in selection.taken] == [Status.INCONCLUSIVE]


def test_what_changed_is_played_again_and_says_why():
    def keys(spec: LocatedScenario) -> Key:
        key = key_of(spec)
        if spec.scenario.name == "quiz":
            return replace(key, scenario="other")
        return replace(key, assistant="other") if spec.scenario.name == "papers" else key

    selection = resume(CHOSEN, ALL, keys, TODAY)
    assert selection.taken == []
    assert selection.again == {
        "the scenario changed": ["quiz"],
        "assistant.math-tutor changed": ["papers"],
        "errored": ["busy"],
    }
    assert kept(selection) == []


def test_what_an_earlier_run_knew_is_not_taken_over():
    selection = resume(CHOSEN[:1], log(entry("quiz", earlier=True), entry("papers")), key_of, TODAY)
    assert (names(selection.to_play), selection.taken, selection.again) == (["quiz"], [], {})
    assert kept(selection) == ["papers"]


def test_what_is_damaged_and_wanted_is_an_error_at_its_line():
    with pytest.raises(ResultsLogError, match=f"{LOG_NAME}:2: attempts"):
        resume(CHOSEN, log(entry("quiz", attempts=[7])), key_of, TODAY)
    assert resume(CHOSEN[1:], log(entry("quiz", attempts=[7])), key_of, TODAY).taken == []


def test_a_quarantine_is_judged_by_the_day_of_the_run_that_goes_on():
    held = located({**SPECS["papers"], "quarantine": {"reason": "flaky", "until": "2026-03-01"}})
    for today, quarantined in ((date(2026, 3, 1), True), (date(2026, 3, 2), False)):
        [result] = resume([held], ALL, key_of, today).taken
        assert result.quarantined is quarantined


# --last-failed


def test_only_what_is_not_known_to_have_passed_is_played():
    selection = select_unpassed(CHOSEN, ALL)
    assert selection
    assert names(selection.to_play) == ["papers", "busy", "later"]
    assert (kept(selection), list(selection.taken), selection.goes_on) == (["quiz"], [], True)


def test_what_an_earlier_run_knew_counts_and_stays_as_it_is():
    selection = select_unpassed(CHOSEN, log(entry("quiz", earlier=True), entry("papers", earlier=True)))
    assert selection
    assert names(selection.to_play) == ["papers", "busy", "later"]
    assert [(each.name, each.earlier) for each in selection.kept] == [("quiz", True)]


def test_there_may_be_nothing_that_did_not_pass():
    assert select_unpassed(CHOSEN[:1], ALL) is None


# A new run


def test_a_new_run_plays_everything_and_keeps_what_it_does_not_choose_as_of_an_earlier_one():
    selection = start_anew(CHOSEN[:1], ALL)
    assert (names(selection.to_play), selection.goes_on) == (["quiz"], False)
    assert [(each.name, each.earlier) for each in selection.kept] == [("papers", True), ("busy", True)]
    assert list(start_anew(CHOSEN, None).kept) == []


# Together


def test_results_stand_in_the_order_of_the_scenarios():
    played = Run((RESULTS["busy"],), 5.0, not_run=(located(LATER),))
    whole = joined(played, resume(CHOSEN, ALL, key_of, TODAY).taken, CHOSEN)
    assert [result.located.scenario.name for result in whole.results] == ["quiz", "papers", "busy"]
    assert (whole.taken_over, whole.duration_ms, names(whole.not_run)) == (2, 5.0, ["later"])


# Keys


QUIZ = SPECS["quiz"]


def key(changed: Mapping[str, object] | None = None, **more: object) -> Key:
    spec = replace(located({**QUIZ, **(changed or {})}), **more)  # type: ignore[arg-type]  # fields of it, by name
    return get_key(spec, get_assistant_key(SEEN))


@pytest.mark.parametrize(
    "changed",
    [
        {"turns": [{"user": "other"}]},
        {"checks": [{"contains": "x"}]},
        {"repeat": 3},
        {"mocks": {"f": {"returns": 1}}},
        {"strict": True},
    ],
)
def test_what_is_said_mocked_and_checked_makes_another_key(changed):
    assert key(changed).scenario != key().scenario
    assert key(changed).assistant == key().assistant


def test_what_a_scenario_says_of_itself_does_not():
    held = {"reason": "flaky", "until": "2026-03-01"}
    assert key({"description": "x", "tags": ["x"], "quarantine": held}) == key()


def test_a_price_and_the_variables_of_mocks_belong_to_it():
    assert key(price=Price(input=1, output=2)) != key()
    assert key(variables={"tone": "formal"}) != key()
    bare = {"turns": [{"user": "hi"}]}
    assert key(bare, variables={"tone": "formal"}) == key(bare)


def test_an_assistant_and_its_documents_belong_to_it():
    spec = located(QUIZ)
    for seen in (Seen({**SEEN.assistant, "model": "dd"}, SEEN.documents), Seen(SEEN.assistant, {"a.md": "dd"})):
        assert get_key(spec, get_assistant_key(seen)).assistant != key().assistant
        assert get_key(spec, get_assistant_key(seen)).scenario == key().scenario
