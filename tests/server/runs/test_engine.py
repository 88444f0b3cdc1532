"""Runs across engines: what one leaves behind, another finishes."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.server.app import Settings, create_app, running
from orchestrator.server.models.interface import ModelStep, Reply
from orchestrator.server.runs.events import Feed, message_deltas, pieces
from orchestrator.server.runs.leases import ActiveRuns
from orchestrator.server.store import Store
from orchestrator.server.wire import WireError


class Model:
    """Answers when it is let."""

    name = "gpt-4o"
    shutdown_date = None

    def __init__(self):
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.error: Exception | None = None

    async def step(self, request):
        self.asked.set()
        await self.may_answer.wait()
        if self.error is not None:
            raise self.error
        return ModelStep(Reply("done"))


def prepared(engine, store):
    """Make a thread and an assistant straight in the store, and a run on them."""
    store.add("thread", {"id": "thread_1", "created_at": 1, "tool_resources": {}})
    return engine.create_run("thread_1", ASSISTANT, VALUES)


ASSISTANT = {
    "id": "asst_1",
    "model": "gpt-4o",
    "tools": [],
    "temperature": 1.0,
    "top_p": 1.0,
    "response_format": "auto",
    "tool_resources": {},
}
VALUES = {
    "metadata": {},
    "truncation_strategy": {"type": "auto", "last_messages": None},
    "tool_choice": "auto",
    "parallel_tool_calls": True,
}


def status(store, run):
    return store.fetch("run", run["id"], "thread_1")["status"]


async def until(store, run, *wanted):
    deadline = time.monotonic() + 20
    while status(store, run) not in wanted:
        assert time.monotonic() < deadline, status(store, run)
        await asyncio.sleep(0.005)


@pytest.fixture
def fast(store):
    return lambda model, **more: create_app(Settings(store, [model], beat_seconds=0.01, **more))


def engine_of(app):
    return app.state.services.engine


def test_a_stopped_engine_leaves_its_run_to_the_next(store, fast):
    async def check():
        first, second = Model(), Model()
        second.may_answer.set()
        app = fast(first)
        async with running(app):
            run = prepared(engine_of(app), store)
            await first.asked.wait()
        assert status(store, run) == "in_progress"
        async with running(fast(second)):
            await until(store, run, "completed")
        assert store.count("step", run["id"]) == 1

    asyncio.run(check())


def test_a_run_of_a_dead_engine_is_taken_over_when_its_lease_is_out(store, fast):
    async def check():
        first, second = Model(), Model()
        second.may_answer.set()
        stalled = create_app(Settings(store, [first], beat_seconds=3600))  # as good as dead: it never renews
        async with running(stalled):
            run = prepared(engine_of(stalled), store)
            await first.asked.wait()
            ActiveRuns(store).give(run["id"], "engine_dead", time.time() + 0.2)
            async with running(fast(second)):
                assert status(store, run) == "in_progress"
                await until(store, run, "completed")
            first.may_answer.set()  # too late: the run is not the first's any more
        assert store.count("message", "thread_1") == 1

    asyncio.run(check())


def test_an_engine_that_lost_a_run_and_gets_it_back_works_on_it_again(store, fast):
    async def check():
        model = Model()
        app = fast(model)
        async with running(app):
            run = prepared(engine_of(app), store)
            await model.asked.wait()
            ActiveRuns(store).give(run["id"], "engine_dead", time.time() - 1)
            model.asked.clear()
            await model.asked.wait()
            model.may_answer.set()
            await until(store, run, "completed")
        assert store.count("message", "thread_1") == 1

    asyncio.run(check())


def test_what_was_only_begun_is_begun_again(store, fast):
    async def check():
        first, second = Model(), Model()
        second.may_answer.set()
        app = fast(first)
        async with running(app):
            run = prepared(engine_of(app), store)
            await first.asked.wait()
        half = {"id": "step_half", "created_at": 1, "status": "in_progress", "type": "tool_calls", "usage": None}
        store.add("step", half, run["id"])
        async with running(fast(second)):
            await until(store, run, "completed")
        assert store.fetch("step", "step_half", run["id"]) is None

    asyncio.run(check())


def test_a_cancellation_reaches_the_engine_that_works(store, fast):
    async def check():
        model = Model()
        app, other = fast(model), fast(Model())
        async with running(app), running(other):
            run = prepared(engine_of(app), store)
            await model.asked.wait()
            assert engine_of(other).cancel("thread_1", run["id"])["status"] == "cancelling"
            await until(store, run, "cancelled")
        assert ActiveRuns(store).fetch("thread_1") is None

    asyncio.run(check())


def test_a_cancelled_run_of_a_dead_engine_is_cancelled_all_the_same(store, fast):
    async def check():
        model = Model()
        app = fast(model)
        async with running(app):
            run = prepared(engine_of(app), store)
            await model.asked.wait()
        other = fast(Model())
        active = ActiveRuns(store)
        active.give(run["id"], "engine_dead", time.time() + 0.2)
        async with running(other):
            engine_of(other).cancel("thread_1", run["id"])
            await until(store, run, "cancelled")

    asyncio.run(check())


def test_a_run_expires_at_work_and_while_it_waits(store, fast, make_model, quiz_tool):
    async def check():
        app = fast(Model(), run_seconds=0)
        async with running(app):
            run = prepared(engine_of(app), store)
            await until(store, run, "expired")
        waiting = fast(make_model(), run_seconds=1)
        store.add("message", {"id": "m", "created_at": 1, "role": "user", "content": text("quiz")}, "thread_1")
        async with running(waiting):
            assistant = {**ASSISTANT, "tools": [quiz_tool]}
            run = engine_of(waiting).create_run("thread_1", assistant, VALUES)
            await until(store, run, "requires_action")
            await until(store, run, "expired")
            with pytest.raises(WireError, match=r'Runs in status "expired" do not accept tool outputs\.'):
                engine_of(waiting).submit("thread_1", run["id"], [])
        (step,) = store.fetch_page("step", run["id"]).items
        assert step["status"] == "expired"
        assert ActiveRuns(store).fetch("thread_1") is None

    asyncio.run(check())


def text(value):
    return [{"type": "text", "text": {"value": value, "annotations": []}}]


def test_a_bug_in_a_model_fails_the_run(store, fast, caplog):
    async def check():
        model = Model()
        model.error = ZeroDivisionError("oops")
        model.may_answer.set()
        app = fast(model)
        async with running(app):
            run = prepared(engine_of(app), store)
            await until(store, run, "failed")
        return store.fetch("run", run["id"], "thread_1")["last_error"]

    assert asyncio.run(check()) == {
        "code": "server_error",
        "message": "The server had an error while working on this run: ZeroDivisionError: oops",
    }
    assert "ZeroDivisionError" in caplog.text


def test_without_a_started_engine_no_run_is_taken(store, fast):
    app = fast(Model())
    with pytest.raises(WireError) as caught:
        prepared(engine_of(app), store)
    assert caught.value.status == 503
    assert store.count("run", "thread_1") == 0


def test_starting_and_stopping_twice_is_once(store, fast):
    async def check():
        engine = engine_of(fast(Model()))
        await engine.start()
        await engine.start()
        await engine.stop()
        await engine.stop()

    asyncio.run(check())


def test_a_stream_that_cannot_go_on_says_so(store, fast):
    async def check():
        model = Model()
        app = fast(model)
        async with running(app):
            run = prepared(engine_of(app), store)
            stream = engine_of(app).feed.listen(run["id"], [])
            await model.asked.wait()
        return b"".join([part async for part in stream]).decode()

    names = [line for line in asyncio.run(check()).splitlines() if line.startswith("event: ")]
    assert names == ["event: thread.run.in_progress", "event: error", "event: done"]


def test_who_stops_listening_is_forgotten(store):
    async def check():
        feed = Feed()
        stream = feed.listen("run_1", [])
        feed.publish("run_1")
        assert feed.has_listeners("run_1")
        reader = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
        assert not feed.has_listeners("run_1")

    asyncio.run(check())


@pytest.mark.parametrize("value", ["", " ", "one", "a b  c\n", "  lead", "x " * 1000, "한국어 문장"])
def test_pieces_put_together_are_the_text(value):
    assert "".join(pieces(value)) == value
    assert len(pieces(value)) <= 200


def test_annotations_and_pictures_have_their_place_in_the_deltas():
    note = {"type": "file_citation", "text": "m", "start_index": 0, "end_index": 1, "file_citation": {"file_id": "f"}}
    content = [
        {"type": "image_file", "image_file": {"file_id": "i", "detail": "auto"}},
        {"type": "text", "text": {"value": "m", "annotations": [note]}},
    ]
    deltas = [event.data["delta"]["content"][0] for event in message_deltas({"id": "msg_1", "content": content})]
    assert deltas == [
        {"index": 0, **content[0]},
        {"index": 1, "type": "text", "text": {"value": "m", "annotations": []}},
        {"index": 1, "type": "text", "text": {"annotations": [{"index": 0, **note}]}},
    ]


def test_two_hundred_assistants_are_listed_quickly(store, app_client, make_model):
    for number in range(200):
        store.add("assistant", {"id": f"asst_{number}", "created_at": number, "instructions": "x" * 2000, "tools": []})

    async def check():
        async with app_client(Settings(store, [make_model()])) as http:
            await http.get("/assistants")
            best = 1.0
            for _ in range(5):
                started = time.perf_counter()
                first = (await http.get("/assistants?limit=100")).json()
                second = (await http.get(f"/assistants?limit=100&after={first['last_id']}")).json()
                best = min(best, time.perf_counter() - started)
            assert len(first["data"]) + len(second["data"]) == 200
            assert not second["has_more"]
            return best

    assert asyncio.run(check()) < 0.1


def test_two_stores_on_one_file_share_runs(tmp_path: Path, make_model):
    async def check():
        with Store.open(tmp_path / "a.db") as one, Store.open(tmp_path / "a.db") as two:
            settings = Settings(one, [make_model([{"reply": "hi"}])], beat_seconds=0.01)
            apps = [create_app(settings), create_app(replace(settings, store=two))]
            async with running(apps[0]), running(apps[1]):
                run = prepared(engine_of(apps[0]), one)
                with pytest.raises(WireError, match="already has an active run"):
                    engine_of(apps[1]).create_run("thread_1", ASSISTANT, VALUES)
                await until(two, run, "completed")

    asyncio.run(check())
