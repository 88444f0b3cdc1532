import asyncio

import pytest

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
    find_model,
)
from orchestrator.server.models.scripted import RenderError, ScriptedModel, ScriptError

PASSAGES = tuple(FoundPassage(f"file-{n}", f"{n}.pdf", 1 / n, f"text {n}") for n in (1, 2, 3))


def render(text, context):
    try:
        return text.format_map(dict(context))
    except (LookupError, AttributeError) as error:
        raise RenderError(repr(error)) from error


def request(user="hello", *steps):
    messages = (ModelMessage("user", "earlier"), ModelMessage("user", user), ModelMessage("assistant", "thanks"))
    return ModelRequest("gpt-4o", "", messages, (), tuple(steps))


def result(name="display_quiz", output="out", arguments="{}", passages=()):
    return ToolResult("call_1", name, arguments, output, passages)


def answer(rules, asked, using=render):
    return asyncio.run(ScriptedModel("gpt-4o", rules, using).step(asked))


def test_the_first_rule_that_matches_the_last_user_message_wins():
    rules = [{"user": "^hell", "reply": "a"}, {"user": "o$", "reply": "b"}, {"reply": "c"}]
    assert answer(rules, request("hello")).action == Reply("a")
    assert answer(rules, request("oh no")).action == Reply("b")
    assert answer(rules, request("earlier? yes")).action == Reply("c")
    assert answer(rules, ModelRequest("gpt-4o", "", (), ())).action == Reply("c")


def test_after_names_a_tool_of_the_latest_step_and_its_absence_means_no_tool_yet():
    rules = [
        {"after": "display_quiz", "user": "no", "reply": "both must match"},
        {"after": "display_quiz", "reply": "quiz"},
        {"after": "code_interpreter", "reply": "code"},
        {"reply": "start"},
    ]
    quiz, code = (result(),), (result("code_interpreter"),)
    assert answer(rules, request("hi")).action == Reply("start")
    assert answer(rules, request("hi", quiz)).action == Reply("quiz")
    assert answer(rules, request("no", quiz)).action == Reply("both must match")
    assert answer(rules, request("hi", quiz, code)).action == Reply("code")
    assert answer(rules, request("hi", (result("other"), result()))).action == Reply("quiz")


def test_calls_keep_their_order_and_arguments_are_json():
    calls = [{"name": "a", "arguments": {"제목": [1]}}, {"name": "b"}, {"name": "c", "arguments": "{broken"}]
    action = answer([{"call": calls}], request()).action
    assert action == CallFunctions(
        (FunctionCall("a", '{"제목": [1]}'), FunctionCall("b", "{}"), FunctionCall("c", "{broken"))
    )


def test_code_search_errors_and_delay():
    assert answer([{"code": "print(1)", "delay_ms": 5}], request()).action == RunCode("print(1)")
    assert answer([{"code": "print(1)", "delay_ms": 5}], request()).delay_ms == 5
    assert answer([{"search": "q"}], request()).action == Search("q")
    for code in ("rate_limit_exceeded", "server_error", "invalid_prompt"):
        action = answer([{"error": code}], request()).action
        assert isinstance(action, Failure)
        assert action.code == code
        assert "gpt-4o" in action.message


def test_a_template_sees_the_latest_step():
    steps = ((result(output="old"),), (result(output=" one\n", arguments='{"n": 1}'), result(output="two")))
    rules = [{"after": "display_quiz", "reply": "{user}|{outputs[0]}|{outputs[1]}|{arguments[0][n]}|{results}"}]
    text = answer(rules, request("hi", *steps)).action.text
    assert text.startswith("hi|one|two|1|")


def test_arguments_of_hosted_tools_are_their_text():
    rules = [{"after": "code_interpreter", "reply": "{arguments[0]}"}]
    assert answer(rules, request("hi", (result("code_interpreter", arguments="1"),))).action == Reply("1")


def test_a_reply_cites_the_results_its_template_looked_at():
    step = (result("file_search", passages=PASSAGES),)

    def cited(text, cite=True):
        action = answer([{"after": "file_search", "reply": text, "cite": cite}], request("hi", step)).action
        return [passage.file_id for passage in action.citations]

    assert cited("{results[1].text}") == ["file-2"]
    assert cited("{results[2].text} {results[0].filename}") == ["file-1", "file-3"]
    assert cited("nothing of it") == ["file-1", "file-2", "file-3"]
    assert cited("{results[1].text}", cite=False) == []


def test_results_can_be_walked_and_cut():
    def use(text, context):
        results = context["results"]
        return f"{len(results)} {[p.text for p in results[:2]]} {next(iter(results)).text}"

    step = (result("file_search", passages=PASSAGES),)
    action = answer([{"after": "file_search", "reply": "x", "cite": True}], request("hi", step), use).action
    assert action == Reply("3 ['text 1', 'text 2'] text 1", PASSAGES[:2])


def test_the_results_of_an_earlier_search_stay_for_later_steps():
    steps = ((result("file_search", passages=PASSAGES),), (result(),))
    action = answer([{"after": "display_quiz", "reply": "{results[0].text}"}], request("hi", *steps)).action
    assert action == Reply("text 1")


def test_no_rule_says_which_message_and_where_to_add_one():
    failure = answer([{"user": "x", "reply": "y"}], request("what? " * 50)).action
    assert failure.code == "server_error"
    assert failure.message.startswith("The ScriptedModel 'gpt-4o' has no rule for the message 'what? what?")
    assert "add one to the rules of kind ScriptedModel, name 'gpt-4o'" in failure.message
    assert len(failure.message) < 300
    after = answer([{"reply": "y"}], request("hi", (result(),))).action
    assert "after display_quiz" in after.message
    assert "`after: display_quiz`" in after.message


def test_a_template_that_cannot_be_rendered_fails_the_run():
    failure = answer([{"reply": "{outputs[0]}"}], request()).action
    assert failure.code == "server_error"
    assert failure.message.startswith("ScriptedModel 'gpt-4o', rule 1: the reply cannot be rendered: IndexError")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"user": "("}, "give exactly one of"),
        ({"user": "(", "reply": "x"}, "`user` is not a regular expression"),
        ({"reply": "x", "code": "y"}, "given: reply, code"),
        ({"rply": "x"}, "unknown key 'rply'"),
        ({"error": "teapot"}, "unknown error 'teapot'"),
    ],
)
def test_a_wrong_rule_is_named(rule, message):
    with pytest.raises(ScriptError) as caught:
        ScriptedModel("m", [{"reply": "fine"}, rule], render)
    assert str(caught.value).startswith("ScriptedModel 'm', rule 2: ")
    assert message in str(caught.value)


def test_a_model_is_found_by_name_before_the_one_for_any():
    star, exact = ScriptedModel("*", [{"reply": "a"}], render), ScriptedModel("gpt-4o", [{"reply": "b"}], render)
    assert find_model([star, exact], "gpt-4o") is exact
    assert find_model([star, exact], "other") is star
    assert find_model([exact], "other") is None


def test_the_same_request_gives_the_same_step():
    steps = ((result("file_search", passages=PASSAGES),),)
    rules = [{"after": "file_search", "reply": "{results[0].text}", "cite": True}]
    first, second = answer(rules, request("hi", *steps)), answer(rules, request("hi", *steps))
    assert first == second
