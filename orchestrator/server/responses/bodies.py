"""The request bodies of responses and conversations, as tables (API facts 3.1, 3.2).

Objects are closed, as everywhere in this server, but for tools and items of types it does not know: those are kept and
told again as they came, and nothing is done with them.
"""

from orchestrator.server.bodies import FUNCTION_NAME, METADATA
from orchestrator.server.responses.items import CODE_OUTPUTS, SEARCH_RESULTS
from orchestrator.server.responses.tools import TOOL_CHOICE, TOOLS, Open
from orchestrator.server.responses.tools import TYPE as _TYPE
from orchestrator.server.shapes import Boolean, Choice, Field, Free, ListOf, Number, Object, OrText, Tagged, Text

INCLUDES = (
    SEARCH_RESULTS,
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    CODE_OUTPUTS,
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
)
"""What may be asked to be told besides."""
_STATUS = {"status": Field(Choice(("in_progress", "completed", "incomplete")))}
_CACHED = {"prompt_cache_breakpoint": Field(Free())}

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
            "input_text": Object({**_TYPE, **_CACHED, "text": Field(Text(), required=True)}),
            "refusal": Object({**_TYPE, "refusal": Field(Text(), required=True)}),
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
                    "detail": Field(Choice(("auto", "low", "high", "original")), default="auto"),
                    **_CACHED,
                }
            ),
        }
    )
)
_CALLER = {"caller": Field(Free()), "namespace": Field(Text())}
ITEMS = ListOf(
    Open(
        {
            "message": Object(
                {
                    **_TYPE,
                    "id": Field(Text(least=1)),
                    "role": Field(Choice(("user", "assistant", "system", "developer")), required=True),
                    "content": Field(OrText(Text(), _PARTS), required=True),
                    **_STATUS,
                    "phase": Field(Choice(("commentary", "final_answer"))),
                }
            ),
            "function_call": Object(
                {
                    **_TYPE,
                    "id": Field(Text(least=1)),
                    "call_id": Field(Text(least=1), required=True),
                    "name": Field(Text(least=1), required=True),
                    "arguments": Field(Text(), required=True),
                    **_STATUS,
                    **_CALLER,
                    **{name: Field(Boolean()) for name in ("async", "async_")},  # so `model_dump()` of the SDK has it
                }
            ),
            "function_call_output": Object(
                {
                    **_TYPE,
                    "id": Field(Text(least=1)),
                    "call_id": Field(Text(least=1), required=True),
                    "output": Field(OrText(Text(), ListOf(Free())), required=True),
                    **_STATUS,
                    **_CALLER,
                    "name": Field(Text()),
                    "created_by": Field(Text()),
                }
            ),
        },
        otherwise="message",
    )
)
MOST_ADDED = 20
"""Items that one request may add to a conversation."""
_ADDED = Field(ListOf(ITEMS.item, most=MOST_ADDED))

_REASONING = Object(
    {
        "mode": Field(Choice(("standard", "pro"))),
        "effort": Field(Choice(("none", "minimal", "low", "medium", "high", "xhigh", "max"))),
        "context": Field(Choice(("auto", "current_turn", "all_turns"))),
        **{key: Field(Choice(("auto", "concise", "detailed"))) for key in ("summary", "generate_summary")},
    }
)
_TIERS = ("auto", "default", "flex", "scale", "priority", "fast", "ultrafast")
_PROMPT = Object({"id": Field(Text(), required=True), "version": Field(Text()), "variables": Field(Free())})
_COMPACTION = {**_TYPE, "compact_threshold": Field(Number(1000, whole=True))}
_NOT_ACTED_ON = {
    "context_management": Field(ListOf(Object(_COMPACTION), least=1)),
    "moderation": Field(Object({"model": Field(Text(), required=True), "policy": Field(Free())})),
    "prompt_cache_options": Field(Object({"ttl": Field(Text()), "mode": Field(Choice(("implicit", "explicit")))})),
    "background_options": Field(Object({"completion_window": Field(Choice(("soonest", "2h", "8h")))})),
}
"""What is taken, since the API knows it, and has no effect here: no reply tells of it."""

CREATE_RESPONSE = Object(
    {
        "model": Field(Text(least=1), required=True),
        "input": Field(OrText(Text(), ITEMS), default=[]),
        "instructions": Field(OrText(Text(), ITEMS), default=None),
        "previous_response_id": Field(Text(), default=None),
        "conversation": Field(OrText(Text(), Object({"id": Field(Text(), required=True)})), default=None),
        "tools": Field(TOOLS, default=[]),
        "tool_choice": Field(TOOL_CHOICE, default="auto"),
        "parallel_tool_calls": Field(Boolean(), default=True),
        "max_tool_calls": Field(Number(1, whole=True), default=None),
        "max_output_tokens": Field(Number(16, whole=True), default=None),
        "temperature": Field(Number(0, 2), default=1.0),
        "top_p": Field(Number(0, 1), default=1.0),
        "top_logprobs": Field(Number(0, 20, whole=True), default=0),
        "reasoning": Field(_REASONING, default={}),
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
        "service_tier": Field(Choice(_TIERS), default="auto"),
        "metadata": Field(METADATA, default={}),
        "include": Field(ListOf(Choice(INCLUDES)), default=[]),
        "store": Field(Boolean(), default=True),
        "background": Field(Boolean(), default=False),
        "stream": Field(Boolean(), default=False),
        "stream_options": Field(Object({"include_obfuscation": Field(Boolean())})),
        "safety_identifier": Field(Text(), default=None),
        "prompt_cache_key": Field(Text(), default=None),
        "prompt_cache_retention": Field(Choice(("in_memory", "24h")), default=None),
        "user": Field(Text(), default=None),
        "prompt": Field(_PROMPT, default=None),
        **_NOT_ACTED_ON,
    }
)
CREATE_CONVERSATION = Object({"items": _ADDED, "metadata": Field(METADATA, default={})})
UPDATE_CONVERSATION = Object({"metadata": Field(METADATA)}, patch=True)
ADD_ITEMS = Object({"items": Field(ListOf(ITEMS.item, most=MOST_ADDED, least=1), required=True)})
