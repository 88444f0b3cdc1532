import asyncio
import json
import logging
import subprocess
import sys
from dataclasses import replace

import pytest

from orchestrator.server.app import Settings
from orchestrator.server.models.scripted import ScriptedModel


@pytest.fixture
def send(app_client):
    """Send one request to an app and give the response."""

    def go(settings: Settings, method: str, path: str, **more):
        async def once():
            async with app_client(settings) as http:
                return await http.request(method, path, **more)

        return asyncio.run(once())

    return go


def error(response):
    return response.status_code, response.json()["error"]["message"], response.json()["error"]["code"]


def test_paths_work_with_and_without_v1(settings, send):
    for url in ("http://localhost/v1/assistants", "http://localhost/assistants"):
        assert send(settings, "GET", url).json()["object"] == "list"


@pytest.mark.parametrize("path", ["/nothing", "/assistants/", "/v1", "/", "/assistants/a/b", "/v1/v1/assistants"])
def test_unknown_paths_are_404(settings, send, conforms, path):
    response = send(settings, "GET", f"http://localhost{path}")
    conforms(response.json(), "ErrorResponse")
    assert error(response)[:2] == (404, f"Invalid URL (GET {path.removeprefix('/v1') or '/'})") or path == "/v1"


def test_a_wrong_method_is_405(settings, send, conforms):
    response = send(settings, "PUT", "/assistants")
    conforms(response.json(), "ErrorResponse")
    assert error(response) == (405, "Invalid method for URL (PUT /assistants)", "method_not_supported")


@pytest.mark.parametrize(
    ("path", "what"),
    [("/uploads", "uploads in parts"), ("/uploads/u/parts", "uploads in parts"), ("/vaults", "vaults")],
)
def test_what_is_not_built_is_501_and_named(settings, send, conforms, path, what):
    response = send(settings, "POST", path, json={})
    conforms(response.json(), "ErrorResponse")
    status, message, code = error(response)
    assert (status, code) == (501, "not_implemented")
    assert message.startswith(f"This server does not have {what}")


def test_a_server_without_files_says_so(settings, send):
    assert error(send(settings, "GET", "/files"))[:2] == (
        501,
        "This server does not have files: it was started without them.",
    )


def test_no_key_is_asked_for_unless_one_is_set(settings, send, conforms):
    keyed = replace(settings, api_key="secret")
    missing = send(keyed, "GET", "/assistants")
    conforms(missing.json(), "ErrorResponse")
    assert missing.status_code == 401
    assert missing.json()["error"]["message"].startswith("You didn't provide an API key.")
    wrong = send(keyed, "GET", "/assistants", headers={"authorization": "Bearer sécret".encode("latin-1")})
    assert error(wrong) == (401, "Incorrect API key provided.", "invalid_api_key")
    assert send(keyed, "GET", "/assistants", headers={"authorization": "bearer secret"}).status_code == 200
    assert "secret" not in repr(keyed)


def test_web_pages_of_others_are_refused_without_a_key(settings, send):
    headers = {"origin": "https://evil.example"}
    assert send(settings, "GET", "/assistants", headers=headers).status_code == 403
    assert send(settings, "GET", "/assistants", headers={"origin": "http://localhost:3000"}).status_code == 200
    headers["authorization"] = "Bearer k"
    assert send(replace(settings, api_key="k"), "GET", "/assistants", headers=headers).status_code == 200


def test_a_name_that_only_points_to_this_machine_is_refused_without_a_key(settings, send):
    for name in ("evil.example", "evil.example:8080", "127.0.0.1.evil.example", "[::2]:80"):
        assert send(settings, "GET", "/assistants", headers={"host": name}).status_code == 403
    for name in ("localhost", "127.0.0.1:8080", "[::1]:8080"):
        assert send(settings, "GET", "/assistants", headers={"host": name}).status_code == 200
    keyed = {"host": "assistants.example", "authorization": "Bearer right"}
    assert send(replace(settings, api_key="right"), "GET", "/assistants", headers=keyed).status_code == 200


def test_every_reply_has_its_own_request_id(settings, send):
    ids = {send(settings, "GET", path).headers["x-request-id"] for path in ("/assistants", "/nothing", "/assistants")}
    assert len(ids) == 3
    assert all(id.startswith("req_") for id in ids)


def test_a_request_is_one_line_in_the_log(settings, send, caplog):
    caplog.set_level(logging.INFO, "orch.server")
    send(settings, "GET", "http://localhost/v1/assistants/x%0Ay?token=t")
    (record,) = [record for record in caplog.records if record.name == "orch.server"]
    line = record.getMessage()
    assert line.startswith("GET /v1/assistants/x\\ny 404 ")
    assert line.endswith(" ms")


@pytest.mark.parametrize(
    "content", [b"{", b"[1]", b'"x"', b"null", b'{"model": NaN}', b"\xff\xfe", b'{"model": "\\ud800"}', b"[" * 9999]
)
def test_no_body_is_a_500(settings, send, conforms, content):
    response = send(settings, "POST", "/assistants", content=content)
    conforms(response.json(), "ErrorResponse")
    assert response.status_code == 400


@pytest.mark.parametrize("path", ["/assistants/%00", "/assistants/%ff", "/assistants/%ed%a0%80", "/assistants/🎈"])
def test_no_path_is_a_500(settings, send, path):
    assert send(settings, "GET", path).status_code == 404
    assert send(settings, "GET", f"/assistants?after={path[12:]}").status_code == 400


def test_models_are_listed_and_found(settings, send, make_model):
    assert send(settings, "GET", "/models").json() == {
        "object": "list",
        "data": [{"id": "gpt-4o", "object": "model", "created": 0, "owned_by": "orch", "shutdown_date": None}],
    }
    ending = replace(settings, models=[ScriptedModel("old", [{"reply": "x"}], str.format, "2027-01-14")])
    assert send(ending, "GET", "/models/old").json()["shutdown_date"] == "2027-01-14"
    assert send(settings, "GET", "/models/gpt-4o").json()["id"] == "gpt-4o"
    assert error(send(settings, "GET", "/models/other")) == (404, "The model 'other' does not exist", "model_not_found")
    anything = replace(settings, models=[make_model(name="*")])
    assert send(anything, "GET", "/models/other").json()["id"] == "other"


def test_a_bug_is_a_500_in_the_shape_of_openai(settings, send, conforms, store):
    store.add("thread", {"id": "thread_1", "created_at": 1, "tool_resources": {}})
    store.add("run", {"id": "run_1", "created_at": 1}, "thread_1")  # a run no server wrote: it has no status
    response = send(settings, "GET", "/threads/thread_1/runs/run_1")
    conforms(response.json(), "ErrorResponse")
    assert (response.status_code, response.json()["error"]["type"]) == (500, "server_error")
    assert response.headers["x-request-id"].startswith("req_")


def test_importing_the_app_loads_no_parser_no_kernel_and_no_client():
    code = "import json, sys, orchestrator.server.app; print(json.dumps(sorted(sys.modules)))"
    modules = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    heavy = {"pypdf", "jupyter_client", "zmq", "openai", "pydantic", "jsonschema", "jinja2", "uvicorn", "multipart"}
    assert heavy.isdisjoint(modules)


def test_start_and_stop_hooks_run_around_the_work(settings, app_client):
    seen = []

    async def stop():
        seen.append("stop")

    async def check():
        async with app_client(replace(settings, on_start=[lambda: seen.append("start")], on_stop=[stop])):
            assert seen == ["start"]

    asyncio.run(check())
    assert seen == ["start", "stop"]
