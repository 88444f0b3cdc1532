"""A talk between somebody at a terminal, or a script, and an assistant; what `orch chat` is made of.

Questions are asked between steps of the loop and never within one, so that Ctrl-C at any prompt is just that.
"""

import asyncio
import os
import sys
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import click

from orchestrator.cli.messages import show_note
from orchestrator.diagnostics import did_you_mean
from orchestrator.errors import UsageError
from orchestrator.model.address import Address, Kind
from orchestrator.model.conversation import (
    Answer,
    AnsweredCall,
    Call,
    CodeRun,
    Reply,
    ReplyStatus,
    Said,
    Search,
    Usage,
)
from orchestrator.model.prices import Price, get_cost
from orchestrator.model.project import LocatedScenario, Project
from orchestrator.model.scenario import Scenario
from orchestrator.project import open_conversations, open_session
from orchestrator.providers.interface import Conversation
from orchestrator.reconcile.naming import free_name, slug
from orchestrator.reporting.characters import visible
from orchestrator.reporting.talk_text import called_text, cited_text, ended_text, ran_text, searched_text, sum_text
from orchestrator.scenario.closing import close
from orchestrator.scenario.costs import add_known
from orchestrator.scenario.drafting import draft_scenario
from orchestrator.scenario.mocks import MockError, Mocks
from orchestrator.scenario.project_recordings import get_cleaner
from orchestrator.scenario.setting import get_setting
from orchestrator.spec.files import inside, show
from orchestrator.spec.new_files import spec_text, write_new

with suppress(ImportError):  # where it is there, lines have a history and can be edited
    import readline  # noqa: F401  # input() edits lines with it

CLOSE_SECONDS = 10.0
QUIT = "/quit"


@dataclass(frozen=True, slots=True)
class TalkOptions:
    """What the command line asks for."""

    assistant: str
    model: str | None = None
    messages: tuple[str, ...] = ()
    """What to say; where there is none, it is asked for or read."""
    mocks: str | None = None
    """Name of the scenario whose mocks answer."""


class _Screen:
    """Shows a reply while it is made: what is said on stdout, the rest on stderr."""

    def __init__(self) -> None:
        self.heard = ""
        """What was said since the last line that was ended."""

    def wrote(self, text: str) -> None:
        self.heard += text
        click.echo(visible(text), nl=False)

    def searched(self, search: Search) -> None:
        self.note(searched_text(search))

    def ran(self, code: CodeRun) -> None:
        self.note(ran_text(code))

    def note(self, text: str) -> None:
        """Tell something on a line of its own."""
        self.end_line()
        click.echo(click.style(text, dim=True), err=True)

    def end_line(self) -> None:
        """End the line of what is being said."""
        if self.heard:
            click.echo()
        self.heard = ""


class Talk:
    """One talk; open it with `with`, hold it, and read what was said."""

    def __init__(self, project: Project, wish: TalkOptions) -> None:
        """Raises `UsageError` for an assistant or a scenario that is not there."""
        self._project, self._wish = project, wish
        self._located = _located(project, wish)
        mocking = _mocking(project, wish)
        self._turns = len(mocking.scenario.turns) if mocking is not None else 0
        self._mocks = Mocks(mocking.scenario, get_setting(mocking)) if mocking is not None else None
        self._screen = _Screen()
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._conversation: Conversation | None = None
        self._asks = sys.stdin.isatty() and not wish.messages
        self._price = _price(project, wish)
        self._usage, self._requests = Usage(), 0
        self._costs: list[float | None] = []
        self._spoken = 0
        self.said: list[Said] = []
        """The exchanges that came to a good end."""
        self.failed: list[int] = []
        """Numbers of the messages whose replies failed, from 1."""

    def __enter__(self) -> Self:
        self._runner.__enter__()
        try:
            self._conversation = self._runner.run(self._open())
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._runner.run(self._close())
        finally:
            self._runner.__exit__(kind, error, trace)

    @property
    def summary(self) -> str | None:
        """How much was said, and what it took; None where nothing was asked of the target."""
        cost = add_known(self._costs) if self._costs else None
        return sum_text(self._spoken, self._usage, self._requests, cost) if self._requests else None

    def hold(self) -> bool:
        """Talk until nothing more is said; tells whether a reply failed. Raises what a target or a mock raises."""
        failed = False
        try:
            while (message := self._next()) is not None:
                failed = self._exchange(message) or failed
        except (KeyboardInterrupt, EOFError, asyncio.CancelledError):  # the last: Ctrl-C just as asyncio.Runner begins
            self._screen.end_line()
            if self._asks:
                click.echo(err=True)  # the prompt's line has no end yet
            show_note("ended; what was not answered is left out")
        return failed

    async def _open(self) -> Conversation:
        session = await self._stack.enter_async_context(open_session(self._project, os.environ))
        return (await open_conversations(session, [self._located], self._screen))(self._located)

    async def _close(self) -> None:
        conversation, self._conversation = self._conversation, None
        problem = (await close(conversation, CLOSE_SECONDS)).problem if conversation is not None else None
        if problem is not None:
            show_note(f"the conversation was not deleted: {problem.message}")
        await self._stack.aclose()

    def _next(self) -> str | None:
        """Give what is said next; None at the end."""
        if self._wish.messages:
            return self._wish.messages[self._spoken] if self._spoken < len(self._wish.messages) else None
        while True:
            if self._asks:
                line = _ask("> ")
            else:
                line = sys.stdin.readline()
                if not line:
                    return None
            text = line.strip()
            if text == QUIT:
                return None
            if text:
                return text

    def _exchange(self, message: str) -> bool:
        """Say something and answer calls until the assistant has answered; tells whether it failed."""
        conversation = self._conversation
        if conversation is None:
            raise ValueError("the conversation is not open")
        calls: list[AnsweredCall] = []
        reply = self._heard(self._runner.run(conversation.send(message)))
        replies = [reply]
        while reply.status is ReplyStatus.NEEDS_ANSWERS:
            answers = [self._answer(call) for call in reply.calls]
            given = zip(reply.calls, answers, strict=True)
            calls += [AnsweredCall(call.name, call.arguments, call.invalid, answer.output) for call, answer in given]
            reply = self._heard(self._runner.run(conversation.answer(answers)))
            replies.append(reply)
        texts = tuple(each.text for one in replies for each in one.messages)
        self._spoken += 1
        if reply.status is not ReplyStatus.COMPLETED:
            self.failed.append(self._spoken)
            return True
        self.said.append(Said(message, texts, tuple(calls)))
        return False

    def _heard(self, reply: Reply) -> Reply:
        """Show what of a reply was not shown while it was made."""
        if not self._screen.heard:  # a target may send a message whole
            for message in reply.messages:
                self._screen.wrote(message.text)
                self._screen.end_line()
        self._screen.end_line()
        for text in (cited_text(reply.messages), ended_text(reply)):
            if text is not None:
                self._screen.note(text)
        self._usage, self._requests = self._usage + reply.usage, self._requests + reply.requests
        self._costs.append(reply.spent_usd if self._price is None else get_cost(reply.usage, self._price))
        return reply

    def _answer(self, call: Call) -> Answer:
        """Answer one call: by a mock, else as the person says. Raises `MockError` where there is neither."""
        try:
            if self._mocks is None:
                hint = "give --mocks SCENARIO: its mocks answer; or run it at a terminal, where you are asked"
                raise MockError(f"{call.name} was called, and nothing answers it", hint)
            turn = min(len(self.said), self._turns - 1)
            (answer,) = self._runner.run(self._mocks.answer(turn, [call]))
        except MockError:
            if not self._asks:
                raise
            self._screen.note(called_text(call, None))
            return Answer(call.id, _ask("its output: "))
        self._screen.note(called_text(call, answer.output))
        return answer


def _ask(prompt: str) -> str:
    """Ask for a line; raises EOFError and KeyboardInterrupt as they come."""
    if sys.stdout.isatty():
        return input(prompt)  # the line is edited beside its prompt, and what is typed early is not lost
    click.echo(prompt, nl=False, err=True)
    return input()


def _located(project: Project, wish: TalkOptions) -> LocatedScenario:
    """Give the talk as a scenario that nobody wrote: the same is asked of its assistant."""
    resource = project.resources.get(Address(Kind.ASSISTANT, wish.assistant))
    if resource is None:
        known = sorted(address.name for address in project.resources if address.kind is Kind.ASSISTANT)
        hint = did_you_mean(wish.assistant, known) or f"there are: {', '.join(known) or 'none'}"
        raise UsageError(f"no assistant is called {wish.assistant}", hint)
    scenario = Scenario.model_validate({"name": "chat", "assistant": wish.assistant, "turns": [{"user": "-"}]})
    return LocatedScenario(scenario, resource.position, project.root, target=project.target_name, model=wish.model)


def _price(project: Project, wish: TalkOptions) -> Price | None:
    """Give what the model costs that answers."""
    fields = project.resources[Address(Kind.ASSISTANT, wish.assistant)].fields
    return project.prices.get(wish.model or str(fields.get("model")))


def _mocking(project: Project, wish: TalkOptions) -> LocatedScenario | None:
    if wish.mocks is None:
        return None
    found = next((each for each in project.scenarios if wish.mocks in (each.base, each.scenario.name)), None)
    if found is None:
        known = sorted({each.base for each in project.scenarios})
        hint = did_you_mean(wish.mocks, known) or f"there are: {', '.join(known) or 'none'}"
        raise UsageError(f"--mocks {wish.mocks}: there is no such scenario", hint)
    return found


def record_to(project: Project, file: Path) -> Path:
    """Give where the talk is written; raises `UsageError` where that cannot be, before anything is said."""
    path = (Path.cwd() / file).absolute()
    if path.suffix not in (".yaml", ".yml"):
        raise UsageError(f"--record {file}: a scenario is a .yaml file", "for example --record scenarios/talk.yaml")
    if not inside(project.root, path):
        raise UsageError(
            f"--record {file} lies outside the project", f"keep it below {show(project.root, Path.cwd())}/"
        )
    if path.exists():
        raise UsageError(f"--record {file} exists already", "name another file")
    return path


def show_recorded(project: Project, wish: TalkOptions, place: Path, talk: Talk) -> None:
    """Write the talk as a scenario, and say so, or why there is none."""
    said = talk.said
    for number in talk.failed:
        show_note(f"message {number} is not recorded: its reply failed")
    fields = project.resources[Address(Kind.ASSISTANT, wish.assistant)].fields
    functions = {path.removeprefix("tools.") for path, value in fields.items() if value == "function"}
    name = free_name(slug(place.stem) or "talk", {each.base for each in project.scenarios})
    draft = draft_scenario(name, wish.assistant, said, functions)
    if draft is None:
        show_note(f"{show(place, Path.cwd())} is not written: no message was answered")
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    clean = get_cleaner(project, os.environ)
    write_new({place: spec_text(clean.data(draft.data))})
    for remark in draft.remarks:
        show_note(f"{name}: {remark}")
    show_note(f"wrote {show(place, Path.cwd())}; play it with `orch test --name {name}`")
