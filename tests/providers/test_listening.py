import asyncio

import pytest

from orchestrator.errors import TargetBusyError, TargetUnknownError
from orchestrator.providers._events import Event
from orchestrator.providers._listening import REMEMBERED, Listening


async def streaming(*items):
    for item in items:
        if isinstance(item, Exception):
            raise item
        yield item


def event(id):
    return Event("x", {"event_id": id} if id else {})


def test_events_come_once_each_and_those_without_an_id_as_they_are():
    async def check():
        listening = Listening(streaming(event("a"), event("b"), event("a"), event(""), event("")))
        assert [(await listening.next()).data.get("event_id") for _ in range(4)] == ["a", "b", None, None]
        with pytest.raises(TargetUnknownError, match="ended its stream"):
            await listening.next()

    asyncio.run(check())


def test_only_so_many_ids_are_kept():
    async def check():
        ids = [str(number) for number in range(REMEMBERED + 1)]
        listening = Listening(streaming(*map(event, ids), event("0")))
        heard = [(await listening.next()).data["event_id"] for _ in range(REMEMBERED + 2)]
        assert heard[-1] == "0"

    asyncio.run(check())


def test_what_broke_the_stream_is_heard_by_everybody_who_asks():
    async def check():
        listening = Listening(streaming(event("a"), TargetBusyError("gone")))
        await listening.next()
        for _ in range(2):
            with pytest.raises(TargetBusyError):
                await listening.next()
        assert not listening.alive

    asyncio.run(check())


@pytest.mark.parametrize("broken", [TargetBusyError("gone"), RuntimeError("a stream that was read before")])
def test_nobody_waits_for_a_stream_that_broke_whatever_broke_it(broken):
    async def check():
        listening = Listening(streaming(event("a"), broken))
        await listening.next()
        async with asyncio.timeout(10):
            for _ in range(2):
                with pytest.raises(type(broken), match=str(broken)):
                    await listening.next()
        await listening.close()

    asyncio.run(check())


def test_whoever_closes_may_be_cancelled_meanwhile():
    async def stubborn():
        try:
            yield event("a")
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.2)

    async def check():
        listening = Listening(stubborn())
        await listening.next()
        closing = asyncio.create_task(listening.close())
        await asyncio.sleep(0.01)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing

    asyncio.run(check())


def test_what_is_closed_reads_no_more():
    async def endless():
        yield event("a")
        await asyncio.Event().wait()

    async def check():
        listening = Listening(endless())
        await listening.next()
        assert listening.alive
        await listening.close()
        assert not listening.alive

    asyncio.run(check())
