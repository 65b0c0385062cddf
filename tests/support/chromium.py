"""A real Chromium without a window, driven through a pipe of its own: what a page does in a browser."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine")


class Chromium:
    """One tab, as wide as a phone where ``width`` says so. ``run`` evaluates JavaScript in it."""

    def __init__(self, folder: Path, width: int = 390, height: int = 844) -> None:
        self._numbers = itertools.count(1)
        self._size = width, height
        to_browser, self._out = os.pipe()
        self._in, from_browser = os.pipe()
        options = (
            f"--headless=new --no-sandbox --disable-gpu --remote-debugging-pipe --user-data-dir={folder}"
        )
        self._process = subprocess.Popen(
            ["bash", "-c", f"exec {CHROMIUM} {options} about:blank 3<&{to_browser} 4>&{from_browser}"],
            pass_fds=(to_browser, from_browser),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._rest = b""
        self._session: str | None = None

    def __enter__(self) -> Chromium:
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._ask("Page.enable")
        width, height = self._size
        self._ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2, mobile=True
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._out)
        os.close(self._in)

    def open(self, url: str) -> None:
        self._ask("Page.navigate", url=url)
        self.wait_for("document.readyState === 'complete' && location.href !== 'about:blank'")

    def run(self, script: str) -> Any:
        answer = self._ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait_for(self, condition: str, seconds: float = 30) -> None:
        """Until it is true, on whatever page is there by then."""
        looked = f"""new Promise((done) => {{
            const look = () => ({condition}) ? done(true) : setTimeout(look, 20);
            setTimeout(() => done(false), {seconds * 1000}); look(); }})"""
        for _ in range(3):  # a page that goes away takes the question with it
            try:
                assert self.run(looked), f"not within {seconds} s: {condition}"
            except RuntimeError:
                continue
            return
        raise AssertionError(f"never: {condition}")

    def submit(self, form: str) -> None:
        """Press the form's button, and wait for the page that follows."""
        self.run("window.before = true")
        self.run(f"document.querySelector({json.dumps(form)}).querySelector('button').click()")
        self.wait_for("document.readyState === 'complete' && !window.before")

    def picture(self, path: Path) -> None:
        import base64

        shot = self._ask("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Raises RuntimeError: the browser could not."""
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(str(answer["error"]))
                return dict(answer["result"])

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            more = os.read(self._in, 65_536)
            assert more, "the browser is gone"
            self._rest += more
        first, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(first))
