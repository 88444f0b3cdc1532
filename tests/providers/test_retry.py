from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.providers._retry import ATTEMPTS, LONGEST, PATIENT, Failure, growing, wait_before_next, wait_of

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
LOST = Failure()
UNREACHED = Failure(sent=False)


def status(number, headers=None, **more):
    return Failure(number, headers=headers or {}, **more)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "Mon, 23 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Mon, 23 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "7", "retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "x", "retry-after": "2"}, 2.0),
    ],
)
def test_how_long_a_target_asks_to_wait(headers, seconds):
    assert wait_of(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("failure", "repeatable", "making"),
    [
        (UNREACHED, 0.5, 0.5),
        (LOST, 0.5, None),
        (status(408), 0.5, None),
        (status(409), 0.5, None),
        (status(429), 0.5, 0.5),
        (status(500), 0.5, None),
        (status(503), 0.5, None),
        (status(503, code="server_is_overloaded"), 0.5, 0.5),
        (status(503, {"retry-after": "1"}), 0.5, 0.5),
        (status(400), None, None),
        (status(401), None, None),
        (status(404), None, None),
        (status(400, {"x-should-retry": "true"}), 0.5, None),
        (status(500, {"x-should-retry": "false"}), None, None),
        (status(429, billing=True), None, None),
    ],
)
def test_what_is_sent_again(failure, repeatable, making):
    assert wait_before_next(failure, 1, False, None, 0.0) == repeatable
    assert wait_before_next(failure, 1, True, None, 0.0) == making


def test_waits_double_up_to_eight_seconds_less_a_quarter_by_chance():
    waits = [wait_before_next(status(500), attempt, False, None, 0.0) for attempt in range(1, ATTEMPTS + 1)]
    assert waits == [0.5, 1.0, None]
    assert wait_before_next(status(500), 1, False, None, 1.0) == 0.375


@given(st.integers(1, 20), st.booleans(), st.none() | st.floats(0, 1000), st.floats(0, 1))
def test_it_ends_and_never_waits_too_long(attempt, once, asked, chance):
    for failure in (LOST, UNREACHED, status(429), status(500), status(503, {"retry-after": "1"})):
        wait = wait_before_next(failure, attempt, once, asked, chance)
        assert wait is None or (attempt < PATIENT and 0 <= wait <= LONGEST)
        assert asked is None or asked <= LONGEST or wait is None


def test_who_names_a_wait_is_asked_more_often_than_who_does_not():
    assert wait_before_next(status(429), PATIENT - 1, True, 1.0, 0.0) == 1.0
    assert wait_before_next(status(429), PATIENT, True, 1.0, 0.0) is None
    assert wait_before_next(status(429), ATTEMPTS, True, None, 0.0) is None
    assert wait_before_next(status(500), ATTEMPTS, False, 1.0, 0.0) is None


def test_looks_at_what_takes_its_time_are_ever_further_apart():
    waits = growing(0.02, 0.05)
    assert [round(next(waits), 4) for _ in range(5)] == [0.02, 0.03, 0.045, 0.05, 0.05]
