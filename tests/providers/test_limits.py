import asyncio

import httpx2
import pytest

from orchestrator.errors import TargetBusyError
from orchestrator.providers._client import Client
from orchestrator.providers._limits import STORE_REQUESTS, UPLOADS, Bucket, Limiter, classify, pause_of
from tests.providers.pace import FakePace


def take(bucket, number):
    async def all_() -> None:
        for _ in range(number):
            await bucket.take()

    asyncio.run(all_())


@pytest.mark.parametrize(
    ("method", "path", "name", "rate"),
    [
        ("POST", "/files", "uploads", UPLOADS),
        ("GET", "/files", "GET /files", None),
        ("POST", "/vector_stores/vs_1/files", "files of vs_1", STORE_REQUESTS),
        ("GET", "/vector_stores/vs_1/file_batches/vsfb_2", "files of vs_1", STORE_REQUESTS),
        ("DELETE", "/vector_stores/vs_2/files/file-1", "files of vs_2", STORE_REQUESTS),
        ("GET", "/vector_stores/vs_1", "GET /vector_stores/{id}", None),
        ("POST", "/assistants/asst_1", "POST /assistants/{id}", None),
        ("POST", "/assistants", "POST /assistants", None),
    ],
)
def test_classes_of_requests(method, path, name, rate):
    assert classify(method, path) == (name, rate)


def test_what_has_no_limit_never_waits():
    pace = FakePace()
    take(Bucket(pace), 1000)
    assert pace.waits == []


def test_a_known_limit_holds_from_the_start():
    pace = FakePace()
    take(Bucket(pace, rate=5.0), 5 + 50)  # a second's worth at once, the rest at that rate
    assert pace.time == pytest.approx(10.0)


def test_a_pause_holds_for_everybody_and_the_pace_is_halved_once():
    pace = FakePace()
    bucket = Bucket(pace, rate=8.0)
    take(bucket, 8)
    for _ in range(5):  # all workers hear it together
        bucket.slow_down(3.0)
    take(bucket, 1)
    assert pace.time == pytest.approx(3.0)
    before = pace.time
    take(bucket, 12)
    assert pace.time - before == pytest.approx(2.25, abs=0.3)  # about four a second, after a burst of four


def test_the_pace_grows_back_to_the_limit_and_not_above():
    pace = FakePace()
    bucket = Bucket(pace, rate=8.0)
    bucket.slow_down(0.0)
    for _ in range(100):
        bucket.went_well()
    pace.time += 10
    before = pace.time
    take(bucket, 8 + 80)
    assert pace.time - before == pytest.approx(10.0)


def test_what_was_unlimited_is_so_again_after_much_that_went_well():
    pace = FakePace()
    bucket = Bucket(pace)
    take(bucket, 40)
    bucket.slow_down(1.0)
    take(bucket, 2)
    assert pace.waits
    for _ in range(100):
        bucket.went_well()
    del pace.waits[:]
    take(bucket, 1000)
    assert pace.waits == []


def test_classes_do_not_wait_for_each_other():
    pace = FakePace()
    limiter = Limiter(pace)
    limiter.bucket("POST", "/assistants").slow_down(60.0)
    take(limiter.bucket("GET", "/assistants"), 5)
    assert pace.time == 0.0
    assert limiter.bucket("POST", "/assistants") is limiter.bucket("POST", "/assistants")


@pytest.mark.parametrize(("known", "seconds"), [(True, 2.0), (False, 0.0)])
def test_published_limits_hold_where_they_are_the_targets_own(known, seconds):
    pace = FakePace()
    bucket = Limiter(pace, known).bucket("POST", "/vector_stores/vs_1/files")
    take(bucket, 15)
    assert pace.time == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("url", "seconds"),
    [
        ("https://api.openai.com/v1", 2.0),
        ("https://x.services.ai.azure.com/api", 2.0),
        ("https://notopenai.com/v1", 0.0),
    ],
)
def test_whose_limits_are_published(url, seconds):
    pace = FakePace()

    async def check() -> None:
        transport = httpx2.MockTransport(lambda request: httpx2.Response(200, json={"id": "a"}))
        client = Client(url, None, transport=transport, pace=pace)
        for _ in range(15):
            await client.get("/vector_stores/vs_1/files/file-1")
        await client.close()

    asyncio.run(check())
    assert pace.time == pytest.approx(seconds)


def test_waiting_can_be_ended():
    async def check() -> None:
        bucket = Limiter(RealWait()).bucket("GET", "/x")
        bucket.pause(3600)
        waiting = asyncio.create_task(bucket.take())
        await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(check())


class RealWait(FakePace):
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@pytest.mark.parametrize(
    ("remaining", "reset", "seconds"),
    [("0", "1s", 1), ("0", "6m0s", 360), ("0", "20ms", 0.02), ("0", "1h2m3s", 3723), ("1", "1s", 0), ("0", "x", 0)],
)
def test_a_reply_that_says_none_is_left(remaining, reset, seconds):
    headers = {"x-ratelimit-remaining-requests": remaining, "x-ratelimit-reset-requests": reset}
    assert pause_of(headers) == pytest.approx(seconds)
    assert pause_of({}) == 0


class Strict(httpx2.AsyncBaseTransport):
    """A server that takes a number of requests a second of fake time, and asks to wait for the rest."""

    def __init__(self, pace: FakePace, rate: int) -> None:
        self._pace, self._rate = pace, rate
        self.taken: list[float] = []
        self.refused = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        now = self._pace.clock()
        if sum(now - 1 < at for at in self.taken) >= self._rate:
            self.refused += 1
            error = {"error": {"message": "slow down", "code": "slow_down"}}
            return httpx2.Response(429, json=error, headers={"retry-after": "1"})
        self.taken.append(now)
        return httpx2.Response(200, json={"id": "a"})


def test_eight_workers_find_the_limit_of_a_server_together():
    pace = FakePace()
    server = Strict(pace, rate=10)

    async def check() -> None:
        client = Client("http://localhost/v1", None, transport=server, pace=pace)

        async def work() -> None:
            for _ in range(25):
                await client.post("/assistants", {}, once=True)

        try:
            await asyncio.gather(*(work() for _ in range(8)))
        finally:
            await client.close()

    asyncio.run(check())
    assert len(server.taken) == 200
    assert server.refused <= 40  # alone, each worker would run into it again and again
    assert pace.time <= 60  # at ten a second, 20 s would be the least


def test_a_reset_that_is_told_is_waited_for_before_the_limit_is_run_into():
    pace = FakePace()
    asked = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(pace.time)
        headers = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "2s"}
        return httpx2.Response(200, json={"id": "a"}, headers=headers)

    async def check() -> None:
        client = Client("http://localhost/v1", None, transport=httpx2.MockTransport(answer), pace=pace)
        for _ in range(3):
            await client.get("/assistants/asst_1")
        await client.close()

    asyncio.run(check())
    assert asked == [0.0, 2.0, 4.0]


def test_a_wait_that_is_too_long_is_told():
    pace = FakePace()

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(429, json={"error": {"message": "later"}}, headers={"retry-after": "3600"})

    async def check() -> None:
        client = Client("http://localhost/v1", None, transport=httpx2.MockTransport(answer), pace=pace)
        try:
            with pytest.raises(TargetBusyError, match="it asks to wait 3600 s"):
                await client.get("/x")
        finally:
            await client.close()

    asyncio.run(check())
    assert pace.waits == []
