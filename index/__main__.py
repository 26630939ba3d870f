"""`python -m index`: build the index, show the document, search it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Never

from index.types import AddressError, IndexingError

if TYPE_CHECKING:
    from index.build import Progress
    from index.config import IndexSettings
    from index.enrich import Enrichment
    from index.types import Document, Scored, Section


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 2 the call or its input was wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m index", description="建立、查看和检索索引 · build, show and search"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser(
        "build", help="build or refresh the index; nothing is done when nothing changed"
    )
    build.add_argument("--rebuild", action="store_true", help="build even when nothing changed")
    show = commands.add_parser("show", help="print the document tree, or one node with its sentences")
    show.add_argument("address", nargs="?", help="C, C.S or C.S#N, e.g. 5, 5.3, 1.3#12")
    show.add_argument("--lang", choices=["zh", "en"], default="zh", help="en adds the unofficial translation")
    search = commands.add_parser("search", help="ranked sections and sentences with each leg's score")
    search.add_argument("text")
    search.add_argument(
        "-k", type=int, default=5, choices=range(1, 42), metavar="K", help="how many sections (5)"
    )
    search.add_argument("--json", action="store_true", help="print JSON")
    commands.add_parser("repairs", help="list what was mended in the source text")
    arguments = parser.parse_args(argv)

    from pydantic import ValidationError

    from index.config import IndexSettings

    try:
        return _run(arguments, IndexSettings())
    except BrokenPipeError:
        # The reader (`head`, a closed pager) has enough; nothing more may be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except IndexingError as error:
        print(error, file=sys.stderr)
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(map(str, first["loc"])).upper()
        print(f"设置 {name} 无效。 The setting {name} is wrong: {first['msg']}", file=sys.stderr)
    return 2


def _run(arguments: argparse.Namespace, settings: IndexSettings) -> int:
    from index.build import ensure_index

    match arguments.command:
        case "build":
            index = ensure_index(settings, rebuild=arguments.rebuild, progress=progress_bar())
            manifest = index.manifest
            print(f"{manifest.document}: {manifest.passages} passages, model {manifest.model}", end=", ")
            print(f"tokens by {manifest.token_counter}, key {manifest.key}")
            for warning in index.document.warnings:
                print(warning, file=sys.stderr)
        case "show":
            from index.enrich import enrichment_path, load_enrichment
            from index.parse import parse_file

            document = parse_file(settings.document)
            _show(document, load_enrichment(enrichment_path(settings.document)), arguments)
        case "repairs":
            from index.parse import parse_file

            for repair in parse_file(settings.document).repairs:
                place = f"{repair.line}:{repair.column}"
                print(
                    f"{place}\t{repair.kind}\t{repair.before!r}\t{repair.after!r}\t{repair.reason}".rstrip()
                )
        case "search":
            _search(settings, arguments)
    sys.stdout.flush()
    return 0


def progress_bar() -> Progress:
    """A progress callback that draws one bar a step on standard error."""
    from tqdm import tqdm

    bars: dict[str, tqdm[Never]] = {}

    def report(step: str, done: int, total: int) -> None:
        if step not in bars:
            bars[step] = tqdm(total=total, desc=step, leave=False)
        bar = bars[step]
        bar.update(done - bar.n)
        if done >= total:
            bar.close()

    return report


def _show(document: Document, enrichment: Enrichment, arguments: argparse.Namespace) -> None:
    address = (arguments.address or "").removeprefix(f"{document.id}:")
    english = arguments.lang == "en"
    if english:
        print("(unofficial translation · 非官方译文)")
    if not address:
        print(f"{document.title}  [{document.id}]  {document.issued}  sha256 {document.sha256}")
        for section in document.front:
            print(f"{section.address}  {_title(section, enrichment, english=english)}")
        for chapter in document.chapters:
            title = enrichment.title_english(chapter.address) if english else None
            print(f"{chapter.address}  {chapter.label}" + (f" · {title}" if title else ""))
            for section in chapter.sections:
                print(f"  {section.address}  {_title(section, enrichment, english=english)}")
        return
    if "#" in address:
        sentence = document.sentence(address)
        _print_sentence(address, sentence.text, enrichment, english=english)
        return
    if address.isdecimal():
        chapter = document.chapter(int(address))
        print(f"{chapter.address}  {chapter.label}")
        sections: Sequence[Section] = chapter.sections
    else:
        sections = [document.section(address)]
    for section in sections:
        print(f"{section.address}  {_title(section, enrichment, english=english)}")
        for sentence in section.sentences:
            _print_sentence(sentence.address, sentence.text, enrichment, english=english)


def _title(section: Section, enrichment: Enrichment, *, english: bool) -> str:
    title = enrichment.title_english(section.address) if english else None
    return f"{section.label} · {title}" if title else section.label


def _print_sentence(address: str, text: str, enrichment: Enrichment, *, english: bool) -> None:
    print(f"  {address}  {text}")
    translation = enrichment.english(address) if english else None
    if translation:
        print(f"    ≈ {translation}")


def _search(settings: IndexSettings, arguments: argparse.Namespace) -> None:
    from index.build import ensure_index

    if not arguments.text.strip():
        raise AddressError("请输入要检索的文字。 Give a text to search for.")
    index = ensure_index(settings, progress=progress_bar())
    ranking = index.retriever.search(arguments.text, k=arguments.k)
    if arguments.json:
        print(json.dumps(asdict(ranking), ensure_ascii=False))
        return
    for section in ranking.sections:
        print(f"{section.score:6.3f}  {section.address:6} {index.document.section(section.address).label}")
        print(f"        {_legs(section)}")
    print()
    for sentence in ranking.sentences[: arguments.k]:
        print(f"{sentence.score:6.3f}  {sentence.address:8} {index.document.sentence(sentence.address).text}")
        print(f"        {_legs(sentence)}")


def _legs(scored: Scored) -> str:
    return "  ".join(f"{leg} {score:.2f}" for leg, score in scored.legs.items())


if __name__ == "__main__":
    raise SystemExit(main())
