"""What no recording holds: secrets wherever they stand, and the ids that differ each time."""

import json
from urllib.parse import quote

import pytest

from orchestrator.scenario.cleaning import Cleaner, without_ids

KEY = 'pa"ss/word+1'


@pytest.mark.parametrize("spelled", [KEY, json.dumps(KEY), quote(KEY, safe=""), f"x{KEY}y"])
def test_a_known_key_is_hidden_however_it_is_spelled(spelled):
    cleaned = Cleaner([KEY]).text(f"it is {spelled}!")
    assert "***" in cleaned
    assert "word" not in cleaned
    assert cleaned.startswith("it is ")
    assert cleaned.endswith("!")


def test_a_value_too_short_to_be_a_key_spoils_no_text():
    assert Cleaner(["none", ""]).text("none of it") == "none of it"


@pytest.mark.parametrize(
    "secret",
    [
        "sk-" + "proj-" + "aB3" * 10,
        "sk-" + "ant-api03-" + "x_-9" * 10,
        "sk_" + "live_" + "a1B2" * 6,
        "ghp_" + "a1B2" * 9,
        "github_pat_" + "a1B2_" * 8,
        "glpat-" + "a1B2" * 6,
        "xoxb-" + "1234567890-abcdef",
        "AKIA" + "ABCDEFGH12345678",
        "AIza" + "a" * 35,
        "hf_" + "a1B2" * 9,
        "eyJ" + "hbGciOiJI.eyJ" + "zdWIiOiIx.c2lnbmF0dXJl",
        "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_common_shapes_of_keys_are_hidden(secret):
    assert Cleaner().text(f"key={secret} end") == "key=*** end"


def test_a_bearer_token_is_hidden_and_its_word_stays():
    assert Cleaner().text("Authorization: Bearer abcdefghij0123456789==") == "Authorization: Bearer ***"


@pytest.mark.parametrize("text", ["a task-force of sk-8 skaters", "x = 1", "Bearer of news", "AKIAN", "***"])
def test_ordinary_texts_stay(text):
    assert Cleaner(["***************"]).text(text) == text


def test_data_is_cleaned_in_values_and_keys_and_half_a_pair_can_be_written():
    data = {"a": [1, None, {"topsecret": "x topsecret y"}], "b": "\ud800"}
    assert Cleaner(["topsecret"]).data(data) == {"a": [1, None, {"***": "x *** y"}], "b": "\ufffd"}


def step(call: str, file: str) -> list[dict[str, object]]:
    return [
        {
            "user": "hi",
            "reply": {
                "messages": [{"text": f"see {file}", "citations": [{"file_id": file}], "files": [file, {"id": file}]}],
                "calls": [
                    {"id": call, "name": "f", "arguments": {"id": "short", "file": file, "calls": [{"id": "x"}]}}
                ],
            },
        },
        {"outputs": {call: f"done with {file}"}, "reply": {"evidence": {"searches": [{"file_id": file}]}}},
    ]


def test_ids_of_the_target_are_numbered_and_two_talks_become_one():
    one = without_ids(step("call_aBcDeFgHiJkLmNoP", "file-qRsTuVwXyZ012345"))
    assert one == without_ids(step("call_ZZZZZZZZZZZZZZZZ", "file-0000000000000000"))
    first, second = one
    assert first["reply"]["calls"][0]["id"] == "call_1"
    assert first["reply"]["calls"][0]["arguments"] == {"id": "short", "file": "file_1", "calls": [{"id": "x"}]}
    assert first["reply"]["messages"][0] == {
        "text": "see file_1",
        "citations": [{"file_id": "file_1"}],
        "files": ["file_1", {"id": "file_1"}],
    }
    assert second["outputs"] == {"call_1": "done with file_1"}


def test_a_short_id_is_renamed_as_an_id_and_not_in_texts():
    first, second = without_ids(step("c7", "f3"))
    assert first["reply"]["calls"][0]["id"] == "call_1"
    assert first["reply"]["messages"][0]["text"] == "see f3"
    assert second["outputs"] == {"call_1": "done with f3"}


def test_the_shortest_secret_is_hidden_where_it_stands_alone():
    assert Cleaner().text("xoxb-0123456789") == "***"
    assert Cleaner(["secret"]).text("secret") == "***"
