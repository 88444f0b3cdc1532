"""What is said while a long change goes on where no line can move."""

from orchestrator.cli.progress import EVERY, moving_line
from orchestrator.reconcile.plan import Action, Change
from tests.reconcile.building import address

CHANGE = Change(address("vector_store.papers"), Action.CREATE)


def lines(capsys, quiet):
    seconds = iter([0.0, *(step * EVERY / 10 for step in range(1, 200))])
    now = [0.0]

    def clock() -> float:
        return now[0]

    with moving_line(1, quiet, clock) as line:
        for done in range(1, 36):
            now[0] = next(seconds)
            line.reached(CHANGE, "uploaded", done * 100, 3_500)
    return capsys.readouterr().err.splitlines()


def test_a_line_now_and_then_where_nobody_sees_one_move(capsys):
    said = lines(capsys, quiet=False)
    assert [line.partition("papers: ")[2] for line in said] == [
        "1,100 of 3,500 files uploaded",
        "2,100 of 3,500 files uploaded",
        "3,100 of 3,500 files uploaded",
    ]


def test_nothing_where_nothing_is_wanted(capsys):
    assert lines(capsys, quiet=True) == []
