"""What an author wrote as the fields that should be live; what is not written is not there."""

from typing import Any

import pytest

from orchestrator.model.address import Address, Kind
from orchestrator.model.desired import assistant_fields, vector_store_fields
from orchestrator.model.fields import Ref
from orchestrator.model.resources import Assistant, Function, StoreFiles, VectorStore

QUIZ = Function(name="quiz", description="asks", strict=True)


def fields(**written: Any) -> dict[str, Any]:
    assistant = Assistant.model_validate({"name": "tutor", "model": "m", **written})
    found = assistant_fields(assistant, None, {"quiz": QUIZ})
    assert found.pop("display_name") == "tutor"
    assert found.pop("model") == "m"
    return found


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({}, {}),
        ({"description": "d", "temperature": 0.0}, {"description": "d", "temperature": 0.0}),
        ({"metadata": {"team": "ops"}}, {"metadata.team": "ops"}),
        ({"lifecycle": {"protect": True}}, {}),
        ({"tools": []}, {}),
        ({"tools": ["code_interpreter"]}, {"tools.code_interpreter": "code_interpreter"}),
        ({"tools": [{"code_interpreter": {}}]}, {"tools.code_interpreter": "code_interpreter"}),
        ({"tools": ["file_search"]}, {"tools.file_search": "file_search"}),
        ({"tools": [{"file_search": {}}]}, {"tools.file_search": "file_search"}),
        (
            {"tools": [{"file_search": {"vector_stores": ["papers"], "ranking_options": {"score_threshold": 0.5}}}]},
            {
                "tools.file_search": "file_search",
                "tools.file_search.vector_stores": [Ref(Address(Kind.VECTOR_STORE, "papers"))],
                "tools.file_search.ranking_options": {"ranker": "auto", "score_threshold": 0.5},
            },
        ),
        (
            {"tools": [{"file_search": {"ranking_options": {"ranker": "default_2024_08_21"}}}]},
            {
                "tools.file_search": "file_search",
                "tools.file_search.ranking_options": {"ranker": "auto", "score_threshold": 0.0},
            },
        ),
        (
            {"tools": [{"function": "quiz"}]},
            {
                "tools.quiz": "function",
                "tools.quiz.description": "asks",
                "tools.quiz.parameters": {"type": "object", "properties": {}},
                "tools.quiz.strict": True,
            },
        ),
        ({"response_format": "text"}, {"response_format": "auto"}),
        ({"response_format": "json_object"}, {"response_format": "json_object"}),
        (
            {"response_format": {"json_schema": {"name": "x", "schema": {"type": "object"}}}},
            {"response_format": {"json_schema": {"name": "x", "schema": {"type": "object"}, "strict": False}}},
        ),
    ],
)
def test_an_assistants_fields(written, expected):
    assert fields(**written) == expected


def test_instructions_are_the_text_that_was_read():
    assistant = Assistant(name="tutor", display_name="Math Tutor", model="m")
    assert assistant_fields(assistant, "", {}) == {"display_name": "Math Tutor", "model": "m", "instructions": ""}


def test_a_stores_fields():
    store = VectorStore.model_validate({"name": "papers", "expires_after": {"days": 7}, "metadata": {"team": "ops"}})
    entry = StoreFiles.model_validate({"path": "*.md", "attributes": {"year": 2026}})
    assert vector_store_fields(store, {'a "b".md': ("ff", entry)}) == {
        "display_name": "papers",
        "expires_after": {"days": 7},
        "metadata.team": "ops",
        'files["a \\"b\\".md"]': {
            "sha256": "ff",
            "attributes": {"year": 2026},
            "chunking": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400},
        },
    }
