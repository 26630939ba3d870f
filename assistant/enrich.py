"""`python -m assistant enrich DOCUMENT`: writes a document's enrichment with the configured language model.

The rows are those of the outline's own enrichment and pass the same checks; one that fails is tried once
more, alone and with the findings, and then left out and listed. What is done is kept line by line, so a run
that was broken off goes on where it stopped.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import prompts
from index.enrich import (
    GIST_LANGUAGES,
    SEARCH_LANGUAGES,
    Enrichment,
    Glossary,
    check_notes,
    enrichment_of,
    enrichment_path,
    glossary_path,
)
from index.lexical import fold
from index.types import Chapter, Document, IndexingError, Section, Sentence, SourceError

if TYPE_CHECKING:
    from assistant.config import Settings
    from assistant.model import ChatModel

Row = dict[str, Any]
_BATCH_SENTENCES = 4
_BATCH_CHARACTERS = 500
_REPLY_TOKENS = 6_000
_SECONDS = 180.0
_RETRY_SECONDS = (1.0, 5.0, 20.0)
_LONGEST_REPLY = 60_000
_NOTHING = "(none)"
_HAN = re.compile(r"[\u3400-\u9fff]")
# Two digits and more: smaller numbers are words in one language and digits in another (四个中心, CO2).
_NUMBER = re.compile(r"\d{2,}(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did: rows written, and what was left out with the reason."""

    written: int
    asked: int
    dropped: Mapping[str, str]


def enrich_command(args: argparse.Namespace, settings: Settings) -> int:
    """Enrich `args.document`; 0 all rows written, 1 some failed their checks, 2 it can't be done.

    Args:
        args: `document` (path of the source text), `output` (path or None: beside the source).
        settings: `llm` names the model.
    """
    from tqdm import tqdm

    from assistant.model import Breaker, ChatModel, ModelFault, ModelSetupError

    patient = {
        "llm_timeout": max(settings.llm_timeout, _SECONDS),
        "llm_max_tokens": max(settings.llm_max_tokens, _REPLY_TOKENS),
    }
    try:
        # Waiting and trying again is this command's own affair.
        model = ChatModel.open(settings.model_copy(update=patient), breaker=Breaker(threshold=sys.maxsize))
        if model is None:
            print("请先设置 LLM。 Set LLM to a language model first.", file=sys.stderr)  # noqa: T201
            return 2
        document, glossary = _source(args.document)
        output = args.output or enrichment_path(args.document)
        try:
            with tqdm(desc="enrich", unit="row") as bar:

                def show(done: int, total: int) -> None:
                    bar.total = total
                    bar.update(done - bar.n)

                report = model.run(enrich(document, glossary, output, model=model, progress=show))
        finally:
            model.close()
    except (ModelSetupError, IndexingError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command line prints
        return 2
    except ModelFault as error:
        print(  # noqa: T201
            f"语言模型出错（{error.fault}），已完成的部分已保存，再次运行即可继续。 "
            f"The language model failed ({error.fault}); what is done is kept: run again to go on.",
            file=sys.stderr,
        )
        return 2
    for address, reason in report.dropped.items():
        print(f"{address}\t{reason}", file=sys.stderr)  # noqa: T201
    print(f"{output}: {report.written} rows, {report.asked} new, {len(report.dropped)} left out")  # noqa: T201
    return 1 if report.dropped else 0


def _source(path: Path) -> tuple[Document, Glossary]:
    from index.parse import parse_file

    return parse_file(path), Glossary.load(glossary_path(path))


async def enrich(
    document: Document,
    glossary: Glossary,
    output: Path,
    *,
    model: ChatModel,
    progress: Callable[[int, int], None],
    wait: Sequence[float] = _RETRY_SECONDS,
) -> Report:
    """Write the rows that a document's enrichment still lacks, and the whole file in document order.

    Args:
        document: what is enriched.
        glossary: the English forms of its terms.
        output: the enrichment file; rows that stand there and hold are kept.
        model: the language model.
        progress: called with how many rows are done and how many there are.
        wait: seconds before each further attempt of a call that failed.

    Raises:
        ModelFault: the endpoint failed at every attempt; what was done until then is kept.
        SourceError: the output file is not an enrichment.
    """
    work = _Work(document, glossary, output, model=model, wait=wait)
    total = len(work.order)
    progress(len(work.rows), total)
    asked = 0
    for batch in list(work.batches()):
        rows = await work.sentences(batch)
        asked += work.keep(rows)
        progress(len(work.rows), total)
    for node in list(work.headings()):
        asked += work.keep(await work.heading(node))
        progress(len(work.rows), total)
    work.finish()
    return Report(written=len(work.rows), asked=asked, dropped=work.dropped)


class _Work:
    """The rows of one document: those that are there, those that are asked for, those that failed."""

    def __init__(
        self, document: Document, glossary: Glossary, output: Path, *, model: ChatModel, wait: Sequence[float]
    ) -> None:
        self.rows: dict[str, Row] = {}
        self.dropped: dict[str, str] = {}
        self._document = document
        self._glossary = glossary
        self._output = output
        self._partial = output.with_name(output.name.removesuffix(".jsonl") + ".partial.jsonl")
        self._model = model
        self._wait = wait
        self._sections = {section.address: section for section in document.sections()}
        self._chapters = {chapter.address: chapter for chapter in document.chapters if chapter.heading}
        self.order = list(self._addresses())
        for row in (*_read(output, strict=True), *_read(self._partial, strict=False)):
            address = str(row.get("address"))
            if address in set(self.order) and not self._problem(row):
                self.rows[address] = row

    def _addresses(self) -> Iterator[str]:
        """Every address that wants a row, as the file orders them: chapter, section, its sentences."""
        seen: set[str] = set()
        for section in self._sections.values():
            chapter = str(section.chapter)
            if chapter in self._chapters and chapter not in seen:
                seen.add(chapter)
                yield chapter
            yield section.address
            yield from (sentence.address for sentence in section.sentences)

    def batches(self) -> Iterator[list[Sentence]]:
        """The sentences without a row, a few of one section at a time."""
        for section in self._sections.values():
            batch: list[Sentence] = []
            for sentence in section.sentences:
                if sentence.address in self.rows:
                    continue
                size = sum(len(other.text) for other in (*batch, sentence))
                if batch and (len(batch) == _BATCH_SENTENCES or size > _BATCH_CHARACTERS):
                    yield batch
                    batch = []
                batch.append(sentence)
            if batch:
                yield batch

    def headings(self) -> Iterator[Section | Chapter]:
        """The chapters and sections without a row."""
        nodes: Iterable[Section | Chapter] = (*self._chapters.values(), *self._sections.values())
        return (node for node in nodes if node.address not in self.rows)

    async def sentences(self, batch: Sequence[Sentence]) -> list[Row]:
        """The rows of a batch that hold, failing ones tried once more alone."""
        found = await self._ask_sentences(batch, _NOTHING)
        rows = []
        for sentence in batch:
            row = found.get(sentence.address)
            problem = self._problem(row) if row else "no row in the reply"
            if problem:
                again = await self._ask_sentences([sentence], problem)
                row = again.get(sentence.address)
                problem = self._problem(row) if row else "no row in the reply"
            if row and not problem:
                rows.append(row)
            else:
                self.dropped[sentence.address] = problem
        return rows

    async def heading(self, node: Section | Chapter) -> list[Row]:
        """The row of a chapter or section, if one holds within two attempts."""
        problem = ""
        for _ in range(2):
            row = await self._ask_heading(node)
            problem = self._problem(row) if row else "no row in the reply"
            if row and not problem:
                return [row]
        self.dropped[node.address] = problem
        return []

    def keep(self, rows: Sequence[Row]) -> int:
        """Take rows over and put them by at once; how many there are."""
        self._partial.parent.mkdir(parents=True, exist_ok=True)
        with self._partial.open("a", encoding="utf-8") as file:
            for row in rows:
                self.rows[row["address"]] = row
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        return len(rows)

    def finish(self) -> None:
        """Put the whole file in place in one step."""
        whole = self._output.with_name(self._output.name + ".new")
        lines = (
            json.dumps(self.rows[address], ensure_ascii=False) + "\n"
            for address in self.order
            if address in self.rows
        )
        whole.write_text("".join(lines), "utf-8")
        whole.replace(self._output)
        self._partial.unlink(missing_ok=True)

    async def _ask_sentences(self, batch: Sequence[Sentence], findings: str) -> dict[str, Row]:
        section = self._document.section_of(batch[0].address)
        text = "\n".join(f"[{sentence.address}] {sentence.text}" for sentence in batch)
        messages = prompts.render(
            "enrich_sentences",
            languages=", ".join(SEARCH_LANGUAGES),
            title=self._document.title,
            section=" ".join(section.heading_path) or section.label,
            glossary=self._terms(text),
            findings=findings,
            sentences=text,
        )
        wanted = {sentence.address: sentence for sentence in batch}
        found = {}
        for row in _objects(await self._reply(messages)):
            address = str(row.get("address", "")).strip("[] ")
            if address in wanted:
                found[address] = {
                    "address": address,
                    "en": row.get("en"),
                    "plain": row.get("plain"),
                    "questions": row.get("questions"),
                    "words": row.get("words") or {},
                    "source": _digest(wanted[address].text),
                }
        return found

    async def _ask_heading(self, node: Section | Chapter) -> Row | None:
        is_section = isinstance(node, Section)
        if isinstance(node, Section):
            text, heading = node.text, " ".join(node.heading_path) or node.label
        else:
            text, heading = "\n".join(section.heading for section in node.sections), node.heading
        messages = prompts.render(
            "enrich_heading",
            languages=", ".join(GIST_LANGUAGES),
            title=self._document.title,
            section=heading,
            glossary=self._terms(f"{heading}\n{text}"),
            text=text,
        )
        for row in _objects(await self._reply(messages)):
            if "title_en" in row:
                found = {
                    "address": node.address,
                    "title_en": row["title_en"],
                    "source": _digest(heading + text),
                }
                notes = {"gist": row.get("gist"), "words": row.get("words") or {}}
                return found | (notes if is_section else {})
        return None

    async def _reply(self, messages: Sequence[tuple[str, str]]) -> str:
        from assistant.model import ModelFault

        for seconds in self._wait:
            try:
                return await self._model.complete(messages, longest=_LONGEST_REPLY)
            except ModelFault:
                await asyncio.sleep(seconds)
        return await self._model.complete(messages, longest=_LONGEST_REPLY)

    def _terms(self, text: str) -> str:
        """The glossary's lines for the terms that a text has."""
        lines = [f"{term} | {'; '.join(forms)}" for term, forms in self._glossary.terms if term in text]
        return "\n".join(lines) or _NOTHING

    def _problem(self, row: Row) -> str:
        """What is wrong with a row, "" if nothing is."""
        address = str(row["address"])
        try:
            enrichment = enrichment_of([row])
        except SourceError as error:
            return f"form: {error.__cause__ or error}"[:200]
        if "#" in address:
            return self._sentence_problem(address, row, enrichment)
        return self._heading_problem(address, row, enrichment)

    def _sentence_problem(self, address: str, row: Row, enrichment: Enrichment) -> str:
        source, notes = self._document.sentence(address).text, enrichment.sentences[address]
        if row.get("source") not in {None, _digest(source)}:
            return "the sentence has changed"
        findings = check_notes(address, source, notes, self._glossary)
        problems = [f"{finding.field}: {finding.problem}" for finding in findings]
        english = (notes.english, *notes.questions.get("en", ()))
        chinese = (notes.plain, *notes.questions.get("zh", ()))
        problems += ["en: not English"] if any(_HAN.search(text) for text in english) else []
        problems += ["plain: not Chinese"] if not all(_HAN.search(text) for text in chinese) else []
        return "; ".join(problems)

    def _heading_problem(self, address: str, row: Row, enrichment: Enrichment) -> str:
        notes = enrichment.headings[address]
        if _HAN.search(notes.title_english):
            return "title_en: not English"
        if address in self._chapters:
            return ""
        section = self._sections[address]
        heading = " ".join(section.heading_path) or section.label
        if row.get("source") not in {None, _digest(heading + section.text)}:
            return "the section has changed"
        if missing := [language for language in GIST_LANGUAGES if language not in notes.gist]:
            return f"gist: missing {', '.join(missing)}"
        known = set(_NUMBER.findall(fold(f"{heading} {section.text} {self._document.issued}")))
        invented = {
            number
            for text in notes.gist.values()
            for number in _NUMBER.findall(fold(text))
            if number not in known
        }
        return f"gist: number {min(invented)} is not in the section" if invented else ""


def _digest(text: str) -> str:
    """Eight hexadecimal digits by which a row knows the text it was written for."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _read(path: Path, *, strict: bool) -> Iterator[Row]:
    """The rows of a file, none if there is no file; a line cut short is an error only where `strict`."""
    if not path.exists():
        return
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if isinstance(row, dict) and "address" in row:
            yield row
        elif strict:
            raise SourceError(
                f"{path.name} 第 {number} 行不是 JSON 对象。 {path.name}:{number} is no JSON object."
            )


def _objects(text: str) -> Iterator[Row]:
    """The JSON objects in a text that are rows, whatever stands around and between them."""
    decoder = json.JSONDecoder(strict=False)
    at = text.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at = text.find("{", at + 1)
            continue
        if isinstance(value, dict) and ({"address", "title_en"} & value.keys()):
            yield value
            at = text.find("{", end)
        else:
            # A wrapper such as {"rows": […]}: look inside.
            at = text.find("{", at + 1)
