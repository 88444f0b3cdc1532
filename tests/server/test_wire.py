import json

import pytest

from orchestrator.server.store import Page, PageQuery
from orchestrator.server.wire import (
    WireError,
    deleted,
    list_query,
    missing_object,
    new_id,
    not_built,
    page_envelope,
    parse_json,
)


def test_an_id_is_its_prefix_and_24_characters():
    ids = {new_id("asst_") for _ in range(100)}
    assert len(ids) == 100
    assert all(id.startswith("asst_") and len(id) == 29 and id[5:].isalnum() for id in ids)


def test_list_parameters_have_the_defaults_of_the_api():
    assert list_query({}) == PageQuery(20, "desc", None, None)
    assert list_query({"limit": "3", "order": "asc", "after": "a", "before": "b"}) == PageQuery(3, "asc", "a", "b")
    assert list_query({"limit": "10000"}, most=10_000).limit == 10_000


@pytest.mark.parametrize(
    ("params", "message", "code"),
    [
        (
            {"limit": "0"},
            "Invalid 'limit': integer below minimum value. Expected a value >= 1, but got 0 instead.",
            "integer_below_min_value",
        ),
        (
            {"limit": "101"},
            "Invalid 'limit': integer above maximum value. Expected a value <= 100, but got 101 instead.",
            "integer_above_max_value",
        ),
        (
            {"limit": "many"},
            "Invalid type for 'limit': expected an integer, but got a string instead.",
            "invalid_type",
        ),
        ({"limit": "--1"}, "Invalid type for 'limit': expected an integer, but got a string instead.", "invalid_type"),
        ({"limit": "9" * 5000}, "Invalid type for 'limit'", "invalid_type"),
        ({"order": "up"}, "Invalid value: 'up'. Supported values are: 'asc' and 'desc'.", "invalid_value"),
    ],
)
def test_wrong_list_parameters_are_refused(params, message, code):
    with pytest.raises(WireError) as caught:
        list_query(params)
    assert caught.value.message.startswith(message)
    assert (caught.value.status, caught.value.code, caught.value.param) == (400, code, next(iter(params)))


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"nonsense",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'"\\ud800"',
        b'{"a": "\xff"}',
        b"[" * 100_000,
        b"9" * 5000,
    ],
)
def test_what_is_not_json_is_a_400(data):
    with pytest.raises(WireError, match="We could not parse the JSON body of your request") as caught:
        parse_json(data)
    assert caught.value.status == 400


def test_json_is_read_and_an_empty_body_is_an_empty_object():
    assert parse_json(b" ") == {}
    assert parse_json('{"a": "수학 \\ud83d\\ude00 \\u0000"}'.encode()) == {"a": "수학 😀 \0"}


def test_errors_have_the_shape_of_openai():
    assert missing_object("thread", "thread_x").to_json() == {
        "error": {
            "message": "No thread found with id 'thread_x'.",
            "type": "invalid_request_error",
            "param": None,
            "code": None,
        }
    }
    error = not_built("uploads")
    assert error.status == 501
    assert "does not have uploads" in error.message


def test_envelopes():
    page = page_envelope(Page([{"id": "a"}, {"id": "b"}], True))
    assert page == {
        "object": "list",
        "data": [{"id": "a"}, {"id": "b"}],
        "first_id": "a",
        "last_id": "b",
        "has_more": True,
    }
    assert page_envelope(Page([], False))["first_id"] is None
    assert json.dumps(deleted("a", "x.deleted")) == '{"id": "a", "object": "x.deleted", "deleted": true}'
