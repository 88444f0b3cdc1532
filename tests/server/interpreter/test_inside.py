"""What code in the sandbox must not be able to do, tried from inside in every way a sandbox is made."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from orchestrator.server.interpreter.limits import Limits
from orchestrator.server.interpreter.pool import KernelPool

REPOSITORY = Path(__file__).parents[3]

PROBES = {
    "network": "import socket; socket.create_connection(('1.1.1.1', 53), timeout=2)",
    "loopback of the machine": "import socket; socket.create_connection(('127.0.0.1', {port}), timeout=2)",
    "names": "import socket; socket.getaddrinfo('example.com', 80)",
    "accounts": "open('/etc/passwd').read()",
    "shadow": "open('/etc/shadow').read()",
    "server's file": "open({secret!r}).read()",
    "repository": "open({repository!r} + '/pyproject.toml').read()",
    "write to root": "open('/new', 'w')",
    "write to the system": "open('/usr/new', 'w')",
    "write to the packages": "import sys; open(sys.prefix + '/lib/new', 'w')",
    "write to devices": "open('/dev/new', 'w')",
    "change the launcher": "open('/run/launch.py', 'a')",
    "become root": "import os; os.setuid(0)",
    "mount": "import subprocess; subprocess.run(['mount', '-t', 'tmpfs', 'x', '/mnt'], check=True)",
    "leave through a process": "import os; os.listdir('/proc/1/root{repository}/tests')",
    "lift the limits": "import resource; resource.setrlimit(resource.RLIMIT_DATA, (-1, -1))",
    "fill the disk": "open('big', 'wb').write(bytes(40 << 20))",
    "fill shared memory": "open('/dev/shm/big', 'wb').write(bytes(40 << 20))",
    "allocate": "x = bytearray(600 << 20)",
}

LOOK = """
import glob, json, os
os.remove('big')
environments = []
for path in glob.glob('/proc/[0-9]*/environ'):
    try:
        environments.append(open(path).read())
    except OSError:
        pass
json.dump({
    'environ': [dict(os.environ), *environments],
    'processes': sum(name.isdigit() for name in os.listdir('/proc')),
    'interfaces': os.listdir('/sys/class/net') if os.path.exists('/sys/class/net') else ['lo'],
    'root': sorted(os.listdir('/')),
    'etc': sorted(os.listdir('/etc')),
    'home': os.environ['HOME'],
    'cwd': os.getcwd(),
    'capabilities': [l.split()[1] for l in open('/proc/self/status') if l.startswith(('CapPrm', 'CapEff'))],
    'new_privileges': [l.split()[1] for l in open('/proc/self/status') if l.startswith('NoNewPrivs')],
    'user': os.getuid(),
    'descriptors': [os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd')
                    if os.path.exists(f'/proc/self/fd/{n}')],
}, open('look.json', 'w'))
"""


@pytest.fixture(scope="module")
def secret(tmp_path_factory):
    path = tmp_path_factory.mktemp("server") / "secret"
    path.write_text("s3cret")
    return path


@pytest.fixture(scope="module")
def tried(each_sandbox, with_pool, secret):
    """What became of each probe and of the look around, with a server out here that nobody must reach."""

    async def scene(pool: KernelPool):
        reached: list[bool] = []

        def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            reached.append(True)
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1")
        places = {"port": server.sockets[0].getsockname()[1], "secret": str(secret), "repository": str(REPOSITORY)}
        errors = {name: (await pool.run("t", code.format(**places))).error for name, code in PROBES.items()}
        looked = await pool.run("t", LOOK)
        server.close()
        await server.wait_closed()
        assert looked.error is None, looked.logs
        return errors, json.loads(dict(looked.files)["look.json"]), reached

    os.environ["ORCH_TEST_SECRET"] = "s3cret"
    try:
        return with_pool(scene, Limits(disk_bytes=32 << 20, memory_bytes=512 << 20), each_sandbox)
    finally:
        del os.environ["ORCH_TEST_SECRET"]


@pytest.mark.parametrize("probe", PROBES)
def test_it_fails(tried, probe):
    errors, _, reached = tried
    allowed = ("OSError", "FileNotFoundError", "PermissionError", "ConnectionRefusedError", "gaierror", "MemoryError",
               "ValueError: not allowed to raise maximum limit", "CalledProcessError")  # fmt: skip
    assert (errors[probe] or "it worked").startswith(allowed), errors[probe]
    assert reached == []


def test_the_environment_is_its_own(tried):
    _, seen, _ = tried
    assert "s3cret" not in json.dumps(seen["environ"])
    assert {"HOME", "PATH", "LANG", "USER"} <= set(seen["environ"][0])
    assert str(Path.home()) not in (seen["home"], seen["cwd"])
    assert (seen["home"], seen["cwd"]) == ("/tmp", "/mnt/data")


def test_it_sees_its_own_processes_and_files_only(tried):
    _, seen, _ = tried
    assert seen["processes"] < 5
    assert set(seen["etc"]) <= {"alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d"}
    top = {REPOSITORY.parts[1], Path(sys.prefix).parts[1], Path(sys.base_prefix).parts[1]}
    system = {"bin", "dev", "etc", "lib", "lib32", "lib64", "mnt", "nix", "proc", "run", "sbin", "tmp", "usr"}
    assert set(seen["root"]) <= system | top
    assert not [name for name in seen["descriptors"] if name.startswith(("/home", "/root", "/work", "/var"))]


def test_it_has_no_rights(tried):
    _, seen, _ = tried
    assert seen["capabilities"] == ["0000000000000000"] * 2
    assert seen["new_privileges"] == ["1"]
    assert seen["user"] != 0


def test_memory_is_an_error_and_the_state_stays(run):
    full, after = run("x = 1\ny = bytearray(400 << 20)", "x", limits=Limits(memory_bytes=300 << 20))
    assert (full.error, after.logs) == ("MemoryError", "1\n")


def test_memory_of_many_processes_counts_together(run):
    hold = "x = bytearray(150 << 20); import time; time.sleep(60)"
    start = f"[subprocess.Popen([sys.executable, '-c', {hold!r}]) for _ in range(4)]"
    code = f"import subprocess, sys\nfor process in {start}: process.wait()"
    greedy, after = run(code, "1", limits=Limits(memory_bytes=400 << 20))
    assert (greedy.error or "").startswith("the Python process was ended: it used more than 400 MiB of memory;")
    assert after.error is None


def test_a_fork_bomb_meets_the_limit_and_leaves_the_machine_well(run):
    bomb = "import os, time\nn = 0\nwhile True:\n  if os.fork() == 0: time.sleep(60)\n  n += 1"
    bombed, count = run(bomb, "n", limits=Limits(processes=50))
    assert bombed.error == "BlockingIOError: [Errno 11] Resource temporarily unavailable"
    assert 10 < int(count.logs) < 50
