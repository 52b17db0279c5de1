"""Pages in Chromium: what runs, what is asked for, and the shape and texts of the document."""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright import sync_api
else:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # nothing but the loopback server has an address
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]

MARK = "RUNREPORT-EXECUTED"

SPY = """
for (const name of ["alert", "confirm", "prompt", "print", "open", "pass"]) {
  window[name] = function () { console.error("RUNREPORT-EXECUTED " + name); };
}
"""

SHAPE = r"""
(root) => {
  const shape = [], texts = [];
  const LINES = new Set(["title", "nav", "header", "footer", "text"]);
  const walk = (element, depth, line, inside) => {
    const names = element.getAttributeNames().sort();
    if (inside) {
      // the author's Markdown may hold what the sanitiser allows
      texts.push(["markdown", element.localName, names.join(" ")]);
    } else {
      shape.push(depth + " " + element.localName + " " + names.join(" "));
      line = line || LINES.has(element.localName);
      const place = line ? "line " : "";
      let own = "";
      for (const node of element.childNodes) if (node.nodeType === 3) own += node.data;
      inside = element.classList.contains("rr-markdown");
      if (!inside) texts.push(["text", place + element.localName, own]);
      for (const name of names) {
        texts.push(["attribute", place + name, element.getAttribute(name)]);
      }
    }
    for (const child of element.children) walk(child, depth + 1, line, inside);
  };
  walk(root.documentElement, 0, false, false);
  // a string: playwright takes nested lists apart piece by piece
  return JSON.stringify([shape, texts]);
}
"""

FIRE = r"""
async () => {
  const cautious = (event) => {
    const link = event.target.closest && event.target.closest("a[href], area[href]");
    if (link && !/^\s*j\s*a\s*v\s*a\s*s/i.test(link.getAttribute("href"))) event.preventDefault();
  };
  addEventListener("click", cautious, true);
  addEventListener("submit", (event) => {
    if (!/^\s*j/i.test(event.target.getAttribute("action") || "")) event.preventDefault();
  }, true);
  let handlers = 0;
  for (const element of document.querySelectorAll("*")) {
    for (const name of element.getAttributeNames()) {
      if (!name.toLowerCase().startsWith("on")) continue;
      handlers += 1;
      const event = new Event(name.slice(2).toLowerCase());
      try { element.dispatchEvent(event); } catch (error) {}
      try { if (typeof element[name] === "function") element[name](event); } catch (error) {}
    }
  }
  const active = "a[href], area[href], button, summary, [formaction], form input[type=submit]";
  const links = Array.from(document.querySelectorAll(active)).slice(0, 400);
  for (const link of links) {
    try { link.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true })); }
    catch (error) {}
  }
  for (const mark of document.querySelectorAll(".rr-mark, [data-run], [data-tip]")) {
    const box = mark.getBoundingClientRect();
    for (const kind of ["pointermove", "pointerdown", "pointerup", "focusin"]) {
      mark.dispatchEvent(new PointerEvent(kind, {
        bubbles: true, clientX: box.x + box.width / 2, clientY: box.y + box.height / 2,
      }));
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 30));
  const foreign = ".rr-tip *:not(div), .rr-menu-panel *:not(label, input, button)";
  return [handlers, document.querySelectorAll(foreign).length];
}
"""


@dataclass
class Seen:
    """What one page did."""

    executed: list[str] = field(default_factory=list)
    """Calls of alert and its like, and dialogs."""
    said: list[str] = field(default_factory=list)
    """Other console errors and exceptions of scripts."""
    asked: list[str] = field(default_factory=list)
    """Addresses outside of the site that the page loaded something from."""
    left: list[str] = field(default_factory=list)
    """Addresses outside of the site that it led to."""
    handlers: int = 0
    """Handler attributes in the document."""
    foreign: int = 0
    """Elements in read-outs and menus that our script does not make."""
    shape: list[str] = field(default_factory=list)
    """Depth, name and names of attributes of every element in order: the tree without texts."""
    texts: list[list[str]] = field(default_factory=list)


@contextmanager
def chromium() -> Iterator[sync_api.Browser]:
    """A browser that reaches no host but this one."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: Any) -> None:
        return


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder on the loopback interface."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def opened(folder: Path, protocol: str) -> Iterator[str]:
    """The base address of a site over `http` or `file`."""
    if protocol == "http":
        with served(folder) as address:
            yield address
    else:
        yield folder.as_uri() + "/"


class Visitor:
    """Opens pages one after the other and notes everything they do."""

    def __init__(self, browser: sync_api.Browser, base: str) -> None:
        self.base = base
        self._context = browser.new_context()
        self._context.add_init_script(SPY)
        self._seen = Seen()
        self.page = self._fresh()

    def _fresh(self) -> sync_api.Page:
        page = self._context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._seen.said.append(str(error)))
        page.on("dialog", self._dialog)
        page.on("request", self._request)
        page.on("requestfailed", self._failed)
        return page

    def _console(self, message: sync_api.ConsoleMessage) -> None:
        if MARK in message.text:
            self._seen.executed.append(message.text)
        elif message.type == "error":
            self._seen.said.append(message.text)

    def _dialog(self, dialog: sync_api.Dialog) -> None:
        self._seen.executed.append(f"dialog {dialog.type}")
        dialog.dismiss()

    def _request(self, request: sync_api.Request) -> None:
        if not request.url.startswith((self.base, "blob:", "data:")):
            leads = request.is_navigation_request() and request.frame == self.page.main_frame
            (self._seen.left if leads else self._seen.asked).append(request.url)

    def _failed(self, request: sync_api.Request) -> None:
        # what the policy stopped was never asked for
        if request.failure == "csp" and request.url in self._seen.asked:
            self._seen.asked.remove(request.url)

    def visit(self, name: str, trigger: str = "") -> Seen:
        """Open one page, read it, fire everything in it, and say what happened."""
        self._seen = seen = Seen()
        try:
            self.page.goto(self.base + name, wait_until="load", timeout=20_000)
            seen.shape, seen.texts = json.loads(self.page.evaluate(f"({SHAPE})(document)"))
            seen.handlers, seen.foreign = self.page.evaluate(FIRE)
            if trigger:
                # some read frames or styles that are not there
                self.page.evaluate(
                    "(code) => { try { (0, eval)(code); } catch (error) {} }", trigger
                )
                self.page.wait_for_timeout(30)
        except sync_api.Error as error:
            # a page that leads elsewhere takes its document along
            if "Execution context" not in str(error) and "navigat" not in str(error).lower():
                raise
            self.page.close()
            self.page = self._fresh()
        return seen

    def open(self, name: str) -> Seen:
        """Open one file and leave it alone."""
        self._seen = seen = Seen()
        try:
            self.page.goto(self.base + name, wait_until="load", timeout=20_000)
        except sync_api.Error as error:
            # what the browser does not show is downloaded
            if "Download is starting" not in str(error) and "ERR_ABORTED" not in str(error):
                raise
        return seen

    def shapes(self, paths: list[Path]) -> list[tuple[list[str], list[list[str]]]]:
        """Shape and texts of pages as Chromium parses them, without running anything."""
        self.page.goto("about:blank")
        read = f"(text) => ({SHAPE})(new DOMParser().parseFromString(text, 'text/html'))"
        return [
            tuple(json.loads(self.page.evaluate(read, path.read_text("utf-8")))) for path in paths
        ]

    def close(self) -> None:
        self._context.close()


PROTOCOLS = ("file", "http")
