import asyncio

import pytest

from orchestrator.errors import TargetBusyError
from orchestrator.providers.uploads import Uploads
from tests.providers.building import run

KEY = ("docs/a.md", "aa")


class Target:
    """Somewhere files are sent to, one after another, and that other stores have some of."""

    def __init__(self, **stores):
        self.sent, self.asked, self.stores, self.fails = 0, [], stores, False

    async def send(self):
        self.sent += 1
        await asyncio.sleep(0)
        if self.fails:
            raise TargetBusyError("no", None)
        return f"file-{self.sent}"

    async def find(self, store):
        self.asked.append(store)
        await asyncio.sleep(0)
        return self.stores.get(store, {})


def test_what_two_want_at_once_is_sent_once_and_goes_with_the_last():
    async def check():
        target, uploads = Target(), Uploads()
        takes = (uploads.take(KEY, store, (), target.find, target.send) for store in ("vs_1", "vs_2"))
        assert await asyncio.gather(*takes) == ["file-1", "file-1"]
        assert [uploads.give_up(KEY, store) for store in ("vs_1", "vs_2")] == [False, True]
        assert await uploads.take(KEY, "vs_1", (), target.find, target.send) == "file-2"

    run(check())


def test_what_another_store_has_is_not_sent_and_never_given_up():
    async def check():
        target, uploads = Target(vs_2={KEY: "file-9"}), Uploads()
        others = ("vs_1", "vs_2")
        assert await uploads.take(KEY, "vs_3", others, target.find, target.send) == "file-9"
        other = (KEY[0], "bb")
        assert await uploads.take(other, "vs_3", others, target.find, target.send) == "file-1"
        assert target.asked == ["vs_1", "vs_2"], "each is asked once"
        assert uploads.give_up(KEY, "vs_3") is False

    run(check())


def test_where_it_fails_all_who_wait_hear_of_it_and_the_next_sends_again():
    async def check():
        target, uploads = Target(), Uploads()
        target.fails = True
        takes = (uploads.take(KEY, store, (), target.find, target.send) for store in ("vs_1", "vs_2"))
        results = await asyncio.gather(*takes, return_exceptions=True)
        assert [type(result) for result in results] == [TargetBusyError] * 2
        target.fails = False
        assert await uploads.take(KEY, "vs_1", (), target.find, target.send) == "file-2"

    run(check())


def test_a_file_that_goes_is_sent_again_unless_somebody_has_got_hold_of_it():
    async def check():
        target, uploads = Target(), Uploads()
        await uploads.take(KEY, "vs_1", (), target.find, target.send)
        assert uploads.let_go(KEY, "file-1", "vs_1")
        assert await uploads.take(KEY, "vs_1", (), target.find, target.send) == "file-2"
        assert uploads.let_go(KEY, "file-1", "vs_1"), "another file of the same content"
        assert await uploads.take(KEY, "vs_2", (), target.find, target.send) == "file-2"
        assert not uploads.let_go(KEY, "file-2", "vs_1")
        assert uploads.let_go(KEY, "file-2", "vs_2")

    run(check())


def test_of_a_store_that_loses_a_file_it_is_asked_anew_what_it_has():
    async def check():
        target, uploads = Target(vs_2={KEY: "file-9"}), Uploads()
        other = (KEY[0], "bb")
        assert await uploads.take(other, "vs_3", ("vs_2",), target.find, target.send) == "file-1"
        assert uploads.let_go(KEY, "file-9", "vs_2")
        target.stores.clear()
        assert await uploads.take(KEY, "vs_3", ("vs_2",), target.find, target.send) == "file-2"

    run(check())


def test_one_who_is_stopped_keeps_nobody_waiting():
    async def check():
        target, uploads = Target(), Uploads()
        task = asyncio.create_task(uploads.take(KEY, "vs_1", (), target.find, target.send))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await uploads.take(KEY, "vs_2", (), target.find, target.send) == "file-2"

    run(check())
