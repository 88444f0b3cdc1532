"""Checking how an exchange ended, what file_search found, and what the code interpreter ran."""

from collections.abc import Iterator, Sequence

from orchestrator.diagnostics import counted
from orchestrator.model.check_evidence import Code, CodeUse, Recall, Retrieval, Retrieved, StatusIs
from orchestrator.model.check_text import AnyTextCheck, Contains, Equals, Regex
from orchestrator.model.conversation import CodeRun, Passage
from orchestrator.model.file_names import file_name, is_same_file
from orchestrator.scenario.check_text import check_text
from orchestrator.scenario.documents import Documents
from orchestrator.scenario.quoting import quoted, shown
from orchestrator.scenario.results import Verdict
from orchestrator.scenario.transcript import Exchange
from orchestrator.scenario.verdicts import failed, passed

_MOST_QUESTIONS = 20
"""Questions shown whose files were not found."""
_MOST = 5
"""Searches and uses of code shown."""


def check_status(check: StatusIs, exchanges: Sequence[Exchange]) -> Verdict:
    """Check `status`: the last exchange ended so."""
    exchange = exchanges[-1]
    status = exchange.status
    why = f" ({exchange.failure.code}: {exchange.failure.message})" if exchange.failure else ""
    if status == check.status:
        return passed("status", f"the exchange ended as {status}{why}")
    return failed("status", f"expected: {check.status}\ngot:      {status or 'no reply'}{why}")


def check_retrieved(check: Retrieved, exchanges: Sequence[Exchange], documents: Documents) -> Verdict:
    """Check `retrieved`: a search found the file, among its first results and with the score that are asked for."""
    wanted = check.retrieved if isinstance(check.retrieved, Retrieval) else Retrieval(file=check.retrieved)
    searches = [search.passages for exchange in exchanges for search in exchange.searches]
    for passages in searches:
        for place, passage in enumerate(passages[: wanted.within], 1):
            if is_same_file(documents.path_of(passage.file), wanted.file) and passage.score >= (wanted.min_score or 0):
                return passed("retrieved", f"result {place} is of {wanted.file}, with score {passage.score:.2f}")
    among = f" among the first {wanted.within}" if wanted.within else ""
    score = f" with a score of {wanted.min_score:g} or more" if wanted.min_score is not None else ""
    lines = [f"expected: a search result of {wanted.file}{among}{score}"]
    if not searches:
        return failed("retrieved", "\n".join([*lines, "got:      file_search was not used"]))
    lines.append("got:      these results, best first")
    unclear = documents.unclear(passage.file for passages in searches for passage in passages)
    return failed("retrieved", "\n".join([*lines, *(_results(passages) for passages in searches[:_MOST]), *unclear]))


def check_recall(check: Recall, exchanges: Sequence[Exchange], documents: Documents) -> Verdict:
    """Check `recall`: the mean share of files that the first results of searches held, over all questions."""
    wanted = check.recall
    asked = {exchange.user: exchange for exchange in reversed(exchanges)}
    shares, lines = [], []
    for question in wanted.questions:
        searches = asked[question.user].searches if question.user in asked else ()
        found = [documents.path_of(passage.file) for search in searches for passage in search.passages[: wanted.k]]
        lacking = [file for file in question.files if not any(is_same_file(each, file) for each in found)]
        shares.append(1 - len(lacking) / len(question.files))
        if lacking:
            got = ", ".join(dict.fromkeys(found)) or ("nothing found" if searches else "nothing was searched")
            lines.append(f"  {quoted(question.user, 120)} lacks {', '.join(lacking)}; found: {got}")
    recall = sum(shares) / len(shares)
    count = f"{counted(len(shares), 'question')}"
    said = f"recall@{wanted.k} is {recall:.2f} over {count}"
    if recall >= wanted.min:
        return Verdict("recall", True, recall, said)
    more = [f"  and {len(lines) - _MOST_QUESTIONS} more"] if len(lines) > _MOST_QUESTIONS else []
    reason = [f"expected: recall@{wanted.k} of {wanted.min:g} or more", f"got:      {said}", *lines[:_MOST_QUESTIONS]]
    return Verdict("recall", False, recall, "\n".join([*reason, *more]))


def _results(passages: Sequence[Passage]) -> str:
    found = [f"{place}. {passage.file} ({passage.score:.3f})" for place, passage in enumerate(passages[:20], 1)]
    return f"  {', '.join(found) or 'nothing found'}"


def check_code(check: Code, exchanges: Sequence[Exchange]) -> Verdict:
    """Check `code`: one use of the code interpreter is as said, and in the same exchange came the file."""
    wanted = check.code
    wrong: list[str] = []
    for exchange in exchanges:
        lacks = _no_file(wanted, exchange)
        uses = [_why_not(wanted, run) for run in exchange.code_runs] if _speaks_of_runs(wanted) else [None]
        if lacks is None and None in uses:
            return passed("code", f"there is {_said(wanted)}")
        wrong += [why for why in uses if why is not None]
        wrong += [lacks] if lacks and (exchange.code_runs or exchange.files) else []
    got = "none of them is" if wrong else "the code interpreter was not used"
    return failed("code", "\n".join([f"expected: {_said(wanted)}", f"got:      {got}", *wrong[:_MOST]]))


def _speaks_of_runs(wanted: CodeUse) -> bool:
    return any(part is not None for part in (wanted.contains, wanted.regex, wanted.equals, wanted.logs))


def _why_not(wanted: CodeUse, run: CodeRun) -> str | None:
    """Say why a use of the code interpreter is not as said; None where it is."""
    verdicts = [check_text(check, run.code, "code") for check in _of_code(wanted)]
    verdicts += [check_text(wanted.logs, run.logs, "output")] if wanted.logs is not None else []
    reasons = [verdict.reason for verdict in verdicts if not verdict.passed]
    return "\n".join([f"of {quoted(run.code, 120)}:", *(_indented(reason) for reason in reasons)]) if reasons else None


def _of_code(wanted: CodeUse) -> Iterator[AnyTextCheck]:
    if wanted.contains is not None:
        yield Contains(contains=wanted.contains)
    if wanted.regex is not None:
        yield Regex(regex=wanted.regex)
    if wanted.equals is not None:
        yield Equals(equals=wanted.equals)


def _no_file(wanted: CodeUse, exchange: Exchange) -> str | None:
    """Say that an exchange brought no such file; None where it did, or where no file is asked for."""
    if wanted.file is None or any(file_name(file.name or "") == file_name(wanted.file) for file in exchange.files):
        return None
    names = ", ".join(file.name or "one without a name" for file in exchange.files)
    return f"expected: a file {wanted.file}\ngot:      {f'files: {names}' if names else 'no file'}"


def _said(wanted: CodeUse) -> str:
    return f"a use of the code interpreter with {shown(wanted.model_dump(by_alias=True, exclude_unset=True))}"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.split("\n"))
