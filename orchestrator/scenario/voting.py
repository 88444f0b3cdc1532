"""Votes counted: what the answers of a judge come to, criterion by criterion and all together. Pure."""

from collections.abc import Sequence

from orchestrator.model.judges import Opinion
from orchestrator.scenario.quoting import quoted
from orchestrator.scenario.results import CriterionVerdict, Verdict, Vote

_WORDS = {Opinion.MET: "met", Opinion.NOT_MET: "not met", Opinion.CANNOT_TELL: "undecided"}
_WORST_FIRST = (Opinion.NOT_MET, Opinion.CANNOT_TELL, Opinion.MET)


def count_votes(criterion: str, votes: Sequence[Vote], needed: int) -> CriterionVerdict:
    """Give what votes on a criterion come to; `needed` of them have to say so, and are more than half of all."""
    counts = {opinion: sum(vote.opinion is opinion for vote in votes) for opinion in Opinion}
    for opinion in (Opinion.MET, Opinion.NOT_MET):
        if counts[opinion] >= needed:
            first = next(vote for vote in votes if vote.opinion is opinion)
            return CriterionVerdict(criterion, opinion, first.quote, first.reason, tuple(votes))
    return CriterionVerdict(criterion, Opinion.CANNOT_TELL, "", _why_undecided(votes, needed), tuple(votes))


def get_judged(judge: str, criteria: Sequence[CriterionVerdict], needed: int) -> Verdict:
    """Give the verdict of a check by those on its criteria, which are not none: one that is not met fails it."""
    by = {opinion: [each for each in criteria if each.opinion is opinion] for opinion in Opinion}
    total = len(criteria)
    score = len(by[Opinion.MET]) / total
    told = [line for opinion in _WORST_FIRST for each in by[opinion] for line in _told(each)]
    every = "the criterion" if total == 1 else f"all {total} criteria"
    of = f", by {needed} of {len(criteria[0].votes)} votes" if len(criteria[0].votes) > 1 else ""
    if score == 1:
        reason = "\n".join([f"{judge} finds {every} met{of}", *told])
        return Verdict("judge", True, 1.0, reason, criteria=tuple(criteria))
    got = ", ".join(f"{len(by[opinion])} {_WORDS[opinion]}" for opinion in _WORST_FIRST if by[opinion])
    reason = "\n".join([f"expected: {judge} to find {every} met{of}", f"got:      {got}", *told])
    return Verdict("judge", False, score, reason, inconclusive=not by[Opinion.NOT_MET], criteria=tuple(criteria))


def _why_undecided(votes: Sequence[Vote], needed: int) -> str:
    if len(votes) == 1:
        return votes[0].unusable or votes[0].reason
    counts = {opinion: sum(vote.opinion is opinion for vote in votes) for opinion in Opinion}
    said = ", ".join(f"{number} {opinion}" for opinion, number in counts.items() if number)
    return f"{needed} votes have to agree, and they say: {said}"


def _told(each: CriterionVerdict) -> list[str]:
    many = len(each.votes) > 1
    agree = sum(vote.opinion is each.opinion for vote in each.votes)
    of = f" ({agree} of {len(each.votes)} votes)" if many and each.opinion is not Opinion.CANNOT_TELL else ""
    lines = [f"  {_WORDS[each.opinion]}{of}: {each.criterion}"]
    lines += [f"    quote:  {quoted(each.quote)}"] if each.quote else []
    lines += [f"    reason: {' '.join(each.reason.split())}"] if each.reason else []
    return [*lines, *(_abstained(n, vote) for n, vote in enumerate(each.votes, 1) if many and _explains(vote, each))]


def _explains(vote: Vote, of: CriterionVerdict) -> bool:
    """Tell whether a vote says why there is no verdict, or why it is not among those that agree."""
    return vote.unusable is not None or (vote.opinion is of.opinion is Opinion.CANNOT_TELL)


def _abstained(number: int, vote: Vote) -> str:
    if vote.unusable:
        return f"    vote {number} does not count: {vote.unusable}"
    return f"    vote {number} cannot tell: {' '.join(vote.reason.split())}"
