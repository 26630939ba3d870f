"""Answers and conversations to take away: plain text, Markdown, .docx, each with its source and its label."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from io import BytesIO
from typing import Any

from assistant.types import Answer, Citation, Reason, Status, Suggestion
from assistant.ui.render import Names
from assistant.ui.texts import Language, text
from index.types import AddressError, Document

MOST_EXPORTED = 200
_LONGEST_TEXT = 50_000
_MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&])|^(\s*)([#+=-])", re.MULTILINE)
# A marker stays readable in Markdown: [1] without a link definition is plain text.
_MARKER = re.compile(r"\\\[(\d{1,3})\\\]")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a receipt; `kind` is `title`, `heading`, `text`, `quote`, `source`, `item` or `small`."""

    kind: str
    text: str


def receipts_of(answer: Answer, names: Names) -> dict[str, dict[str, str]]:
    """One answer as plain text and as Markdown, in both interface languages."""
    both: tuple[Language, Language] = ("zh", "en")
    return {
        language: {
            "text": as_text(
                lines := [
                    *answer_lines(answer, names, language),
                    *source_lines([answer], names.document, language),
                ]
            ),
            "markdown": as_markdown(lines),
        }
        for language in both
    }


def conversation(answers: Sequence[Answer], names: Names, language: Language) -> list[Line]:
    """A conversation as lines: title, label, every question with its answer, the source."""
    document = names.document
    lines = [
        Line("title", f"{text('exported', language)} · {document.title}"),
        Line("small", text("label", language)),
    ]
    for answer in answers:
        lines += answer_lines(answer, names, language)
    return [*lines, *source_lines(answers, document, language)]


def answer_lines(answer: Answer, names: Names, language: Language) -> list[Line]:
    """Question, answer and citations of one exchange; what the answer quotes in full is not quoted again."""
    lines = [Line("heading", " ".join(answer.question.split()))]
    if answer.query and answer.query.strip() != answer.question.strip():
        lines.append(Line("small", f"{text('understood_as', language)}{_colon(language)}{answer.query}"))
    quotes = "".join(citation.quote for citation in answer.citations)
    for line in filter(str.strip, answer.answer.splitlines()):
        quoted = _bare(line) and _bare(line) in _bare(quotes)
        lines.append(Line("quote" if quoted else "text", line))
    said = _bare(answer.answer)
    for citation in answer.citations:
        where = " ".join(citation.sentence_ids) or citation.section_id
        label = names.of(citation.section_id)[language == "en"]
        lines.append(Line("source", f"[{citation.marker}] {label} ({where})"))
        if _bare(citation.quote) not in said:
            lines.append(Line("quote", citation.quote))
        if citation.translation and _bare(citation.translation) not in said:
            lines.append(
                Line("small", f"{text('unofficial', language)}{_colon(language)}{citation.translation}")
            )
    if answer.suggestions:
        lines.append(Line("source", f"{text('nearest', language)}{_colon(language).strip()}"))
    for near in answer.suggestions:
        instead = (
            f" — {text('ask_instead', language)}{_colon(language)}{near.question}" if near.question else ""
        )
        lines.append(Line("item", f"{names.of(near.section_id)[language == 'en']}{instead}"))
    return lines


def _bare(line: str) -> str:
    return "".join(re.sub(r"\[\d{1,3}\]", "", line).split())


def source_lines(answers: Sequence[Answer], document: Document, language: Language) -> list[Line]:
    """Where it all comes from: title, date, checksum, mode, when and by what it was composed."""
    modes = dict.fromkeys(_mode(answer, language) for answer in answers)
    rows = (
        ("document_title", document.title),
        ("date", document.published or document.issued),
        ("hash", document.sha256),
        ("mode", "; ".join(modes)),
    )
    made = f"{text('label', language)} · {datetime.now().astimezone():%Y-%m-%d %H:%M %Z}"
    return [
        *(Line("small", f"{text(key, language)}{_colon(language)}{value}") for key, value in rows if value),
        Line("small", made),
    ]


def _mode(answer: Answer, language: Language) -> str:
    said = text("mode_llm" if answer.mode == "llm" else "mode_extractive", language)
    return f"{said} ({answer.model})" if answer.model else said


def _colon(language: Language) -> str:
    return "：" if language == "zh" else ": "


def as_text(lines: Iterable[Line]) -> str:
    """Lines as plain text."""
    shown = {"quote": "    {}", "heading": "\n{}\n", "title": "{}\n", "item": "- {}"}
    return _join(shown.get(line.kind, "{}").format(line.text) for line in _spaced(lines))


def as_markdown(lines: Iterable[Line]) -> str:
    """Lines as Markdown, with whatever the texts hold shown as text."""
    shown = {
        "title": "# {}\n",
        "heading": "\n## {}\n",
        "text": "{}\n",
        "source": "{}  ",
        "quote": "> {}\n",
        "item": "- {}",
        "small": "*{}*  ",
    }

    def plain(value: str) -> str:
        value = _MARKER.sub(r"[\1]", _MARKDOWN_SPECIAL.sub(_escaped, value))
        return re.sub(r"^(\s*\d+)([.)])", r"\1\\\2", value)

    return _join(
        shown[line.kind].format(plain(line.text).replace("\n", "\n> " if line.kind == "quote" else " "))
        for line in _spaced(lines)
    )


def _escaped(match: re.Match[str]) -> str:
    return f"\\{match[1]}" if match[1] else f"{match[2]}\\{match[3]}"


def _spaced(lines: Iterable[Line]) -> Iterable[Line]:
    """An empty line where a list of places, of sections or of small print begins or ends."""
    before = "title"
    for line in lines:
        if line.kind != before and {line.kind, before} & {"small", "source", "item"} and before != "title":
            yield Line("text", "")
        yield line
        before = line.kind


def _join(pieces: Iterable[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(pieces)).strip() + "\n"


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff\ud800-\udfff]")


def as_docx(lines: Sequence[Line]) -> bytes:
    """Lines as a Word document, in fonts that Chinese office computers have."""
    import docx
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt, RGBColor

    document = docx.Document()
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    about = document.core_properties
    about.title, about.author, about.comments = lines[0].text, "", ""
    for style in ("Normal", "Title", "Heading 2", "Quote", "List Bullet"):
        font = document.styles[style].font
        font.name, font.italic = "Times New Roman", False
        fonts = font.element.rPr.rFonts
        fonts.set(qn("w:eastAsia"), "宋体")
        for theme in (
            "asciiTheme",
            "hAnsiTheme",
            "eastAsiaTheme",
            "cstheme",
        ):  # they would win over the names
            fonts.attrib.pop(qn(f"w:{theme}"), None)
    styles = {"title": "Title", "heading": "Heading 2", "quote": "Quote", "item": "List Bullet"}
    for line in lines:
        paragraph = document.add_paragraph(
            _CONTROL.sub(" ", line.text), style=styles.get(line.kind, "Normal")
        )
        if line.kind == "quote":
            paragraph.paragraph_format.left_indent = Cm(0.8)
        if line.kind == "small":
            paragraph.paragraph_format.space_after = Pt(0)
            for run in paragraph.runs:
                run.font.size = Pt(9)
                run.font.color.rgb = RGBColor(0x55, 0x61, 0x71)
    stream = BytesIO()
    document.save(stream)
    return stream.getvalue()


# --- Answers that come back from a page ---------------------------------------------------------------


def answers_from(rows: object, document: Document) -> list[Answer]:
    """A conversation as a page sends it back, 1 to MOST_EXPORTED answers.

    Raises:
        ValueError: it is not of the form, or a quote is not what the document says at that place.
    """
    if not isinstance(rows, list) or not 0 < len(rows) <= MOST_EXPORTED:
        raise ValueError(f"between 1 and {MOST_EXPORTED} answers can be exported")
    return [answer_from(row, document) for row in rows]


def answer_from(row: object, document: Document) -> Answer:
    """An answer object as a page sends it back, its quotes held against the document.

    Raises:
        ValueError: it is not of the form, or a quote is not what the document says at that place.
    """
    if not isinstance(row, Mapping):
        raise ValueError("not an answer object")  # noqa: TRY004 - a page's fault, told as such
    try:
        answer = Answer(
            question=_text(row["question"]),
            query=_text(row["query"]),
            language=_text(row["language"]),
            status=Status(row["status"]),
            reason=Reason(row["reason"]) if row.get("reason") else None,
            answer=_text(row["answer"]),
            citations=tuple(_citation(item, document) for item in row.get("citations", ())),
            suggestions=tuple(
                Suggestion(_text(i["section_id"]), _text(i["label"]), _text(i.get("question", "")))
                for i in row.get("suggestions", ())
            ),
            confidence=float(row.get("confidence", 0.0)),
            mode=_text(row.get("mode", "extractive")),
            model=_text(row["model"]) if row.get("model") else None,
            versions={_text(key): _text(value) for key, value in dict(row.get("versions") or {}).items()},
        )
    except (KeyError, TypeError, AttributeError, AddressError) as error:
        raise ValueError(f"not an answer object: {error}") from error
    return answer


def _citation(row: Mapping[str, Any], document: Document) -> Citation:
    known = {field.name: row[field.name] for field in fields(Citation)}
    known["sentence_ids"] = tuple(_text(id_) for id_ in row["sentence_ids"])
    known["heading_path"] = tuple(_text(part) for part in row["heading_path"])
    citation = Citation(**known)
    sentences = [document.sentence(address) for address in citation.sentence_ids]
    said = "".join(sentence.text + sentence.tail for sentence in sentences).rstrip("\n")
    if sentences and said != citation.quote:
        raise ValueError("a quote is not what the document says")
    return citation


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise TypeError("not a text of acceptable length")
    return value
