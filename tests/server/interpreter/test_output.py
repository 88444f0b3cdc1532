import base64

import pytest

from orchestrator.server.interpreter.limits import Limits
from orchestrator.server.interpreter.output import Output


def stream(text, name="stdout"):
    return "stream", {"name": name, "text": text}


def collect(*messages, **limits):
    output = Output(Limits(**limits))
    for kind, content in messages:
        output.feed(kind, content)
    return output


def test_streams_and_values_stand_in_order_as_in_a_notebook():
    result = "execute_result", {"data": {"text/plain": "42"}}
    assert collect(stream("a\n"), stream("b", "stderr"), result).get_logs() == "a\nb\n42\n"


def test_a_traceback_has_no_colours_and_the_error_is_one_line():
    error = {
        "ename": "ValueError",
        "evalue": "no",
        "traceback": ["\x1b[31m---\x1b[39m", "\x1b[1;32mValueError\x1b[0m: no"],
    }
    output = collect(("error", error))
    assert (output.get_logs(), output.error) == ("---\nValueError: no\n", "ValueError: no")


def test_an_error_without_words_is_its_name():
    assert (
        collect(("error", {"ename": "KeyboardInterrupt", "evalue": "", "traceback": []})).error == "KeyboardInterrupt"
    )


def test_a_picture_is_an_image_and_not_text():
    data = {"text/plain": "<Figure>", "image/png": base64.encodebytes(b"png").decode()}
    output = collect(("display_data", {"data": data}))
    assert (output.get_logs(), output.images) == ("", [b"png"])


def test_images_have_a_limit():
    message = "display_data", {"data": {"image/png": base64.b64encode(b"png").decode()}}
    output = collect(message, message, images=1)
    assert (output.images, output.get_logs()) == ([b"png"], "[image not kept: at most 1 a call]\n")


def test_logs_are_cut_with_a_count():
    assert collect(stream("abc"), stream("defg"), stream("h"), log_characters=5).get_logs() == (
        "abcde\n[output cut: 3 more characters]\n"
    )


def test_half_characters_cannot_reach_a_database():
    assert collect(stream("\ud800x")).get_logs() == "?x"


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("stream", {}),
        ("stream", {"text": 5}),
        ("execute_result", {"data": []}),
        ("display_data", {"data": {"image/png": "é"}}),
        ("display_data", {"data": {"image/png": "a"}}),
        ("status", {"execution_state": "idle"}),
    ],
)
def test_malformed_messages_show_nothing(kind, content):
    output = collect((kind, content))
    assert (output.get_logs(), output.images, output.error) == ("", [], None)
