"""A real browser, where there is one: pages are opened in it, used as people use them, and read back.

It is driven over the DevTools protocol on a pair of pipes: JSON messages with a zero byte after each.
"""

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)
LAUNCH = """\
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
os.dup2(ends[0], 3)
os.dup2(ends[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""A browser takes its orders on descriptor 3 and answers on 4."""
PATIENCE = 60
"""Seconds until a browser that says nothing is given up."""


class Browser:
    """A running browser."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading, self._writing = reading, writing
        self._rest = b""
        self._number = 0
        self.pages: dict[str, Page] = {}

    def ask(self, method: str, session: str | None = None, **parameters: object) -> dict[str, Any]:
        """Call a method and give its result; what happens meanwhile is told to the pages."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        text = json.dumps(message | ({"sessionId": session} if session else {}))
        os.write(self._writing, text.encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == self._number:
                assert "error" not in told, told["error"]
                result: dict[str, Any] = told["result"]
                return result
            if page := self.pages.get(told.get("sessionId", "")):
                page.note(told["method"], told["params"])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._reading], [], [], PATIENCE)
            assert ready, "the browser says nothing"
            read = os.read(self._reading, 1 << 20)
            assert read, "the browser has ended"
            self._rest += read
        message, _, self._rest = self._rest.partition(b"\0")
        told: dict[str, Any] = json.loads(message)
        return told

    def open(
        self, file: Path, fragment: str = "", *, dark: bool = False, width: int = 1200, height: int = 3000
    ) -> "Page":
        """Open a file in a window of this width in CSS pixels, and wait until its scripts have run and it is drawn.

        Before the first frame, what has `content-visibility: auto` is not shown yet and has no `innerText`.
        """
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self.pages[session] = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.ask(f"{domain}.enable")
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        page.ask("Emulation.setEmulatedMedia", features=features)
        page.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        page.ask("Page.navigate", url=f"{file.as_uri()}{'#' if fragment else ''}{fragment}")
        page.evaluate(
            "new Promise(done => document.readyState === 'complete' ? done() : addEventListener('load', done))"
        )
        page.settle()
        return page


class Page:
    """One opened file."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session
        self.complaints: list[str] = []
        """What the console told: errors of scripts, and what the page's policy refused."""
        self.loaded: list[str] = []
        """Addresses that were asked for."""

    def ask(self, method: str, **parameters: object) -> dict[str, Any]:
        """Call a method on this page."""
        return self._browser.ask(method, self._session, **parameters)

    def note(self, event: str, what: dict[str, Any]) -> None:
        """Keep what happened."""
        match event:
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(what["exceptionDetails"]))
            case "Runtime.consoleAPICalled":
                self.complaints.append(json.dumps(what["args"]))
            case "Log.entryAdded":
                self.complaints.append(what["entry"]["text"])
            case "Network.requestWillBeSent":
                self.loaded.append(what["request"]["url"])

    def evaluate(self, script: str) -> Any:
        """Give the value of an expression, awaited."""
        told = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def texts(self, selector: str) -> list[str]:
        """Give the texts of elements, as they are shown."""
        found: list[str] = self.evaluate(
            f"[...document.querySelectorAll({json.dumps(selector)})].map(n => n.innerText)"
        )
        return found

    def press(self, key: str, text: str = "") -> None:
        """Press a key, which types `text`."""
        code = {"Enter": 13, "Escape": 27, "Tab": 9}.get(key, ord(key[0]))
        what = {"key": key, "windowsVirtualKeyCode": code}
        self.ask("Input.dispatchKeyEvent", type="keyDown", **what, **({"text": text} if text else {}))
        self.ask("Input.dispatchKeyEvent", type="keyUp", **what)
        self.settle()

    def write(self, text: str) -> None:
        """Type a text where the focus is."""
        self.ask("Input.insertText", text=text)
        self.settle()

    def click(self, selector: str) -> None:
        """Click an element in its middle, as a mouse does."""
        script = (
            f"(() => {{ const node = document.querySelector({json.dumps(selector)});"
            "node.scrollIntoView({block: 'center', behavior: 'instant'});"
            "const box = node.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        x, y = self.evaluate(script)
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        self.settle()

    def settle(self) -> None:
        """Wait until the page has drawn what an input made of it, with the events that follow from that."""
        self.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")

    def go(self, fragment: str) -> None:
        """Go to another place of the same page."""
        self.evaluate(f"void (location.hash = {json.dumps(fragment)})")
        self.settle()

    def close(self) -> None:
        """Close it."""
        self.ask("Page.close")


@contextmanager
def browsing() -> Iterator[Browser]:
    """Run a browser of its own, with an empty profile."""
    assert CHROMIUM is not None
    asked, asking = os.pipe()
    told, telling = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        launch = [sys.executable, "-c", LAUNCH, str(asked), str(telling)]
        command = [*launch, CHROMIUM, *OPTIONS, f"--user-data-dir={profile}"]
        with subprocess.Popen(
            command, pass_fds=(asked, telling), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            os.close(asked)
            os.close(telling)
            browser = Browser(told, asking)
            try:
                yield browser
                browser.ask("Browser.close")
            finally:
                os.close(asking)
                os.close(told)
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
