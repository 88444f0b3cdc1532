import asyncio

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from orchestrator.providers._in_process import InProcess


async def echo(request: Request) -> Response:
    return Response(await request.body(), headers={"x-path": request.url.path, "x-query": request.url.query})


async def broken(request: Request) -> Response:
    raise LookupError("a bug")


def client(*routes):
    return httpx2.AsyncClient(transport=InProcess(Starlette(routes=list(routes))), base_url="http://localhost")


def test_a_request_arrives_whole():
    async def check():
        async with client(Route("/a/{b}", echo, methods=["POST"])) as asking:
            reply = await asking.post("/a/b?c=d", content=b"x" * 100_000)
            assert (reply.status_code, reply.headers["x-path"], reply.headers["x-query"]) == (200, "/a/b", "c=d")
            assert reply.content == b"x" * 100_000

    asyncio.run(check())


def test_a_stream_without_an_end_is_read_as_it_comes_and_ends_with_its_reader():
    left = asyncio.Event()

    async def endless(request: Request) -> Response:
        async def events():
            try:
                yield b"one"
                await asyncio.Event().wait()
            finally:
                left.set()

        return StreamingResponse(events())

    async def check():
        async with client(Route("/events", endless)) as asking, asking.stream("GET", "/events") as reply:
            assert await anext(reply.aiter_bytes()) == b"one"
        await asyncio.wait_for(left.wait(), 5)

    asyncio.run(check())


def test_a_bug_of_the_application_is_raised():
    async def check():
        async with client(Route("/broken", broken)) as asking:
            with pytest.raises(LookupError, match="a bug"):
                await asking.get("/broken")

    asyncio.run(check())


def test_a_request_that_is_given_up_is_given_up_inside_too():
    left, begun = asyncio.Event(), asyncio.Event()

    async def slow(request: Request) -> Response:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            left.set()
        return Response()

    async def check():
        async with client(Route("/slow", slow)) as asking:
            task = asyncio.create_task(asking.get("/slow"))
            await begun.wait()
            task.cancel()
            await asyncio.wait_for(left.wait(), 5)

    asyncio.run(check())
