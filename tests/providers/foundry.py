"""Foundry classic as a server for tests: the Assistants protocol below a project's path, for those who have a token.

It refuses in Microsoft's words: a token that is wrong or expired, and a request without `api-version`. `az` in `az_of`
stands in for the program that prints tokens. Facts: API facts 5.1.
"""

import asyncio
import json
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send

from orchestrator.server.app import create_app
from orchestrator.server.assembly import assemble
from orchestrator.server.models.interface import Model
from orchestrator.server.store import Store
from tests.providers.building import app_on_port, served
from tests.providers.newer import Newer

PREFIX = "/api/projects/p"
VERSION = "2025-05-01"
EXPIRED = {
    "statusCode": 401,
    "message": "Unauthorized. Access token is missing, invalid, audience is incorrect (https://ai.azure.com), "
    "or have expired.",
}
VERSIONLESS = {"error": {"code": "BadRequest", "message": "Missing required query parameter: api-version"}}
NO_SUCH_PROJECT = {"error": {"code": "NotFound", "message": "The project does not exist."}}
AZ = "az account get-access-token --query accessToken -o tsv --resource https://ai.azure.com"


class Asked(NamedTuple):
    """One request as it arrived."""

    method: str
    path: str
    """Below the project."""
    query: dict[str, str]
    token: str


class Foundry:
    """The wrapper: who may pass, and where things lie."""

    def __init__(self, app: ASGIApp) -> None:
        self.newer = Newer(app)
        self.asked: list[Asked] = []
        self.least = 1
        """The oldest token that is good: tokens are `token-N`."""
        self.expires_at: Callable[[Asked], bool] = lambda asked: False
        """Tells whether all tokens that are known expire as this request comes."""
        self.together: tuple[str, str, int] | None = None
        """Method, path, number: such requests wait until so many are there, and their token expires then."""
        self._waiting = 0
        self._all_there: asyncio.Event | None = None

    def seen(self, method: str, path: str) -> int:
        """Count the requests so far."""
        return sum((each.method, each.path) == (method, path) for each in self.asked)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] != "http":
            await self.newer(scope, receive, send)
            return
        refusal = await self._refusal(scope)
        if refusal is None:
            await self.newer({**scope, "path": scope["path"].removeprefix(PREFIX)}, receive, send)
            return
        status, body = refusal
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})

    async def _refusal(self, scope: Scope) -> tuple[int, Any] | None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        scheme, _, token = headers.get("authorization", "").partition(" ")
        query = dict(parse_qsl(scope["query_string"].decode()))
        asked = Asked(scope["method"], scope["path"].removeprefix(PREFIX), query, token)
        number = int(token.removeprefix("token-")) if token.removeprefix("token-").isdecimal() else 0
        if self.expires_at(asked):
            self.least = number + 1
        self.asked.append(asked)
        await self._gather(asked, number)
        if not scope["path"].startswith(f"{PREFIX}/"):
            return 404, NO_SUCH_PROJECT
        if scheme != "Bearer" or number < self.least:
            return 401, EXPIRED
        if query.get("api-version") != VERSION:
            return 400, VERSIONLESS
        return (404, {"error": {"code": "404", "message": "Resource not found"}}) if asked.path == "/models" else None

    async def _gather(self, asked: Asked, number: int) -> None:
        if self.together is None or (asked.method, asked.path) != self.together[:2]:
            return
        self._all_there = self._all_there or asyncio.Event()
        self._waiting += 1
        if self._waiting == self.together[2]:
            self.together, self.least = None, number + 1
            self._all_there.set()
        await asyncio.wait_for(self._all_there.wait(), 10)


@contextmanager
def foundry_on_port(folder: Path, models: Sequence[Model] | None = None) -> Iterator[tuple[Foundry, str]]:
    """The server on a free port; gives it and the address of its project."""
    with Store.open(folder / "server.db") as store:
        foundry = Foundry(create_app(assemble(store, served() if models is None else models)))
        with app_on_port(foundry) as url:
            yield foundry, f"{url}{PREFIX}"


def az_of(folder: Path) -> Path:
    """Put a program `az` into `folder`: it prints `token-1`, then `token-2`; and counts in the file `asked`."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "az"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nfrom pathlib import Path\n"
        "if sys.argv[1:] == ['login']:\n    sys.exit()\n"
        f"assert sorted(sys.argv[1:]) == {sorted(AZ.split()[1:])!r}, sys.argv\n"
        "asked = Path(__file__).with_name('asked')\n"
        "with asked.open('a') as file:\n    file.write('x')\n"
        "print(f'token-{len(asked.read_text())}')\n",
        encoding="utf-8",
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def times_asked(program: Path) -> int:
    """How many tokens the program has printed."""
    asked = program.with_name("asked")
    return len(asked.read_text()) if asked.exists() else 0
