"""Files of recordings have names for every system, and two scenarios never share one."""

import re
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.scenario.recording_names import recording_name


def test_a_scenarios_own_name_is_its_files():
    assert recording_name("math-tutor-2") == "math-tutor-2.json"


def test_a_case_shows_what_it_is():
    assert recording_name("quiz[model=gpt-5,tone=Plain]") == "quiz.model-gpt-5.tone-plain.89073c819357.json"


NAMES = st.text(max_size=60) | st.from_regex(r"[a-z0-9-]{1,5}(\[[^\[\]]{0,200}\])?", fullmatch=True)


@given(NAMES)
@example("nul")
@example("COM1[x]")
@example("con[...]")
@example("s[정중하게]")
@example("")
def test_every_system_takes_it(name):
    file = recording_name(name)
    assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.json", file)
    assert len(file) <= 150
    assert not re.match(r"(con|prn|aux|nul|com\d|lpt\d)\.", file)


@given(st.lists(NAMES, unique=True, min_size=2, max_size=6))
@example(["s[a]", "s[A]"])
@example(["s[\u00e9]", "s[e\u0301]"])
@example(["s[" + "x" * 500 + "]", "s[" + "x" * 501 + "]"])
@example(["s[a,b]", "s[a-b]"])
@example(["nul", "nul[]"])
def test_no_two_share_a_file_on_any_system(names):
    files = {unicodedata.normalize("NFC", recording_name(name)).casefold() for name in names}
    assert len(files) == len(names)


def test_what_is_no_text_has_a_file_too():
    assert recording_name("s[\ud800]").isascii()
