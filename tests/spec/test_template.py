"""Templates: the names they see, what the sandbox keeps out, and nothing but `TemplateError` when they fail."""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.spec.template import Scope, TemplateError, check_later, includes, render, render_later


def context(**variables: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"target": {"name": "local"}}
    found["vars"] = Scope("vars", variables, "define it under `variables:`").rendered_over(lambda: found)
    found["env"] = Scope("env", {"REGION": "kr"}, "list it under `env:`")
    return found


def failure(text: str, values: Mapping[str, Any] | None = None) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        render(text, context(tone="짧게") if values is None else values)
    return caught.value


def test_names_are_rendered_and_other_text_is_left_alone():
    text = "{{ vars.tone }} {{ target.name }} {{ env.REGION }} 100% {a} $b\n"
    assert render(text, context(tone="짧게")) == "짧게 local kr 100% {a} $b\n"
    assert render('{"a": {"b": 1}}', {}) == '{"a": {"b": 1}}'
    assert render("{% raw %}{{ x }}{% endraw %}", {}) == "{{ x }}"


@pytest.mark.parametrize("name", ["items", "keys", "values", "get", "label", "hint", "rendered_over", "pop"])
def test_a_variable_may_have_the_name_of_a_method(name):
    assert render(f"{{{{ vars.{name} }}}}{{{{ vars['{name}'] }}}}", context(**{name: "x"})) == "xx"
    assert failure(f"{{{{ vars.{name} }}}}").message == f"vars.{name} is not defined"
    assert failure(f"{{{{ vars['{name}'] }}}}").message == f"vars.{name} is not defined"


def test_variables_refer_to_variables_of_any_form():
    values = context(a="{{ vars.b.c[0] }}!", b={"c": ["{{ vars.d }}"]}, d="끝", n=3)
    assert render("{{ vars.a }}{{ vars.n + 1 }}", values) == "끝!4"


def test_what_a_variable_holds_is_not_rendered_twice():
    assert render("{{ vars.a }}", context(a="{% raw %}{{ vars.b }}{% endraw %}", b="x")) == "{{ vars.b }}"


@pytest.mark.parametrize(
    ("text", "line", "message", "hint", "name"),
    [
        ("a\n{{ vars.toen }}", 2, "vars.toen is not defined", "did you mean `vars.tone`?", "vars.toen"),
        ("{{ vars.zzzz }}", 1, "vars.zzzz is not defined", "define it under `variables:`", "vars.zzzz"),
        ("{{ env.HOME }}", 1, "env.HOME is not defined", "list it under `env:`", "env.HOME"),
        ("{{ env.REGIO }}", 1, "env.REGIO is not defined", "did you mean `env.REGION`?", "env.REGIO"),
        ("{{ taget.name }}", 1, "taget is not defined", "did you mean `target`?", "taget"),
        ("vars.x\n\n{{ xyz }}", 3, "xyz is not defined", "there are: env, target, vars", "xyz"),
        ("{{ target.nmae }}", 1, "there is no 'nmae' here", "did you mean `name`?", "nmae"),
        ("{{ vars.tone.x }}", 1, "text has no 'x'", None, "x"),
        ("{{ [1][3] }}", 1, "there is no item 3: there are 1, counted from 0", None, "3"),
        ("{{ [] | first }}", 1, "No first item, sequence was empty", None, None),
        ("{% for x in xyz %}{% endfor %}", 1, "xyz is not defined", "there are: env, target, vars", "xyz"),
    ],
)
def test_a_missing_name_is_said_with_what_was_meant(text, line, message, hint, name):
    error = failure(text)
    assert (error.message, error.line, error.hint, error.name) == (message, line, hint, name)


@pytest.mark.parametrize(
    ("variables", "circle"),
    [
        ({"a": "{{ vars.a }}"}, "a -> a"),
        ({"a": "{{ vars.b }}", "b": "{{ vars.c }}", "c": "{{ vars.a }}"}, "a -> b -> c -> a"),
    ],
)
def test_a_circle_is_shown_at_the_name_that_enters_it(variables, circle):
    error = failure("one\n{{ vars.a }}", context(**variables))
    assert error.message == f"vars refer to each other in a circle: {circle}"
    assert (error.line, error.name, error.hint) == (2, "vars.a", "give one of them a plain value")


def test_a_fault_in_a_variable_names_the_way_to_it():
    values = context(a="1\n2\n{{ vars.b }}", b="{{ vars.tune }}", tone="x")
    error = failure("\n{{ vars.a }}", values)
    assert error.message == "in vars.a: in vars.b: vars.tune is not defined"
    assert (error.line, error.name, error.hint) == (2, "vars.a", "did you mean `vars.tone`?")


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ ''['__class__'] }}",
        "{{ ''|attr('__class__') }}",
        "{{ vars._values }}",
        "{{ vars.__class__ }}",
        "{{ target.__init__.__globals__ }}",
        "{{ range.__self__ }}",
        "{{ cycler.__init__.__globals__.os }}",
        "{{ self.__init__ }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ '{0.__class__}'|format(1) }}{{ ''.__class__ }}",
        "{{ target.update({'name': 'x'}) }}",
        "{{ target.clear() }}",
        "{% set target.name = 'x' %}",
    ],
)
def test_nothing_leaves_the_sandbox(text):
    values = context(tone="x")
    failure(text, values)
    assert values["target"] == {"name": "local"}


@pytest.mark.parametrize(
    "text",
    [
        "{{ 'a' * 10**9 }}",
        "{{ 10**9 * [1] }}",
        "{{ 2 ** 10000 }}",
        "{{ 10 ** 100 ** 100 }}",
        "{{ 1.5 ** 10000 }}",
        "{{ range(10**9) | list }}",
        "{{ range(10**6) | list }}",
        "{{ 'x' | center(10**9) }}",
        "{{ 'x' | indent(10**9) }}",
        "{{ [1] | batch(10**9, 0) | list }}",
        "{{ 'x'.ljust(10**10) }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '%*d' % (999999999, 1) }}",
        "{{ '%999999999d' | format(1) }}",
        "{{ '{:999999999}'.format(1) }}",
        "{% for i in range(99999) %}{{ 'x' * 9999 }}{% endfor %}",
        "{% set n = namespace(x=10**60) %}{% for i in range(99) %}{% set n.x = n.x * n.x %}{% endfor %}",
        "{{ " + "9" * 5000 + " }}",
    ],
)
def test_nothing_grows_without_bound(text):
    begin = time.perf_counter()
    failure(text)
    assert time.perf_counter() - begin < 2


def test_variables_that_double_each_other_are_stopped():
    doubling = {f"v{n}": f"{{{{ vars.v{n - 1} * 2 }}}}" for n in range(1, 60)}
    assert "too large" in failure("{{ vars.v59 }}", context(v0="0123456789", **doubling)).message


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("{{ vars }}", "name one of them: vars.NAME"),
        ("{{ range }}", "call it: NAME(...)"),
        ("{{ 'x'.upper }}", "call it: NAME(...)"),
        ("{{ ['a'] | map('upper') }}", "end it with | join(', '), or with | list"),
    ],
)
def test_what_would_print_an_address_in_memory_is_refused(text, hint):
    assert failure(text).hint == hint


@pytest.mark.parametrize("text", ["{{ lipsum() }}", "{{ [1, 2] | random }}"])
def test_nothing_is_drawn_by_lot(text):
    failure(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [("{{ x", 1), ("a\n{% if %}", 2), ("\n\n{{ x | nope }}", 3), ("{% endfor %}", 1), ("{{ x is nope }}", 1)],
)
def test_a_text_that_is_no_template_is_told_about_raw(text, line):
    error = failure(text)
    assert error.message.startswith("not a valid template: ")
    assert error.line == line
    assert "{% raw %}" in str(error.hint)


@pytest.mark.parametrize(
    "text",
    [
        "{{ 1 / 0 }}",
        "{{ 'a' + 1 }}",
        "{{ {}[[]] }}",
        "{{ 'x' | int(base=99) + [] }}",
        "{{ 1() }}",
        "{{ (-1) | sqrt }}",
        "{{ " + "(" * 500 + "1" + ")" * 500 + " }}",
        "{% for x in [1] %}" * 40 + "{% endfor %}" * 40,
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ '\\N{no such name}' }}",
    ],
)
def test_what_fails_is_a_template_error(text):
    failure(text)


def test_an_odd_escape_is_no_warning():
    assert render(r"{{ 'a.b' | replace('\d', '') }}", {}) == "a.b"


def test_an_include_is_only_for_prompts():
    error = failure("a\n{% include 'x.md' %}")
    assert (error.message, error.line, error.hint) == (
        "{% include 'x.md' %} is for prompt files",
        2,
        "write the text here",
    )


def test_an_error_in_an_included_text_has_its_line_there():
    parts = {"a.md": "one\n{% include 'b.md' %}", "b.md": "\n\n{{ vars.toen }}", "bad.md": "\n{{ x"}
    with pytest.raises(TemplateError) as caught:
        render("\n\n\n\n{% include 'a.md' %}", context(tone="x"), parts.__getitem__)
    assert (caught.value.line, caught.value.part) == (3, "b.md")
    with pytest.raises(TemplateError) as caught:
        render("{% include 'bad.md' %}", {}, parts.__getitem__)
    assert (caught.value.line, caught.value.part) == (2, "bad.md")


def test_includes_are_found_where_they_are_meant():
    text = (
        "{% include 'a.md' %}\n{%- include \"b.md\" -%}\n{# {% include 'c' %} #}{% raw %}{% include 'd' %}{% endraw %}"
    )
    assert includes(text) == [("a.md", 1), ("b.md", 2)]
    assert includes("no template") == []


@pytest.mark.parametrize(
    "text", ["{% include vars.x %}", "{% extends 'a' %}", "{% import 'a' as b %}", "{% from 'a' import b %}"]
)
def test_an_include_names_one_file(text):
    with pytest.raises(TemplateError, match="an include names one file in quotes"):
        includes(text)


NAMES = frozenset(["outputs", "results"])


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "{{ outputs | join(', ') }}",
        "{% for r in results %}{{ r.text }}{{ loop.index }}{% endfor %}",
        "{% for i in range(3) %}{{ i }}{% endfor %}",
        "{% set x = 1 %}{{ x }}",
    ],
)
def test_a_later_template_may_use_its_names_and_its_own(text):
    check_later(text, NAMES)


@pytest.mark.parametrize(
    ("text", "message", "line", "hint"),
    [
        ("outptus\n{{ outptus }}", "outptus is not defined here", 2, "did you mean `outputs`?"),
        ("{{ vars.x }}", "vars is not defined here", 1, "there are: outputs, results"),
        ("{{ outputs | nope }}", "not a valid template: No filter named 'nope'", 1, "templates are Jinja2"),
        ("a\n{{ outputs", "not a valid template", 2, "templates are Jinja2"),
        ("{% include 'a' %}", "{% include 'a' %} is for prompt files", 1, "write the text here"),
        ("{{ " + "(" * 500 + "1" + ")" * 500 + " }}", "cannot render the template", 1, ""),
    ],
)
def test_a_later_template_is_checked_at_load(text, message, line, hint):
    with pytest.raises(TemplateError) as caught:
        check_later(text, NAMES)
    assert caught.value.message.startswith(message)
    assert caught.value.line == line
    assert str(caught.value.hint or "").startswith(hint)


def test_a_later_template_is_rendered_over_its_values():
    assert render_later("{{ outputs[0] }}", {"outputs": ["{{ x }}"]}) == "{{ x }}"


_WORDS = """
{{ }} {% %} {# #} {%- -%} for in if else endfor endif set macro endmacro call raw endraw include block endblock filter
x vars tone . | [ ] ( ) , : = + - * ** / // % ~ and not is 'a' 1 0 9e9 join list range _ __class__ ' " \\ 가
"""
_PIECES = st.lists(st.sampled_from([*re.split(r"\s+", _WORDS.strip()), "\n"]) | st.text(max_size=3), max_size=14)


def error_of(action: Callable[[], object]) -> TemplateError | None:
    try:
        action()
    except TemplateError as error:
        return error
    return None


@settings(max_examples=600, deadline=None)
@given(pieces=_PIECES)
def test_any_text_renders_or_is_a_template_error(pieces):
    text = " ".join(pieces)
    lines = len(re.split("\r\n|\r|\n", text))
    for action in (lambda: render(text, context(tone="x")), lambda: check_later(text, NAMES), lambda: includes(text)):
        error = error_of(action)
        assert error is None or (1 <= error.line <= lines and error.part is None)
