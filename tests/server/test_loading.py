"""Objects of another server are loaded under their ids, whole or not at all, and once."""

import pytest

from orchestrator.server.loading import load_objects
from orchestrator.server.store import Store

ASSISTANT = {"id": "asst_1", "created_at": 1, "model": "m", "metadata": {"orch.owner": "p/a", "team": "x"}}
RUN = {"id": "run_1", "thread_id": "t", "created_at": 2, "status": "completed"}
MESSAGE = {"id": "msg_1", "thread_id": "t", "created_at": 1, "role": "user", "content": []}
STEP = {"id": "step_1", "run_id": "run_1", "thread_id": "t", "created_at": 2, "step_details": {"type": "tool_calls"}}


@pytest.fixture
def store():
    with Store.open(":memory:") as store:
        yield store


def test_what_is_loaded_is_there_under_its_id_with_what_clients_expect(store):
    objects = {
        "assistant": [ASSISTANT],
        "vector_store": [{"id": "vs_1", "created_at": 1, "file_counts": {"total": 9}, "expires_after": {"days": 1}}],
        "thread.message": [MESSAGE],
        "thread.run": [RUN, {**RUN, "id": "run_2", "status": "in_progress"}],
        "thread.run.step": [STEP, {**STEP, "id": "step_2", "run_id": "run_2"}],
    }
    assert load_objects(store, objects) == {
        "assistant": 1,
        "vector_store": 1,
        "thread": 1,
        "message": 1,
        "run": 1,
        "step": 1,
    }
    assistant = store.fetch("assistant", "asst_1")
    assert assistant is not None
    assert (assistant["metadata"], assistant["temperature"], assistant["tools"]) == ({"team": "x"}, 1.0, [])
    vector_store = store.fetch("vector_store", "vs_1")
    assert vector_store is not None
    assert vector_store["file_counts"]["total"] == 0
    assert vector_store["expires_at"] - vector_store["last_active_at"] == 86_400
    assert store.fetch("thread", "t") is not None
    assert store.fetch("step", "step_1", "run_1") is not None
    assert store.fetch("run", "run_2", "t") is None


def test_what_is_there_stays_as_it_is(store):
    load_objects(store, {"assistant": [ASSISTANT]})
    store.change("assistant", "asst_1", lambda body: body | {"name": "mine"})
    assert load_objects(store, {"assistant": [ASSISTANT, {**ASSISTANT, "id": "asst_2"}]}) == {"assistant": 1}
    kept = store.fetch("assistant", "asst_1")
    assert kept is not None
    assert kept["name"] == "mine"


def test_all_or_nothing(store):
    with pytest.raises(KeyError):
        load_objects(store, {"assistant": [ASSISTANT], "thread.run": [{"id": "r", "status": "failed"}]})
    assert store.fetch("assistant", "asst_1") is None
