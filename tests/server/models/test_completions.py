"""A step as a request of Chat Completions, and replies as steps."""

import json
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.server.models.completions import clash, read_step, to_body
from orchestrator.server.models.interface import (
    CallFunctions,
    Failure,
    FoundPassage,
    FunctionCall,
    ModelMessage,
    ModelRequest,
    Reply,
    RunCode,
    Search,
    ToolResult,
)
from tests.providers.completions import calls, says

LOOK_UP = {"type": "function", "function": {"name": "look_up", "description": "Finds", "strict": True}}
TOOLS = (LOOK_UP, {"type": "file_search", "file_search": {}}, {"type": "code_interpreter"}, {"type": "web_search"})
REFUNDS = FoundPassage("file-1", "refunds.md", 0.9, "Within 30 days.")
PRICES = FoundPassage("file-2", "prices.md", 0.5, "A chair costs 40.")
SEARCHED = ToolResult("call_s", "file_search", "refunds", "…", (REFUNDS, PRICES), hosted=True)
RAN = ToolResult("call_c", "code_interpreter", "print(1)", "1\n", hosted=True)
LOOKED = ToolResult("call_f", "look_up", '{"id": "A-1"}', "shipped")
ASKED = ModelRequest("m", "Be brief.", (ModelMessage("user", "Where is A-1?"),), TOOLS)


def body(**change: Any) -> dict[str, Any]:
    return to_body(replace(ASKED, **change), "max_tokens")


def act(reply: dict[str, Any], **change: Any) -> Any:
    return read_step(replace(ASKED, **change), reply).action


def test_instructions_messages_and_tools_are_there_and_nothing_that_was_not_said():
    sent = body()
    assert set(sent) == {"model", "messages", "tools"}
    assert sent["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Where is A-1?"},
    ]
    function, search, code = (tool["function"] for tool in sent["tools"])
    assert function == {
        "name": "look_up",
        "description": "Finds",
        "strict": True,
        "parameters": {"type": "object", "properties": {}, "required": []},
    }
    assert (search["name"], [*search["parameters"]["properties"]]) == ("file_search", ["query"])
    assert (code["name"], [*code["parameters"]["properties"]]) == ("code_interpreter", ["code"])
    assert "tools" not in body(tools=())


def test_what_the_run_has_done_is_told_with_numbered_passages():
    messages = body(tool_steps=((LOOKED, replace(LOOKED, call_id="call_g")), (SEARCHED,), (RAN,)))["messages"][2:]
    assert [message["role"] for message in messages] == ["assistant", "tool", "tool", *["assistant", "tool"] * 2]
    made = [call["function"] for message in messages for call in message.get("tool_calls", ())]
    assert [(call["name"], json.loads(call["arguments"])) for call in made] == [
        ("look_up", {"id": "A-1"}),
        ("look_up", {"id": "A-1"}),
        ("file_search", {"query": "refunds"}),
        ("code_interpreter", {"code": "print(1)"}),
    ]
    told = {message["tool_call_id"]: message["content"] for message in messages if message["role"] == "tool"}
    assert told["call_f"] == told["call_g"] == "shipped"
    assert "【1】 refunds.md\nWithin 30 days.\n\n【2】 prices.md\nA chair costs 40." in told["call_s"]
    assert told["call_c"] == "1\n"
    empty = (replace(SEARCHED, passages=()), replace(RAN, output=""))
    assert [m["content"] for m in body(tool_steps=(empty,))["messages"][3:]] == ["Nothing was found.", "(no output)"]


def test_pictures_of_a_user_stand_beside_the_text():
    [sent] = body(instructions="", messages=(ModelMessage("user", "What?", ("data:image/png;base64,QQ==",)),))[
        "messages"
    ]
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,QQ=="}}
    assert sent["content"] == [{"type": "text", "text": "What?"}, picture]
    [sent] = body(instructions="", messages=(ModelMessage("user", "", ("https://x.example/a.png",)),))["messages"]
    assert [part["type"] for part in sent["content"]] == ["image_url"]


def test_a_function_in_the_place_of_a_tool_stays_a_function():
    function = {"type": "function", "function": {"name": "file_search", "parameters": {"type": "object"}}}
    result = ToolResult("call_1", "file_search", '{"query": "x"}', '{"results": []}')
    sent = body(tools=(function,), tool_steps=((result,),))
    assert sent["messages"][-1]["content"] == '{"results": []}'
    assert sent["messages"][-2]["tool_calls"][0]["function"]["arguments"] == '{"query": "x"}'
    asked = act(calls(("file_search", {"query": "x"})), tools=(function,))
    assert asked == CallFunctions((FunctionCall("file_search", '{"query": "x"}'),))
    assert clash(replace(ASKED, tools=(function,))) is None
    assert clash(replace(ASKED, tools=(function, *TOOLS))) == "file_search"


@pytest.mark.parametrize(
    ("change", "sent"),
    [
        ({"tool_choice": "required"}, {"tool_choice": "required"}),
        ({"tool_choice": LOOK_UP}, {"tool_choice": LOOK_UP}),
        (
            {"tool_choice": {"type": "file_search"}},
            {"tool_choice": {"type": "function", "function": {"name": "file_search"}}},
        ),
        ({"tool_choice": "required", "tool_steps": ((LOOKED,),)}, {}),
        ({"tool_choice": "none", "tools": ()}, {}),
        ({"parallel_tool_calls": False}, {"parallel_tool_calls": False}),
        ({"response_format": {"type": "text"}}, {}),
        ({"response_format": {"type": "json_object"}}, {"response_format": {"type": "json_object"}}),
        ({"temperature": 1.0, "top_p": 1.0}, {}),
        ({"temperature": 0.0, "top_p": 0.5}, {"temperature": 0.0, "top_p": 0.5}),
        ({"reasoning_effort": "low"}, {"reasoning_effort": "low"}),
        ({"max_completion_tokens": 20}, {"max_tokens": 20}),
    ],
)
def test_settings_of_the_run_are_sent_where_they_say_something(change, sent):
    whole = body(**change)
    assert {key: whole[key] for key in whole if key not in ("model", "messages", "tools")} == sent


@pytest.mark.parametrize(
    ("reply", "action"),
    [
        (says("Hello"), Reply("Hello")),
        (says([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]), Reply("ab")),
        (says(None, refusal="I cannot."), Reply("I cannot.")),
        (says("Hel", "length"), Reply("Hel", cut_off=True)),
        (calls(("look_up", '{"id": '), finish="length"), Reply("", cut_off=True)),
        (calls(("look_up", '{"id": "A"}')), CallFunctions((FunctionCall("look_up", '{"id": "A"}'),))),
        (calls(("look_up", "")), CallFunctions((FunctionCall("look_up", "{}"),))),
        (
            calls(("look_up", {}), ("pay", {})),
            CallFunctions((FunctionCall("look_up", "{}"), FunctionCall("pay", "{}"))),
        ),
        (calls(("file_search", {"query": "x"})), Search("x")),
        (calls(("code_interpreter", {"code": "1"})), RunCode("1")),
        (calls(("look_up", {}), ("code_interpreter", {"code": "1"}), ("file_search", {"query": "x"})), RunCode("1")),
    ],
)
def test_replies_become_actions(reply, action):
    assert act(reply) == action


def test_of_calls_that_cannot_be_done_together_one_that_was_not_done_is_taken():
    both = calls(("file_search", {"query": "refunds"}), ("file_search", {"query": "prices"}))
    assert act(both) == Search("refunds")
    assert act(both, tool_steps=((SEARCHED,),)) == Search("prices")
    again = calls(("file_search", {"query": "refunds"}))
    assert act(again, tool_steps=((SEARCHED,),)) == Search("refunds")
    one = act(calls(("look_up", {}), ("look_up", {})), parallel_tool_calls=False)
    assert one == CallFunctions((FunctionCall("look_up", "{}"),))


@pytest.mark.parametrize(
    ("reply", "code", "said"),
    [
        ({}, "server_error", "holds no answer"),
        ({"choices": []}, "server_error", "holds no answer"),
        ({"choices": [{"message": None}]}, "server_error", "holds no answer"),
        (says("I", "content_filter"), "invalid_prompt", "content filter"),
        (
            calls(("look_up", '{"id": ')),
            "server_error",
            'calls look_up with arguments that are no JSON object: {"id": ',
        ),
        (calls(("look_up", "[1]")), "server_error", "no JSON object"),
        (calls(("file_search", {"q": "x"})), "server_error", "file_search with arguments without the text `query`"),
        (says(None, tool_calls=[{"id": "call_1"}]), "server_error", "calls a tool without a name"),
    ],
)
def test_what_makes_no_sense_is_told(reply, code, said):
    failure = act(reply)
    assert isinstance(failure, Failure)
    assert failure.code == code
    assert said in failure.message


@pytest.mark.parametrize(
    ("text", "kept", "cited"),
    [
        ("Within 30 days 【1】.", "Within 30 days.", (REFUNDS,)),
        ("Both【2】【1】", "Both", (PRICES, REFUNDS)),
        ("Both 【1, 2】", "Both", (REFUNDS, PRICES)),
        ("Yes【1†source】 and 【9:0†prices.md】", "Yes and", (REFUNDS, PRICES)),
        ("Yes 【prices.md】", "Yes", (PRICES,)),
        ("No 【7】 【0】【주석】", "No 【7】 【0】【주석】", ()),
        ("a[1] = 2", "a[1] = 2", ()),
    ],
)
def test_marks_of_passages_become_citations(text, kept, cited):
    assert act(says(text), tool_steps=((SEARCHED,),)) == Reply(kept, cited)


def test_marks_stay_where_nothing_was_searched_and_in_json():
    assert act(says("【1】")) == Reply("【1】")
    text = '{"answer": "30 days 【1】"}'
    asked = {"response_format": {"type": "json_object"}, "tool_steps": ((SEARCHED,),)}
    assert act(says(text), **asked) == Reply(text)


def test_tokens_are_the_models_own_where_it_counts_them():
    step = read_step(ASKED, says("Hello"))
    assert (step.prompt_tokens, step.completion_tokens) == (1000, 7)
    step = read_step(ASKED, {**says("Hello"), "usage": {"prompt_tokens": None}})
    assert (step.prompt_tokens, step.completion_tokens) == (None, None)
