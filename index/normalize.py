"""Raw text as extracted from a PDF or a web page → clean text, with the list of what was mended.

Only what is broken is touched: full-width punctuation, quotes and digits stay as they stand in the document.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from index.headings import Level, heading_of, is_heading
from index.types import Repair, SourceError

# Equivalent unified ideographs of the CJK Radicals Supplement (Unicode EquivalentUnifiedIdeograph.txt); most
# of that block has no compatibility decomposition, unlike the Kangxi radicals U+2F00–2FDF, which NFKC folds.
_SUPPLEMENT = dict(
    zip(
        "⺁⺂⺃⺄⺅⺆⺈⺉⺊⺋⺌⺍⺎⺏⺐⺒⺓⺔⺕⺖⺗⺘⺙⺛⺜⺝⺞⺟⺠⺡⺢⺣⺤⺥⺦⺧⺨⺩⺪⺫⺬⺭⺮⺯⺰⺱⺲⺶⺷⺸⺹⺺⺻⺼⺽⺾⺿⻀⻁⻂⻃⻄⻅⻆⻇⻈⻉⻋⻌⻍⻎⻏⻐⻑⻒⻓⻔⻕⻖⻗⻘⻙⻚⻛⻜⻝⻞⻟⻠⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲⻳",
        "厂乛乚乙亻冂刀刂卜㔾小小兀尣尢巳幺彑彐忄㣺扌攵旡日月歺母民氵氺灬爫爫丬牛犭王疋目示礻竹糹纟罓罒羊羊羋耂肀聿肉臼艹艹艹虎衤覀西见角角讠贝车辶辶辶阝钅長镸长门阜阝雨青韦页风飞食食飠饣马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟",
        strict=True,
    )
)
RADICAL = re.compile(r"[\u2e80-\u2fdf]")
_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a\u202f\u3000]+")
_ASCII_PUNCTUATION = {",": "，", ";": "；", ":": "：", "?": "？", "!": "！"}
_CLOSING = "”’」』）》〉】〕"
_WIDE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\uff00-\uffef\u3001-\u303f“”‘’—…]")
_CJK = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_SENTENCE_END = re.compile(rf"[。！？；：…!?;:][{_CLOSING}\"']*$")
_INNER_PUNCTUATION = re.compile(r"[，、；。：]")
_BRACKETS = ("（）", "《》", "“”", "〔〕", "【】")
# Shorter lines are headings or signature lines; no page is set so narrow that its text wraps before this.
_SHORTEST_WRAPPED_LINE = 20


@dataclass(frozen=True, slots=True)
class _Line:
    """A mended line, its number in the raw text, and the column of its line break there."""

    number: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class CleanText:
    """Clean text, one paragraph a line without blank lines, and every repair in order of position."""

    text: str
    repairs: tuple[Repair, ...]


def read_source(path: Path) -> str:
    """The text of a UTF-8 file, with or without a byte order mark.

    Raises:
        SourceError: the file is missing, empty, binary or not UTF-8.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"读不到文件 {path.name}。 Can't read {path.name}: {error.strerror}.") from None
    if b"\0" in data:
        raise SourceError(
            f"{path.name} 是二进制文件，请先转为文本。 {path.name} is binary; give a text file."
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SourceError(
            f"{path.name} 不是 UTF-8 编码，请另存为 UTF-8。 {path.name} is not UTF-8; save it as UTF-8."
        ) from None
    if not text.strip():
        raise SourceError(f"{path.name} 是空文件。 {path.name} is empty.")
    return text


def fold_radical(char: str) -> str:
    """The unified ideograph of a Kangxi or CJK radical; any other character unchanged."""
    if not RADICAL.match(char):
        return char
    return _SUPPLEMENT.get(char) or unicodedata.normalize("NFKC", char)


def load_errata(path: Path) -> tuple[Repair, ...]:
    """Errata that no rule can know, from a JSON list; none when there is no such file."""
    if not path.exists():
        return ()
    return tuple(Repair(kind="erratum", **row) for row in json.loads(path.read_text("utf-8")))


def normalize(raw: str, *, errata: tuple[Repair, ...] = ()) -> CleanText:
    """Mend an extracted text: radicals, errata, ASCII punctuation, stray spaces, broken lines, in this order.

    Raises:
        SourceError: an erratum doesn't stand where its position says.
    """
    repairs: list[Repair] = []
    lines: list[_Line] = []
    pending = list(errata)
    for number, raw_line in enumerate(raw.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        folded = _fold_radicals(raw_line, number, repairs)
        for erratum in [e for e in pending if e.line == number]:
            folded = _apply_erratum(folded, erratum)
            repairs.append(erratum)
            pending.remove(erratum)
        before = lines[-1].text[-1] if lines else ""
        text = _spaces(_punctuation(folded, before, number, repairs), number, repairs)
        if text:
            lines.append(_Line(number, len(raw_line) + 1, text))
    if pending:
        raise SourceError(
            f"勘误第 {pending[0].line} 行不在文件中。 Erratum line {pending[0].line} is past the end."
        )
    text = "\n".join(_join_broken(lines, repairs))
    return CleanText(
        text=text, repairs=tuple(sorted(repairs, key=lambda repair: (repair.line, repair.column)))
    )


def _fold_radicals(line: str, number: int, repairs: list[Repair]) -> str:
    for match in RADICAL.finditer(line):
        after = fold_radical(match.group())
        if after != match.group():
            repairs.append(Repair("radical", number, match.start() + 1, match.group(), after))
    return "".join(map(fold_radical, line))


def _apply_erratum(line: str, erratum: Repair) -> str:
    start = erratum.column - 1
    if not line.startswith(erratum.before, start) or len(erratum.before) != len(erratum.after):
        raise SourceError(
            f"勘误“{erratum.before}”不在第 {erratum.line} 行第 {erratum.column} 列。 "
            f"Erratum does not stand at line {erratum.line}, column {erratum.column}."
        )
    return line[:start] + erratum.after + line[start + len(erratum.before) :]


def _spaces(line: str, number: int, repairs: list[Repair]) -> str:
    """Drop spaces at the ends and beside anything wide; between two Latin words one space stays."""
    pieces: list[str] = []
    last = 0
    for match in _SPACES.finditer(line):
        start, end = match.span()
        inside = start > 0 and end < len(line)
        keep = inside and not _WIDE.match(line[start - 1]) and not _WIDE.match(line[end])
        after = " " if keep else ""
        if match.group() != after:
            repairs.append(Repair("space", number, start + 1, match.group(), after))
        pieces += [line[last:start], after]
        last = end
    return "".join([*pieces, line[last:]])


def _punctuation(line: str, before: str, number: int, repairs: list[Repair]) -> str:
    """ASCII punctuation after a Chinese character or a closing bracket, spaces apart, becomes full-width.

    `before` is the character that ends the line before this one.
    """
    chars = list(line)
    for at, char in enumerate(chars):
        wide = _ASCII_PUNCTUATION.get(char)
        if wide and before and (_CJK.match(before) or before in _CLOSING):
            repairs.append(Repair("punctuation", number, at + 1, char, wide))
            chars[at] = wide
        if not _SPACES.match(char):
            before = chars[at]
    return "".join(chars)


def _is_broken(line: str) -> bool:
    """Whether a line stops in mid-sentence: text without a sentence's end, or with an open bracket."""
    heading = heading_of(line)
    # An article is running text from its marker on; other headings may hold a comma.
    is_title = is_heading(line) and not (heading and heading.level is Level.ARTICLE)
    if is_title or _SENTENCE_END.search(line):
        return False
    if any(line.count(pair[0]) > line.count(pair[1]) for pair in _BRACKETS):
        return True
    return len(line) >= _SHORTEST_WRAPPED_LINE and bool(_INNER_PUNCTUATION.search(line))


def _join_broken(lines: list[_Line], repairs: list[Repair]) -> list[str]:
    joined: list[str] = []
    for at, line in enumerate(lines):
        text = line.text
        if joined and _is_broken(joined[-1]) and heading_of(text) is None and not text.startswith("——"):
            gap = _gap(joined[-1], text)
            repairs.append(Repair("line-break", lines[at - 1].number, lines[at - 1].end, "\n", gap))
            joined[-1] += gap + text
        else:
            joined.append(text)
    return joined


def _gap(before: str, after: str) -> str:
    """A space where a line was broken between two Latin words, nothing elsewhere."""
    return " " if before[-1:].isascii() and after[:1].isascii() and before[-1:].isalnum() else ""
