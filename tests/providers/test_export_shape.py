"""What is not as the API gives it is told apart from what is."""

import pytest

from orchestrator.providers.export_shape import find_fault, find_unknown

TUTOR = {"id": "asst_1", "object": "assistant", "model": "gpt-4o"}
MESSAGE = {"id": "m", "object": "thread.message", "thread_id": "t", "role": "user", "content": []}
STEP = {"id": "s", "object": "thread.run.step", "run_id": "r", "thread_id": "t"}


@pytest.mark.parametrize(
    ("item", "fault"),
    [
        (TUTOR, None),
        ({**TUTOR, "tools": None, "tool_resources": {"file_search": None}, "name": None}, None),
        ({**TUTOR, "model": None}, "this is no assistant: it lacks model"),
        ({**TUTOR, "model": 4}, "its `model` is not as the API gives it"),
        ({**TUTOR, "tools": ["code_interpreter"], "metadata": []}, "its `tools[0]` is not"),
        ({**TUTOR, "tool_resources": {"file_search": []}}, "its `tool_resources.file_search` is not"),
        ({**TUTOR, "id": "asst\n1"}, "its `id` is not"),
        ({**STEP, "run_id": "run\ud800"}, "its `run_id` is not"),
        ({**MESSAGE, "content": "text"}, None),
        ({**MESSAGE, "content": [{"text": "x"}]}, "its `content[0]` is not"),
        ({**TUTOR, "response_format": "auto"}, None),
        ({**TUTOR, "response_format": {"type": "json_schema", "json_schema": 3}}, "`response_format.json_schema`"),
        ({**TUTOR, "tools": [{"function": {"name": "f"}}]}, "its `tools[0]` is not"),
        ({**MESSAGE, "content": 7}, "its `content` is not"),
        ({**MESSAGE, "content": ["text"]}, "its `content[0]` is not"),
        ({**MESSAGE, "thread_id": None}, "it lacks thread_id"),
        ({**STEP, "step_details": {"tool_calls": None}}, None),
        ({**STEP, "step_details": {"tool_calls": ["f"]}}, "its `step_details.tool_calls[0]` is not"),
        ({"id": "r", "object": "thread.run"}, "it lacks thread_id"),
    ],
)
def test_faults_are_named(item, fault):
    found = find_fault(item)
    assert found is None if fault is None else fault in str(found)


def test_what_says_something_and_has_no_word_is_unknown():
    assert find_unknown({**TUTOR, "file_ids": ["file-1"], "new": 0, "empty": [], "none": None}) == ["file_ids", "new"]
    thread = {"id": "t", "object": "thread", "tool_resources": {"file_search": {"vector_store_ids": ["vs_1"]}}}
    assert find_unknown(thread) == ["tool_resources"]
    assert find_unknown({**thread, "tool_resources": {"file_search": {"vector_store_ids": []}}}) == []
    assert find_unknown({**MESSAGE, "new": 1}) == []
