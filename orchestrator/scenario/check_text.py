"""Checking a text: the reply, code, or what code printed."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.model.check_text import (
    AnyTextCheck,
    Contains,
    ContainsAll,
    ContainsAny,
    Equals,
    Regex,
    Similar,
    StartsWith,
    Words,
)
from orchestrator.scenario.differing import compare_texts
from orchestrator.scenario.finding import find, find_pattern, near_miss
from orchestrator.scenario.quoting import around, quoted
from orchestrator.scenario.results import Verdict
from orchestrator.scenario.verdicts import failed, passed


def check_text(check: AnyTextCheck, text: str, what: str = "a reply") -> Verdict:
    """Give the verdict of a check of a text; `what` it is called in reasons."""
    return OF_TEXT[type(check)](check, text, what)


def _contains(check: Contains, text: str, what: str) -> Verdict:
    wanted = check.contains
    if place := find(wanted, text, check.ignore_case):
        return passed("contains", f"found in {around(text, *place)}")
    lines = [f"expected: {what} that contains {quoted(wanted)}", f"got:      {quoted(text)}"]
    near = near_miss(wanted, text)
    return failed("contains", "\n".join([*lines, near] if near else lines))


def _contains_all(check: ContainsAll, text: str, what: str) -> Verdict:
    wanted = check.contains_all
    missing = [each for each in wanted if not find(each, text, check.ignore_case)]
    if not missing:
        return passed("contains_all", f"found {_listed(wanted)}")
    lines = [f"expected: {what} that contains {_listed(wanted)}", f"missing:  {_listed(missing)}"]
    lines.append(f"got:      {quoted(text)}")
    lines += [f"{quoted(each)}: {near}" for each in missing if (near := near_miss(each, text))]
    return failed("contains_all", "\n".join(lines), 1 - len(missing) / len(wanted))


def _contains_any(check: ContainsAny, text: str, what: str) -> Verdict:
    wanted = check.contains_any
    for each in wanted:
        if place := find(each, text, check.ignore_case):
            return passed("contains_any", f"{quoted(each)} found in {around(text, *place)}")
    lines = [f"expected: {what} that contains one of {_listed(wanted)}", f"got:      {quoted(text)}"]
    lines += [f"{quoted(each)}: {near}" for each in wanted if (near := near_miss(each, text))]
    return failed("contains_any", "\n".join(lines))


def _equals(check: Equals, text: str, what: str) -> Verdict:
    wanted, got = check.equals.strip(), text.strip()
    if wanted == got or (check.ignore_case and wanted.casefold() == got.casefold()):
        return passed("equals", f"it is {quoted(got)}")
    at = _first_difference(wanted, got)
    lines = [f"expected: {around(wanted, at, at + 1, 150)}", f"got:      {around(got, at, at + 1, 150)}"]
    lines.append(near_miss(wanted, got, whole=True) or f"they differ from character {at + 1} on")
    return failed("equals", "\n".join([*lines, *compare_texts(wanted, got)]))


def _regex(check: Regex, text: str, what: str) -> Verdict:
    if place := find_pattern(check.regex, text, check.ignore_case):
        return passed("regex", f"matches {around(text, *place)}")
    return failed("regex", f"expected: {what} that matches {quoted(check.regex)}\ngot:      {quoted(text)}")


def _starts_with(check: StartsWith, text: str, what: str) -> Verdict:
    wanted, got = check.starts_with, text.lstrip()
    start, given = (wanted.casefold(), got.casefold()) if check.ignore_case else (wanted, got)
    if given.startswith(start):
        return passed("starts_with", f"it begins with {quoted(got[: len(wanted)])}")
    lines = [f"expected: {what} that begins with {quoted(wanted)}", f"got:      {quoted(got)}"]
    near = near_miss(wanted, got[: len(wanted) + 20])
    return failed("starts_with", "\n".join([*lines, near] if near else lines))


def _similar(check: Similar, text: str, what: str) -> Verdict:
    wanted, got, least = check.similar.to.strip(), text.strip(), check.similar.min
    one, other = (wanted.casefold(), got.casefold()) if check.ignore_case else (wanted, got)
    # Loaded where it is used: most scenarios need no edit distance.
    score = float(importlib.import_module("rapidfuzz.distance").Levenshtein.normalized_similarity(one, other))
    if score >= least:
        return Verdict("similar", True, score, f"likeness {_two_places(score)}, at least {least:g} was wanted")
    lines = [f"expected: {what} that is {least:g} or more like {quoted(wanted)}"]
    lines.append(f"got:      {_two_places(score)}: {quoted(got)}")
    return failed("similar", "\n".join([*lines, *compare_texts(wanted, got)]), score)


def _words(check: Words, text: str, what: str) -> Verdict:
    number, least, most = len(text.split()), check.words.min, check.words.max
    wanted = f"{least} or more" if most is None else f"{least} to {most}" if least else f"at most {most}"
    if least <= number and (most is None or number <= most):
        return passed("words", f"{number} words, {wanted} were wanted")
    return failed("words", f"expected: {what} of {wanted} words\ngot:      {number}: {quoted(text)}")


OF_TEXT: Mapping[type[Any], Callable[[Any, str, str], Verdict]] = {
    Contains: _contains,
    ContainsAll: _contains_all,
    ContainsAny: _contains_any,
    Equals: _equals,
    Regex: _regex,
    StartsWith: _starts_with,
    Similar: _similar,
    Words: _words,
}


def _listed(texts: list[str]) -> str:
    return ", ".join(quoted(text) for text in texts)


def _first_difference(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _two_places(score: float) -> str:
    return f"{int(score * 100) / 100:.2f}"  # cut, not rounded: 0.799 is not 0.8
