"""Which entry a rollback goes back to, and which it refuses."""

from dataclasses import replace

import pytest

from orchestrator.errors import UsageError
from orchestrator.reconcile.history import Command, Entry, History
from orchestrator.reconcile.outcome import Status
from orchestrator.reconcile.rollback import choose
from orchestrator.spec.revisions import RevisionError
from tests.reconcile.test_history import DONE, ENTRY

A, B, C = "a" * 40, "b" * 40, "c" * 40
TO_C = "`orch rollback 1` goes to ccccccc"


def of(revision: str | None, status: Status = Status.APPLIED, **more) -> Entry:
    return replace(ENTRY, revision=revision, outcomes=(replace(DONE, status=status),), **more)


def history(*given: Entry) -> History:
    return History(dict(enumerate(given, start=1)))


def chosen(*given: Entry, number: int | None = None) -> tuple[int, str]:
    return choose(history(*given), "tutoring", "local", number)


def test_without_a_number_it_is_the_last_complete_one_of_another_revision():
    assert chosen(of(A), of(B)) == (1, A)
    assert chosen(of(A), of(B), of(B)) == (1, A)
    assert chosen(of(A), of(B), of(C)) == (2, B)
    assert chosen(of(A), of(B, Status.FAILED), of(C)) == (1, A)
    assert chosen(of(A), of(B, interrupted=True), of(C)) == (1, A)
    assert chosen(of(A), of(B, Status.FAILED)) == (1, A)  # what failed is what one goes back from
    assert chosen(of(A), of(A + "-dirty")) == (1, A)
    assert chosen(of(A), of(None)) == (1, A)


def test_a_rollback_goes_forward_again_when_rolled_back():
    assert chosen(of(A), of(B), of(A, command=Command.ROLLBACK)) == (2, B)


def test_other_targets_other_projects_and_destroys_do_not_count():
    others = [of(C, target="live"), of(C, project="shop"), of(None, command=Command.DESTROY)]
    assert chosen(of(A), *others, of(B), *others) == (1, A)


def test_a_number_is_taken_at_its_word():
    assert chosen(of(A, Status.FAILED), of(B), of(C), number=1) == (1, A)
    assert chosen(of(A), number=1) == (1, A)


def test_nothing_to_go_back_to():
    with pytest.raises(RevisionError, match="nothing applied to local") as caught:
        chosen(of(A, target="live"))
    assert caught.value.hint is not None
    with pytest.raises(RevisionError, match=r"nothing to go back to.*aaaaaaa"):
        chosen(of(A), of(A))
    with pytest.raises(RevisionError, match="nothing to go back to"):
        chosen(of(None), of(None))


@pytest.mark.parametrize(
    ("entry", "kind", "message", "hint"),
    [
        (
            of(A + "-dirty"),
            RevisionError,
            "entry 2 was applied from specs that were not committed (aaaaaaa-dirty)",
            TO_C,
        ),
        (of(None), RevisionError, "entry 2 has no revision: it was applied outside of git", TO_C),
        (of(A, target="live"), UsageError, "entry 2 is of target live, not local", "--target live"),
        (of(A, project="shop"), UsageError, "entry 2 is of project shop, and this is tutoring", "name"),
        (of(A, command=Command.DESTROY), UsageError, "entry 2 is a destroy", "orch history"),
    ],
)
def test_what_cannot_be_had_back_is_refused_with_a_next_step(entry, kind, message, hint):
    with pytest.raises(kind) as caught:
        chosen(of(C), entry, of(B), number=2)
    assert caught.value.message.startswith(message)
    assert hint in str(caught.value.hint)


def test_a_number_that_is_none():
    for number in (0, 2, 99):
        with pytest.raises(UsageError, match=f"no entry {number}"):
            chosen(of(A), number=number)


def test_the_last_one_is_refused_and_not_passed_over_where_git_does_not_have_it():
    with pytest.raises(RevisionError, match=r"entry 2 .*not committed") as caught:
        chosen(of(A), of(B + "-dirty"), of(C))
    assert "`orch rollback 1` goes to aaaaaaa" in str(caught.value.hint)
