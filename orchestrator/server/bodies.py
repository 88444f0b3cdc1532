"""The request bodies of assistants, threads, messages and runs, as tables.

Limits are those of the published OpenAPI file; defaults are what the hosted API echoes. Objects are closed: a
misspelt field is an error everywhere, so nothing a client sent is ever dropped unseen.
"""

from orchestrator.server.shapes import (
    Boolean,
    Choice,
    Field,
    Free,
    ListOf,
    Metadata,
    Number,
    Object,
    OrText,
    Tagged,
    Text,
)

NAME = Text(256)
DESCRIPTION = Text(512)
INSTRUCTIONS = Text(256_000)
FUNCTION_NAME = Text(64, 1, pattern="[a-zA-Z0-9_-]+")
METADATA = Metadata()

_IDS = ListOf(Text(), most=20)
_DETAIL = Choice(("auto", "low", "high"))
_TYPE = {"type": Field(Text(), required=True)}

RANKING_OPTIONS = Object(
    {
        "ranker": Field(Choice(("auto", "default_2024_08_21")), default="auto"),
        "score_threshold": Field(Number(0, 1), required=True),
    }
)
_CODE_INTERPRETER = Object(_TYPE)
_FILE_SEARCH = Object(
    {
        **_TYPE,
        "file_search": Field(
            Object(
                {
                    "max_num_results": Field(Number(1, 50, whole=True)),
                    "ranking_options": Field(RANKING_OPTIONS),
                }
            )
        ),
    }
)
_FUNCTION = Object(
    {
        **_TYPE,
        "function": Field(
            Object(
                {
                    "name": Field(FUNCTION_NAME, required=True),
                    "description": Field(Text()),
                    "parameters": Field(Free()),
                    "strict": Field(Boolean(), default=False),
                }
            ),
            required=True,
        ),
    }
)
_TOOL = Tagged({"code_interpreter": _CODE_INTERPRETER, "file_search": _FILE_SEARCH, "function": _FUNCTION})

CHUNKING_STRATEGY = Tagged(
    {
        "auto": Object(_TYPE),
        "static": Object(
            {
                **_TYPE,
                "static": Field(
                    Object(
                        {
                            "max_chunk_size_tokens": Field(Number(100, 4096, whole=True), required=True),
                            "chunk_overlap_tokens": Field(Number(0, 2048, whole=True), required=True),
                        }
                    ),
                    required=True,
                ),
            }
        ),
    }
)
_CODE_RESOURCES = Field(Object({"file_ids": Field(_IDS, default=[])}))
_NEW_STORE = Object(
    {
        "file_ids": Field(ListOf(Text(), most=500), default=[]),
        "chunking_strategy": Field(CHUNKING_STRATEGY),
        "metadata": Field(METADATA, default={}),
    }
)
_TOOL_RESOURCES = Object(
    {
        "code_interpreter": _CODE_RESOURCES,
        "file_search": Field(Object({"vector_store_ids": Field(ListOf(Text(), most=1), default=[])})),
    }
)
_NEW_TOOL_RESOURCES = Object(
    {
        "code_interpreter": _CODE_RESOURCES,
        "file_search": Field(
            Object(
                {
                    "vector_store_ids": Field(ListOf(Text(), most=1)),
                    "vector_stores": Field(ListOf(_NEW_STORE, most=1)),
                }
            )
        ),
    }
)

_RESPONSE_FORMAT = OrText(
    Choice(("auto",)),
    Tagged(
        {
            "text": Object(_TYPE),
            "json_object": Object(_TYPE),
            "json_schema": Object(
                {
                    **_TYPE,
                    "json_schema": Field(
                        Object(
                            {
                                "name": Field(FUNCTION_NAME, required=True),
                                "description": Field(Text()),
                                "schema": Field(Free()),
                                "strict": Field(Boolean(), default=False),
                            }
                        ),
                        required=True,
                    ),
                }
            ),
        }
    ),
)
_TOOL_CHOICE = OrText(
    Choice(("none", "auto", "required")),
    Tagged(
        {
            "function": Object(
                {**_TYPE, "function": Field(Object({"name": Field(FUNCTION_NAME, required=True)}), required=True)}
            ),
            "code_interpreter": Object(_TYPE),
            "file_search": Object(_TYPE),
        }
    ),
)
_REASONING_EFFORT = Choice(("none", "minimal", "low", "medium", "high", "xhigh", "max"))
_TEMPERATURE = Number(0, 2)
_TOP_P = Number(0, 1)

_ASSISTANT = {
    "name": Field(NAME),
    "description": Field(DESCRIPTION),
    "instructions": Field(INSTRUCTIONS),
    "tools": Field(ListOf(_TOOL, most=128)),
    "metadata": Field(METADATA),
    "temperature": Field(_TEMPERATURE),
    "top_p": Field(_TOP_P),
    "response_format": Field(_RESPONSE_FORMAT),
    "reasoning_effort": Field(_REASONING_EFFORT),
}
CREATE_ASSISTANT = Object(
    {"model": Field(Text(least=1), required=True), **_ASSISTANT, "tool_resources": Field(_NEW_TOOL_RESOURCES)}
)
MODIFY_ASSISTANT = Object(
    {"model": Field(Text(least=1)), **_ASSISTANT, "tool_resources": Field(_TOOL_RESOURCES)}, patch=True
)

_CONTENT_PART = Tagged(
    {
        "text": Object({**_TYPE, "text": Field(Text(256_000), required=True)}),
        "image_file": Object(
            {
                **_TYPE,
                "image_file": Field(
                    Object({"file_id": Field(Text(), required=True), "detail": Field(_DETAIL, default="auto")}),
                    required=True,
                ),
            }
        ),
        "image_url": Object(
            {
                **_TYPE,
                "image_url": Field(
                    Object({"url": Field(Text(), required=True), "detail": Field(_DETAIL, default="auto")}),
                    required=True,
                ),
            }
        ),
    }
)
_ATTACHMENT = Object(
    {
        "file_id": Field(Text(), required=True),
        "tools": Field(
            ListOf(Tagged({"code_interpreter": Object(_TYPE), "file_search": Object(_TYPE)})), required=True
        ),
    }
)
CREATE_MESSAGE = Object(
    {
        "role": Field(Choice(("user", "assistant")), required=True),
        "content": Field(OrText(Text(256_000, 1), ListOf(_CONTENT_PART, least=1)), required=True),
        "attachments": Field(ListOf(_ATTACHMENT), default=[]),
        "metadata": Field(METADATA, default={}),
    }
)
MODIFY_METADATA = Object({"metadata": Field(METADATA)}, patch=True)
"""Messages and runs: their metadata is all that can be changed."""

CREATE_THREAD = Object(
    {
        "messages": Field(ListOf(CREATE_MESSAGE), default=[]),
        "tool_resources": Field(_NEW_TOOL_RESOURCES),
        "metadata": Field(METADATA, default={}),
    }
)
MODIFY_THREAD = Object({"tool_resources": Field(_TOOL_RESOURCES), "metadata": Field(METADATA)}, patch=True)

_RUN = {
    "assistant_id": Field(Text(), required=True),
    "model": Field(Text(least=1)),
    "instructions": Field(INSTRUCTIONS),
    "tools": Field(ListOf(_TOOL, most=20)),
    "metadata": Field(METADATA, default={}),
    "temperature": Field(_TEMPERATURE),
    "top_p": Field(_TOP_P),
    "stream": Field(Boolean(), default=False),
    "max_prompt_tokens": Field(Number(256, whole=True)),
    "max_completion_tokens": Field(Number(256, whole=True)),
    "truncation_strategy": Field(
        Object(
            {
                "type": Field(Choice(("auto", "last_messages")), required=True),
                "last_messages": Field(Number(1, whole=True), default=None),
            }
        ),
        default={"type": "auto", "last_messages": None},
    ),
    "tool_choice": Field(_TOOL_CHOICE, default="auto"),
    "parallel_tool_calls": Field(Boolean(), default=True),
    "response_format": Field(_RESPONSE_FORMAT),
    "reasoning_effort": Field(_REASONING_EFFORT),
}
CREATE_RUN = Object(
    {
        **_RUN,
        "additional_instructions": Field(INSTRUCTIONS),
        "additional_messages": Field(ListOf(CREATE_MESSAGE), default=[]),
    }
)
CREATE_THREAD_AND_RUN = Object({**_RUN, "thread": Field(CREATE_THREAD), "tool_resources": Field(_TOOL_RESOURCES)})
SUBMIT_TOOL_OUTPUTS = Object(
    {
        "tool_outputs": Field(
            ListOf(Object({"tool_call_id": Field(Text(), required=True), "output": Field(Text(), default="")})),
            required=True,
        ),
        "stream": Field(Boolean(), default=False),
    }
)
