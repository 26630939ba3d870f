"""A headless Chromium of the system, with nothing of its own to say to the network."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-features=OptimizationHints,MediaRouter,Translate",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
)
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser; an error that says what to install where there is none."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise RuntimeError("no Chromium here: make browser installs one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


def answer_time(page: Page, question: str) -> float:
    """Milliseconds from Enter to the painted answer, measured in the page."""
    page.locator("#question").fill(question)
    script = """() => new Promise((done, failed) => {
        setTimeout(() => failed(new Error('no answer within 20 s')), 20000);
        const start = performance.now(), before = document.querySelectorAll('.turn .answer').length;
        new MutationObserver((_, watcher) => {
            if (document.querySelectorAll('.turn .answer').length <= before) return;
            watcher.disconnect();
            requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
        }).observe(document.querySelector('#turns'), {childList: true, subtree: true});
        const enter = {key: 'Enter', bubbles: true, cancelable: true};
        document.querySelector('#question').dispatchEvent(new KeyboardEvent('keydown', enter));
    })"""
    return float(page.evaluate(script))
