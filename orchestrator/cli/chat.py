"""`orch chat`: talk to an assistant as it is on the target."""

from pathlib import Path

import click

from orchestrator.cli.loading import load_project
from orchestrator.cli.messages import show_note
from orchestrator.cli.options import start, target
from orchestrator.cli.talking import Talk, TalkOptions, record_to, show_recorded

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(
    epilog="Examples: `orch chat math-tutor`, `orch chat math-tutor --mocks quiz --record scenarios/talk.yaml`, "
    "`echo 'Where is A-1?' | orch chat support --target openai`, `orch chat support --message hi --model gpt-6-luna`."
)
@click.argument("assistant", metavar="ASSISTANT")
@target
@click.option("--model", metavar="MODEL", help="Model that answers in place of the assistant's own.")
@click.option("--message", "messages", multiple=True, metavar="TEXT", help="Say this and end (repeatable).")
@click.option("--mocks", metavar="SCENARIO", help="Answer functions as this scenario does.")
@click.option("--record", "file", type=_FILE, metavar="FILE", help="Write the talk as a scenario.")
@start
def command(
    assistant: str,
    target: str | None,
    variables: tuple[str, ...],
    model: str | None,
    messages: tuple[str, ...],
    mocks: str | None,
    file: Path | None,
    start: Path,
) -> int:
    """Talk to an assistant.

    It is talked to as it is on the target, which has to be what the specs say: apply first. What it says is written as
    it comes; searches, code, calls and citations are told on stderr. A function without a mock is answered by you.
    Without a terminal each line of the input is a message. `/quit` or Ctrl-D ends the talk, and so does Ctrl-C; the
    conversation is deleted on the target in every case.

    Exits 0, 1 where a reply failed, 2 where the talk could not be held.
    """
    project = load_project((start,), target, variables)
    options = TalkOptions(assistant.removeprefix("assistant."), model, messages, mocks)
    place = record_to(project, file) if file is not None else None
    talk = Talk(project, options)
    try:
        with talk:
            failed = talk.hold()
    finally:  # what was said until then is not lost
        if talk.said and place is not None:
            show_recorded(project, options, place, talk.said)
        if talk.said:
            show_note(talk.summary)
    return 1 if failed else 0
