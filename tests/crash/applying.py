"""An apply over a real port, in this process or in one that can be killed.

As a program it is warm: it has imported everything, and forks a process for every line it reads.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from orchestrator.project import Session, apply_plan, fetch_plan
from orchestrator.providers._client import Client
from orchestrator.providers.agents import BETAS, AgentsProvider
from orchestrator.providers.assistants import BETA, AssistantsProvider
from orchestrator.reconcile.outcome import Applied
from orchestrator.reconcile.planner import PlanOptions
from orchestrator.spec.loader import Ask, load
from orchestrator.spec.sole_writer import only_writer
from tests.providers.pace import FakePace


async def applied(root: Path, base_url: str, timeout: float = 60.0) -> Applied:
    """Make the server what the specs in `root` say, and delete what they do not declare any more."""
    project = load(Ask(start=root, cwd=root, target="server", variables={}, env={}))
    provider: AssistantsProvider | AgentsProvider
    if project.target.provider == "agents":
        provider = AgentsProvider(Client(base_url, None, betas=BETAS, timeout=timeout, pace=FakePace()))
    else:
        provider = AssistantsProvider(Client(base_url, None, headers=BETA, timeout=timeout, pace=FakePace()))
    try:
        async with only_writer(project, lambda: None):
            session = Session(project, provider)
            plan = await fetch_plan(session, PlanOptions(prune=True), patience=0)
            return await apply_plan(session, plan, concurrency=8)
    finally:
        await provider.close()


def _child(root: Path, base_url: str) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)  # until it is known whom to kill
    asyncio.run(applied(root, base_url))


def main() -> None:
    """Fork for every `[ROOT, URL]` on stdin; answers with the pid and, when it has ended, with how."""
    for line in sys.stdin:
        root, base_url = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _child(Path(root), base_url)
            os._exit(0)
        os.waitpid(pid, os.WUNTRACED)
        _say(pid)
        _say(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
