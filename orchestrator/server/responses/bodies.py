"""The request bodies of responses and conversations, as tables (API facts 3.1, 3.2).

Objects are closed, as everywhere in this server, but for tools and items of types it does not know: those are kept and
told again as they came, and nothing is done with them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.server.bodies import FUNCTION_NAME, METADATA
from orchestrator.server.shapes import (
    Boolean,
    Choice,
    Field,
    Free,
    ListOf,
    Number,
    Object,
    OrText,
    Tagged,
    Text,
    as_object,
)
from orchestrator.server.wire import invalid

_TYPE = {"type": Field(Text(), required=True)}
_TEXTS = ListOf(Text())


@dataclass(frozen=True, slots=True)
class Open:
    """An object whose `type` says which shape it has; one of another type is taken as it is."""

    known: Mapping[str, Object]
    otherwise: str | None = None
    """Type of an object that names none."""

    def check(self, value: Any, path: str) -> dict[str, Any]:
        """See Shape."""
        given = as_object(value, path)
        kind = given.get("type", self.otherwise)
        if not isinstance(kind, str):
            place = f"{path}.type"
            raise invalid(f"Missing required parameter: '{place}'.", param=place, code="missing_required_parameter")
        return self.known[kind].check({**given, "type": kind}, path) if kind in self.known else {**given}


_RANKING = Object(
    {
        "ranker": Field(Text()),
        "score_threshold": Field(Number(0, 1)),
        "hybrid_search": Field(Free()),
    }
)
_TOOLS = ListOf(
    Open(
        {
            "function": Object(
                {
                    **_TYPE,
                    "name": Field(FUNCTION_NAME, required=True),
                    "description": Field(Text(), default=None),
                    "parameters": Field(Free(), default=None),
                    "strict": Field(Boolean(), default=True),
                }
            ),
            "file_search": Object(
                {
                    **_TYPE,
                    "vector_store_ids": Field(_TEXTS, required=True),
                    "max_num_results": Field(Number(1, 50, whole=True)),
                    "ranking_options": Field(_RANKING),
                    "filters": Field(Free()),
                }
            ),
            "code_interpreter": Object({**_TYPE, "container": Field(OrText(Text(), Free()), required=True)}),
        }
    )
)
_FORMAT = Tagged(
    {
        "text": Object(_TYPE),
        "json_object": Object(_TYPE),
        "json_schema": Object(
            {
                **_TYPE,
                "name": Field(FUNCTION_NAME, required=True),
                "schema": Field(Free(), required=True),
                "description": Field(Text()),
                "strict": Field(Boolean(), default=False),
            }
        ),
    }
)
_PARTS = ListOf(
    Open(
        {
            "input_text": Object({**_TYPE, "text": Field(Text(), required=True)}),
            "output_text": Object(
                {
                    **_TYPE,
                    "text": Field(Text(), required=True),
                    "annotations": Field(ListOf(Free()), default=[]),
                    "logprobs": Field(ListOf(Free()), default=[]),
                }
            ),
            "input_image": Object(
                {
                    **_TYPE,
                    "image_url": Field(Text(), default=None),
                    "file_id": Field(Text(), default=None),
                    "detail": Field(Text(), default="auto"),
                }
            ),
        }
    )
)
ITEMS = ListOf(
    Open(
        {
            "message": Object(
                {
                    **_TYPE,
                    "id": Field(Text()),
                    "role": Field(Choice(("user", "assistant", "system", "developer")), required=True),
                    "content": Field(OrText(Text(), _PARTS), required=True),
                    "status": Field(Text()),
                    "phase": Field(Text()),
                }
            ),
            "function_call": Object(
                {
                    **_TYPE,
                    "id": Field(Text()),
                    "call_id": Field(Text(least=1), required=True),
                    "name": Field(Text(least=1), required=True),
                    "arguments": Field(Text(), required=True),
                    "status": Field(Text()),
                }
            ),
            "function_call_output": Object(
                {
                    **_TYPE,
                    "id": Field(Text()),
                    "call_id": Field(Text(least=1), required=True),
                    "output": Field(OrText(Text(), ListOf(Free())), required=True),
                    "status": Field(Text()),
                }
            ),
        },
        otherwise="message",
    )
)
MOST_ADDED = 20
"""Items that one request may add to a conversation."""
_ADDED = Field(ListOf(ITEMS.item, most=MOST_ADDED))

CREATE_RESPONSE = Object(
    {
        "model": Field(Text(least=1), required=True),
        "input": Field(OrText(Text(), ITEMS), default=[]),
        "instructions": Field(OrText(Text(), ITEMS), default=None),
        "previous_response_id": Field(Text(), default=None),
        "conversation": Field(OrText(Text(), Object({"id": Field(Text(), required=True)})), default=None),
        "tools": Field(_TOOLS, default=[]),
        "tool_choice": Field(OrText(Choice(("none", "auto", "required")), Free()), default="auto"),
        "parallel_tool_calls": Field(Boolean(), default=True),
        "max_tool_calls": Field(Number(1, whole=True), default=None),
        "max_output_tokens": Field(Number(16, whole=True), default=None),
        "temperature": Field(Number(0, 2), default=1.0),
        "top_p": Field(Number(0, 1), default=1.0),
        "top_logprobs": Field(Number(0, 20, whole=True), default=0),
        "reasoning": Field(Free(), default={}),
        "text": Field(
            Object(
                {
                    "format": Field(_FORMAT, default={"type": "text"}),
                    "verbosity": Field(Choice(("low", "medium", "high")), default="medium"),
                }
            ),
            default={"format": {"type": "text"}, "verbosity": "medium"},
        ),
        "truncation": Field(Choice(("auto", "disabled")), default="disabled"),
        "service_tier": Field(Text(), default="auto"),
        "metadata": Field(METADATA, default={}),
        "include": Field(_TEXTS, default=[]),
        "store": Field(Boolean(), default=True),
        "background": Field(Boolean(), default=False),
        "stream": Field(Boolean(), default=False),
        "stream_options": Field(Free()),
        "safety_identifier": Field(Text(), default=None),
        "prompt_cache_key": Field(Text(), default=None),
        "prompt_cache_retention": Field(Text(), default=None),
        "user": Field(Text(), default=None),
    }
)
CREATE_CONVERSATION = Object({"items": _ADDED, "metadata": Field(METADATA, default={})})
UPDATE_CONVERSATION = Object({"metadata": Field(METADATA)}, patch=True)
ADD_ITEMS = Object({"items": Field(ListOf(ITEMS.item, most=MOST_ADDED, least=1), required=True)})
