"""Checking citations: which file the reply names, and whether the quoted text stands in what was found in it."""

from collections.abc import Iterable, Sequence

from orchestrator.model.check_evidence import Citation, Cites
from orchestrator.model.conversation import Passage
from orchestrator.model.file_names import file_name
from orchestrator.scenario.finding import folded_space
from orchestrator.scenario.quoting import quoted
from orchestrator.scenario.results import Verdict
from orchestrator.scenario.transcript import Exchange
from orchestrator.scenario.verdicts import failed, passed


def check_cites(check: Cites, exchanges: Sequence[Exchange]) -> Verdict:
    """Check `cites`: a citation names the file, compared by its last part, so `papers/a.pdf` is cited as `a.pdf`.

    A `quote` must stand, white space folded, in a passage of the cited file that file_search found in the same
    exchange.
    """
    wanted = check.cites if isinstance(check.cites, Citation) else Citation(file=check.cites)
    near: list[Passage] = []
    for exchange in exchanges:
        cited = [file_id for file_id, name in _cited(exchange) if file_name(name) == file_name(wanted.file)]
        if cited and wanted.quote is None:
            return passed("cites", f"the reply cites {wanted.file}")
        passages = [passage for passage in _passages([exchange]) if passage.file_id in cited]
        if wanted.quote and any(folded_space(wanted.quote) in folded_space(passage.text) for passage in passages):
            return passed("cites", f"the reply cites {wanted.file}, and a passage of it has {quoted(wanted.quote)}")
        near += passages
    cites_it = any(file_name(name) == file_name(wanted.file) for exchange in exchanges for _, name in _cited(exchange))
    return failed("cites", _why_not(wanted, exchanges, near, cites_it))


def _why_not(wanted: Citation, exchanges: Sequence[Exchange], near: Sequence[Passage], cites_it: bool) -> str:
    if wanted.quote and cites_it:
        lines = [f"expected: a passage of {wanted.file} that has {quoted(wanted.quote)}"]
        if not near:
            return "\n".join([*lines, f"got:      a citation of {wanted.file}, but file_search found no passage of it"])
        return "\n".join([*lines, "got:      these passages", *(f"  {quoted(p.text, 200)}" for p in near[:5])])
    names = _unique(name for exchange in exchanges for _, name in _cited(exchange))
    found = _unique(passage.file for passage in _passages(exchanges))
    searched = any(exchange.searches for exchange in exchanges)
    what = f"found passages of {', '.join(found)}" if found else "found nothing" if searched else "was not used"
    got = f"citations of {', '.join(names)}" if names else "no citation"
    return f"expected: a citation of {wanted.file}\ngot:      {got}; file_search {what}"


def _cited(exchange: Exchange) -> list[tuple[str, str]]:
    """Give file id and name of each citation; a name the wire left out is the one file_search knows."""
    known = {passage.file_id: passage.file for passage in _passages([exchange])}
    return [(c.file_id, c.file or known.get(c.file_id, c.file_id)) for c in exchange.citations]


def _passages(exchanges: Iterable[Exchange]) -> list[Passage]:
    return [passage for exchange in exchanges for search in exchange.searches for passage in search.passages]


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
