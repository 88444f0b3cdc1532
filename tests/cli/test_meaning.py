"""`embeddings:` of a local target and of `orch serve`: searches by meaning, over a real endpoint."""

import json
from pathlib import Path

import httpx2
import pytest

from tests.cli.test_serve import connect, served
from tests.providers.building import app_on_port
from tests.providers.meanings import endpoint

SPECS = """
kind: Project
name: shop
targets:
  local: {provider: local, embeddings: {base_url: 'URL/v1', model: meanings, api_key: {env: MEANINGS_KEY}}}
---
kind: VectorStore
name: handbook
files: [{path: 'docs/*'}]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "car.md").write_text("The car costs nine thousand.")
    (tmp_path / "docs" / "dog.md").write_text("A dog needs a walk.")
    return tmp_path


def test_a_local_target_searches_by_meaning_and_by_words_while_the_endpoint_is_down(orch, shop, monkeypatch, caplog):
    monkeypatch.setenv("MEANINGS_KEY", "sk-right")
    with app_on_port(endpoint("sk-right")) as url:
        (shop / "orch.yaml").write_text(SPECS.replace("URL", url))
        assert orch("apply", "--yes").code == 0
        found = json.loads(orch("search", "handbook", "automobile price", "--format", "json").out)["results"]
        assert found[0]["file"] == "docs/car.md"
    down = json.loads(orch("search", "handbook", "a walk", "--format", "json").out)["results"]
    assert [each["file"] for each in down] == ["docs/dog.md"]
    assert "searching by words only for 30 s: embeddings of meanings at http://127.0.0.1:" in caplog.text


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("'URL/v1'", "nowhere", "has a `base_url` that is no address"),
        ("model: meanings, ", "", "orch.yaml:5:"),
        ("provider: local", "provider: agents", "`embeddings` is for `provider: local`; agents has its own search"),
        ("URL", "http://127.0.0.1:9", "lacks its key: the environment variable MEANINGS_KEY is not set"),
    ],
)
def test_what_is_wrong_with_the_settings_is_told(orch, shop, old, new, said):
    (shop / "orch.yaml").write_text(SPECS.replace(old, new))
    done = orch("plan")
    assert done.code in (1, 64)
    assert said in done.err


def test_the_server_searches_by_meaning_and_rewrites_when_asked(shop):
    with (
        app_on_port(endpoint()) as meanings,
        served(shop, "--embeddings", f"{meanings}/v1", "--embeddings-model", "meanings") as (_, url),
    ):
        client = connect(url)
        file = client.files.create(file=("car.md", b"The car costs nine thousand."), purpose="assistants")
        store = client.vector_stores.create()
        client.vector_stores.files.create_and_poll(file.id, vector_store_id=store.id)
        [found] = client.vector_stores.search(store.id, query="automobile").data
        assert (found.filename, 0.3 < found.score <= 0.5) == ("car.md", True)
        body = {"query": "Can you please tell me what the price of the car is?", "rewrite_query": True}
        page = httpx2.post(f"{url}/vector_stores/{store.id}/search", json=body).json()
        assert page["search_query"] == ["price car"]
        assert page["data"][0]["score"] > 0.9
        page = httpx2.post(f"{url}/vector_stores/{store.id}/search", json={**body, "rewrite_query": False}).json()
        assert page["search_query"] == [body["query"]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--embeddings", "nowhere", "--embeddings-model", "m"), "the address of --embeddings is no address"),
        (("--embeddings", "http://127.0.0.1:9/v1"), "--embeddings needs --embeddings-model"),
        (("--embeddings-model", "m"), "there is no --embeddings"),
    ],
)
def test_flags_that_do_not_fit_are_told(orch, shop, arguments, said):
    done = orch("serve", "--port", "0", *arguments)
    assert done.code == 64
    assert said in done.err
