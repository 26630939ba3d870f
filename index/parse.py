"""Clean text → Document: front parts, chapters, sections, —— items, sentences, each under a stable address.

Which heading levels a document uses is read off the document: the outermost two of those present become
chapters and sections (第X章 and 第X条 in a law, 一、 and （一） in an outline); deeper ones stay in the text
as lines of their own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from index.headings import Heading, Level, heading_of
from index.normalize import CleanText, load_errata, normalize, read_source
from index.types import Chapter, Document, Section, Sentence

ITEM_MARK = "——"
_SENTENCE = re.compile(r"[^。！？；]*(?:[。！？；]+[”’」』）》〉】〕]*)+|[^。！？；]+$")
_SENTENCE_END = re.compile(r"[。！？；]")
_DATE = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日|(\d{4})-(\d{1,2})-(\d{1,2})")
_NAMED_TITLE = re.compile(r"关于(?:印发|发布|公布|下发|颁布)《(.+)》的(?:通知|公告|决定)")
_NOTICE = ("印发通知", "Issuing notice")
_PREAMBLE = ("前言", "Preamble")
_LONGEST_TITLE = 60
# Where these are neither chapter nor section they stand in the heading path of what is under them.
_CONTEXT_LEVELS = (Level.PART, Level.DIVISION)


@dataclass(slots=True)
class _Block:
    """A heading and the body lines under it, before they are given addresses."""

    heading: Heading | None
    context: tuple[str, ...] = ()
    lines: list[str] = field(default_factory=list)
    title: str = ""
    head_text: str = ""


def split_sentences(paragraph: str) -> list[str]:
    """The sentences of one paragraph, in order; joined they give the paragraph back.

    A sentence ends at 。！？； with the quotes and brackets that close after it, or at the paragraph's end.
    """
    return _SENTENCE.findall(paragraph)


def parse_file(path: Path, *, document_id: str | None = None) -> Document:
    """Read, mend and parse a source file; errata are taken from `<id>.errata.json` beside it.

    Raises:
        SourceError: the file is missing, empty, binary, not UTF-8, or an erratum doesn't fit.
    """
    name = document_id or path.name.removesuffix(".txt").removesuffix(".raw")
    clean = normalize(read_source(path), errata=load_errata(path.with_name(f"{name}.errata.json")))
    return parse(clean, document_id=name, sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def parse(clean: CleanText, *, document_id: str, sha256: str = "") -> Document:
    """Parse clean text into a Document. Text without headings becomes one section, with a warning."""
    lines = clean.text.split("\n")
    levels = _levels(lines)
    first = next((at for at, line in enumerate(lines) if _opens_body(line, levels)), len(lines))
    warnings: list[str] = []
    front: tuple[Section, ...] = ()
    if first == len(lines):
        warnings.append("没有找到章节标题，全文作为一节。 No headings found: the whole text is one section.")
        title, blocks = document_id, [(_Block(None), [_Block(None, lines=lines)])]
        if len(lines) > 1 and _is_title(lines[0]):
            title, blocks[0][1][0].lines = lines[0], lines[1:]
    else:
        title, front = _front(lines[:first], document_id)
        blocks = _blocks(lines[first:], levels, warnings)
    issued, published = _dates(lines[:first])
    return Document(
        id=document_id,
        title=title,
        issued=issued,
        published=published,
        sha256=sha256,
        front=front,
        chapters=_chapters(blocks, title, warnings),
        warnings=tuple(warnings),
        repairs=clean.repairs,
    )


def _is_title(line: str) -> bool:
    return len(line) <= _LONGEST_TITLE and not _SENTENCE_END.search(line)


def _levels(lines: Sequence[str]) -> tuple[Level | None, Level | None]:
    """The levels that serve as chapter and section; in a law the article is always the section."""
    present = sorted({heading.level for line in lines if (heading := heading_of(line))})
    if Level.ARTICLE in present:
        outer = [level for level in present if level in (Level.PART, Level.CHAPTER)]
        return (outer[-1] if outer else None), Level.ARTICLE
    if Level.CHAPTER in present:
        present = [level for level in present if level is not Level.PART]
    match present:
        case []:
            return None, None
        case [only] if only > Level.FIRST:
            return None, only
        case [only]:
            return only, None
        case _:
            return present[0], present[1]


def _opens_body(line: str, levels: tuple[Level | None, Level | None]) -> bool:
    heading = heading_of(line)
    return heading is not None and heading.level in (*levels, *_CONTEXT_LEVELS)


def _blocks(
    lines: Sequence[str], levels: tuple[Level | None, Level | None], warnings: list[str]
) -> list[tuple[_Block, list[_Block]]]:
    """Group body lines under their chapter and section headings."""
    chapter_level, section_level = levels
    chapters: list[tuple[_Block, list[_Block]]] = []
    context: dict[Level, str] = {}
    last = {chapter_level: 0, section_level: 0}
    for line in lines:
        heading = heading_of(line)
        if heading and heading.level not in levels and heading.level in _CONTEXT_LEVELS:
            context[heading.level] = line
            continue
        if heading and (heading.level not in levels or not _is_next(heading, last[heading.level], warnings)):
            heading = None
        if heading is None:
            if not chapters:
                chapters.append((_Block(None), []))
            (chapters[-1][1][-1] if chapters[-1][1] else chapters[-1][0]).lines.append(line)
            continue
        last[heading.level] = heading.number
        if heading.level == chapter_level:
            if section_level is not Level.ARTICLE:
                last[section_level] = 0
            context.pop(Level.DIVISION, None)
            chapters.append((_titled(heading, (context[Level.PART],) if Level.PART in context else ()), []))
        else:
            if not chapters:
                chapters.append((_Block(None), []))
            inner = (context[Level.DIVISION],) if Level.DIVISION in context else ()
            chapters[-1][1].append(_titled(heading, inner))
    return chapters


def _is_next(heading: Heading, last: int, warnings: list[str]) -> bool:
    """Whether a line with a heading's marker is one: numbers go up, or start again at 1.

    A line of running text that happens to start with a marker must carry exactly the next number.
    """
    if heading.number in (last + 1, 1):
        return True
    if heading.level is Level.ARTICLE or not _SENTENCE_END.search(heading.rest):
        warnings.append(
            f"标题“{heading.marker}{heading.rest[:20]}”编号不连续。 "
            f"Heading number {heading.number} is out of order."
        )
        return heading.number > last or heading.level <= Level.ARTICLE
    return False


def _titled(heading: Heading, context: tuple[str, ...]) -> _Block:
    """A block for a heading line; running text on the same line goes to the body."""
    block = _Block(heading, context)
    title, stop, rest = heading.rest.partition("。")
    if heading.level is Level.ARTICLE or (_SENTENCE_END.search(heading.rest) and not rest):
        title, stop, rest = "", "", heading.rest
    block.title, block.head_text = title, f"{heading.marker}{title}{stop}"
    if rest:
        block.lines.append(rest)
    return block


def _chapters(
    blocks: list[tuple[_Block, list[_Block]]], title: str, warnings: list[str]
) -> tuple[Chapter, ...]:
    chapters: list[Chapter] = []
    for block, inner in blocks:
        number = _free_number(block.heading, [chapter.number for chapter in chapters], warnings)
        path = (*block.context, block.head_text) if block.heading else ()
        sections: list[Section] = []
        if block.lines:
            # Text that stands before the first section of its chapter; a text without headings is section 1.
            at = 0 if block.heading or inner else 1
            sections.append(_section(number, at, block, path, title))
        for inner_block in inner:
            at = _free_number(inner_block.heading, [section.number for section in sections], warnings)
            sections.append(_section(number, at, inner_block, path, title))
        numeral = block.heading.numeral if block.heading else ""
        chapters.append(Chapter(number, numeral, block.title, block.head_text, tuple(sections)))
    return tuple(chapters)


def _free_number(heading: Heading | None, taken: Sequence[int], warnings: list[str]) -> int:
    """The number that stands in the heading, or a free one where that is taken: addresses are unique."""
    number = heading.number if heading else 1
    if number not in taken and number > 0:
        return number
    free = max(taken, default=0) + 1
    if heading:
        warnings.append(
            f"编号“{heading.marker}”重复，改用 {free}。 Number {number} is taken; {free} is used."
        )
    return free


def _section(chapter: int, number: int, block: _Block, path: tuple[str, ...], title: str) -> Section:
    own = (*block.context, block.head_text) if block.heading and block.heading.marker not in path else ()
    if number == 0:
        own = ()
    heading_path = (*path, *own)
    marker = path[-1][: len(path[-1]) - len(_without_marker(path[-1]))] if path else ""
    gap = " " if marker and not marker.endswith(("、", "）")) else ""
    label = f"{marker}{gap}{own[-1].rstrip('。')}" if own else (path[-1] if path else title)
    place = (
        f"Chapter {chapter}, Section {number}"
        if path and number
        else f"Chapter {chapter}"
        if path
        else f"Section {number}"
    )
    return Section(
        address=f"{chapter}.{number}",
        chapter=chapter,
        number=number,
        numeral=block.heading.numeral if block.heading else "",
        title=block.title,
        label=label,
        label_en=f"{place}: {block.title}" if block.title else place,
        heading_path=heading_path,
        sentences=_sentences(f"{chapter}.{number}", block.lines),
    )


def _without_marker(line: str) -> str:
    heading = heading_of(line)
    return heading.rest if heading else line


def _sentences(address: str, lines: Sequence[str]) -> tuple[Sentence, ...]:
    sentences: list[Sentence] = []
    items = 0
    for at, line in enumerate(lines):
        is_item = line.startswith(ITEM_MARK) or heading_of(line) is not None
        items += is_item
        parts = split_sentences(line)
        for part_at, part in enumerate(parts):
            is_last = part_at == len(parts) - 1
            number = len(sentences) + 1
            sentences.append(
                Sentence(
                    address=f"{address}#{number}",
                    number=number,
                    text=part,
                    tail="\n" if is_last and at < len(lines) - 1 else "",
                    item=items if is_item else 0,
                    is_lead=is_item and part_at == 0 and not is_last,
                )
            )
    return tuple(sentences)


def _front(lines: Sequence[str], document_id: str) -> tuple[str, tuple[Section, ...]]:
    """Title and front parts: 0.1 the issuing notice up to the title line, 0.2 what follows until the body."""
    if not lines:
        return document_id, ()
    notice: Sequence[str] = ()
    title, preamble = (lines[0], lines[1:]) if _is_title(lines[0]) else (document_id, lines)
    for line in lines:
        if named := _NAMED_TITLE.search(line):
            title = named[1]
            at = next((i for i, other in enumerate(lines) if other == title), len(lines))
            notice, preamble = lines[:at], lines[at + 1 :]
            break
    parts = ((1, _NOTICE, notice), (2, _PREAMBLE, preamble))
    return title, tuple(
        Section(
            address=f"0.{number}",
            chapter=0,
            number=number,
            numeral="",
            title=names[0],
            label=names[0],
            label_en=names[1],
            heading_path=(names[0],),
            sentences=_sentences(f"0.{number}", body),
        )
        for number, names, body in parts
        if body
    )


def _dates(front: Sequence[str]) -> tuple[str, str]:
    """ISO dates of issue (the last date line of the front part) and of publication (发布日期), or empty."""
    issued = published = ""
    for line in front:
        match = _DATE.search(line)
        if not match or len(line) > _LONGEST_TITLE // 2:
            continue
        year, month, day = (group for group in match.groups() if group)
        date = f"{year}-{int(month):02d}-{int(day):02d}"
        if line.startswith(("发布日期", "发布时间")):
            published = date
        else:
            issued = date
    return issued or published, published
