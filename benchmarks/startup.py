"""Start-up, a no-op plan and recorded scenarios, as ratios against `python -c "import openai"`, paired run by run.

Machines differ and drift; the ratio of two processes run one after the other does not. Prints a line a case: median
seconds and peak memory of both, the median ratio, and the limits it is held to. Exits 1 where one is passed.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROUNDS = 9
MEGABYTES = 150
ASSISTANTS = 1000
SCENARIOS = 1000
REPLAY = [*("test", "--record", "none", "--quiet"), *("--json", "out.json", "--junit", "out.xml")]
ORCH = [sys.executable, "-m", "orchestrator"]
REFERENCE = [sys.executable, "-c", "import openai"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One finished process."""

    seconds: float
    megabytes: float


def measure(command: Sequence[str], folder: Path) -> Sample:
    """Run a command once; raises SystemExit where it fails."""
    before = time.perf_counter()
    child = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"{' '.join(command)} exited {child.returncode}")
    return Sample(time.perf_counter() - before, usage.ru_maxrss / 1024)


def compare(name: str, command: Sequence[str], limit: float, folder: Path) -> bool:
    """Print one case; tell whether it is within its limit."""
    measure(command, folder), measure(REFERENCE, folder)  # caches are warm in every counted round
    pairs = [(measure(command, folder), measure(REFERENCE, folder)) for _ in range(ROUNDS)]
    ratio = statistics.median(ours.seconds / reference.seconds for ours, reference in pairs)
    ours, reference = ([sample[side] for sample in pairs] for side in (0, 1))
    print(
        f"{name:<36} {statistics.median(s.seconds for s in ours):6.2f} s {max(s.megabytes for s in ours):6.0f} MB"
        f"   import openai {statistics.median(s.seconds for s in reference):5.2f} s"
        f" {max(s.megabytes for s in reference):4.0f} MB   ratio {ratio:4.2f} (at most {limit}, {MEGABYTES} MB)"
    )
    return ratio <= limit and max(s.megabytes for s in ours) <= MEGABYTES


def write_project(folder: Path) -> None:
    """Write a project of many assistants, each with a function of its own."""
    (folder / "orch.yaml").write_text(
        "kind: Project\nname: bench\ntargets: {local: {provider: local}}\n", encoding="utf-8"
    )
    for number in range(ASSISTANTS):
        (folder / f"assistant-{number:04}.yaml").write_text(
            f"""\
kind: Assistant
name: assistant-{number:04}
model: gpt-4o
instructions: You are assistant number {number}. {"Answer in one sentence. " * 20}
tools: [code_interpreter, {{function: look_up_{number}}}]
temperature: 0.2
metadata: {{team: bench}}
---
kind: Function
name: look_up_{number}
description: Looks something up.
parameters: {{type: object, properties: {{id: {{type: string}}, limit: {{type: integer}}}}, required: [id]}}
""",
            encoding="utf-8",
        )


def write_recorded(folder: Path) -> None:
    """Write a project of many scenarios of two turns, and play them once to record them."""
    (folder / "orch.yaml").write_text(
        """\
kind: Project
name: bench
targets: {local: {provider: local}}
---
kind: Assistant
name: clerk
model: gpt-4o
instructions: You look orders up.
tools: [{function: look_up}]
---
kind: Function
name: look_up
parameters: {type: object, properties: {id: {type: string}}, required: [id]}
---
kind: ScriptedModel
name: gpt-4o
rules:
  - {user: order, call: [{name: look_up, arguments: {id: A-1}}]}
  - {after: look_up, reply: "It says: {{ outputs[0] }}"}
  - {reply: You are welcome.}
""",
        encoding="utf-8",
    )
    for number in range(SCENARIOS):
        (folder / f"scenario-{number:04}.yaml").write_text(
            f"""\
kind: Scenario
name: scenario-{number:04}
assistant: clerk
turns:
  - user: Where is order {number}?
    mocks: {{look_up: {{returns: {{status: shipped, number: {number}}}}}}}
    checks:
      - contains: shipped
      - tool_called: {{name: look_up, arguments: {{id: A-1}}, times: 1}}
  - user: Thanks
    checks: [{{contains: welcome}}]
""",
            encoding="utf-8",
        )
    for command in (["apply", "--yes", "--quiet"], ["test", "--record", "all", "--quiet"]):
        subprocess.run([*ORCH, *command], cwd=folder, check=True, capture_output=True)


def main() -> int:
    """Run all cases."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_recorded(folder)
        one = [*ORCH, "test", "--record", "none", "--quiet", "one"]
        alone = folder / "one"
        alone.mkdir()
        (alone / "recordings" / "local").mkdir(parents=True)
        head = (folder / "orch.yaml").read_text(encoding="utf-8")
        (alone / "orch.yaml").write_text(head, encoding="utf-8")
        for file in ("scenario-0000.yaml", "recordings/local/scenario-0000.json"):
            (alone / file).write_bytes((folder / file).read_bytes())
        replayed = [
            compare("one recorded scenario", one, 1.5, folder),
            compare(f"{SCENARIOS} recorded scenarios", [*ORCH, *REPLAY], 5, folder),
        ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_project(folder)
        subprocess.run([*ORCH, "apply", "--yes", "--quiet"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        within = [
            compare("orch --version", [*ORCH, "--version"], 0.4, folder),
            compare(f"no-op plan of {ASSISTANTS} assistants", [*ORCH, "plan"], 4, folder),
        ]
    return 0 if all([*replayed, *within]) else 1


if __name__ == "__main__":
    sys.exit(main())
