"""The reconciler over the Assistants wire: what holds in memory holds over a real server."""

import asyncio
import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import httpx2
import pytest
from hypothesis import given, settings

from orchestrator.errors import TargetAccessError, TargetRejectedError, TargetUnknownError
from orchestrator.model.address import Address, Kind
from orchestrator.model.fields import file_label, file_path
from orchestrator.model.project import Resource
from orchestrator.providers._client import Client
from orchestrator.providers.assistants import AssistantsProvider
from orchestrator.providers.interface import Provider
from orchestrator.reconcile.observe import observe
from orchestrator.reconcile.outcome import Applied
from orchestrator.reconcile.plan import Action, Plan
from orchestrator.reconcile.planner import PlanOptions, plan
from tests.providers.building import JOURNAL, PAPERS, TUTOR, desired, in_process, refusal, run
from tests.reconcile.building import FILE, PROJECT, assistant, carried_out, project, store
from tests.reconcile.strategies import projects

Resources = Mapping[Address, Resource]


async def planned(provider: Provider, resources: Resources) -> Plan:
    observed = await observe(provider, resources, PROJECT)
    return plan(resources, observed, provider.capabilities, PlanOptions(prune=True), PROJECT, "local")


async def applied(provider: Provider, resources: Resources) -> Applied:
    return await carried_out(await planned(provider, resources), provider, resources)


def with_sources(resources: Resources, folder: Path) -> Resources:
    """Give every declared file a content, another for each digest, and the digest of that: what is sent is checked."""

    def real(resource: Resource) -> Resource:
        fields, sources = dict(resource.fields), {}
        for path, value in resource.fields.items():
            if (label := file_label(path)) is not None:
                content = f"words to index: {value['sha256']}".encode()
                source = folder / f"{value['sha256']}.md"
                source.write_bytes(content)
                fields[path] = {**value, "sha256": hashlib.sha256(content).hexdigest()}
                sources[label] = str(source)
        return replace(resource, fields=fields, sources=sources)

    return {where: real(resource) for where, resource in resources.items()}


@settings(max_examples=25, deadline=None, derandomize=True)
@given(projects(), projects(ignoring=True))
def test_apply_then_plan_is_empty_over_the_whole_language(first, second):
    async def check(folder: Path) -> None:
        async with in_process(folder) as (provider, _):
            for declared in (first, second):
                resources = with_sources(declared, folder)
                outcome = await applied(provider, resources)
                assert outcome.exit_code == 0, outcome
                again = await planned(provider, resources)
                assert {change.action for change in again.changes} <= {Action.NOOP}, again

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(check(Path(folder)))


def test_a_store_may_take_over_what_another_loses_in_the_same_session(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, _):
            for name in ("papers", "policies", "papers"):
                resources = with_sources(project(store(name, {file_path("a.md"): FILE}, whole={"files"})), tmp_path)
                assert (await applied(provider, resources)).exit_code == 0
                assert {change.action for change in (await planned(provider, resources)).changes} == {Action.NOOP}

    run(check())


def test_a_plan_that_finds_nothing_to_do_costs_a_page_of_each_kind(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, _):
            made = [assistant(f"a{number}") for number in range(3)]
            resources = {item.address: item for item in made}
            await applied(provider, resources)
            provider.requests.counts.clear()
            assert not (await planned(provider, resources)).pending
            assert provider.requests.counts == {"GET /assistants": 1, "GET /vector_stores": 1}

    run(check())


def test_a_create_costs_one_request_and_its_read_back(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, _):
            resources = {item.address: item for item in [assistant("a")]}
            decided = await planned(provider, resources)
            provider.requests.counts.clear()
            await carried_out(decided, provider, resources)
            assert provider.requests.counts == {"POST /assistants": 1, "GET /assistants/{id}": 1}

    run(check())


def test_a_create_in_doubt_is_not_repeated(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, witness):
            witness.instead = lambda name, count: refusal("oops", 500) if name == "POST /assistants" else None
            with pytest.raises(TargetUnknownError):
                await provider.create(desired(TUTOR, {"model": "m"}), JOURNAL)
            assert witness.seen == ["POST /assistants"]

    run(check())


def test_an_object_of_a_store_that_does_not_exist_is_refused_in_the_words_of_the_api(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, _):
            fields = {"model": "m", "tools.file_search": "file_search", "tools.file_search.vector_stores": ["vs_none"]}
            with pytest.raises(TargetRejectedError, match="vs_none"):
                await provider.create(desired(TUTOR, fields), JOURNAL)

    run(check())


@pytest.mark.parametrize("reply", [{}, {"id": None}, {"id": 3}, {"object": "assistant"}])
def test_a_create_that_is_answered_without_an_id_is_in_doubt(tiny, reply):
    async def check():
        provider = AssistantsProvider(Client(tiny.url, None))
        try:
            for where in (TUTOR, PAPERS):
                with pytest.raises(TargetUnknownError, match="without an id"):
                    await provider.create(desired(where, {"display_name": "x"}), JOURNAL)
            with pytest.raises(TargetUnknownError, match="without an id"):
                await provider.fetch(Kind.ASSISTANT, "asst_1")
        finally:
            await provider.close()

    tiny.will(reply)
    run(check())


def test_models_are_read_with_their_dates_and_what_is_none_counts_as_none(tmp_path):
    listed = [
        {"id": "gpt-4o", "shutdown_date": "2027-01-14"},
        {"id": "gpt-6", "shutdown_date": None},
        {"id": "old", "shutdown_date": "soon"},
        {"id": "plain"},
    ]

    async def check():
        async with in_process(tmp_path) as (provider, witness):
            witness.instead = lambda name, count: httpx2.Response(200, json={"object": "list", "data": listed})
            dates = {"gpt-4o": date(2027, 1, 14), "gpt-6": None, "old": None, "plain": None}
            assert await provider.fetch_models() == dates
            assert witness.seen == ["GET /models"]

    run(check())


@pytest.mark.parametrize("status", [400, 404, 405])
def test_a_server_without_a_list_of_models_says_so(tmp_path, status):
    async def check():
        async with in_process(tmp_path) as (provider, witness):
            witness.instead = lambda name, count: refusal("no such thing", status)
            assert await provider.fetch_models() is None

    run(check())


def test_a_refused_key_is_no_absence_of_a_list(tmp_path):
    async def check():
        async with in_process(tmp_path) as (provider, witness):
            witness.instead = lambda name, count: refusal("who are you", 401)
            with pytest.raises(TargetAccessError):
                await provider.fetch_models()

    run(check())
