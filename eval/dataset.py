"""Evaluation items: reading them from JSONL or CSV, and the checks that `python -m eval lint` makes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from eval.matching import Neighbours, contains, normalised
from index.bank import load_bank
from index.lexical import fold
from index.types import Document

DATA = Path(__file__).with_name("data")
# What a run asks, and what else lies beside it: more questions for the calibration, and frozen sets apart.
SPLITS = ("dev", "test")
ALL_SPLITS = (*SPLITS, "calibration", "fresh", "sealed", "locked", "reserve", "vault", "depot")
STRUCTURE = "structure"
REASONS = frozenset(
    ("not_in_document", "figure_not_stated", "needs_current_data", "out_of_scope", "ambiguous", "instruction")
)
# Jaccard similarity of shingles from which two questions count as nearly word for word the same.
NEAR_DUPLICATE = 0.7
NEAR_TRAINING = 0.75


class EvalError(Exception):
    """Anything wrong with the input of an evaluation; the message is one bilingual line."""


class DatasetError(EvalError):
    """A data set can't be read; the message names file, line and field."""


@dataclass(frozen=True, slots=True)
class Item:
    """One question with what a right answer holds; the fields are those of `eval/README.md`.

    `turns` are the user's messages, of which the last is scored; `answerable` is None where nobody said;
    `answer` is a reference in free words; `standalone` is the last turn as a person would ask it without its
    history; `variant` names the change that made the item out of `base_id` (empty: none, or a translation by
    hand).
    """

    id: str
    turns: tuple[str, ...]
    kind: str = "own"
    lang: str = ""
    base_id: str = ""
    variant: str = ""
    standalone: str = ""
    sections: tuple[str, ...] = ()
    all_sections: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    must: tuple[tuple[str, ...], ...] = ()
    must_not: tuple[str, ...] = ()
    answerable: bool | None = True
    reason: str = ""
    answer: str = ""

    @property
    def question(self) -> str:
        """The turn that is scored."""
        return self.turns[-1]

    @property
    def cluster(self) -> str:
        """The item that this one depends on, itself included: what a bootstrap draws."""
        return self.base_id or self.id

    @property
    def has_key(self) -> bool:
        """Whether strict correctness can be told: key facts, sections, or a due abstention."""
        return self.answerable is False or bool(self.must or self.sections or self.all_sections)

    def to_row(self) -> dict[str, Any]:
        """The item as it is written to JSONL: without empty fields."""
        row: dict[str, Any] = {"id": self.id, "kind": self.kind, "lang": self.lang}
        row |= {"question": self.turns[0]} if len(self.turns) == 1 else {"turns": list(self.turns)}
        rest = {
            name: value for name, value in asdict(self).items() if name not in {*row, "turns", "answerable"}
        }
        row |= {name: _listed(value) for name, value in rest.items() if value}
        return row if self.answerable is None else {**row, "answerable": self.answerable}


def _listed(value: object) -> object:
    return [_listed(part) for part in value] if isinstance(value, tuple) else value


# --- reading ---


def load_items(path: Path) -> list[Item]:
    """Items of a JSONL or CSV file, in order.

    Raises:
        DatasetError: the file can't be read, or a row is not of the form.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"读不了 {path}。 {path} can't be read: {error.strerror}") from None
    text = _decoded(raw, path.name)
    rows = (
        _csv_rows(text, path.name) if path.suffix.lower() in {".csv", ".tsv"} else _json_rows(text, path.name)
    )
    items: list[Item] = []
    seen: dict[str, int] = {}
    for line, row in rows:
        item = _item(row, where=_Where(path.name, line), number=len(items) + 1)
        if item.id in seen:
            raise _Where(path.name, line).error(
                "id", f"“{item.id}” 已在第 {seen[item.id]} 行 stands on line {seen[item.id]} too"
            )
        seen[item.id] = line
        items.append(item)
    if not items:
        raise DatasetError(f"{path.name} 中没有题目。 {path.name} holds no items.")
    return items


def load_split(split: str) -> list[Item]:
    """The items of a split of this repository: `dev`, `test`, `calibration`, `fresh` or `sealed`."""
    return load_items(DATA / f"{split}.jsonl")


def save_items(items: Iterable[Item], path: Path) -> None:
    """Write items as JSONL, one a line."""
    lines = [json.dumps(item.to_row(), ensure_ascii=False) for item in items]
    path.write_text("\n".join(lines) + "\n", "utf-8")


@dataclass(frozen=True, slots=True)
class _Where:
    file: str
    line: int

    def error(self, name: str, problem: str) -> DatasetError:
        return DatasetError(
            f"{self.file} 第 {self.line} 行，字段 {name}：{problem} ({self.file}:{self.line}, field {name})"
        )


def _decoded(raw: bytes, name: str) -> str:
    """Text of a file in UTF-8 (byte order mark or not), UTF-16 with one, or GB18030 as from Excel."""
    encoding = "utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    for candidate in (encoding, "gb18030"):
        try:
            return raw.decode(candidate)
        except UnicodeDecodeError:
            continue
    raise DatasetError(f"{name} 既不是 UTF-8 也不是 GB18030。 {name} is neither UTF-8 nor GB18030.")


def _json_rows(text: str, name: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    for line, row in enumerate(text.splitlines(), start=1):
        if not row.strip():
            continue
        try:
            value = json.loads(row)
        except ValueError as error:
            raise _Where(name, line).error("—", f"不是 JSON not JSON: {error}") from None
        if not isinstance(value, dict):
            raise _Where(name, line).error("—", "不是 JSON 对象 not a JSON object")
        yield line, value


# Column headings that people write, by the field that they mean.
_COLUMNS = {
    "问题": "question",
    "提问": "question",
    "题目": "question",
    "答案": "answer",
    "参考答案": "answer",
    "回答": "answer",
    "编号": "id",
    "序号": "id",
    "类型": "kind",
    "语言": "lang",
    "章节": "sections",
    "出处": "sections",
    "句子": "sentences",
    "要点": "must",
    "不得出现": "must_not",
    "可回答": "answerable",
    "原因": "reason",
}
_TRUE = frozenset(("true", "yes", "y", "1", "是", "可", "可以"))
_FALSE = frozenset(("false", "no", "n", "0", "否", "不可", "不可以"))


def _csv_rows(text: str, name: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Rows of a CSV: lists are written with `;` between their parts, alternatives of a key fact with `|`."""
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = [_COLUMNS.get(column.strip().lower(), column.strip().lower()) for column in next(reader, [])]
    if "question" not in header and "turns" not in header:
        raise _Where(name, 1).error(
            "question", "第一行没有 question（问题）列 the first line has no column question"
        )
    for cells in reader:
        line = reader.line_num
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(header):
            raise _Where(name, line).error(
                header[-1], "多出一列，有引号漏了？ one column too many; is a quote missing?"
            )
        row: dict[str, object] = {}
        for column, cell in zip(header, cells, strict=False):
            if value := cell.strip():
                row[column] = _cell(column, value, _Where(name, line))
        yield line, row


def _cell(column: str, value: str, where: _Where) -> object:
    parts = [part.strip() for part in value.replace("；", ";").split(";") if part.strip()]
    match column:
        case "turns" | "sections" | "all_sections" | "sentences" | "must_not":
            return parts
        case "must":
            return [
                [alternative.strip() for alternative in part.split("|") if alternative.strip()]
                for part in parts
            ]
        case "answerable":
            if value.lower() not in _TRUE | _FALSE:
                raise where.error(column, f"“{value}” 应为 true 或 false should be true or false")
            return value.lower() in _TRUE
        case _:
            return value


_LISTS = ("sections", "all_sections", "sentences", "must_not")
_TEXTS = ("kind", "lang", "base_id", "variant", "standalone", "reason", "answer")
_FIELDS = frozenset(("id", "question", "turns", "must", "answerable", *_LISTS, *_TEXTS))


def _item(row: Mapping[str, object], *, where: _Where, number: int) -> Item:
    if unknown := sorted(set(row) - _FIELDS):
        raise where.error(unknown[0], "没有这个字段 there is no such field")
    if ("turns" in row) == ("question" in row):
        raise where.error("question", "要有 question 或 turns 之一 one of question and turns is needed")
    turns = _strings(row, "turns", where) if "turns" in row else (_string(row, "question", where),)
    if not turns:
        raise where.error("turns", "是空的 empty")
    if any(not turn.strip() for turn in turns):
        raise where.error("turns" if "turns" in row else "question", "是空的 empty")
    answerable = row.get("answerable")
    if answerable is not None and not isinstance(answerable, bool):
        raise where.error("answerable", "应为 true 或 false should be true or false")
    lists: dict[str, Any] = {name: _strings(row, name, where) for name in _LISTS}
    texts: dict[str, Any] = {name: _string(row, name, where) for name in _TEXTS if name in row}
    if texts.get("reason", "") not in REASONS | {""}:
        raise where.error("reason", f"不认识 {texts['reason']} is not one of {', '.join(sorted(REASONS))}")
    must = _must(row.get("must", []), where)
    if answerable is None and (must or lists["sections"] or lists["all_sections"]):
        answerable = True
    return Item(
        id=_string(row, "id", where) if "id" in row else f"q{number}",
        turns=turns,
        must=must,
        answerable=answerable,
        **lists,
        **texts,
    )


def _string(row: Mapping[str, object], name: str, where: _Where) -> str:
    value = row[name]
    if isinstance(value, int) and not isinstance(value, bool) and name == "id":
        return str(value)
    if not isinstance(value, str):
        raise where.error(name, "应为文字 should be a text")
    return value


def _strings(row: Mapping[str, object], name: str, where: _Where) -> tuple[str, ...]:
    value = row.get(name, [])
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise where.error(name, "应为文字的列表 should be a list of texts")
    return tuple(value)


def _must(value: object, where: _Where) -> tuple[tuple[str, ...], ...]:
    problem = "应为列表的列表，每组至少一个说法 should be a list of lists, each with one alternative at least"
    if not isinstance(value, list):
        raise where.error("must", problem)
    groups = []
    for group in value:
        if (
            not isinstance(group, list)
            or not group
            or not all(isinstance(text, str) and text for text in group)
        ):
            raise where.error("must", problem)
        groups.append(tuple(group))
    return tuple(groups)


# --- checking ---


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that lint found: an item, a field of it, and what is wrong."""

    item: str
    field: str
    problem: str

    def __str__(self) -> str:
        """One line for the console."""
        return f"{self.item}: {self.field}: {self.problem}"


@dataclass(frozen=True, slots=True)
class Written:
    """Questions of the enrichment and of the model that no evaluation question may repeat."""

    questions: Sequence[str] = ()
    _near: Neighbours = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_near", Neighbours(self.questions))

    def repeats(self, question: str) -> str:
        """The written question that a question repeats nearly word for word; empty when there is none."""
        found = self._near.near(question, at_least=NEAR_TRAINING)
        return self.questions[found[0][0]] if found else ""


@cache
def written_questions() -> Written:
    """The questions of the outline's enrichment and bank, and of the bundled model's training data."""
    index = Path(__file__).parent.parent / "index"
    questions: list[str] = []
    for line in (index / "data" / "outline-2035.enrichment.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        questions += [question for texts in row.get("questions", {}).values() for question in texts]
    trained = (index / "training" / "data" / "questions.jsonl").read_text("utf-8")
    questions += [json.loads(line)["q"] for line in trained.splitlines()]
    questions += [known.question for known in load_bank(index / "data" / "outline-2035.questions.jsonl")]
    return Written(tuple(questions))


def lint(
    items: Sequence[Item],
    document: Document,
    *,
    others: Mapping[str, Sequence[Item]] | None = None,
    written: Written | None = None,
) -> list[Finding]:
    """All that is wrong with items, in their order; empty when all is well.

    `others` are the other splits by name, which may hold no near-duplicate and no relative of these items;
    `written` are the questions that the retrieval was built with.
    """
    findings: list[Finding] = []
    by_id = {item.id: item for item in items}
    for item in items:
        findings += _item_findings(item, document, by_id)
    findings += _near_duplicates(items)
    for name, split in (others or {}).items():
        findings += _across(items, split, name)
    if written is not None:
        findings += [
            Finding(
                item.id, "question", f"nearly word for word a question of the retrieval's own: {repeated}"
            )
            for item in items
            if not item.variant and (repeated := written.repeats(item.question))
        ]
    return findings


def _item_findings(item: Item, document: Document, by_id: Mapping[str, Item]) -> Iterator[Finding]:
    def found(condition: object, name: str, problem: str) -> Iterator[Finding]:
        if condition:
            yield Finding(item.id, name, problem)

    chapters = {chapter.address for chapter in document.chapters}
    for name, addresses in (
        ("sections", item.sections),
        ("all_sections", item.all_sections),
        ("sentences", item.sentences),
    ):
        is_sentence = name == "sentences"
        for address in addresses:
            exists = (document.has(address) and ("#" in address) == is_sentence) or (
                address in chapters and not is_sentence
            )
            yield from found(not exists, name, f"{address} is not in the document")
            yield from found(addresses.count(address) > 1, name, f"{address} stands twice")
    if not all(
        document.has(address) or address in chapters
        for address in (*item.sections, *item.all_sections, *item.sentences)
    ):
        return
    outside = [a for a in item.sentences if a.partition("#")[0] not in {*item.sections, *item.all_sections}]
    yield from found(item.sections and outside, "sentences", f"{outside} lie outside the sections")
    lost = [address for address in item.all_sections if address not in item.sections]
    yield from found(item.sections and lost, "all_sections", f"{lost} are not among the sections")
    yield from _key_findings(item, document)
    labelled = bool(item.lang) and bool(item.kind)
    yield from found(not labelled, "lang", "lang and kind are needed for the slices")
    yield from found(
        item.base_id and item.base_id not in by_id, "base_id", f"{item.base_id} is not in the file"
    )
    base = by_id.get(item.base_id)
    changed = base is not None and (base.answerable, base.sections) != (item.answerable, item.sections)
    yield from found(changed, "base_id", f"answerable or sections differ from those of {item.base_id}")
    yield from found(
        len(item.turns) > 1 and not item.standalone and item.answerable,
        "standalone",
        "a follow-up needs its rewrite",
    )


def _key_findings(item: Item, document: Document) -> Iterator[Finding]:
    if item.answerable is False:
        if item.sections or item.all_sections or item.sentences or item.must:
            yield Finding(
                item.id, "answerable", "an unanswerable item has no sections, sentences or key facts"
            )
        if not item.reason:
            yield Finding(item.id, "reason", "an unanswerable item needs its reason")
        return
    if item.reason:
        yield Finding(item.id, "reason", "an answerable item has none")
    if not item.has_key:
        yield Finding(item.id, "must", "neither key facts nor sections: nothing can be scored")
    if item.kind == STRUCTURE:
        return  # counts and titles are told in the assistant's own frame
    # A chapter stands for its heading and for all of its sections.
    gold = {*(item.sections or item.all_sections)}
    sections = [s for s in document.sections() if gold & {s.address, str(s.chapter)}]
    headings = [heading for section in sections for heading in section.heading_path]
    texts = [document.sentence(address).text for address in item.sentences]
    source = "\n".join((*headings, *(texts or (section.text for section in sections))))
    if not source:
        return
    text = normalised(source)
    for group in item.must:
        if not any(contains(text, normalised(fact)) for fact in group):
            yield Finding(item.id, "must", f"{' | '.join(group)} does not stand in the gold text")


def _whole(item: Item) -> str:
    return " ".join(item.turns)


def _near_duplicates(items: Sequence[Item]) -> Iterator[Finding]:
    own = [item for item in items if not item.variant]
    near = Neighbours(_whole(item) for item in own)
    for at, item in enumerate(own):
        for other, value in near.near(_whole(item), at_least=NEAR_DUPLICATE):
            # The robust items are questions of others with typing errors: alike on purpose, within one split.
            if other < at and "robust" not in {item.kind, own[other].kind}:
                yield Finding(item.id, "question", f"nearly the same as {own[other].id} ({value:.2f})")
    texts: dict[str, str] = {}
    for item in items:
        text = fold(_whole(item)) if not item.variant else _whole(item)
        if text in texts:
            yield Finding(item.id, "question", f"the same as {texts[text]}")
        texts[text] = item.id


def _across(items: Sequence[Item], others: Sequence[Item], name: str) -> Iterator[Finding]:
    ids = {other.id for other in others}
    near = Neighbours(_whole(other) for other in others)
    for item in items:
        if item.id in ids:
            yield Finding(item.id, "id", f"stands in the {name} split too")
        if item.base_id in ids:
            yield Finding(item.id, "base_id", f"{item.base_id} stands in the {name} split")
        if item.variant:
            continue
        for other, value in near.near(_whole(item), at_least=NEAR_DUPLICATE)[:1]:
            yield Finding(
                item.id,
                "question",
                f"nearly the same as {others[other].id} of the {name} split ({value:.2f})",
            )


# --- feedback ---


def items_from_feedback(path: Path) -> tuple[list[Item], int]:
    """Items made of exported feedback, and how many rows were left out.

    A good answer becomes an item that expects its sections again (or its abstention); a bad one with the
    section that would have been right expects that section; a bad refusal without one can't tell what would
    be right, nor can any other bad answer: those are left out. The same question makes one item, by its last
    row.

    Raises:
        DatasetError: the file can't be read, or a row isn't of the form.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"读不了 {path}。 {path} can't be read: {error}") from None
    made: dict[str, Item] = {}
    left_out = 0
    for line, row in _json_rows(text, path.name):
        where = _Where(path.name, line)
        verdict, answer = _string(row, "verdict", where), row.get("answer")
        if verdict not in {"good", "bad"} or not isinstance(answer, dict):
            name = "answer" if verdict in {"good", "bad"} else "verdict"
            raise where.error(name, "应为反馈导出的样子 not as exported feedback has it")
        item = _feedback_item(row, answer, where, good=verdict == "good")
        if item is None:
            left_out += 1
        else:
            made[item.question] = item
    return [
        replace(item, id=f"feedback-{number:03d}") for number, item in enumerate(made.values(), start=1)
    ], left_out


def _feedback_item(
    row: Mapping[str, object], answer: Mapping[str, Any], where: _Where, *, good: bool
) -> Item | None:
    question = _string(row, "question", where).strip()
    if not question:
        raise where.error("question", "是空的 empty")
    section = row.get("section") or ""
    sections = tuple(dict.fromkeys(str(c.get("section_id", "")) for c in answer.get("citations", [])))
    abstained = answer.get("status") == "abstained"
    # A follow-up is kept as its standalone query: feedback holds no history.
    turns = (str(answer.get("query") or question),)
    item = Item(id="", turns=turns, kind="feedback", lang=str(answer.get("language", "")))
    if good and abstained:
        return replace(item, answerable=False, reason=str(answer.get("reason") or ""))
    if good and sections:
        return replace(item, sections=sections)
    if not good and isinstance(section, str) and section:
        return replace(item, sections=(section,))
    return None
