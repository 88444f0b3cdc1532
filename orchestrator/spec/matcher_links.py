"""What matchers of arguments refer to: the arguments of a function, schemas, queries; else they match no call, ever."""

from collections.abc import Iterator

from orchestrator.model.matchers import ArgumentsPattern
from orchestrator.spec import queries
from orchestrator.spec.argument_faults import Signature
from orchestrator.spec.reader import Path_
from orchestrator.spec.schema import Problem, check_schema


def find_matcher_problems(wanted: ArgumentsPattern, at: Path_, function: Signature | None) -> Iterator[Problem]:
    """Give what is wrong with what is asked of a function's arguments; an unknown function is told elsewhere."""
    if wanted.schema_ is not None:
        for problem in check_schema(wanted.schema_):
            yield problem._replace(path=(*at, "schema", *problem.path))
    if wanted.jmespath is not None and (why := queries.why_unreadable(wanted.jmespath)):
        yield Problem((*at, "jmespath"), f"not a JMESPath query: {why}", "for example id == 'A-1', or length(items)")
    if function is None:
        return
    if wanted.arguments is not None:
        yield from function.find_faults(wanted.arguments, (*at, "arguments"), whole=False)
    if wanted.exact is not None:
        yield from function.find_faults(wanted.exact, (*at, "exact"), whole=True)
    if wanted.regex is not None:
        yield from function.find_unknown(wanted.regex, (*at, "regex"))
    if wanted.schema_ is not None and isinstance(properties := wanted.schema_.get("properties"), dict):
        yield from function.find_unknown(properties, (*at, "schema", "properties"))
