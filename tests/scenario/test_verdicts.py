"""What several verdicts come to: the score is a mean by weight, and what has no weight fails nothing."""

from dataclasses import replace

import pytest

from orchestrator.scenario.verdicts import all_pass, failed, get_score, passed

GOOD, BAD, NEAR = passed("a", "yes"), failed("b", "no"), failed("c", "nearly", 0.5)


@pytest.mark.parametrize(
    ("verdicts", "passes", "score"),
    [
        ([], True, None),
        ([GOOD], True, 1),
        ([GOOD, BAD], False, 0.5),
        ([GOOD, replace(BAD, weight=3)], False, 0.25),
        ([GOOD, replace(BAD, weight=0)], True, 1),
        ([replace(BAD, weight=0)], True, None),
        ([NEAR, GOOD], False, 0.75),
    ],
)
def test_scores(verdicts, passes, score):
    assert (all_pass(verdicts), get_score(verdicts)) == (passes, score)
