"""Votes on criteria: what a quorum agrees on is so, everything else is undecided."""

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model.judges import Opinion
from orchestrator.scenario.results import CriterionVerdict, Vote
from orchestrator.scenario.voting import count_votes, get_judged
from tests.scenario.grading import judge

MET, NOT_MET, OPEN = Opinion.MET, Opinion.NOT_MET, Opinion.CANNOT_TELL
opinions = st.lists(st.sampled_from(list(Opinion)), min_size=1, max_size=25)


@st.composite
def ballots(draw: st.DrawFn) -> tuple[list[Opinion], int]:
    votes = draw(opinions)
    return votes, draw(st.integers(len(votes) // 2 + 1, len(votes)))


@given(ballots(), st.randoms())
def test_a_criterion_is_what_the_quorum_says_in_whatever_order(ballot, random):
    votes, needed = ballot
    found = count_votes("c", [Vote(each) for each in votes], needed).opinion
    for opinion in (MET, NOT_MET):
        assert (found is opinion) == (votes.count(opinion) >= needed)
    shuffled = random.sample(votes, len(votes))
    assert count_votes("c", [Vote(each) for each in shuffled], needed).opinion is found


@given(ballots())
def test_an_abstention_never_helps_either_side(ballot):
    votes, needed = ballot
    found = count_votes("c", [Vote(each) for each in votes], needed).opinion
    for place in range(len(votes)):
        fewer = [OPEN if number == place else each for number, each in enumerate(votes)]
        assert count_votes("c", [Vote(each) for each in fewer], needed).opinion in (found, OPEN)


@given(st.lists(st.sampled_from(list(Opinion)), min_size=1, max_size=6))
def test_one_criterion_that_is_not_met_fails_and_one_that_is_open_leaves_open(found):
    verdict = get_judged("strict", [CriterionVerdict("c", each, "", "", (Vote(each),)) for each in found], 1)
    assert verdict.passed == all(each is MET for each in found)
    assert verdict.inconclusive == (NOT_MET not in found and OPEN in found)
    assert verdict.score == found.count(MET) / len(found)


def test_the_quote_and_the_reason_are_of_a_vote_that_agrees():
    votes = [Vote(NOT_MET, "x", "no"), Vote(MET, "first", "yes"), Vote(MET, "second", "yes, too")]
    found = count_votes("answers", votes, judge(votes=3).needed)
    assert (found.opinion, found.quote, found.reason) == (MET, "first", "yes")
    assert found.votes == tuple(votes)


def test_a_reason_shows_what_was_found_of_each_criterion_the_worst_first():
    votes = {
        "answers": [Vote(MET, "Within 30 days", "It says\nhow long.")] * 3,
        "is polite": [Vote(MET, "please", "ok"), Vote(NOT_MET, "no", "curt"), Vote(OPEN, "", "", "it quotes nothing")],
        "gives no advice": [Vote(NOT_MET, "sue them", "advice"), Vote(NOT_MET), Vote(MET)],
    }
    verdict = get_judged("strict", [count_votes(text, each, 2) for text, each in votes.items()], 2)
    assert verdict.reason.split("\n") == [
        "expected: strict to find all 3 criteria met, by 2 of 3 votes",
        "got:      1 not met, 1 undecided, 1 met",
        "  not met (2 of 3 votes): gives no advice",
        '    quote:  "sue them"',
        "    reason: advice",
        "  undecided: is polite",
        "    reason: 2 votes have to agree, and they say: 1 met, 1 not_met, 1 cannot_tell",
        "    vote 3 does not count: it quotes nothing",
        "  met (3 of 3 votes): answers",
        '    quote:  "Within 30 days"',
        "    reason: It says how long.",
    ]
    alone = get_judged("strict", [count_votes("answers", [Vote(MET, "a", "b")], 1)], 1)
    assert alone.reason.split("\n")[0] == "strict finds the criterion met"


def test_a_single_vote_says_itself_why_it_is_undecided():
    assert count_votes("c", [Vote(OPEN, "", "the transcript does not say")], 1).reason == "the transcript does not say"
    assert count_votes("c", [Vote(OPEN, "q", "r", "it is not JSON")], 1).reason == "it is not JSON"
