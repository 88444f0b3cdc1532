"""`moved:` of the project file: whether each entry can be followed, said at its place."""

from collections.abc import Collection, Iterator, Sequence

from orchestrator.diagnostics import Diagnostic, nearest
from orchestrator.model.address import Address
from orchestrator.model.project import Moved
from orchestrator.spec.reader import Document


def check_moves(
    head: Document, moved: Sequence[Moved], declared: Collection[Address], broken: Collection[str]
) -> list[Diagnostic]:
    """Say what is wrong with each entry; `broken` are addresses of specs that have no shape."""
    known = {*map(str, declared), *broken}
    return [found for number in range(len(moved)) for found in _check(head, moved, number, known)]


def _check(head: Document, moved: Sequence[Moved], number: int, known: Collection[str]) -> Iterator[Diagnostic]:
    """Say the first thing that is wrong with one entry."""
    entry, before = moved[number], moved[:number]
    source, target = ("moved", number, "from"), ("moved", number, "to")
    if entry.source.kind is not entry.target.kind:
        message = f"{entry.source} cannot become {entry.target}: a {entry.source.kind} stays one"
        yield head.diagnostic(message, target, "name an address of the same kind")
    elif any(other.source == entry.source for other in before):
        yield head.diagnostic(f"{entry.source} moves twice", source, "keep one of the two entries")
    elif end := _end(entry.target, {other.source: other.target for other in moved}):
        yield _onward(head, entry, end, number)
    elif any(other.target == entry.target for other in before):
        hint = "one live object is kept; take out the entry of the one that is not meant"
        yield head.diagnostic(f"two addresses move to {entry.target}", target, hint)
    elif str(entry.source) in known:
        hint = "take out the entry, or the spec with the old name"
        yield head.diagnostic(f"{entry.source} moved, and is still declared", source, hint)
    elif str(entry.target) not in known:
        kind = f"{entry.target.kind}."
        near = nearest(entry.target.name, [name.removeprefix(kind) for name in known if name.startswith(kind)])
        hint = f"did you mean `{kind}{near}`?" if near else "declare it, or take out the entry"
        yield head.diagnostic(f"{entry.source} moved to {entry.target}, which is not declared", target, hint)


def _onward(head: Document, entry: Moved, end: Address, number: int) -> Diagnostic:
    path = ("moved", number, "to")
    if end in (entry.source, entry.target):
        circle = f"{entry.source} -> {entry.target}"
        return head.diagnostic(f"moves form a circle: {circle}", path, "keep the one that was done last")
    message = f"moves form a chain: {entry.source} -> {entry.target} -> {end}"
    hint = f"keep one entry: from where it is live now, to: {end}"
    return head.diagnostic(message, path, hint)


def _end(address: Address, targets: dict[Address, Address]) -> Address | None:
    """Give where an address moves on to in the end, itself where it comes back to it; None where it stays."""
    seen: list[Address] = []
    here = address
    while here in targets:
        if here in seen:
            return address
        seen.append(here)
        here = targets[here]
    return here if seen else None
