"""The `orch` command: finds the subcommand, turns errors into messages and exit codes.

Start-up is a feature: a subcommand's module, and with it every heavy library, is imported when it is run and not
before; `--help` and `--version` need none of them. A test holds the short helps below to the commands' own.
"""

import gc
import io
import sys
from collections.abc import Sequence
from importlib import import_module
from keyword import iskeyword

import click

from orchestrator import __version__
from orchestrator.cli.messages import show_error
from orchestrator.errors import OrchError, PlanError, UsageError

BLOCKED = 4
ERROR_IS_2 = ("test", "chat", "compare", "report")  # where 1 is an answer: something failed, something is worse
USAGE = 64  # wrong usage, as sysexits.h has it
INTERRUPTED = 130  # 128 + SIGINT, as shells report it

COMMANDS = {
    "init": "Write a small project that works at once.",
    "validate": "Check all specs and show every problem.",
    "plan": "Show what apply would change.",
    "apply": "Make the target what the specs say.",
    "drift": "Show what was changed outside the specs.",
    "accept": "Take outside changes into the specs.",
    "import": "Turn live objects into specs and adopt them.",
    "migrate": "Turn an export of the Assistants API into specs and scenarios.",
    "history": "Show what was applied, when and by whom.",
    "rollback": "Apply the specs of an earlier revision again.",
    "destroy": "Delete what this project owns on the target.",
    "list": "List what is live on the target and who owns it.",
    "gc": "List orphaned uploads of this project.",
    "search": "Search a vector store as assistants do.",
    "models": "List the models in use and when they are shut down.",
    "test": "Run scenarios and check what comes back.",
    "chat": "Talk to an assistant.",
    "compare": "Compare two test reports: regression, improvement or noise.",
    "report": "Merge the reports of test runs.",
    "serve": "Run the embedded server on a port.",
    "schema": "Print or write the JSON Schemas of the language.",
}

GARBAGE = 50_000
"""Objects after which garbage is looked for: nearly all a command makes it needs to its end, modules above all."""


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names in the order people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and give a command; None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name  # no module can be called `import`
        command = import_module(f"orchestrator.cli.{module}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; an error of orch's becomes a message on stderr and an exit code."""
        try:
            return super().invoke(ctx)
        except UsageError as error:
            show_error(error)
            return USAGE
        except PlanError as error:
            show_error(error)
            return BLOCKED
        except OrchError as error:
            show_error(error)
            return 2 if ctx.invoked_subcommand in ERROR_IS_2 else 1
        except BrokenPipeError:
            raise  # whoever read our output has stopped reading, like `head`: click ends quietly
        except OSError as error:  # a report that cannot be written, a folder that may not be made
            if error.strerror is None:
                raise  # no answer of the system: a time-out, say, that nobody here expected
            where = f"{error.filename}: " if error.filename is not None else ""
            show_error(OrchError(f"{where}{error.strerror}", "check the path, its permissions and the space left"))
            return 2 if ctx.invoked_subcommand in ERROR_IS_2 else 1


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="\b\nStart here:\n  orch init demo && cd demo && orch apply && orch test\n\n"
    '\b\nShell completion (bash; or zsh_source, fish_source):\n  eval "$(_ORCH_COMPLETE=bash_source orch)"',
)
@click.version_option(__version__, prog_name="orch", message="%(prog)s %(version)s")
def orch() -> None:
    """AI assistants kept in version control, applied like infrastructure, tested like code."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code."""
    try:
        result = orch.main(args=list(arguments), prog_name="orch", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return USAGE
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    return result if isinstance(result, int) else 0


def main() -> None:
    """Run as a program."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show 한글 gets it written out
    gc.set_threshold(GARBAGE)
    sys.exit(run(sys.argv[1:]))
