"""Numbers of times, against bounds and in words."""

import pytest

from orchestrator.model.language import Count
from orchestrator.scenario.counting import get_bounds, is_within, range_text


@pytest.mark.parametrize(
    ("times", "bounds", "words"),
    [
        (None, (1, None), "once or more"),
        (0, (0, 0), "never"),
        (2, (2, 2), "twice"),
        (Count(min=3), (3, None), "3 times or more"),
        (Count(max=2), (0, 2), "0 to 2 times"),
        (Count(min=2, max=2), (2, 2), "twice"),
    ],
)
def test_bounds(times, bounds, words):
    least, most = bounds
    assert get_bounds(times) == bounds
    assert range_text(*bounds) == words
    assert not is_within(least - 1, times)
    assert is_within(least, times)
    assert is_within(1000, times) == (most is None)
    if most is not None:
        assert is_within(most, times)
        assert not is_within(most + 1, times)
