"""`python -m tests.browser.screenshots`: the window's main states as PNG files.

The README's alone, or with `--all` at three widths, in both languages and themes.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page  # noqa: TC002

from tests.browser.browser import chromium
from tests.ui.serving import ROOT, served

OUT = ROOT / "docs" / "screenshots"
LARGEST = 300_000
SIZES = {1440: 900, 1024: 768, 390: 844}
ASKED = {
    "zh-CN": ("到2025年要制定多少项地方标准？", "那国际标准呢？"),
    "en-GB": ("How many international standards by 2025?",),
}
ABSENT = {"zh-CN": "北京有多少辆公交车？", "en-GB": "How many buses does Beijing have?"}
# Words enough to find something, not enough to be sure; the first that is answered with a caution is drawn.
UNSURE = {
    "zh-CN": ("楼下工地天天轰隆隆吵得睡不着，往后有人管吗", "京津冀那边的呢？", "地震呢？"),
    "en-GB": ("Will our district chip in some money?", "What about experts advising it?"),
}
PARTIAL = {
    "zh-CN": "到2025年要制定多少项地方标准？食堂几点开门？",
    "en-GB": "How many local standards by 2025? And when does the canteen open?",
}
README = {"answer-1440-zh-light", "abstention-1440-zh-dark", "document-390-en-light"}


def save(picture: bytes, path: Path) -> None:
    """Write a picture with a palette: a third of the size, and no difference to see."""
    image = Image.open(io.BytesIO(picture)).convert("RGB").quantize(128, dither=Image.Dither.NONE)
    image.save(path, optimize=True)


def ask(page: Page, question: str) -> None:
    """Ask and wait for the answer."""
    page.fill("#question", question)
    page.press("#question", "Enter")
    page.locator(".turn").last.locator(".acts").wait_for()


def answer(page: Page, locale: str) -> None:
    """An answer, its citation shown in the document where there is room for both."""
    for question in ASKED[locale]:
        ask(page, question)
    page.locator(".turn").last.locator(".chip").first.click()
    if (page.viewport_size or {"width": 0})["width"] < 900:
        page.keyboard.press("Escape")
    page.mouse.move(5, 5)


def abstention(page: Page, locale: str) -> None:
    """A question that the document doesn't answer."""
    ask(page, ABSENT[locale])


def unsure(page: Page, locale: str) -> None:
    """An answer of which the assistant is not sure."""
    for question in UNSURE[locale]:
        ask(page, question)
        if page.locator(".turn").last.locator(".caution").count():
            return
    raise RuntimeError(f"no question of {locale} is answered with a caution")


def partial(page: Page, locale: str) -> None:
    """Half of a message is answered."""
    ask(page, PARTIAL[locale])


def busy(page: Page, locale: str) -> None:
    """The answer takes longer than a blink."""
    page.route("**/window/turn", lambda _route: None)
    page.fill("#question", ASKED[locale][0])
    page.press("#question", "Enter")
    page.locator(".stage").wait_for()


def document(page: Page, locale: str) -> None:
    """A citation in the document; on a phone the drawer."""
    ask(page, ASKED[locale][0])
    page.locator(".chip").last.click()
    page.mouse.move(5, 5)


def hover(page: Page, locale: str) -> None:
    """What a citation stands for, at a glance."""
    ask(page, ASKED[locale][0])
    page.locator(".chip").last.hover()


def contents(page: Page, locale: str) -> None:
    """The chapters as an answer; the table of contents."""
    ask(page, {"zh-CN": "一共有多少章？", "en-GB": "How many chapters are there?"}[locale])
    width = (page.viewport_size or {"width": 0})["width"]
    if width < 900:
        page.locator("#open-document").click()
    if width < 1280:
        page.locator("#toc-menu summary").click()


def helped(page: Page, locale: str) -> None:
    """What it can do."""
    ask(page, {"zh-CN": "你能做什么？", "en-GB": "What can you do?"}[locale])


def cut_off(page: Page, locale: str) -> None:
    """The service can't be reached."""
    page.route("**/window/turn", lambda route: route.abort())
    page.fill("#question", ASKED[locale][0])
    page.press("#question", "Enter")
    page.locator(".error").wait_for()


def export(page: Page, locale: str) -> None:
    """The menu of what can be taken away."""
    ask(page, ASKED[locale][0])
    page.locator("#export summary").click()


def feedback(page: Page, locale: str) -> None:
    """The form behind the thumb."""
    ask(page, ASKED[locale][0])
    page.locator("[data-act=bad]").click()


STATES: dict[str, Callable[[Page, str], None]] = {
    "first": lambda _page, _locale: None,
    "answer": answer,
    "abstention": abstention,
    "unsure": unsure,
    "partial": partial,
    "busy": busy,
    "document": document,
    "hover": hover,
    "contents": contents,
    "help": helped,
    "error": cut_off,
    "feedback": feedback,
    "export": export,
}


def main() -> int:
    """Draw them; 1 if one is larger than a repository should hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--all", action="store_true", help="every state, width, language and theme, not the README's alone"
    )
    parser.add_argument("-o", "--output", type=Path, default=OUT)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    too_large = []
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as window, chromium() as browser:
        for state, act in STATES.items():
            for width, height in SIZES.items():
                for locale in ASKED:
                    for theme in ("light", "dark"):
                        name = f"{state}-{width}-{locale[:2]}-{theme}"
                        if not arguments.all and name not in README:
                            continue
                        context = browser.new_context(
                            viewport={"width": width, "height": height},
                            locale=locale,
                            color_scheme="dark" if theme == "dark" else "light",
                            reduced_motion="reduce",
                        )
                        page = context.new_page()
                        page.goto(window.url)
                        page.wait_for_selector("#outline[data-ready]")
                        act(page, locale)
                        page.wait_for_timeout(300)
                        path = arguments.output / f"{name}.png"
                        save(page.screenshot(), path)
                        context.close()
                        print(path.name, path.stat().st_size)
                        too_large += [path.name] if path.stat().st_size > LARGEST else []
    if too_large:
        sys.stderr.write(f"too large: {', '.join(too_large)}\n")
    return 1 if too_large else 0


if __name__ == "__main__":
    raise SystemExit(main())
