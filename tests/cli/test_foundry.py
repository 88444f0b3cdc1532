"""Foundry classic, end to end: the real command as real processes, and a server that is as particular as Foundry."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.cli.conftest import Done
from tests.providers.foundry import AZ, PREFIX, VERSION, Asked, Foundry, az_of, foundry_on_port, times_asked

PROJECT = """
kind: Project
name: shop
default_target: foundry
targets:
  local: {provider: local}
  foundry:
    provider: assistants
    base_url: BASE_URL
    query: {api-version: "2025-05-01"}
    api_key: {command: "COMMAND"}
"""
SPECS = """
kind: Assistant
name: support
model: my-deployment
instructions: Answer questions about orders.
tools: [{function: quiz}, {file_search: {vector_stores: [papers]}}]
metadata: {team: shop}
---
kind: Function
name: quiz
parameters: {type: object, properties: {n: {type: integer}}}
---
{kind: VectorStore, name: papers, files: [{path: whales.md}, {path: orders.md}]}
---
kind: Scenario
name: quiz
assistant: support
turns:
  - user: a quiz, please
    mocks: {quiz: {returns: paris}}
    checks: [{contains: you said}, {tool_called: {name: quiz, times: 2}}]
  - user: thanks
    checks: [{contains: hello}]
---
kind: Scenario
name: search
assistant: support
turns:
  - user: search for whales
    checks: [{contains: Whales sing}, {cites: {file: whales.md}}]
"""


class Shop:
    """A project in a folder, the server it is for, and the command."""

    def __init__(self, folder: Path, server: Foundry, url: str) -> None:
        self.folder, self.server, self.url = folder, server, url
        self.az = az_of(folder / "bin")
        (folder / "orch.yaml").write_text(PROJECT.replace("BASE_URL", url).replace("COMMAND", AZ))
        (folder / "specs.yaml").write_text(SPECS)
        (folder / "whales.md").write_text("Whales sing.")
        (folder / "orders.md").write_text("Orders are shipped on Mondays.")

    def orch(self, *arguments: str, **env: str) -> Done:
        """Run the command as a process."""
        known = {name: os.environ[name] for name in ("HOME", "PATH", "PYTHONPATH") if name in os.environ}
        path = f"{self.az.parent}{os.pathsep}{known.get('PATH', '')}"
        done = subprocess.run(
            [sys.executable, "-m", "orchestrator", *arguments],
            cwd=self.folder,
            env={**known, "PATH": path, "NO_COLOR": "1", "COLUMNS": "100", **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def good(self, *arguments: str, code: int = 0) -> Done:
        """Run it and see that it ends as it should."""
        done = self.orch(*arguments)
        assert done.code == code, f"{arguments}: {done.code}\n{done.out}\n{done.err}"
        return done

    def outside(self, method: str, path: str, body: Any = None) -> Any:
        """Do something in the portal."""
        headers = {"authorization": "Bearer token-999999"}
        url = f"{self.url}{path}{'&' if '?' in path else '?'}api-version={VERSION}"
        answer = httpx2.request(method, url, headers=headers, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def settled(self) -> bool:
        """Whether a plan has nothing to do."""
        return self.orch("plan", "--detailed-exitcode").code == 0


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with foundry_on_port(tmp_path) as (server, url):
        folder = tmp_path / "project"
        folder.mkdir()
        yield Shop(folder, server, url)


def test_the_whole_life_of_a_project(shop):
    shop.good("validate")
    shop.good("plan", "--detailed-exitcode", code=2)
    assert "Applied: 2 created" in shop.good("apply", "--yes").out
    shop.good("plan", "--detailed-exitcode")
    shop.good("test")
    shop.good("drift")
    assistant = next(item for item in shop.outside("GET", "/assistants")["data"] if item["name"] == "support")
    shop.outside("POST", f"/assistants/{assistant['id']}", {"temperature": 0.5, "instructions": "Be rude."})
    told = shop.good("drift", code=3).out
    assert "instructions" in told
    shop.good("apply", "--yes")
    shop.good("plan", "--detailed-exitcode")
    made = {"model": "my-deployment", "name": "portal", "description": None, "tools": [{"type": "code_interpreter"}]}
    shop.outside("POST", "/assistants", made)
    for number in range(100):
        shop.outside("POST", "/assistants", {"model": "m", "name": f"other {number:03}"})
    assert "portal" in shop.good("list", "--unmanaged").out
    shop.good("import", f"assistant.portal={assistant_id(shop, 'portal')}", "--into", ".")
    shop.good("plan", "--detailed-exitcode")
    shop.good("destroy", "--yes")
    assert not [each for each in everything(shop) if "other" not in each["name"]]
    assert shop.outside("GET", "/vector_stores")["data"] == []
    ours = [each for each in shop.server.asked if each.token != "token-999999"]
    assert {each.query.get("api-version") for each in ours} == {VERSION}
    asked = {(each.method, each.path.split("/")[1]) for each in ours}
    assert {("POST", "files"), ("POST", "vector_stores"), ("POST", "threads"), ("DELETE", "threads")} <= asked
    assert any("after" in each.query for each in ours), "no cursor was used"
    assert any(each.path.endswith("/submit_tool_outputs") for each in ours), "no stream of outputs"


def everything(shop: Shop) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        page = shop.outside("GET", f"/assistants?limit=100&order=asc{after}")
        found += page["data"]
        if not page["has_more"]:
            return found
        after = f"&after={page['last_id']}"


def assistant_id(shop: Shop, name: str) -> str:
    return next(str(each["id"]) for each in everything(shop) if each["name"] == name)


def at(method: str, end: str, number: int = 1) -> Any:
    """Give when tokens expire: at the `number`-th request of a method whose path ends so."""
    seen: list[Asked] = []

    def expires(asked: Asked) -> bool:
        if asked.method != method or not asked.path.endswith(end):
            return False
        seen.append(asked)
        return len(seen) == number

    return expires


@pytest.mark.parametrize(
    "expires",
    [
        at("GET", "/assistants"),
        at("POST", "/assistants"),
        at("POST", "/vector_stores"),
        at("POST", "/files", 2),
        at("POST", "/file_batches"),
    ],
    ids=["a read", "a create", "a store", "an upload", "a batch"],
)
def test_a_token_that_expires_while_applying_is_renewed(shop, expires):
    shop.server.expires_at = expires
    shop.good("apply", "--yes")
    assert times_asked(shop.az) == 2
    assert len(shop.outside("GET", "/assistants")["data"]) == 1
    assert len(shop.outside("GET", "/files")["data"]) == 2
    assert shop.settled()


def test_tokens_that_live_for_a_few_requests_are_renewed_as_often(shop):
    shop.server.expires_at = lambda asked: len(shop.server.asked) % 5 == 4
    shop.good("apply", "--yes", "--concurrency", "1")
    shop.good("test", "--concurrency", "1")
    assert times_asked(shop.az) >= len(shop.server.asked) // 5
    assert shop.settled()


@pytest.mark.parametrize(
    "expires",
    [at("POST", "/threads/runs"), at("POST", "/submit_tool_outputs"), at("POST", "/runs", 2), at("DELETE", "")],
    ids=["the first message", "outputs", "a further message", "the end"],
)
def test_a_token_that_expires_within_a_scenario_is_renewed(shop, expires):
    shop.good("apply", "--yes")
    before = times_asked(shop.az)
    shop.server.expires_at = expires
    shop.good("test")
    assert times_asked(shop.az) == before + 2


def test_many_that_are_refused_at_once_ask_for_one_token(shop):
    many = "---\n".join(f"{{kind: Assistant, name: a{number}, model: m}}\n" for number in range(8))
    (shop.folder / "specs.yaml").write_text(many)
    shop.server.together = ("POST", "/assistants", 8)
    shop.good("apply", "--yes", "--concurrency", "8")
    assert times_asked(shop.az) == 2
    creates = [each.token for each in shop.server.asked if (each.method, each.path) == ("POST", "/assistants")]
    assert sorted(creates) == ["token-1"] * 8 + ["token-2"] * 8
    assert len(everything(shop)) == 8
    assert shop.settled()


def with_variable(shop: Shop) -> None:
    text = (shop.folder / "orch.yaml").read_text()
    (shop.folder / "orch.yaml").write_text(text.replace(f'{{command: "{AZ}"}}', "{env: FOUNDRY_TOKEN}"))


def test_a_token_from_the_environment_serves_while_it_is_good_and_then_says_what_to_do(shop):
    with_variable(shop)
    assert shop.orch("apply", "--yes", FOUNDRY_TOKEN="token-7").code == 0
    assert shop.orch("test", FOUNDRY_TOKEN="token-7").code == 0
    shop.server.least = 8
    done = shop.orch("plan", FOUNDRY_TOKEN="token-7")
    assert done.code == 1
    assert "audience is incorrect (https://ai.azure.com), or have expired. (HTTP 401)" in done.err
    assert "api_key: {command:" in done.err
    assert "token-7" not in done.out + done.err
    assert times_asked(shop.az) == 0


def test_a_target_without_its_version_says_where_to_write_it(shop):
    text = (shop.folder / "orch.yaml").read_text()
    (shop.folder / "orch.yaml").write_text(text.replace('    query: {api-version: "2025-05-01"}\n', ""))
    done = shop.orch("plan")
    assert done.code == 1
    assert "Missing required query parameter: api-version" in done.err
    assert "query: {api-version:" in done.err


def test_a_token_that_is_never_good_is_no_loop(shop):
    shop.server.least = 1000
    done = shop.orch("plan")
    assert done.code == 1
    assert times_asked(shop.az) == 2
    assert "or have expired" in done.err


def test_a_project_that_is_not_there_is_told_in_the_servers_words(shop):
    text = (shop.folder / "orch.yaml").read_text()
    (shop.folder / "orch.yaml").write_text(text.replace(PREFIX, "/api/other/q"))
    done = shop.orch("plan")
    assert done.code == 1
    assert "The project does not exist. (HTTP 404)" in done.err


def test_logging_in_is_asked_for_where_the_command_fails(shop):
    shop.az.write_text(f"#!{sys.executable}\nimport sys\nsys.exit('Please run az login')\n")
    done = shop.orch("plan")
    assert done.code == 1
    assert "Please run az login" in done.err
    shutil.rmtree(shop.az.parent)
    assert "az" in shop.orch("plan").err


OWN = """
kind: Assistant
name: support
model: my-deployment
tools: [{function: quiz}]
assistants:
  tools:
    - bing_grounding: {connection_id: /c/bing, market: de-DE}
    - azure_ai_search: {index_connection_id: /c/search, index_name: papers, query_type: semantic}
    - openapi:
        name: weather
        spec: {openapi: 3.1.0, paths: {}}
        auth: {managed_identity: {audience: "https://w.example"}}
    - mcp: {server_label: docs, server_url: "https://docs.example/mcp"}
---
{kind: Function, name: quiz}
"""


def portal(shop: Shop) -> Any:
    return shop.outside("GET", f"/assistants/{assistant_id(shop, 'support')}")


def test_tools_that_only_foundry_has_are_planned_changed_and_reset(shop):
    specs = shop.folder / "specs.yaml"
    specs.write_text(OWN)
    shop.good("apply", "--yes")
    assert shop.settled()
    live = portal(shop)
    assert [tool["type"] for tool in live["tools"]] == [
        "function",
        "bing_grounding",
        "azure_ai_search",
        "openapi",
        "mcp",
    ]
    index = {"index_connection_id": "/c/search", "index_name": "papers", "query_type": "semantic"}
    assert live["tool_resources"]["azure_ai_search"] == {"indexes": [index]}
    specs.write_text(OWN.replace("index_name: papers", "index_name: news").replace("market: de-DE", "count: 3"))
    planned = json.loads(shop.good("plan", "--format", "json").out)
    assert [field["path"] for field in planned["changes"][0]["fields"]] == [
        "tools.assistants:bing_grounding",
        "tools.assistants:azure_ai_search",
    ]
    shop.good("apply", "--yes")
    assert shop.settled()
    assert portal(shop)["tool_resources"]["azure_ai_search"]["indexes"][0]["index_name"] == "news"
    tools = [tool for tool in portal(shop)["tools"] if tool["type"] != "mcp"]
    shop.outside("POST", f"/assistants/{assistant_id(shop, 'support')}", {"tools": tools})
    assert "tools.assistants:mcp:docs" in shop.good("drift", code=3).out
    shop.good("apply", "--yes")
    assert [tool["type"] for tool in portal(shop)["tools"]][-1] == "mcp"
    specs.write_text("{kind: Assistant, name: support, model: my-deployment, tools: []}\n")
    shop.good("apply", "--yes")
    assert shop.settled()
    assert portal(shop)["tools"] == []


def test_what_was_made_in_the_portal_becomes_a_spec_with_foundrys_own_tools(shop):
    (shop.folder / "specs.yaml").write_text("{kind: Function, name: unused}\n")
    search = {"search_configurations": [{"connection_id": "/c/bing", "count": 5, "market": None}]}
    made = shop.outside(
        "POST",
        "/assistants",
        {
            "model": "my-deployment",
            "name": "portal",
            "description": None,
            "top_p": 1.0,
            "tools": [
                {"type": "bing_grounding", "bing_grounding": search},
                {"type": "azure_ai_search"},
                {"type": "telepathy", "range": 5},
            ],
            "tool_resources": {
                "code_interpreter": {"file_ids": []},
                "azure_ai_search": {"indexes": [{"index_asset_id": "news/versions/1"}]},
            },
        },
    )
    listed = json.loads(shop.good("list", "--format", "json").out)["objects"]
    assert [each["unknown"] for each in listed] == [["tools.unknown:telepathy"]]
    shop.good("import", f"assistant.portal={made['id']}", "--into", ".")
    assert shop.settled()
    text = (shop.folder / "portal.yaml").read_text()
    assert "# Specs cannot express its tools.unknown:telepathy: that stays." in text
    assert "bing_grounding: {connection_id: /c/bing, count: 5}" in text
    assert "azure_ai_search: {index_asset_id: news/versions/1}" in text
    (shop.folder / "portal.yaml").write_text(text.replace("count: 5", "count: 6"))
    shop.good("apply", "--yes")
    assert shop.settled()
    live = shop.outside("GET", f"/assistants/{made['id']}")
    assert {"type": "telepathy", "range": 5} in live["tools"]
    assert live["tool_resources"]["azure_ai_search"] == {"indexes": [{"index_asset_id": "news/versions/1"}]}


def test_the_local_target_says_at_its_place_that_it_has_no_such_tool(shop):
    (shop.folder / "specs.yaml").write_text(OWN.lstrip())
    done = shop.orch("validate", "--target", "local")
    assert done.code == 1
    assert "specs.yaml:7:7: error: target local cannot take `tools.assistants:bing_grounding`" in done.err
    assert "overrides" in done.err
    text = (shop.folder / "orch.yaml").read_text()
    without = "{provider: local, overrides: {assistant.support: {assistants: null}}}"
    (shop.folder / "orch.yaml").write_text(text.replace("{provider: local}", without))
    assert shop.orch("apply", "--yes", "--target", "local").code == 0


ASKING = """
kind: Assistant
name: support
model: my-deployment
assistants:
  tools:
    - connected_agent: {assistant: zoologist, name: zoo, description: Knows animals}
---
{kind: Assistant, name: zoologist, model: my-deployment}
"""


def test_an_assistant_that_asks_another_of_the_project_is_created_after_it(shop):
    specs = shop.folder / "specs.yaml"
    specs.write_text(ASKING)
    shop.good("apply", "--yes")
    assert shop.settled()
    asked = {"id": assistant_id(shop, "zoologist"), "name": "zoo", "description": "Knows animals"}
    assert portal(shop)["tools"] == [{"type": "connected_agent", "connected_agent": asked}]
    specs.write_text(ASKING.replace("Knows animals", "Knows whales"))
    shop.good("apply", "--yes")
    assert shop.settled()
    assert portal(shop)["tools"][0]["connected_agent"] == {**asked, "description": "Knows whales"}
    specs.write_text(ASKING.replace("assistant: zoologist", "assistant: zoologis"))
    assert "no Assistant is called `zoologis`" in shop.orch("validate").err
    specs.write_text(ASKING.replace("assistant: zoologist", "assistant: support"))
    told = shop.orch("plan").err
    assert "specs.yaml:7:" in told
    assert "assistants ask one another in a circle: support -> support" in told
