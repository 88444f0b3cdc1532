"""Checking citations: which file the reply names, and whether the quoted text stands in it."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations

from orchestrator.model.check_evidence import Citation, Cites
from orchestrator.model.conversation import Passage
from orchestrator.model.file_names import is_same_file
from orchestrator.scenario.documents import Documents
from orchestrator.scenario.finding import folded_space, stands_across
from orchestrator.scenario.quoting import quoted
from orchestrator.scenario.results import Verdict
from orchestrator.scenario.transcript import Exchange
from orchestrator.scenario.verdicts import failed, passed


def check_cites(check: Cites, exchanges: Sequence[Exchange], documents: Documents) -> Verdict:
    """Check `cites`: a citation names the file, by the last parts of its path or by its bare name.

    A `quote` must stand in that file, white space folded: in a passage of it that file_search found in the same
    exchange, or in the text of the document as it lies here. Where that is no plain text, a quote may also begin in one
    passage and go on in another.
    """
    wanted = check.cites if isinstance(check.cites, Citation) else Citation(file=check.cites)
    cited = [
        (exchange, id, path)
        for exchange in exchanges
        for id, path in dict(_cited(exchange, documents)).items()
        if is_same_file(path, wanted.file)
    ]
    if not cited:
        return failed("cites", _no_citation(wanted, exchanges, documents))
    if wanted.quote is None:
        return passed("cites", f"the reply cites {wanted.file}")
    near: list[Passage] = []
    read: list[str] = []
    for exchange, id, path in cited:
        passages = [passage for passage in _passages([exchange]) if passage.file_id == id]
        text = documents.text_of(path)
        if where := _where(folded_space(wanted.quote), passages, text):
            return passed("cites", f"the reply cites {wanted.file}, and {where} {quoted(wanted.quote)}")
        near += passages
        read += [path] if text is not None else []
    return failed("cites", _no_quote(wanted.file, wanted.quote, near, _unique(read)))


def _where(quote: str, passages: Sequence[Passage], text: str | None) -> str | None:
    """Say where a quote stands in passages of a file, or in its text; None where it does not."""
    found = [folded_space(passage.text) for passage in passages]
    if any(quote in each for each in found):
        return "a passage of it has"
    if text is not None:
        return "its text has" if quote in folded_space(text) else None
    if any(stands_across(quote, before, after) for before, after in permutations(found, 2)):
        return "two passages of it, one after the other, have"
    return None


def _no_quote(file: str, quote: str, near: Sequence[Passage], read: Sequence[str]) -> str:
    """Say that a file which is cited does not have the quote; `read` are the documents that were looked into."""
    lines = [f"expected: a passage of {file} that has {quoted(quote)}"]
    if read:
        lines = [f"expected: {file} to have {quoted(quote)}", f"got:      it is not in {', '.join(read)}"]
        more = "nor in these passages that were found"
    else:
        more = "got:      these passages"
    if not near and not read:
        lines.append(f"got:      a citation of {file}, but file_search found no passage of it")
    return "\n".join([*lines, *([more] if near else []), *(f"  {quoted(p.text, 200)}" for p in near[:5])])


def _no_citation(wanted: Citation, exchanges: Sequence[Exchange], documents: Documents) -> str:
    names = _unique(path for exchange in exchanges for _, path in _cited(exchange, documents))
    found = _unique(documents.path_of(passage.file) for passage in _passages(exchanges))
    searched = any(exchange.searches for exchange in exchanges)
    what = f"found passages of {', '.join(found)}" if found else "found nothing" if searched else "was not used"
    got = f"citations of {', '.join(names)}" if names else "no citation"
    lines = [f"expected: a citation of {wanted.file}", f"got:      {got}; file_search {what}"]
    return "\n".join([*lines, *documents.unclear(names)])


def _cited(exchange: Exchange, documents: Documents) -> Iterator[tuple[str, str]]:
    """Give file id and path of each citation; a name the wire left out is the one file_search knows."""
    known = {passage.file_id: passage.file for passage in _passages([exchange])}
    for citation in exchange.citations:
        name = citation.file or known.get(citation.file_id, citation.file_id)
        yield citation.file_id, documents.path_of(name)


def _passages(exchanges: Iterable[Exchange]) -> list[Passage]:
    return [passage for exchange in exchanges for search in exchange.searches for passage in search.passages]


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
