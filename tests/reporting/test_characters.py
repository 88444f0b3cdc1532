"""Any text can be shown and stored."""

import json
import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.reporting.characters import storable, visible

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(ANY_TEXT)
def test_visible_text_is_xml_and_utf_8_and_steers_nothing(text):
    shown = visible(text)
    element = ET.Element("a")
    element.text = shown
    assert (ET.fromstring(ET.tostring(element, encoding="unicode").encode()).text or "") == shown
    assert not any((ord(c) < 0x20 and c not in "\n\t") or 0x7F <= ord(c) < 0xA0 for c in shown)
    assert visible(shown) == shown


def test_controls_are_written_out():
    assert visible("a\x1b[31m\x00\x7f\r\nb\tc\rd\u202e") == r"a\x1b[31m\x00\x7f" "\nb\tc" r"\x0dd\u202e"
    assert visible("한글 😀") == "한글 😀"


@given(st.recursive(ANY_TEXT | st.none() | st.integers(), lambda v: st.lists(v) | st.dictionaries(ANY_TEXT, v)))
def test_a_storable_value_can_be_written(value):
    assert json.loads(json.dumps(storable(value), ensure_ascii=False).encode()) == storable(value)
