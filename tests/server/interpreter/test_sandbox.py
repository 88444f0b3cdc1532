import pytest

from orchestrator.server.interpreter.limits import Limits
from orchestrator.server.interpreter.sandbox import PythonLayout, Sandbox, find_layout, get_argv, get_kernel_command

VENV = PythonLayout("/home/ann/project/.venv/bin/python", ("/home/ann/project/.venv", "/home/ann/.pyenv/3.11"), ())
LIMITS = Limits(disk_bytes=12345)


def argv(layout=VENV, privileged=False):
    return get_argv(Sandbox("/opt/bwrap", layout, privileged), LIMITS, "/pkg/inside.py", ["python", "x"])


def arguments(words, option, count):
    return [tuple(words[i + 1 : i + 1 + count]) for i, word in enumerate(words) if word == option]


def binds(words):
    return {(kind, *pair) for kind in ("--ro-bind", "--ro-bind-try") for pair in arguments(words, kind, 2)}


def test_the_command_comes_last():
    words = argv()
    assert words[0] == "/opt/bwrap"
    assert words[-3:] == ["--", "python", "x"]


@pytest.mark.parametrize("privileged", [True, False])
def test_everything_is_unshared_and_ends_with_the_server(privileged):
    words = argv(privileged=privileged)
    assert {"--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"} <= set(words)
    assert {"--die-with-parent", "--new-session", "--clearenv"} <= set(words)


def test_an_ordinary_user_becomes_nobody_without_capabilities_or_namespaces_of_its_own():
    words = argv()
    assert {"--unshare-user", "--disable-userns"} <= set(words)
    assert (arguments(words, "--uid", 1), arguments(words, "--gid", 1)) == ([("65534",)], [("65534",)])
    assert arguments(words, "--cap-drop", 1) == [("ALL",)]
    assert "--cap-add" not in words


def test_root_keeps_only_what_the_launcher_needs_to_give_root_up():
    words = argv(privileged=True)
    assert arguments(words, "--cap-drop", 1) == [("ALL",)]
    assert arguments(words, "--cap-add", 1) == [("CAP_SETUID",), ("CAP_SETGID",)]
    assert "--unshare-user" not in words


def test_nothing_is_bound_writable_and_nothing_beside_python():
    words = argv()
    assert not {"--bind", "--bind-try", "--dev-bind"} & set(words)
    seen = {source for _, source, _ in binds(words)}
    assert {path for path in seen if path.startswith(("/home", "/root", "/var", "/pkg"))} == {
        *(f"/home/ann/project/.venv/{part}" for part in ("bin", "lib", "lib64", "pyvenv.cfg")),
        *(f"/home/ann/.pyenv/3.11/{part}" for part in ("bin", "lib", "lib64", "pyvenv.cfg")),
        "/pkg/inside.py",
    }
    assert {path for path in seen if path.startswith("/etc")} == {
        "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives",
    }  # fmt: skip


@pytest.mark.parametrize("prefix", ["/home/ann/project", "/home/ann", "/"])
def test_a_prefix_that_is_a_project_a_home_or_the_root_is_not_bound_whole(prefix):
    words = argv(PythonLayout(f"{prefix}/bin/python", (prefix,), ()))
    assert prefix not in {source for _, source, _ in binds(words)}


def test_a_python_of_the_system_adds_nothing():
    system = PythonLayout("/usr/bin/python3", ("/usr",), ("/usr/lib/python3/dist-packages",))
    assert not {source for _, source, _ in binds(argv(system)) if source.startswith("/usr/")}


def test_package_folders_elsewhere_are_bound_and_on_the_import_path():
    words = argv(PythonLayout("/usr/bin/python3", ("/usr",), ("/home/ann/.local/lib/python3.11/site-packages",)))
    folder = "/home/ann/.local/lib/python3.11/site-packages"
    assert ("--ro-bind-try", folder, folder) in binds(words)
    assert ("PYTHONPATH", folder) in arguments(words, "--setenv", 2)


def test_what_can_be_written_is_memory_of_limited_size():
    words = argv()
    places = {words[i + 1]: words[i - 1] for i, word in enumerate(words) if word == "--tmpfs"}
    assert places == {"/dev/shm": "12345", "/tmp": "12345", "/mnt/data": "12345", "/run/kernel": str(1 << 20)}
    assert words[words.index("--") - 2 : words.index("--")] == ["--remount-ro", "/"]


def test_a_python_in_tmp_is_not_hidden_by_the_empty_one():
    words = argv(PythonLayout("/tmp/venv/bin/python", ("/tmp/venv",), ()))
    assert words.index("/tmp") < words.index("/tmp/venv/lib")


def test_the_layout_of_this_python_names_its_prefix_and_its_packages():
    layout = find_layout("/x/bin/python", ["", "/x/lib", "/somewhere/site-packages", "/other/code"])
    assert layout.executable == "/x/bin/python"
    assert layout.packages == ("/somewhere/site-packages",)
    assert get_kernel_command(layout) == ["/x/bin/python", "-P", "/run/launch.py"]
