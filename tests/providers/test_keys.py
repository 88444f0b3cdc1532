"""Keys from commands: asked for once, again when refused, by one for all, and never shown."""

import asyncio
import shlex
import sys
import time

import pytest

from orchestrator.errors import TargetAccessError
from orchestrator.providers._client import Client
from orchestrator.providers.keys import CommandKey

REFUSED = {"error": {"message": "Incorrect API key provided: token-1.", "type": "invalid_request_error"}}


@pytest.fixture
def command(tmp_path):
    """Give a command that runs a program in Python; `N` in it is how often it was run before, and once more."""

    def written(program: str) -> str:
        counting = "from pathlib import Path\np = Path('n')\nN = len(p.read_text()) + 1 if p.exists() else 1\n"
        (tmp_path / "key.py").write_text(f"{counting}p.write_text('x' * N)\n{program}\n", encoding="utf-8")
        return f"{shlex.quote(sys.executable)} key.py"

    return written


@pytest.fixture
def runs(tmp_path):
    return lambda: len((tmp_path / "n").read_text())


def asked(tiny, command, folder, times=1):
    key = CommandKey(command, folder)

    async def use():
        client = Client(tiny.url, key)
        try:
            return await asyncio.gather(*(client.get("/x") for _ in range(times)))
        finally:
            await client.close()

    return asyncio.run(use())


def test_the_command_is_run_once_and_what_it_prints_is_sent(tiny, command, runs, tmp_path):
    tiny.will({}, {}, {})
    asked(tiny, command("print(f'token-{N}')"), tmp_path, times=3)
    assert [each.headers["authorization"] for each in tiny.asked] == ["Bearer token-1"] * 3
    assert runs() == 1


def test_a_key_that_is_refused_is_asked_for_again_once_for_all(tiny, answer, command, runs, tmp_path):
    tiny.will({})
    asked(tiny, command("print(f'token-{N}')"), tmp_path)

    async def use():
        key = CommandKey(command("print(f'token-{N}')"), tmp_path)
        assert await key.get() == "token-2"
        assert await asyncio.gather(*(key.renew("token-2") for _ in range(5))) == [True] * 5
        return await key.get()

    assert asyncio.run(use()) == "token-3"
    assert runs() == 3


def test_a_request_whose_key_expired_is_sent_again_with_the_new_one(tiny, answer, command, runs, tmp_path):
    tiny.will(answer(REFUSED, 401), {"id": "x"})
    assert asked(tiny, command("print(f'token-{N}')"), tmp_path) == [{"id": "x"}]
    assert [each.headers["authorization"] for each in tiny.asked] == ["Bearer token-1", "Bearer token-2"]


def test_a_new_key_that_is_refused_too_is_the_end_and_no_key_is_shown(tiny, answer, command, runs, tmp_path):
    tiny.will(answer(REFUSED, 401), answer({"error": {"message": "no: token-1, token-2"}}, 401))
    with pytest.raises(TargetAccessError, match=r"no: \*\*\*, \*\*\*"):
        asked(tiny, command("print(f'token-{N}')"), tmp_path)
    assert (len(tiny.asked), runs()) == (2, 2)


def test_the_same_key_again_is_not_sent_again(tiny, answer, command, runs, tmp_path):
    tiny.will(answer({"error": {"message": "no"}}, 401))
    with pytest.raises(TargetAccessError):
        asked(tiny, command("print('same')"), tmp_path)
    assert (len(tiny.asked), runs()) == (1, 2)


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("", "the command of api_key printed nothing: "),
        ("print('a\\nb')", "printed something that is not a key: "),
        ("print('ключ')", "printed something that is not a key: "),
        ("import sys; sys.exit('log in first')", r"failed \(exit 1\): .*: log in first"),
        ("import time; time.sleep(60)", r"was not done after 0\.3 s: "),
    ],
)
def test_a_command_that_gives_no_key_says_why(command, tmp_path, program, told):
    key = CommandKey(command(program), tmp_path, seconds=0.3 if "sleep" in program else 30)
    with pytest.raises(TargetAccessError, match=told) as caught:
        asyncio.run(key.get())
    assert caught.value.hint


def test_a_command_is_killed_with_all_that_it_started(command, tmp_path):
    """A wrapper that waits for its child, as `az` and most shell scripts do."""
    program = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(30)'])"
    key = CommandKey(command(program), tmp_path, seconds=1.0)
    began = time.monotonic()
    with pytest.raises(TargetAccessError, match=r"was not done after 1 s: "):
        asyncio.run(key.get())
    assert time.monotonic() - began < 10


def test_a_key_is_taken_though_something_in_the_background_holds_the_output(command, tmp_path):
    child = "import time; time.sleep(20)"
    program = (
        f"import subprocess, sys; print('token-1', flush=True); subprocess.Popen([sys.executable, '-c', {child!r}])"
    )
    began = time.monotonic()
    assert asyncio.run(CommandKey(command(program), tmp_path).get()) == "token-1"
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("ERROR: Please run 'az login' to setup account.", "ERROR: Please run 'az login' to setup account."),
        ("expired: eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczov.x-y_z", "expired: ***"),
        ("key=sk-proj-4f9a8b7c6d5e4f3a2b1c, gone", "***, gone"),
    ],
)
def test_what_a_command_says_is_shown_without_what_may_be_a_key(command, tmp_path, said, shown):
    with pytest.raises(TargetAccessError) as caught:
        asyncio.run(CommandKey(command(f"import sys; sys.exit({said!r})"), tmp_path).get())
    assert caught.value.message.endswith(f": {shown}")


def test_a_key_it_gave_before_is_not_shown_when_it_fails(command, tmp_path):
    key = CommandKey(command("import sys; sys.exit('bad: tok-1') if N > 1 else print('tok-1')"), tmp_path)

    async def use():
        await key.renew(await key.get())

    with pytest.raises(TargetAccessError, match=r"bad: \*\*\*"):
        asyncio.run(use())


def test_a_command_that_is_not_there_is_named(tmp_path):
    with pytest.raises(TargetAccessError, match="cannot be started: no-such-program: "):
        asyncio.run(CommandKey("no-such-program --now", tmp_path).get())


def test_no_shell_reads_the_command(command, tmp_path, runs):
    words = command("import sys; print('-'.join(sys.argv[1:]))") + " '$HOME' ';' 'a b'"
    assert asyncio.run(CommandKey(words.replace("a b", "ab"), tmp_path).get()) == "$HOME-;-ab"
