"""What each kind of answer gives for a call: values, errors, broken output, templates, Python."""

import asyncio

import pytest
from pydantic import TypeAdapter

from orchestrator.model.conversation import Call
from orchestrator.model.mocks import Answer
from orchestrator.scenario.mock_answers import MockError, give
from orchestrator.scenario.setting import Setting

ANSWER: TypeAdapter[Answer] = TypeAdapter(Answer)
CALL = Call("c1", "look_up", {"id": "A-1", "n": 2})
EARLIER = [{"name": "list", "arguments": {}, "output": '["A-1"]'}]


def given(written, setting: Setting | None = None, call: Call = CALL):
    return asyncio.run(give(ANSWER.validate_python(written), call, list(EARLIER), setting or Setting()))


@pytest.mark.parametrize(
    ("written", "output"),
    [
        ({"returns": {"id": "A-1"}}, '{"id": "A-1"}'),
        ({"error": 'no such "order"'}, '{"error": "no such \\"order\\""}'),
        ({"malformed": '{"id"'}, '{"id"'),
        ({"malformed": ""}, ""),
        ({"template": '{"id": {{ arguments.id | tojson }}}'}, '{"id": "A-1"}'),
        ({"template": "{{ calls[-1].name }} {{ calls | length }} {{ calls[0].output }}"}, 'list 1 ["A-1"]'),
        ({"template": "{{ vars.shop }}{{ arguments.n * 2 }}"}, "Kim4"),
    ],
)
def test_what_is_sent(written, output):
    assert given(written, Setting(variables={"shop": "Kim"})) == output


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{{ arguments.order }}", "order"),
        ("{{ vars.shop }}", "shop"),
        ("one\n{{ arguments.order }}", "line 2 of its template: "),
        ("{{ calls[0].__class__.__mro__ }}", "unsafe"),
    ],
)
def test_a_template_that_cannot_be_filled_says_why(template, told):
    with pytest.raises(MockError, match=told):
        given({"template": template})


@pytest.fixture
def lib(tmp_path):
    (tmp_path / "lib.py").write_text(
        "import asyncio, json\n"
        "def look_up(id, n): return {'id': id, 'n': n}\n"
        "async def later(**arguments):\n    await asyncio.sleep(0)\n    return sorted(arguments)\n"
        "def text(**_): return 'as it is'\n"
        "def broken(id, n): raise KeyError(id)\n"
        "def other(order): ...\n"
        "def odd(**_): return {1, 2}\n"
        "def nan(**_): return float('nan')\n",
        encoding="utf-8",
    )
    return Setting(tmp_path)


@pytest.mark.parametrize(
    ("name", "output"), [("look_up", '{"id": "A-1", "n": 2}'), ("later", '["id", "n"]'), ("text", "as it is")]
)
def test_python_gets_the_arguments_by_name_and_what_it_returns_is_sent(lib, name, output):
    assert given({"python": f"lib:{name}"}, lib) == output


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("broken", r"^lib\.py:7: KeyError: 'A-1'$"),
        ("other", r"^lib\.py: TypeError: other\(\) got an unexpected keyword argument 'id'"),
        ("odd", r"^lib:odd returned \{1, 2\}: "),
        ("nan", r"^lib:nan returned nan: "),
        ("gone", r"^lib\.py: AttributeError"),
    ],
)
def test_python_that_gives_nothing_to_send_fails_with_its_place(lib, name, told):
    with pytest.raises(MockError, match=told):
        given({"python": f"lib:{name}"}, lib)


def test_python_belongs_to_a_project():
    with pytest.raises(MockError, match="lib:f belongs to a project"):
        given({"python": "lib:f"})
