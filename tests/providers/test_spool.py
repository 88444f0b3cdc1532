"""Objects lie on disk, in order, and of one that comes again the last counts."""

import pytest

from orchestrator.providers.spool import Spool, get_time


def item(id, at, **more):
    return {"id": id, "created_at": at, **more}


def test_a_group_is_read_oldest_first_and_others_are_left_alone():
    spool = Spool()
    for group, id, at in (("a", "2", 5), ("b", "9", 1), ("a", "1", 3)):
        spool.add("message", group, id, item(id, at))
    assert [each["id"] for each in spool.read("message", "a")] == ["1", "2"]
    assert list(spool.groups("message")) == ["a", "b"]
    assert [each["id"] for each in spool.all("message")] == ["1", "2", "9"]
    assert (spool.count("message"), spool.holds("message"), spool.holds("run")) == (3, True, False)


def test_the_last_counts_and_what_was_read_can_be_added_to():
    spool = Spool()
    spool.add("k", "", "1", item("1", 1, name="old"))
    assert [each["name"] for each in spool.read("k")] == ["old"]
    spool.add("k", "", "1", item("1", 1, name="new \u2028 \ud800"))
    every = spool.all("k")
    assert [[each["name"] for each in every] for _ in range(2)] == [["new \u2028 \ud800"]] * 2


@pytest.mark.parametrize("made", [None, "2024-01-01", float("nan"), float("inf"), 1e300, []])
def test_a_time_that_is_none_is_0(made):
    assert get_time({"created_at": made}) == 0
