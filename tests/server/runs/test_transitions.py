from typing import Any

import pytest

from orchestrator.server.runs.transitions import STREAM_ENDS, TERMINAL, IllegalTransitionError, advance, close_step

STATUSES = ("queued", "in_progress", "requires_action", "cancelling", *sorted(TERMINAL))
ALLOWED = {
    ("queued", "in_progress"),
    ("queued", "cancelling"),
    ("queued", "failed"),
    ("queued", "expired"),
    ("in_progress", "requires_action"),
    ("in_progress", "completed"),
    ("in_progress", "incomplete"),
    ("in_progress", "failed"),
    ("in_progress", "cancelling"),
    ("in_progress", "expired"),
    ("requires_action", "queued"),
    ("requires_action", "cancelling"),
    ("requires_action", "expired"),
    ("cancelling", "cancelled"),
    ("cancelling", "expired"),
}


def run(status: str) -> dict[str, Any]:
    times = dict.fromkeys(("started_at", "completed_at", "failed_at", "cancelled_at"))
    return {"status": status, "required_action": {"type": "x"}, "expires_at": 600, **times}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("wanted", STATUSES)
def test_a_run_goes_only_where_the_table_says(status, wanted):
    if (status, wanted) in ALLOWED:
        assert advance(run(status), wanted, 5)["status"] == wanted
    else:
        with pytest.raises(IllegalTransitionError) as caught:
            advance(run(status), wanted, 5)
        assert caught.value.status == status


def test_times_go_with_the_status():
    started = advance(run("queued"), "in_progress", 5)
    assert started["started_at"] == 5
    assert advance({**started, "status": "queued"}, "in_progress", 9)["started_at"] == 5
    assert advance(started, "completed", 7)["completed_at"] == 7
    assert advance(started, "failed", 7)["failed_at"] == 7
    assert advance(run("cancelling"), "cancelled", 7)["cancelled_at"] == 7


def test_what_is_over_does_not_expire_or_ask():
    for status in TERMINAL & {wanted for start, wanted in ALLOWED if start == "in_progress"}:
        ended = advance(run("in_progress"), status, 5)
        assert ended["expires_at"] is None
        assert ended["required_action"] is None
    assert advance(run("requires_action"), "queued", 5)["required_action"] is None


def test_a_stream_ends_where_nothing_follows():
    assert TERMINAL < STREAM_ENDS
    assert "cancelling" not in STREAM_ENDS


def test_a_step_ends_with_its_time_and_error():
    step = close_step({"status": "in_progress"}, "failed", 5, {"code": "server_error", "message": "m"})
    assert step == {"status": "failed", "failed_at": 5, "last_error": {"code": "server_error", "message": "m"}}
