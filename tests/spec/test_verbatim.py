"""Whatever a text holds, it comes through a template as it is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.spec.template import includes, render
from orchestrator.spec.verbatim import verbatim

MARKS = ("{", "}", "{{", "}}", "{%", "%}", "{#", "#}", "{% raw %}", "{% endraw %}", "{%- endraw -%}", "raw", "-")
REST = (" ", "\n", "\r", "\r\n", "a", '{% include "x" %}', "\ufeff", "\t", "\x85", "\u2028", '"', "\\", "수학", "🎓")
TEXTS = st.lists(st.sampled_from(MARKS + REST), max_size=10).map("".join)
STEADY = settings(max_examples=500, deadline=None, derandomize=True)


@STEADY
@given(TEXTS)
def test_a_text_renders_to_itself(text):
    assert render(verbatim(text), {}) == text


@STEADY
@given(TEXTS)
def test_a_text_in_a_file_renders_to_itself(text):
    as_read = verbatim(text, as_file=True).encode().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    assert render(as_read, {}) == text
    assert not includes(as_read)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain { text }", "plain { text }"),
        ("{{ x }} {# y #}", "{% raw %}{{ x }} {# y #}{% endraw %}"),
        ("\ufeffa", '{{ "\\ufeff" }}a'),
        ("a\r\nb", 'a{{ "\\r" }}\nb'),
        ('{"a": 1}\n', '{"a": 1}\n'),
        ("a {% endraw %}", 'a {{ "{" }}% endraw %}'),
    ],
)
def test_it_stays_readable(text, written):
    assert verbatim(text, as_file=True) == written
