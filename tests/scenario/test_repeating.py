"""What attempts come to: enough, decided, undecided, and what those that could not be judged change."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model.scenario import Repeat, Scenario
from orchestrator.scenario.repeating import CONFIDENCE, get_confidence, get_needed, get_rule
from orchestrator.scenario.report_format import Status
from orchestrator.scenario.results import Tally

PASSED, FAILED, ERRORED, INCONCLUSIVE = Status.PASSED, Status.FAILED, Status.ERRORED, Status.INCONCLUSIVE
TWENTY = Repeat(min=3, max=20, require=0.8)
TWELVE = Repeat(min=3, max=12, require=0.8)


@pytest.mark.parametrize(
    ("repeat", "tally", "wanted", "verdict"),
    [
        # a fixed number is played whole, and all have to pass
        (1, Tally(), 1, INCONCLUSIVE),
        (1, Tally(passed=1), 0, PASSED),
        (1, Tally(failed=1), 0, FAILED),
        (1, Tally(errored=1), 0, ERRORED),
        (1, Tally(inconclusive=1), 0, INCONCLUSIVE),
        (3, Tally(failed=1), 2, FAILED),
        (3, Tally(passed=3), 0, PASSED),
        (3, Tally(passed=2, failed=1), 0, FAILED),
        (3, Tally(errored=1), 2, ERRORED),
        # what errored cannot make good what failed, but can break what passed
        (3, Tally(passed=2, errored=1), 0, ERRORED),
        (3, Tally(passed=1, failed=1, errored=1), 0, FAILED),
        (3, Tally(passed=2, inconclusive=1), 0, INCONCLUSIVE),
        (3, Tally(passed=1, errored=1, inconclusive=1), 0, ERRORED),
        # shown
        (TWENTY, Tally(), 3, INCONCLUSIVE),
        (TWENTY, Tally(failed=2), 1, INCONCLUSIVE),
        (TWENTY, Tally(failed=3), 0, FAILED),
        (TWENTY, Tally(passed=13), 1, INCONCLUSIVE),
        (TWENTY, Tally(passed=14), 0, PASSED),
        # 7 of 10 is what 0.8 may well give: it goes on, and ends undecided
        (TWENTY, Tally(passed=7, failed=3), 4, INCONCLUSIVE),
        (TWENTY, Tally(passed=11, failed=3), 6, INCONCLUSIVE),
        (TWENTY, Tally(passed=12, failed=3), 0, INCONCLUSIVE),
        (TWENTY, Tally(passed=17, failed=3), 0, INCONCLUSIVE),
        # what errored is made up for while there are attempts left, and the target is not down for good
        (TWENTY, Tally(errored=2), 3, ERRORED),
        (TWENTY, Tally(errored=3), 0, ERRORED),
        (TWENTY, Tally(passed=1, errored=3), 4, ERRORED),
        (TWENTY, Tally(passed=14, errored=6), 0, PASSED),
        (TWENTY, Tally(passed=13, errored=7), 0, ERRORED),
        (TWENTY, Tally(passed=13, inconclusive=7), 0, INCONCLUSIVE),
        (TWENTY, Tally(passed=16, failed=3, errored=1), 0, INCONCLUSIVE),
        # no 12 attempts show 0.8 at 0.95, so they stop once they cannot show the contrary either
        (TWELVE, Tally(passed=3), 5, INCONCLUSIVE),
        (TWELVE, Tally(passed=7), 0, INCONCLUSIVE),
    ],
)
def test_how_many_more_and_what_they_come_to(repeat, tally, wanted, verdict):
    rule = get_rule(repeat)
    assert (rule.wanted(tally), rule.verdict(tally)) == (wanted, verdict)


RULES = [3, Repeat(min=2, max=6, require=0.5, confidence=0.8), Repeat(min=1, max=7, require=0.7, confidence=0.6)]


@pytest.mark.parametrize("repeat", RULES)
def test_nothing_can_be_decided_before_as_many_more_as_are_wanted(repeat):
    rule = get_rule(repeat)
    for length in range(rule.bounds.most + 1):
        for ended in product(("passed", "failed"), repeat=length):
            tally = Tally(passed=ended.count("passed"), failed=ended.count("failed"))
            wanted = rule.wanted(tally)
            assert tally.total + wanted <= rule.bounds.most
            for more in product(("passed", "failed"), repeat=max(0, wanted - 1)):
                later = Tally(tally.passed + more.count("passed"), tally.failed + more.count("failed"))
                assert wanted == 0 or rule.decide(later) is None


@pytest.mark.parametrize("repeat", RULES)
def test_where_no_more_are_wanted_no_continuation_decides(repeat):
    rule = get_rule(repeat)
    for passed, failed in product(range(rule.bounds.most + 1), repeat=2):
        tally = Tally(passed, failed)
        if tally.total > rule.bounds.most or rule.wanted(tally) or rule.decide(tally):
            continue
        for more in range(1, rule.bounds.most - tally.total + 1):
            assert rule.decide(Tally(passed + more, failed)) is None
            assert rule.decide(Tally(passed, failed + more)) is None
        assert rule.verdict(tally) is INCONCLUSIVE


@given(st.sampled_from(RULES), st.integers(0, 7), st.integers(0, 7), st.integers(1, 7))
def test_errored_attempts_never_change_what_is_decided_without_them(repeat, passed, failed, errored):
    rule, tally = get_rule(repeat), Tally(passed, failed, errored)
    if tally.total > rule.bounds.most:
        return
    decided = {rule.verdict(Tally(passed + n, failed + errored - n)) for n in range(errored + 1)}
    verdict = rule.verdict(tally)
    if verdict in (PASSED, FAILED) and rule.decide(tally) is None:
        assert decided == {verdict}  # however they had ended


def scenario(repeat: object) -> Scenario:
    return Scenario.model_validate({"name": "s", "assistant": "a", "turns": [{"user": "hi"}], "repeat": repeat})


def test_the_confidence_and_what_it_needs():
    assert get_confidence(scenario(5)) == CONFIDENCE
    assert get_confidence(scenario({"max": 20, "require": 0.5, "confidence": 0.99})) == 0.99
    assert get_needed(Repeat(max=14, require=0.8)) is None
    assert get_needed(Repeat(max=12, require=0.8)) == 14
