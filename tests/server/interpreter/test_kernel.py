import base64
import struct
import zlib

from orchestrator.server.interpreter.limits import Limits


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PNG = b"\x89PNG\r\n\x1a\n" + b"".join(
    (
        chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)),
        chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")),
        chunk(b"IEND", b""),
    )
)


def test_state_output_and_values_are_kept_and_shown(run):
    first, second, silent = run("import sys\nx = 1\nprint('out')\nprint('err', file=sys.stderr)\nx + 1", "x", "x;")
    assert (first.logs, first.error, first.images, first.files) == ("out\nerr\n2\n", None, (), ())
    assert (second.logs, silent.logs) == ("1\n", "")


def test_output_of_programs_the_code_starts_is_shown(run):
    assert run("import subprocess\nsubprocess.run(['echo', 'hello'], check=True);")[0].logs == "hello\n"


def test_an_error_is_one_line_and_its_traceback_is_in_the_logs(run):
    zero, syntax, after = run("print('before')\n1/0", "x = = 1", "print('alive')")
    assert zero.error == "ZeroDivisionError: division by zero"
    assert zero.logs.startswith("before\n")
    assert "----> 2 1/0" in zero.logs
    assert "\x1b" not in zero.logs
    assert (syntax.error or "").startswith("SyntaxError: invalid syntax")
    assert (after.logs, after.error) == ("alive\n", None)


def test_input_is_refused_not_waited_for(run):
    assert (run("input('name?')")[0].error or "").startswith("StdinNotImplementedError")


def test_an_image_comes_out_as_png(run):
    code = f"import base64\nfrom IPython.display import Image\nImage(base64.b64decode({base64.b64encode(PNG)!r}))"
    (shown,) = run(code)
    assert (shown.images, shown.logs) == ((PNG,), "")


def test_files_go_in_and_changed_ones_come_out_once(run):
    read, written, again = run(
        "open('numbers.csv').read()",
        "import os\nopen('b.txt', 'w').write('b')\nos.mkdir('sub')\nopen('sub/a.txt', 'w').write('a')\n"
        "open('numbers.csv', 'a').write('3')\nos.symlink('/usr/lib/os-release', 'link');",
        "open('/mnt/data/numbers.csv').read()",
        files=[("in/numbers.csv", b"1,2,")],
    )
    assert (read.logs, read.files) == ("'1,2,'\n", ())
    assert written.files == (("b.txt", b"b"), ("numbers.csv", b"1,2,3"), ("sub/a.txt", b"a"))
    assert (again.logs, again.files) == ("'1,2,3'\n", ())


def test_what_could_not_be_placed_is_in_the_logs(run):
    assert run("1", files=[("..", b"x")])[0].logs == "[the file '..' was not placed: it has no usable name]\n1\n"


def test_logs_are_cut(run):
    (long,) = run("print('x' * 5_000_000)", limits=Limits(log_characters=10))
    assert long.logs == "xxxxxxxxxx\n[output cut: 4999991 more characters]\n"


def test_code_that_runs_too_long_is_interrupted_and_keeps_its_state(run):
    slow, after = run("x = 7\nimport time\ntime.sleep(60)", "x", limits=Limits(seconds=0.3))
    assert slow.error == "the code ran over 0.3 s and was interrupted; variables and files are kept"
    assert "KeyboardInterrupt" in slow.logs
    assert (after.logs, after.error) == ("7\n", None)


def test_code_that_resists_an_interrupt_is_ended_with_its_state(run):
    stubborn, after = run(
        "x = 7\nwith open('half.txt', 'w') as f: f.write('half')\n"
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        "'x' in globals()",
        limits=Limits(seconds=1, grace_seconds=0.2),
    )
    assert stubborn.error == (
        "the code ran over 1 s; it did not stop within 0.2 s of an interrupt; "
        "variables and files are lost, the next call starts anew"
    )
    assert stubborn.files == (("half.txt", b"half"),)
    assert after.logs == (
        "[this is a new Python session, earlier variables and files are gone: "
        "it did not stop within 0.2 s of an interrupt]\nFalse\n"
    )


def test_code_that_prints_without_end_is_interrupted(run):
    flood, after = run(
        "x = 7\nwhile True: print('x' * 1000)", "x", limits=Limits(output_bytes=2 << 20, log_characters=100)
    )
    assert flood.error == "the code printed more than 2097152 bytes and was interrupted; variables and files are kept"
    assert len(flood.logs) < 200
    assert after.logs == "7\n"


def test_one_message_beyond_all_measure_ends_the_kernel_not_the_server(run):
    huge, after = run("'x' * (40 << 20)", "1")
    assert "its output stopped (one message may have at most 32 MiB)" in (huge.error or "")
    assert after.logs.endswith("]\n1\n")


def test_a_process_that_ends_itself_is_told_and_replaced(run):
    dead, after = run("import os, signal\nprint('last words', flush=True)\nos.kill(os.getpid(), signal.SIGKILL)", "1")
    assert dead.error == (
        "the Python process was ended: its process ended with exit status 137; "
        "variables and files are lost, the next call starts anew"
    )
    assert after.logs.startswith("[this is a new Python session")
    assert after.error is None


def test_messages_that_make_no_sense_end_the_kernel(run):
    forged, after = run(
        "import time\nfrom ipykernel.kernelapp import IPKernelApp\n"
        "IPKernelApp.instance().iopub_thread.send_multipart([b'<IDS|MSG>', b'', b'[]', b'{}', b'{}', b'7'])\n"
        "time.sleep(30)",
        "1",
    )
    assert "its messages cannot be read" in (forged.error or "")
    assert after.error is None
