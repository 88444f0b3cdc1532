"""What checks refer to: prices, judges, functions in Python files, schemas, queries, steps, and files of the assistant.

A name that nothing has is told before a run is spent on it. Which built-in tools an assistant has is left to the run: a
target may take one away, and its specs are to be planned all the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.diagnostics import did_you_mean, nearest
from orchestrator.model.check_calls import Called, CallPattern, ToolCalled, Trajectory
from orchestrator.model.check_evidence import Citation, Cites, Recall, Retrieval, Retrieved, Sought, StepList, Steps
from orchestrator.model.check_judge import Graded, JudgeCheck
from orchestrator.model.check_numbers import CostUsd
from orchestrator.model.check_structure import JsonReply
from orchestrator.model.checks import Check, PythonCheck
from orchestrator.model.conversation import CODE_INTERPRETER, FILE_SEARCH, MESSAGE
from orchestrator.model.file_names import FileNames
from orchestrator.model.judges import Judge
from orchestrator.model.prices import Price
from orchestrator.spec import queries
from orchestrator.spec.argument_faults import Signature
from orchestrator.spec.file_links import find_doubt
from orchestrator.spec.matcher_links import find_matcher_problems
from orchestrator.spec.python_files import PythonFiles
from orchestrator.spec.reader import Path_
from orchestrator.spec.schema import Problem, check_schema

_BUILT_IN = (FILE_SEARCH, CODE_INTERPRETER, MESSAGE)


@dataclass(frozen=True, slots=True)
class Subject:
    """The assistant a scenario talks to, as far as checks speak of it."""

    name: str
    model: str
    functions: Mapping[str, Signature]
    """By the name the model calls them."""
    files: FileNames | None
    """The files it can find; None where the specs do not say, or it searches none."""
    documents: Mapping[str, str]
    """Where the contents of those that are declared lie, by path in the project."""


class CheckLinks:
    """Judges what the checks of one project refer to."""

    def __init__(self, files: PythonFiles, prices: Mapping[str, Price], judges: Mapping[str, Judge | None]) -> None:
        """`judges` are by name; None stands for one that has no shape."""
        self._files = files
        self._prices = prices
        self._judges = judges

    def problems(self, check: Check, at: Path_, subject: Subject) -> Iterator[Problem]:
        """Give what is wrong with one check, at its place; those within it are checks of their own."""
        place: Path_
        match check:
            case PythonCheck(python=name):
                if why := self._files.why_not(name):
                    yield Problem((*at, "python"), *why)
            case JudgeCheck():
                yield from self._of_judge(check, (*at, "judge"))
            case CostUsd():
                yield from self._unpriced((*at, "cost_usd"), subject)
            case JsonReply():
                yield from _in_json(check, (*at, "json"))
            case ToolCalled(tool_called=Called(name=name) as wanted):
                yield from find_matcher_problems(wanted, (*at, "tool_called"), subject.functions.get(name))
            case Trajectory(trajectory=trajectory):
                yield from _in_calls(trajectory.calls, (*at, "trajectory", "calls"), subject)
            case Steps(steps=steps):
                place = (*at, "steps", "names") if isinstance(steps, StepList) else (*at, "steps")
                names = steps.names if isinstance(steps, StepList) else steps
                yield from _in_steps(names, place, subject)
            case Cites(cites=source):
                yield from _in_source(source, (*at, "cites"), subject)
            case Retrieved(retrieved=found):
                yield from _in_source(found, (*at, "retrieved"), subject)
            case Recall(recall=recall):
                yield from _in_questions(recall.questions, (*at, "recall", "questions"), subject)

    def _of_judge(self, check: JudgeCheck, at: Path_) -> Iterator[Problem]:
        if check.by not in self._judges:
            hint = did_you_mean(check.by, self._judges) or f"there are: {', '.join(sorted(self._judges)) or 'none'}"
            place: Path_ = (*at, "by") if isinstance(check.judge, Graded) else at
            yield Problem(place, f"no Judge is called `{check.by}`", hint)
        elif (judge := self._judges[check.by]) is not None and not check.get_criteria(judge.criteria):
            message = f"the judge `{check.by}` has no criteria of its own, and none are given here"
            hint = f"write judge: {{by: {check.by}, criteria: [...]}}, or `criteria` in the Judge"
            yield Problem(at, message, hint)

    def _unpriced(self, at: Path_, subject: Subject) -> Iterator[Problem]:
        if subject.model in self._prices:
            return
        near = nearest(subject.model, self._prices)
        write = f"write in orch.yaml: prices: {{{subject.model}: {{input: USD, output: USD}}}}, for a million tokens"
        hint = f"{write}; there is one for {near}" if near else write
        yield Problem(at, f"there is no price for the model `{subject.model}` of assistant `{subject.name}`", hint)


def _in_calls(calls: Sequence[str | CallPattern], at: Path_, subject: Subject) -> Iterator[Problem]:
    for number, call in enumerate(calls):
        if isinstance(call, CallPattern):
            yield from find_matcher_problems(call, (*at, number), subject.functions.get(call.name))


def _in_json(check: JsonReply, at: Path_) -> Iterator[Problem]:
    wanted = check.json_
    if wanted.path is not None and (why := queries.why_unreadable(wanted.path)):
        yield Problem((*at, "path"), f"not a JMESPath query: {why}", "for example items[0].id, or length(items)")
    if wanted.schema_ is not None:
        for problem in check_schema(wanted.schema_):
            yield problem._replace(path=(*at, "schema", *problem.path))


def _in_steps(names: list[str], at: Path_, subject: Subject) -> Iterator[Problem]:
    known = [*_BUILT_IN, *subject.functions]
    for index, name in enumerate(names):
        if name not in known:
            hint = did_you_mean(name, known) or f"its steps are: {', '.join(known)}"
            yield Problem((*at, index), f"assistant `{subject.name}` takes no step `{name}`", hint)


def _in_source(written: str | Citation | Retrieval, at: Path_, subject: Subject) -> Iterator[Problem]:
    name, place = (written, at) if isinstance(written, str) else (written.file, (*at, "file"))
    yield from _of_file(name, place, subject)


def _in_questions(questions: Sequence[Sought], at: Path_, subject: Subject) -> Iterator[Problem]:
    for number, question in enumerate(questions):
        place = (*at, number, "file")
        for index, name in enumerate(question.files):
            yield from _of_file(name, place if isinstance(question.file, str) else (*place, index), subject)


def _of_file(name: str, at: Path_, subject: Subject) -> Iterator[Problem]:
    """Say what is wrong with a file that shall be found."""
    if subject.files is not None:
        missing = f"assistant `{subject.name}` has no file `{name}` in its vector stores"
        if doubt := find_doubt(name, subject.files, missing):
            yield Problem(at, *doubt)
