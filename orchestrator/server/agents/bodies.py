"""The request bodies of agents and their sessions, as tables (API facts 1.2, 1.3, 1.6).

Defaults are what the hosted API fills in and echoes. Objects are closed, as everywhere in this server.
"""

from orchestrator.server.bodies import FUNCTION_NAME, METADATA
from orchestrator.server.shapes import Boolean, Choice, Field, Free, ListOf, Number, Object, OrText, Tagged, Text

_TYPE = {"type": Field(Text(), required=True)}
_EFFORT = Choice(("none", "minimal", "low", "medium", "high", "xhigh", "max"))
_TEXTS = ListOf(Text())

_FUNCTION = Object(
    {
        **_TYPE,
        "name": Field(FUNCTION_NAME, required=True),
        "description": Field(Text(), required=True),
        "parameters": Field(Free(), required=True),
        "defer_loading": Field(Boolean(), default=False),
        "async": Field(Boolean()),
    }
)
_HTTP = Object({**_TYPE, "server_url": Field(Text(least=1), required=True), "headers": Field(Free(), default={})})
_STDIO = Object(
    {
        **_TYPE,
        "command": Field(Text(least=1), required=True),
        "cwd": Field(Text(least=1), required=True),
        "args": Field(_TEXTS, default=[]),
        "env_vars": Field(_TEXTS, default=[]),
    }
)
_MCP = Object(
    {
        **_TYPE,
        "server_label": Field(Text(least=1), required=True),
        "transport": Field(Tagged({"http": _HTTP, "stdio": _STDIO}), required=True),
        "allowed_tools": Field(_TEXTS, default=None),
        "connection_origin": Field(Choice(("service", "environment")), default="service"),
        "credential_id": Field(Text(), default=None),
        "request_metadata": Field(Free(), default={}),
        "required": Field(Boolean(), default=False),
    }
)
_LOCATION = Object({name: Field(Text(), default=None) for name in ("city", "country", "region", "timezone")})
_WEB_SEARCH = Object(
    {
        **_TYPE,
        "mode": Field(Choice(("disabled", "cached", "live")), default="live"),
        "context_size": Field(Choice(("low", "medium", "high")), default="medium"),
        "allowed_domains": Field(_TEXTS, default=None),
        "location": Field(_LOCATION, default=None),
    }
)
_TOOLS = ListOf(
    Tagged(
        {
            "function": _FUNCTION,
            "tool_search": Object(_TYPE),
            "programmatic_tool_calling": Object({**_TYPE, "enabled": Field(Boolean(), default=True)}),
            "mcp": _MCP,
            "web_search": _WEB_SEARCH,
            "computer_use": Object({**_TYPE, "include_screenshots": Field(Boolean(), default=False)}),
            "automations": Object(_TYPE),
        }
    )
)
_FORMAT = Tagged({"text": Object(_TYPE), "json_schema": Object({**_TYPE, "schema": Field(Free(), required=True)})})
_SETTINGS = {
    "instructions": Field(Text()),
    "tools": Field(_TOOLS),
    "reasoning": Field(
        Object(
            {
                "effort": Field(_EFFORT, default=None),
                "summary": Field(Choice(("concise", "detailed", "auto")), default=None),
            }
        )
    ),
    "text": Field(
        Object(
            {
                "format": Field(_FORMAT, default={"type": "text"}),
                "verbosity": Field(Choice(("low", "medium", "high")), default="medium"),
            }
        )
    ),
    "service_tier": Field(Choice(("auto", "default", "flex", "priority", "fast", "ultrafast"))),
    "multi_agent": Field(
        Object(
            {
                "enabled": Field(Boolean(), required=True),
                "max_concurrent_subagents": Field(Number(1, whole=True), default=None),
            }
        )
    ),
    "compaction": Field(Object({"async": Field(Boolean(), default=False)})),
    "experimental": Field(Object({"time_awareness": Field(Boolean())})),
}
_MODEL = Text(least=1)
_SAVED = {"name": Field(Text()), "metadata": Field(METADATA), **_SETTINGS}

CREATE_AGENT = Object({"model": Field(_MODEL, required=True), **_SAVED})
UPDATE_AGENT = Object({"model": Field(_MODEL), **_SAVED}, patch=True)
_OVERRIDE = Object({"model": Field(_MODEL), **_SETTINGS}, patch=True)

_PART = Tagged(
    {
        "input_text": Object({**_TYPE, "text": Field(Text(), required=True)}),
        "input_image": Object({**_TYPE, "image_url": Field(Text(), required=True)}),
    }
)
_MESSAGE = Object(
    {
        "type": Field(Choice(("message",)), default="message"),
        "role": Field(Choice(("user",)), required=True),
        "content": Field(ListOf(_PART, least=1), required=True),
    }
)
_MESSAGES = ListOf(_MESSAGE, least=1)
_SESSION = {
    "metadata": Field(METADATA),
    "prompt_cache_options": Field(Object({"ttl": Field(Choice(("30m", "12h")))})),
    "review": Field(Choice(("none", "auto_review"))),
    "spend_control": Field(Object({"limit": Field(Number(1, whole=True), default=None)})),
}
_FILE = Object(
    {
        **_TYPE,
        "file_id": Field(Text(), required=True),
        "path": Field(Text(pattern="/workspace/.+"), required=True),
    }
)
_NETWORK = Object(
    {
        "access": Field(Choice(("enabled", "disabled", "restricted")), required=True),
        "allowed_domains": Field(_TEXTS, default=[]),
        "blocked_domains": Field(_TEXTS, default=[]),
    }
)
_HOSTED = Object(
    {
        **_TYPE,
        "network": Field(_NETWORK),
        "files": Field(ListOf(Tagged({"file_id": _FILE}), most=50), default=[]),
        "container_size": Field(Choice(("small", "medium", "large"))),
    }
)
"""Of a hosted environment what this server can be: a sandbox without a network, packages, plugins and skills."""
_SELF_HOSTED = Object({**_TYPE, "workspace_directory": Field(Text(), required=True)})
CREATE_SESSION = Object(
    {
        "environment": Field(
            Tagged({"none": Object(_TYPE), "openai_hosted": _HOSTED, "self_hosted": _SELF_HOSTED}), required=True
        ),
        "agent": Field(_OVERRIDE),
        "agent_id": Field(Text(least=1)),
        "input": Field(OrText(Text(least=1), _MESSAGES)),
        "vault_ids": Field(_TEXTS, default=[]),
        "stream": Field(Boolean(), default=False),
        "stream_options": Field(Object({"include_obfuscation": Field(Boolean())})),
        **_SESSION,
    }
)
UPDATE_SESSION = Object(
    {
        "agent": Field(
            Object(
                {
                    "model": Field(_MODEL),
                    "reasoning": Field(Object({"effort": Field(_EFFORT, default=None)})),
                    "service_tier": _SETTINGS["service_tier"],
                    "tools": Field(_TOOLS),
                },
                patch=True,
            )
        ),
        **_SESSION,
    },
    patch=True,
)
_INPUT = "agent.session.input."
MESSAGE, TOOL_RESULT, CANCEL = f"{_INPUT}message", f"{_INPUT}tool_result", f"{_INPUT}cancel"
_APPROVAL = Object({**_TYPE, "request_id": Field(Text(), required=True), "response": Field(Free(), required=True)})
EVENTS = Object(
    {
        "events": Field(
            ListOf(
                Tagged(
                    {
                        MESSAGE: Object({**_TYPE, "input": Field(_MESSAGES, required=True)}),
                        CANCEL: Object(_TYPE),
                        TOOL_RESULT: Object(
                            {
                                **_TYPE,
                                "turn_id": Field(Text(), required=True),
                                "call_id": Field(Text(), required=True),
                                "success": Field(Boolean(), required=True),
                                "output": Field(OrText(Text(), ListOf(_PART)), default=None),
                                "error": Field(Text(), default=None),
                            }
                        ),
                        f"{_INPUT}mcp_approval_request_result": _APPROVAL,
                        f"{_INPUT}computer_use_approval_request_result": _APPROVAL,
                    }
                ),
                least=1,
            ),
            required=True,
        )
    }
)
