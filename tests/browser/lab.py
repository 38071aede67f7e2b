"""JupyterLab with a configuration of its own, and a Chromium that looks at it."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, sync_playwright

from onetrail.workspace.lab import PLAIN_SAVES

SETTINGS_OF_MAKE_LAB = Path(__file__).resolve().parents[2] / ".ci" / "lab"
TOKEN = "only-for-this-test"
_SETTINGS = {
    # No question about news, and every cell stays in the page while others are looked at.
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}


def chromium() -> str:
    """The browser that is installed; raises RuntimeError with the cure."""
    named = os.environ.get("ONETRAIL_CHROMIUM")
    for name in filter(None, [named, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]):
        found = shutil.which(name)
        if found:
            return found
    raise RuntimeError("no Chromium here: install the package chromium, or point ONETRAIL_CHROMIUM at a Chrome")


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab."""

    url: str


@contextmanager
def running_lab(work: Path, root: Path, environment: Mapping[str, str]) -> Iterator[Lab]:
    """JupyterLab on `root`, with all its settings below `work`."""
    for name, said in _SETTINGS.items():
        path = work / "settings" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(said))
    port = _free_port()
    places = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--allow-root",
        "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={root}",
        f"--LabApp.app_settings_dir={SETTINGS_OF_MAKE_LAB}",
        PLAIN_SAVES,
    ]
    with (work / "lab.log").open("w") as log:
        server = subprocess.Popen(
            command,
            env={
                **os.environ,
                **environment,
                **{name: str(work / place) for name, place in places.items()},
                "JUPYTER_PREFER_ENV_PATH": "1",
            },
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _await_answer(server, port, work / "lab.log")
        yield Lab(f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()


@contextmanager
def open_notebook(lab: Lab, path: str) -> Iterator[Page]:
    """The notebook in a browser, with its kernel ready."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        try:
            page = browser.new_page(viewport={"width": 1500, "height": 1100})
            page.set_default_timeout(120_000)
            page.goto(f"{lab.url}/lab/tree/{path}?token={TOKEN}&reset")  # no tab of an earlier one
            # The toolbar says idle before there is a kernel; the status bar does not.
            page.locator("#jp-main-statusbar", has_text="| Idle").wait_for()
            yield page
        finally:
            browser.close()


def choose(page: Page, *words: str) -> None:
    """Choose from the menu bar, such as Run, Run All Cells."""
    page.locator("#jp-top-bar, #jp-MainMenu").get_by_text(words[0], exact=True).first.click()
    for word in words[1:]:
        page.locator(".lm-Menu-itemLabel", has_text=word).first.click()


def picture(of: Page | Locator, name: str) -> None:
    """What a person sees there, as NAME.png in the folder that ONETRAIL_SCREENSHOTS names; nothing without it."""
    folder = os.environ.get("ONETRAIL_SCREENSHOTS")
    if not folder:
        return
    page = of if isinstance(of, Page) else of.page
    before, box = page.viewport_size, None if isinstance(of, Page) else of.bounding_box()
    if before and box:  # JupyterLab scrolls within its window: one that is high enough shows a high cell whole
        page.set_viewport_size({"width": before["width"], "height": max(before["height"], int(box["height"]) + 300)})
    of.screenshot(path=Path(folder).absolute() / f"{name}.png")
    if before:
        page.set_viewport_size(before)


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def _await_answer(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 120
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline and server.poll() is None:
        try:
            opener.open(f"http://127.0.0.1:{port}/api?token={TOKEN}", timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not answer: {log.read_text()[-2000:]}")
