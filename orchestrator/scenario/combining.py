"""What checks within checks come to: `not`, `all_of` and `any_of` over the verdicts of single checks. Pure.

A verdict may be open: its judge was not asked, or did not decide. Then this is Kleene's logic: what the others decide
is decided whatever a judge says, and everything else stays open. A check that is broken (`CheckError`) decides nothing.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from orchestrator.model.check_judge import JudgeCheck
from orchestrator.model.checks import AllOf, AnyOf, Check, Not, get_name
from orchestrator.scenario.quoting import cut
from orchestrator.scenario.results import CriterionVerdict, Verdict
from orchestrator.scenario.verdicts import CheckError, failed, get_score

Single = Callable[[Check], Verdict]
"""Gives the verdict of a check that has no others within; raises `CheckError` where nobody can tell."""


def combine(check: Check, single: Single) -> Verdict:
    """Give the verdict of any check; raises `CheckError` where nobody can tell."""
    match check:
        case Not():
            return _not(check, combine(check.not_, single))
        case AllOf(all_of=several):
            return _all_of(*_several(several, single))
        case AnyOf(any_of=several):
            return _any_of(*_several(several, single))
        case _:
            return single(check)


def find_open(check: Check, single: Single) -> Iterator[JudgeCheck]:
    """Give the judges' checks within that may still decide it; none where it is decided or broken without them."""
    try:
        if not combine(check, single).inconclusive:
            return
    except CheckError:
        return
    match check:
        case JudgeCheck():
            yield check
        case Not(not_=inner):
            yield from find_open(inner, single)
        case AllOf(all_of=several):
            for each in several:
                if each.weight > 0:  # what fails nothing decides nothing
                    yield from find_open(each, single)
        case AnyOf(any_of=several):
            for each in several:
                yield from find_open(each, single)


def _several(checks: Sequence[Check], single: Single) -> tuple[list[Verdict], list[tuple[Check, CheckError]]]:
    """Give the verdicts, and the checks that are broken."""
    verdicts: list[Verdict] = []
    broken: list[tuple[Check, CheckError]] = []
    for check in checks:
        try:
            verdicts.append(replace(combine(check, single), weight=check.weight))
        except CheckError as error:
            broken.append((check, error))
    return verdicts, broken


def _not(check: Not, inner: Verdict) -> Verdict:
    name, written = get_name(check), _as_written(check.not_)
    score = 1 - inner.score
    if inner.inconclusive:
        return replace(inner, check=name, score=score)
    if not inner.passed:
        return Verdict(name, True, score, f"as wanted, this does not hold: {written}", criteria=inner.criteria)
    reason = f"expected: not {written}\ngot:      {inner.reason}"
    return Verdict(name, False, score, reason, criteria=inner.criteria)


def _all_of(verdicts: Sequence[Verdict], broken: Sequence[tuple[Check, CheckError]]) -> Verdict:
    score, graded = get_score(verdicts), _criteria(verdicts)
    wrong = [each for each in verdicts if not each.passed and not each.inconclusive and each.weight > 0]
    open_ = [each for each in verdicts if each.inconclusive and each.weight > 0]
    errors = [error for check, error in broken if check.weight > 0]
    if not wrong and not open_ and errors:
        raise errors[0]
    total = len(verdicts) + len(broken)
    if not wrong and not open_:
        return Verdict("all_of", True, 1.0 if score is None else score, f"all {total} hold", criteria=graded)
    told = [*map(_told, wrong or open_), *(f"  {error.message}" for error in errors)]
    if wrong:
        reason = "\n".join([f"expected: all {total} to hold\ngot:      these do not", *told])
        return Verdict("all_of", False, score or 0.0, reason, criteria=graded)
    reason = "\n".join([f"expected: all {total} to hold\ngot:      these are undecided", *told])
    return Verdict("all_of", False, score or 0.0, reason, inconclusive=True, criteria=graded)


def _any_of(verdicts: Sequence[Verdict], broken: Sequence[tuple[Check, CheckError]]) -> Verdict:
    best, graded = max((each.score for each in verdicts), default=0.0), _criteria(verdicts)
    if holding := next((each for each in verdicts if each.passed), None):
        return Verdict("any_of", True, best, f"{holding.check}: {holding.reason}", criteria=graded)
    if open_ := [each for each in verdicts if each.inconclusive]:
        head = f"expected: one of {len(verdicts) + len(broken)} to hold\ngot:      none does, and these are undecided"
        told = [*map(_told, open_), *(f"  {error.message}" for _, error in broken)]
        return Verdict("any_of", False, best, "\n".join([head, *told]), inconclusive=True, criteria=graded)
    if broken:
        raise broken[0][1]
    head = f"expected: one of {len(verdicts)} to hold\ngot:      none of them does"
    return replace(failed("any_of", "\n".join([head, *map(_told, verdicts)]), best), criteria=graded)


def _criteria(verdicts: Sequence[Verdict]) -> tuple[CriterionVerdict, ...]:
    return tuple(each for verdict in verdicts for each in verdict.criteria)


def _told(verdict: Verdict) -> str:
    return "\n".join([f"  {verdict.check}", *(f"    {line}" for line in verdict.reason.split("\n"))])


def _as_written(check: Check) -> str:
    return cut(json.dumps(check.model_dump(by_alias=True, exclude_unset=True), ensure_ascii=False))
