"""Headless Chromium, spoken to over a pipe: pages opened from a file, what they ask of the network, what they show.

Every request is written down, and one that leaves the page's own file is refused before it is sent.
"""

from __future__ import annotations

import base64
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from tests.tools import require_tool

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--remote-debugging-pipe",
    "--hide-scrollbars",
)  # fmt: skip
ANSWER_TIMEOUT_S = 60
SHOWN_TIMEOUT_S = 60
_PIPED = """
import fcntl, os, sys
read, write = (fcntl.fcntl(int(one), fcntl.F_DUPFD, 10) for one in sys.argv[1:3])
os.dup2(read, 3), os.dup2(write, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Becomes the program that is named, with the two descriptors as 3 and 4, where Chromium looks for its pipes."""
OWN = ("file:", "data:", "blob:", "about:")


class Page:
    """One page of a browser: ``requests`` are the addresses that it asked for beside what lies in it."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from = to_browser, from_browser
        self._unfinished: list[bytes] = []
        self._lines: deque[bytes] = deque()
        self._number = 0
        self._session = ""
        self.requests: list[str] = []
        self.problems: list[str] = []

    def attach(self) -> None:
        """Take the one page that a new browser has, and listen to it."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.ask(f"{domain}.enable")
        self.ask("Fetch.enable", patterns=[{"urlPattern": "http*"}, {"urlPattern": "ws*"}])

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one command of the DevTools protocol and give its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        deadline = monotonic() + ANSWER_TIMEOUT_S
        while True:
            answer = self._next(deadline)
            if answer.get("id") == message["id"]:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result

    def _next(self, deadline: float) -> dict[str, Any]:
        while not self._lines:
            ready, _, _ = select.select([self._from], [], [], max(0.0, deadline - monotonic()))
            assert ready, "the browser did not answer in time"
            read = os.read(self._from, 1 << 20)
            assert read, "the browser has ended"
            first, *more = read.split(b"\0")
            self._unfinished.append(first)
            for piece in more:
                self._lines.append(b"".join(self._unfinished))
                self._unfinished = [piece]
        told: dict[str, Any] = json.loads(self._lines.popleft())
        self._hear(told.get("method", ""), told.get("params", {}))
        return told

    def _hear(self, method: str, parameters: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent" and not parameters["request"]["url"].startswith(OWN):
            self.requests.append(parameters["request"]["url"])
        elif method == "Fetch.requestPaused":
            self.requests.append(parameters["request"]["url"])
            refusal = {"requestId": parameters["requestId"], "errorReason": "AccessDenied"}
            self._number += 1
            message = {"id": self._number, "method": "Fetch.failRequest", "params": refusal, "sessionId": self._session}
            os.write(self._to, json.dumps(message).encode() + b"\0")
        elif method == "Runtime.exceptionThrown":
            self.problems.append(json.dumps(parameters)[:500])
        elif method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.problems.append(parameters["entry"]["text"])

    def size(self, width: int, height: int, *, dark: bool = False) -> None:
        """The window's size in pixels, and the theme that the system asks for."""
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, path: Path, fragment: str = "") -> None:
        """Open a file."""
        self.ask("Page.navigate", url=path.resolve().as_uri() + fragment)

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression in the page."""
        told = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def text(self) -> str:
        """Everything that the page shows in words."""
        return str(self.run("document.body ? document.body.innerText : ''"))

    def wait_for(self, *words: str) -> str:
        """What the page shows, once it shows all of these words."""
        deadline = monotonic() + SHOWN_TIMEOUT_S
        while not all(word in (shown := self.text()) for word in words):
            assert monotonic() < deadline, (
                f"not shown: {[word for word in words if word not in shown]} in {shown[:3000]}"
            )
            self.run("new Promise(done => setTimeout(done, 50))")
        return shown

    def click(self, words: str) -> None:
        """Click the innermost element that shows exactly these words, a line break counting as a space."""
        script = (
            "(() => { const all = [...document.querySelectorAll('*')].filter(e => e.innerText !== undefined && "
            f"e.innerText.replace(/\\s+/g, ' ').trim() === {json.dumps(words)}); const e = all[all.length - 1]; "
            "if (!e) return false; e.scrollIntoView({block: 'center'}); e.click(); return true })()"
        )
        assert self.run(script), f"nothing to click shows {words!r}"

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """Save what is to be seen (``whole``: the whole page) as PNG."""
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        told = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(told["data"]))


@contextmanager
def browser() -> Iterator[Page]:
    """A page of a new browser with a fresh profile; the test is skipped by name where there is no Chromium."""
    chromium = require_tool("chromium")
    to_read, to_write = os.pipe()
    from_read, from_write = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [chromium, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        process = subprocess.Popen(
            [sys.executable, "-c", _PIPED, str(to_read), str(from_write), *command],
            pass_fds=(to_read, from_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(to_read)
        os.close(from_write)
        try:
            page = Page(to_write, from_read)
            page.attach()
            yield page
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=ANSWER_TIMEOUT_S)
            os.close(to_write)
            os.close(from_read)
