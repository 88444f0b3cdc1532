import asyncio
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from orchestrator.diagnostics import Position
from orchestrator.errors import SpecError
from orchestrator.model.address import Kind
from orchestrator.model.language import Secret
from orchestrator.model.project import Project, Target
from orchestrator.providers.interface import Provider
from orchestrator.providers.registry import CAPABILITIES, PROVIDERS, open_provider

WHERE = Position("orch.yaml", 7, 5)
URL = "https://x.example/v1"


def project(root: Path, **target) -> Project:
    return Project("p", root, "there", Target(**target), WHERE, {}, (), ())


def problem(root, env=None, **target):
    with pytest.raises(SpecError) as caught:
        asyncio.run(open_provider(project(root, **target), env or {}))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.position == WHERE
    return diagnostic


def test_every_provider_of_the_language_can_be_opened_and_says_what_it_can():
    written = get_args(Target.model_fields["provider"].annotation)
    assert set(PROVIDERS) == set(CAPABILITIES) == set(written)


def test_a_key_that_is_missing_is_named_where_the_target_stands(tmp_path):
    for env in ({}, {"THERE_KEY": ""}, {"THERE_KEY": " \n"}):
        found = problem(tmp_path, env, provider="assistants", base_url=URL, api_key=Secret(env="THERE_KEY"))
        assert found.message == "target there lacks its key: the environment variable THERE_KEY is not set"
        assert found.hint == "export THERE_KEY=..."


@pytest.mark.parametrize("value", ["sk-canary\nsk-other", "sk-canary-\u200b1", "ключ", "sk-canary\x00"])
def test_a_key_that_cannot_be_sent_is_refused_without_being_shown(tmp_path, value):
    env = {"THERE_KEY": value}
    found = problem(tmp_path, env, provider="assistants", base_url=URL, api_key=Secret(env="THERE_KEY"))
    assert "THERE_KEY holds characters that no key has" in found.message
    assert "canary" not in f"{found.message} {found.hint}"


def test_an_address_that_is_missing_is_asked_for(tmp_path):
    found = problem(tmp_path, provider="assistants")
    assert found.message == "target there lacks `base_url`"
    assert "https://HOST/v1" in str(found.hint)


@pytest.mark.parametrize(
    "url", ["localhost:8080/v1", "ftp://x/v1", "http://", "http://x:port/v1", "http://[::1/v1", "v1", "http://x/\x07v1"]
)
def test_an_address_that_is_none_is_refused_before_anything_is_sent(tmp_path, url):
    found = problem(tmp_path, provider="assistants", base_url=url)
    assert found.message == "target there has a `base_url` that is no address"


@pytest.mark.parametrize(
    ("url", "what", "hint"),
    [
        ("https://x.example/v1?api-version=1", "has a query, which would be lost", "write it under `query:`"),
        ("https://me:sk-canary@x.example/v1", "holds a user or a password", "a key goes under `api_key:`"),
        ("https://x.example/v1#now", "has a `#`, which is never sent", "leave out what follows it"),
    ],
)
def test_what_is_no_part_of_an_address_is_refused_at_its_place_with_where_it_goes(tmp_path, url, what, hint):
    found = problem(tmp_path, provider="assistants", base_url=url)
    assert found.message == f"target there has a `base_url` that {what}"
    assert str(found.hint).startswith(hint)
    assert "canary" not in f"{found.message} {found.hint}"


def test_a_target_without_a_key_is_opened_and_sends_its_query(tmp_path, tiny):
    tiny.will({"data": [], "has_more": False})

    async def look():
        where = project(tmp_path, provider="assistants", base_url=tiny.url, query={"api-version": "1"})
        provider: Provider = await open_provider(where, {"OPENAI_API_KEY": "sk-canary"})
        try:
            return await provider.fetch_live(Kind.ASSISTANT)
        finally:
            await provider.close()

    assert asyncio.run(look()) == ()
    (asked,) = tiny.asked
    assert dict(asked.query)["api-version"] == "1"
    assert (asked.headers["authorization"], asked.headers["openai-beta"]) == ("Bearer none", "assistants=v2")


def test_the_key_is_read_from_the_environment_that_is_given(tmp_path, tiny, answer):
    tiny.will(answer({"error": {"message": "Incorrect API key provided: sk-canary."}}, 403))

    async def look():
        where = project(tmp_path, provider="assistants", base_url=tiny.url, api_key=Secret(env="THERE_KEY"))
        provider = await open_provider(where, {"THERE_KEY": " sk-canary\n"})
        try:
            await provider.fetch_live(Kind.ASSISTANT)
        finally:
            await provider.close()

    with pytest.raises(Exception, match=r"Incorrect API key provided: \*\*\*\."):
        asyncio.run(look())
    assert tiny.asked[0].headers["authorization"] == "Bearer sk-canary"


def test_opening_sends_nothing(tmp_path):
    async def requests():
        provider = await open_provider(project(tmp_path, provider="assistants", base_url="http://127.0.0.1:9/v1"), {})
        await provider.close()
        return provider.requests.total

    assert asyncio.run(requests()) == 0


def test_the_registry_loads_no_client_and_no_server():
    program = "import sys, orchestrator.providers.registry; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert not [name for name in ("openai", "httpx2", "starlette", "sqlite3", "jinja2") if f"'{name}'" in loaded]
