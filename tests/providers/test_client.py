import asyncio
import socket
import subprocess
import sys
import tracemalloc
from pathlib import Path

import httpx2
import openai
import pytest

from orchestrator.errors import (
    TargetAccessError,
    TargetBusyError,
    TargetError,
    TargetMissingError,
    TargetRejectedError,
    TargetUnknownError,
)
from orchestrator.providers._client import Client
from orchestrator.providers._retry import PATIENT
from orchestrator.providers.assistants import BETA

KEY = "sk-canary-0123456789"
AT_ONCE = {"retry-after-ms": "1"}


def use(url, call, key=KEY, **more):
    """Await `call(client)` on a client of its own; gives its result and the counts."""

    async def run():
        client = Client(url, key, headers=BETA, **more)
        try:
            return await call(client), client.requests.counts
        finally:
            await client.close()

    return asyncio.run(run())


def failure(url, call, **more):
    with pytest.raises(TargetError) as caught:
        use(url, call, **more)
    return caught.value


async def collect(stream):
    return [event async for event in stream]


def error(message="no", **more):
    return {"error": {"message": message, "type": None, "param": None, "code": None, **more}}


def test_what_is_sent_and_what_comes_back_is_plain_json(tiny):
    tiny.will({"id": "asst_1", "reasoning_effort": "low", "new": [1]})
    data, counts = use(tiny.url, lambda c: c.post("/assistants", {"model": "m", "name": None}, once=True))
    assert data == {"id": "asst_1", "reasoning_effort": "low", "new": [1]}
    (asked,) = tiny.asked
    assert (asked.method, asked.path, asked.json) == ("POST", "/v1/assistants", {"model": "m", "name": None})
    assert asked.headers["openai-beta"] == "assistants=v2"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert counts == {"POST /assistants": 1}


def test_the_query_of_a_target_travels_with_every_request(tiny):
    tiny.will({"data": [], "has_more": False})
    use(tiny.url, lambda c: c.list_all("/assistants", {"filter": "x"}), query={"api-version": "2025-05-01"})
    assert dict(tiny.asked[0].query) == {
        "api-version": "2025-05-01", "limit": "100", "order": "asc", "filter": "x",
    }  # fmt: skip


def test_a_list_in_a_query_is_sent_as_the_api_reads_it(tiny):
    tiny.will({})
    use(tiny.url, lambda c: c.get("/x", {"include": ["a", "b"]}))
    assert tiny.asked[0].query == [("include[]", "a"), ("include[]", "b")]


def test_a_target_without_a_key_gets_a_word_that_is_none(tiny):
    tiny.will({})
    use(tiny.url, lambda c: c.get("/assistants"), key=None)
    assert tiny.asked[0].headers["authorization"] == "Bearer none"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/assistants", "/assistants"),
        ("/vector_stores", "/vector_stores"),
        ("/vector_stores/vs_689ab/files/file-Ab1", "/vector_stores/{id}/files/{id}"),
        ("/vector_stores/vs_1/file_batches/vsfb_Xy", "/vector_stores/{id}/file_batches/{id}"),
        ("/threads/thread_A/runs/run_B/submit_tool_outputs", "/threads/{id}/runs/{id}/submit_tool_outputs"),
        ("/files/assistant-9Z", "/files/{id}"),
    ],
)
def test_requests_are_counted_by_the_shape_of_their_path(tiny, path, name):
    tiny.will({})
    assert use(tiny.url, lambda c: c.get(path))[1] == {f"GET {name}": 1}


def test_pages_are_followed_to_the_end(tiny):
    first, second = [{"id": "a"}, {"id": "b"}], [{"id": "c"}]
    tiny.will({"data": first, "has_more": True}, {"data": second, "has_more": False})
    items, counts = use(tiny.url, lambda c: c.list_all("/assistants"))
    assert items == first + second
    assert [dict(asked.query).get("after") for asked in tiny.asked] == [None, "b"]
    assert counts == {"GET /assistants": 2}


@pytest.mark.parametrize(
    "page",
    [
        {},
        {"data": None, "has_more": False},
        {"data": [], "has_more": "no"},
        {"data": [{"id": "a"}]},
        {"data": ["a"], "has_more": False},
        {"data": [{"name": "a"}], "has_more": False},
        {"data": [], "has_more": True},
    ],
)
def test_a_page_that_is_none_is_an_error_and_never_an_end(tiny, page):
    tiny.will(page)
    assert type(failure(tiny.url, lambda c: c.list_all("/assistants"))) is TargetRejectedError


def test_a_cursor_that_goes_nowhere_is_an_error(tiny):
    tiny.will({"data": [{"id": "a"}], "has_more": True})
    assert "returns no more" in failure(tiny.url, lambda c: c.list_all("/assistants")).message
    assert len(tiny.asked) == 2


def test_a_second_page_that_fails_gives_nothing(tiny, answer):
    tiny.will({"data": [{"id": "a"}], "has_more": True}, answer(error("gone"), 404))
    assert type(failure(tiny.url, lambda c: c.list_all("/assistants"))) is TargetMissingError


@pytest.mark.parametrize("body", ["<html>hello</html>", "[1]", '{"data": [', ""])
def test_an_answer_that_is_no_object_says_where(tiny, answer, body):
    tiny.will(answer(body))
    found = failure(tiny.url, lambda c: c.get("/assistants"))
    assert (type(found), found.message) == (
        TargetUnknownError,
        "GET /v1/assistants was not answered with a JSON object",
    )


REPEATABLE = {
    "get": lambda c: c.get("/x"),
    "delete": lambda c: c.delete("/x"),
    "update": lambda c: c.post("/x", {}, once=False),
}
MAKING = {
    "create": lambda c: c.post("/x", {}, once=True),
    "stream": lambda c: collect(c.stream("/x", {})),
    "upload": lambda c: c.upload("/x", {}, Path(__file__)),
}


@pytest.mark.parametrize("name", [*REPEATABLE, *MAKING])
@pytest.mark.parametrize("status", [408, 409, 500, 502])
def test_what_makes_something_is_sent_once_and_the_rest_three_times(tiny, answer, name, status):
    tiny.will(answer(error(), status, AT_ONCE))
    failure(tiny.url, (REPEATABLE | MAKING)[name])
    assert len(tiny.asked) == (3 if name in REPEATABLE else 1)


@pytest.mark.parametrize("name", [*REPEATABLE, *MAKING])
@pytest.mark.parametrize("status", [429, 503])
def test_where_the_target_says_wait_nothing_was_done_and_everything_is_sent_again(tiny, answer, name, status):
    tiny.will(answer(error(), status, AT_ONCE))
    found = failure(tiny.url, (REPEATABLE | MAKING)[name])
    assert (type(found), len(tiny.asked)) == (TargetBusyError, PATIENT)
    assert found.message == f"no (HTTP {status}) (8 attempts)"


@pytest.mark.parametrize("name", MAKING)
def test_a_create_that_was_told_to_wait_is_made_in_the_end(tiny, answer, frames, name):
    done = frames([("done", "[DONE]")]) if name == "stream" else {"id": "a"}
    tiny.will(answer(error(code="slow_down"), 429, AT_ONCE), done)
    use(tiny.url, MAKING[name])
    assert len(tiny.asked) == 2


@pytest.mark.parametrize("headers", [{"retry-after": "301"}, {"x-should-retry": "false"}])
def test_a_target_that_asks_for_too_long_or_for_none_is_not_asked_again(tiny, answer, headers):
    tiny.will(answer(error(), 429, headers))
    found = failure(tiny.url, lambda c: c.get("/x"))
    assert len(tiny.asked) == 1
    assert ("it asks to wait 301 s" in found.message) == ("retry-after" in headers)


def test_money_is_never_asked_for_twice(tiny, answer):
    tiny.will(answer(error(code="credit_balance_exhausted"), 429, AT_ONCE))
    assert isinstance(failure(tiny.url, lambda c: c.get("/x")), TargetRejectedError)
    assert len(tiny.asked) == 1


def test_a_target_that_keeps_silent_is_left_after_the_time_given(tiny, answer):
    class Silent(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            raise httpx2.ReadTimeout("no word", request=request)

    found = failure(tiny.url, lambda c: c.post("/x", {}, once=True), transport=Silent(), timeout=0.1)
    assert isinstance(found, TargetUnknownError)


def test_a_read_recovers_and_every_attempt_is_counted(tiny, answer):
    tiny.will(answer(error(), 500, AT_ONCE), answer(error(), 429, AT_ONCE), {"id": "a"})
    assert use(tiny.url, lambda c: c.get("/assistants/asst_1")) == ({"id": "a"}, {"GET /assistants/{id}": 3})


def test_deleting_what_is_gone_is_done(tiny, answer):
    tiny.will(answer(error("No such"), 404))
    assert use(tiny.url, lambda c: c.delete("/x"))[0] is None


@pytest.mark.parametrize(
    ("status", "more", "read", "create"),
    [
        (400, {}, TargetRejectedError, TargetRejectedError),
        (401, {}, TargetAccessError, TargetAccessError),
        (403, {}, TargetAccessError, TargetAccessError),
        (404, {}, TargetMissingError, TargetMissingError),
        (408, {}, TargetBusyError, TargetBusyError),
        (409, {}, TargetRejectedError, TargetRejectedError),
        (413, {}, TargetRejectedError, TargetRejectedError),
        (422, {}, TargetRejectedError, TargetRejectedError),
        (429, {}, TargetBusyError, TargetBusyError),
        (429, {"code": "credit_balance_exhausted"}, TargetRejectedError, TargetRejectedError),
        (429, {"type": "insufficient_quota"}, TargetRejectedError, TargetRejectedError),
        (500, {}, TargetBusyError, TargetUnknownError),
        (502, {}, TargetBusyError, TargetUnknownError),
        (503, {}, TargetBusyError, TargetBusyError),
        (307, {}, TargetRejectedError, TargetRejectedError),
    ],
)
def test_a_refusal_is_named_by_what_can_be_done(tiny, answer, status, more, read, create):
    tiny.will(answer(error("the words of the API", **more), status, AT_ONCE))
    for call, kind in ((lambda c: c.get("/x"), read), (lambda c: c.post("/x", {}, once=True), create)):
        found = failure(tiny.url, call)
        assert type(found) is kind
        assert found.message.startswith(f"the words of the API (HTTP {status})")
    if more:
        assert "credit" in str(found.hint)


def test_a_gateways_page_is_cut_short(tiny, answer):
    tiny.will(answer("<html>\n" + "bad gateway " * 900, 502, {"content-type": "text/html"}))
    found = failure(tiny.url, lambda c: c.post("/x", {}, once=True))
    assert found.message.startswith("<html> bad gateway bad")
    assert len(found.message) < 320


def test_every_error_of_the_library_has_a_name_of_ours():
    """A class that a new release of the library adds falls under one of those that are caught, or shows here."""
    request = httpx2.Request("GET", "http://x/v1")
    response = httpx2.Response(500, request=request)
    made = {
        openai.APIError: openai.APIError("m", request, body=None),
        openai.APIConnectionError: openai.APIConnectionError(request=request),
        openai.APITimeoutError: openai.APITimeoutError(request),
        openai.APIResponseValidationError: openai.APIResponseValidationError(response, None),
    }
    client = Client("http://x/v1", None)
    known = vars(openai._exceptions).values()
    kinds = [each for each in known if isinstance(each, type) and issubclass(each, openai.OpenAIError)]
    assert len(kinds) > 10
    for kind in kinds:
        raised = made.get(kind) or kind.__new__(kind)
        if isinstance(raised, openai.APIStatusError):
            raised.status_code, raised.body, raised.message = 418, None, "m"
        with pytest.raises(TargetError), client._door(writes=True):
            raise raised
    asyncio.run(client.close())


def test_nobody_listening_is_said_with_the_address():
    with socket.create_server(("127.0.0.1", 0)) as free:
        where = f"127.0.0.1:{free.getsockname()[1]}"
    found = failure(f"http://{where}/v1", lambda c: c.post("/x", {}, once=True))
    assert type(found) is TargetBusyError
    assert f"cannot reach {where}: " in found.message
    assert "is it running" in str(found.hint)


def test_a_lost_reply_is_a_doubt_for_a_write_and_none_for_a_read(tiny, answer):
    tiny.will(answer(reset=True))
    found = failure(tiny.url, lambda c: c.post("/x", {}, once=True))
    assert type(found) is TargetUnknownError
    assert "was lost" in found.message
    assert len(tiny.asked) == 1
    assert type(failure(tiny.url, lambda c: c.get("/x"))) is TargetBusyError
    assert len(tiny.asked) == 4


def test_a_reply_cut_in_the_middle_is_a_lost_one(tiny, answer):
    tiny.will(answer('{"id": "a"', reset=True))
    assert type(failure(tiny.url, lambda c: c.post("/x", {}, once=True))) is TargetUnknownError


def test_the_key_is_in_no_error_even_where_the_server_repeats_it(tiny, answer):
    for status in (400, 401, 500):
        tiny.will(answer(error(f"Incorrect API key provided: {KEY}."), status, AT_ONCE))
        found = failure(tiny.url, lambda c: c.get("/x"))
        assert KEY not in f"{found} {found!r} {found.hint}"
        assert "***" in found.message


def test_the_wait_a_target_asks_for_is_passed_on(tiny, answer):
    tiny.will(answer({"id": "a"}, headers={"openai-poll-after-ms": "250"}), {"id": "a"})

    async def both(client):
        return [(await client.get("/x")).poll_after, (await client.post("/x", {}, once=True)).poll_after]

    assert use(tiny.url, both)[0] == [0.25, None]


def test_a_file_is_sent_as_a_form_with_its_name(tiny, tmp_path):
    file = tmp_path / "논문 “a”.md"
    file.write_text("hello")
    tiny.will({"id": "file-1"})
    _, counts = use(tiny.url, lambda c: c.upload("/files", {"purpose": "assistants"}, file))
    (asked,) = tiny.asked
    assert asked.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="purpose"\r\n\r\nassistants\r\n' in asked.body
    assert f'name="file"; filename="{file.name}"'.encode() in asked.body
    assert b"\r\n\r\nhello\r\n" in asked.body
    assert counts == {"POST /files": 1}


def test_a_file_is_never_in_memory_whole(tiny, tmp_path):
    file = tmp_path / "big.txt"
    with file.open("wb") as content:
        content.truncate(64 * 1024 * 1024)

    async def sink(scope, receive, send):
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    tracemalloc.start()
    try:
        use(tiny.url, lambda c: c.upload("/files", {}, file), transport=httpx2.ASGITransport(sink))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 * 1024 * 1024


def test_a_file_that_is_gone_is_named_and_nothing_is_sent(tiny, tmp_path):
    found = failure(tiny.url, lambda c: c.upload("/files", {}, tmp_path / "gone.md"))
    assert type(found) is TargetRejectedError
    assert "gone.md: No such file" in found.message
    assert tiny.asked == []


def test_events_come_with_their_names(tiny, frames):
    tiny.will(frames([("thread.created", {"id": "t"}), ("other", {"a": 1}), ("done", "[DONE]")]))
    events, counts = use(tiny.url, lambda c: collect(c.stream("/threads/runs", {"a": 1}, {"q": "1"})))
    assert events == [("thread.created", {"id": "t"}), ("other", {"a": 1})]
    assert (tiny.asked[0].json, tiny.asked[0].query) == ({"a": 1, "stream": True}, [("q", "1")])
    assert counts == {"POST /threads/runs": 1}


@pytest.mark.parametrize("nested", [True, False])
def test_an_error_event_is_raised_with_its_words(tiny, frames, nested):
    said = {"message": f"overloaded for {KEY}", "code": "server_error"}
    tiny.will(frames([("thread.created", {"id": "t"}), ("error", {"error": said} if nested else said)]))
    found = failure(tiny.url, lambda c: collect(c.stream("/x", {})))
    assert (type(found), found.message) == (TargetUnknownError, "the target broke off: overloaded for ***")


def test_an_error_event_about_money_is_a_refusal(tiny, frames):
    tiny.will(frames([("error", {"message": "no credit", "code": "insufficient_quota"})]))
    assert type(failure(tiny.url, lambda c: collect(c.stream("/x", {})))) is TargetRejectedError


@pytest.mark.parametrize("data", ['{"id": ', '["a"]', '"a"'])
def test_an_event_that_is_broken_is_an_unknown_end(tiny, frames, data):
    tiny.will(frames([("thread.created", data)]))
    assert type(failure(tiny.url, lambda c: collect(c.stream("/x", {})))) is TargetUnknownError


def test_a_stream_whose_connection_breaks_is_an_unknown_end(tiny, answer):
    cut = 'event: thread.created\ndata: {"id": "t"}\n\n'
    tiny.will(answer(cut, headers={"content-type": "text/event-stream"}, reset=True))
    seen = []

    async def read(client):
        async for event in client.stream("/x", {}):
            seen.append(event.name)

    assert type(failure(tiny.url, read)) is TargetUnknownError
    assert seen == ["thread.created"]


def test_a_stream_that_is_refused_says_why(tiny, answer):
    tiny.will(answer(error("Thread t already has an active run r."), 400))
    found = failure(tiny.url, lambda c: collect(c.stream("/x", {})))
    assert (type(found), found.message) == (TargetRejectedError, "Thread t already has an active run r. (HTTP 400)")


def test_the_client_loads_no_server_and_no_spec():
    heavy = "starlette", "uvicorn", "sqlite3", "yaml", "jinja2", "jsonschema", "pypdf", "rich"
    program = "import sys, orchestrator.providers.assistants; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert not [name for name in heavy if f"'{name}'" in loaded]


def test_nothing_is_told_of_the_machine(tiny):
    tiny.will({}, {})

    async def call(client):
        await client.get("/x")
        await client.delete("/x")

    use(tiny.url, call)
    for asked in tiny.asked:
        assert not [name for name in asked.headers if "stainless" in name.lower()], asked.headers


@pytest.mark.parametrize(
    ("url", "sent"), [("https://api.openai.com/v1", ["org-1", "proj-1"]), ("https://x.example/v1", [None, None])]
)
def test_openais_organization_and_project_go_to_openai_alone(monkeypatch, url, sent):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-1")
    seen = []

    def reply(request):
        seen.extend([request.headers.get("openai-organization"), request.headers.get("openai-project")])
        return httpx2.Response(200, json={})

    use(url, lambda client: client.get("/x"), transport=httpx2.MockTransport(reply))
    assert seen == sent
