"""`orch chat`: talk to an assistant as it is on the target."""

from pathlib import Path

import click

from orchestrator.cli.examples import examples
from orchestrator.cli.loading import load_project
from orchestrator.cli.messages import show_note
from orchestrator.cli.options import start, target
from orchestrator.cli.talking import Talk, TalkOptions, record_to, show_recorded

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(
    epilog=examples(
        "orch chat math-tutor",
        "orch chat math-tutor --mocks quiz --record scenarios/talk.yaml",
        "orch chat support --message hi --model gpt-6-luna",
        "echo 'Where is A-1?' | orch chat support --target openai",
    )
)
@click.argument("assistant", metavar="ASSISTANT")
@target
@click.option("--model", metavar="MODEL", help="Let this model answer instead of the assistant's own.")
@click.option("--message", "messages", multiple=True, metavar="TEXT", help="Send this message, then end (repeatable).")
@click.option("--mocks", metavar="SCENARIO", help="Answer function calls as this scenario does.")
@click.option(
    "--record", "file", type=_FILE, metavar="FILE", help="Write the conversation to a new file, as a scenario."
)
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

    Talks to the live ASSISTANT on the target, which must be as the specs declare it: apply first. Replies stream to
    stdout; searches, code, calls and citations are shown on stderr. You answer the calls that no mock answers. Without
    a terminal, each line of the input is a message. `/quit`, Ctrl-D or Ctrl-C ends the conversation, which is then
    deleted on the target.

    Exit codes: 0; 1 if a reply failed; 2 if the conversation could not start.
    """
    project = load_project((start,), target, variables)
    options = TalkOptions(assistant.removeprefix("assistant."), model, messages, mocks)
    place = record_to(project, file) if file is not None else None
    talk = Talk(project, options)
    try:
        with talk:
            failed = talk.hold()
    finally:  # what was said until then is not lost
        if place is not None:
            show_recorded(project, options, place, talk)
        if talk.summary is not None:
            show_note(talk.summary)
    return 1 if failed else 0
