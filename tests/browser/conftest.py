"""One window and one browser for all browser tests; every page is watched for errors and outside requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.browser import chromium
from tests.ui.serving import Served, served

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("window")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Playwright keeps an event loop running in its thread: it ends with the module, before other tests need one.
    with chromium() as running:
        yield running


@pytest.fixture
def open_page(window: Served, browser: Browser) -> Iterator[OpenPage]:
    """Opens pages of the window; afterwards none may have had an error or asked another host for anything."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def opened(
        path: str = "",
        *,
        width: int = 1440,
        locale: str = "zh-CN",
        theme: str = "light",
        url: str = "",
        watch: bool = True,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 844 if width < 500 else 900},
            locale=locale,
            color_scheme="dark" if theme == "dark" else "light",
            permissions=["clipboard-read", "clipboard-write"],
            reduced_motion="reduce",
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        base = url or window.url
        if watch:
            page.on(
                "console",
                lambda said: problems.append(said.text) if said.type in {"error", "warning"} else None,
            )
            page.on("pageerror", lambda error: problems.append(str(error)))
        own = (base, "data:", "blob:", "about:")
        page.on(
            "request", lambda sent: None if sent.url.startswith(own) else problems.append(f"asked {sent.url}")
        )
        page.goto(base + path)
        page.wait_for_selector("#outline[data-ready]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []
