"""JupyterLab in a real browser, for tests: start it, open a notebook, run all, drag, press keys, ask the kernel.

    with running_lab(folder) as lab:                       # one server and one headless Chromium
        notebook = lab.open("lesson.ipynb")                # lies in `folder`
        notebook.run_all()
        notebook.drag(".vos-line", (0.1, 0.5), (0.9, 0.5))     # in shares of the node's width and height
        assert notebook.kernel("print(player.frame)") == "14"
        notebook.screenshot(folder / "seen.png")

The server keeps its settings in `folder`/.home; nothing leaves the machine.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.conftest import ROOT

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_FLAGS = [
    f"--{flag}"
    for flag in (
        "no-sandbox",
        "disable-gpu",
        "disable-quic",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
    )
]
_SECONDS = 90  # a busy machine is slow, a hanging one hangs

_SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},  # every cell is in the page, seen or not
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
}

# What a notebook's cells say about themselves; prompts in the page are not reliable while it still draws.
_ALL_RAN = """() => {
  const content = window.jupyterapp.shell.currentWidget.content;
  const models = content.widgets.map(cell => cell.model).filter(m => m.type === 'code' && m.sharedModel.source.trim());
  return models.length > 0 && models.every(m => m.executionCount > 0 && m.executionState === 'idle');
}"""
_READY = """(path) => {
  const shown = window.jupyterapp?.shell?.currentWidget;
  return shown?.context?.path === path && shown.sessionContext?.session?.kernel?.status === 'idle';
}"""
_ASK = """(code) => {
  window.vosSaid = null;
  let said = '';
  const future = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute({ code });
  future.onIOPub = ({ header, content }) => {
    if (header.msg_type === 'stream') said += content.text;
    if (header.msg_type === 'error') said += content.ename + ': ' + content.evalue;
  };
  future.done.then(() => { window.vosSaid = said; });
  return 1;
}"""


def write_notebook(path: Path, cells: list[str]) -> Path:
    """A notebook of code cells that opens without asking for a kernel."""
    import nbformat

    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata=kernel)
    nbformat.write(notebook, path)
    return path


def require_browser() -> None:
    """Skips the test, with one line, where there is no browser to drive."""
    if CHROMIUM is None:
        pytest.skip("no browser: install chromium")
    pytest.importorskip("playwright.sync_api", reason="no playwright: pip install 'vostutor[dev]'")


@contextmanager
def chromium_page(size: tuple[int, int] = (1280, 1000)):
    """A page of a headless Chromium without any server; `page.errors` collects what goes wrong in its scripts."""
    with _chromium() as browser:
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        page.set_default_timeout(_SECONDS * 1000)
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        try:
            yield page
        finally:
            page.close()


_RUNNING: list = []  # the browser, once for each page that is open


@contextmanager
def _chromium():
    """The one browser of this process: playwright allows no second one beside it."""
    if _RUNNING:
        _RUNNING.append(_RUNNING[0])
    else:
        from playwright.sync_api import sync_playwright

        driver = sync_playwright().start()
        _RUNNING.append((driver.chromium.launch(executable_path=CHROMIUM, args=_FLAGS), driver))
    browser, driver = _RUNNING[0]
    try:
        yield browser
    finally:
        _RUNNING.pop()
        if not _RUNNING:
            browser.close()
            driver.stop()


@contextmanager
def running_lab(folder: Path, size: tuple[int, int] = (1280, 1000), theme: str = "JupyterLab Light"):
    """JupyterLab on `folder`, with a browser page; both are gone afterwards."""
    port, token = _free_port(), secrets.token_hex(8)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    command += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}"]
    command += ["--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None"]
    with open(folder / "jupyterlab.log", "w") as log:
        server = subprocess.Popen(command, env=_environment(folder, theme), stdout=log, stderr=log, cwd=folder)
        try:
            with chromium_page(size) as page:  # starts while the server does
                _wait_for_server(server, f"http://127.0.0.1:{port}/api?token={token}", folder / "jupyterlab.log")
                yield Lab(page, f"http://127.0.0.1:{port}", token)
        finally:
            server.terminate()
            with suppress(subprocess.TimeoutExpired):
                server.wait(20)
            if server.poll() is None:
                server.kill()


def _environment(folder: Path, theme: str) -> dict[str, str]:
    home = folder / ".home"
    settings = _SETTINGS | {"apputils-extension/themes": {"theme": theme}}
    for name, values in settings.items():
        file = home / "settings/@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    places = {f"JUPYTER_{what}_DIR": str(home / what.lower()) for what in ("CONFIG", "DATA", "RUNTIME")}
    places |= {"JUPYTERLAB_SETTINGS_DIR": str(home / "settings"), "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces")}
    places |= {"IPYTHONDIR": str(home / "ipython"), "MPLCONFIGDIR": str(ROOT / "build/matplotlib")}
    return {**os.environ, **places, "OMP_NUM_THREADS": "1"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for_server(server: subprocess.Popen, address: str, log: Path) -> None:
    patience = time.monotonic() + _SECONDS
    while time.monotonic() < patience and server.poll() is None:
        with suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(address, timeout=5):
            return
        time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


class Lab:
    """A running JupyterLab and the page that looks at it."""

    def __init__(self, page, address: str, token: str):
        self.page, self._address, self._token = page, address, token

    def open(self, path: str) -> "Notebook":
        """The notebook at `path` below the server's folder, shown, its kernel ready."""
        # A workspace of its own: what was open before does not come back behind the new notebook.
        self.page.goto(f"{self._address}/lab/workspaces/{secrets.token_hex(4)}/tree/{path}?token={self._token}")
        self.page.wait_for_function(_READY, arg=path)  # the page's own indicator says idle before there is a kernel
        self.page.evaluate("() => { window.jupyterapp.shell.collapseLeft(); return 1 }")
        return Notebook(self.page)


class Notebook:
    """An open notebook: what a student's hands do, and what the kernel then knows."""

    def __init__(self, page):
        self.page = page

    def run_all(self, seconds: float = _SECONDS) -> None:
        """Runs all cells and waits until every one has run."""
        # The command's own promise never resolves inside evaluate: start it, return, and watch the cells.
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); return 1 }")
        self.page.wait_for_function(_ALL_RAN, timeout=seconds * 1000)

    def kernel(self, code: str) -> str:
        """What `code` prints in the notebook's kernel, once that has done all that came before; no cell is added."""
        self.page.evaluate(_ASK, code)
        self.page.wait_for_function("() => window.vosSaid !== null")
        return self.page.evaluate("() => window.vosSaid").strip()

    def kernel_says(self, code: str, wanted: str, seconds: float = 10) -> str:
        """The kernel's answer to `code`, asked again until it is `wanted` or patience ends: messages take a moment."""
        patience = time.monotonic() + seconds
        while (said := self.kernel(code)) != wanted and time.monotonic() < patience:
            self.page.wait_for_timeout(50)
        return said

    def drag(
        self, selector: str, start: tuple[float, float], end: tuple[float, float], nth: int = 0, steps: int = 8
    ) -> None:
        """Presses the mouse at `start`, moves to `end` and lets go; both in shares of the node's width and height."""
        node = self.page.locator(selector).nth(nth)
        node.scroll_into_view_if_needed()
        box = node.bounding_box()
        (x0, y0), (x1, y1) = ((box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end))
        self.page.mouse.move(x0, y0)
        self.page.mouse.down()
        self.page.mouse.move(x1, y1, steps=steps)
        self.page.mouse.up()

    def press(self, selector: str, *keys: str) -> None:
        """Focuses the node and presses the keys, one after another."""
        self.page.locator(selector).first.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def errors(self) -> list[str]:
        """What cells and widgets report as gone wrong."""
        shown = self.page.locator(
            ".jp-OutputArea-output[data-mime-type*=stderr], .jp-RenderedText[data-mime-type*=error]"
        )
        lost = self.page.get_by_text("Error displaying widget")
        return [*shown.all_inner_texts(), *lost.all_inner_texts(), *self.page.errors]

    def screenshot(self, path: Path, selector: str | None = None) -> Path:
        """A picture of the page, or of one node."""
        path.parent.mkdir(parents=True, exist_ok=True)
        (self.page.locator(selector).first if selector else self.page).screenshot(path=str(path))
        return path
