"""Question + history → Query: cleaned, made standalone, its intent and the slot that it asks for.

Rules over closed-class words (`patterns.toml`); nothing here knows the subject of any document.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from assistant.addresses import find_addresses, nodes_between, sentences_of, spoken
from assistant.asked import Mentions, asks_for_mentions, asks_for_parts, structural
from assistant.described import described
from assistant.followup import WHETHER_IT_BINDS, standalone
from assistant.form import Form, FormReader
from assistant.parts import asks_for_apparatus, asks_itself, is_question, split_parts
from assistant.patterns import pattern, patterns
from assistant.plain import Place, plainly
from assistant.pointed import Rewrite, asks_for_node, needs_history, neighbour
from assistant.signals import Signals, read
from assistant.slots import slot_of
from assistant.subject import asked_of, content_of, in_full
from assistant.types import Intent, Query, Reason, Slot, Turn
from index.enrich import Enrichment
from index.language import detect
from index.lexical import fold
from index.types import Document

LONGEST_QUESTION = 2000
# How sure a reading of a question's form has to be: where rules read nothing in the question, where they read another
# search for a term, where they read anything else; and to be for no form at all.
_SURE, _SURE_MENTIONS, _SURE_AGAINST, _SURE_CONTENT = 0.5, 0.7, 0.85, 0.9
# The same where a node is found that it asks of; where it asks for an extreme, or of a node that rules read too.
_SURE_OF_A_NODE, _SURE_BORNE_OUT = 0.25, 0.4
# No reading stands against these.
_NEVER = float("inf")
_OF_A_NODE = frozenset(
    {"sections_of", "next", "previous", "between", "siblings", "parent", "order", "compare"}
)
# From here on a reading is tried where the document has no answer to what rules read.
# A question for all chapters or headings names nothing that could bear it out.
_POSSIBLE, _POSSIBLE_OF_ALL = 0.3, 0.4


@dataclass(frozen=True, slots=True)
class _Means:
    """What questions are understood with: the document with its notes, nodes by their subject, a reader of forms."""

    document: Document
    enrichment: Enrichment
    place: Place
    reader: FormReader | None


# Of the nodes that a follow-up may point to, those that it leaves open; the others do not exist.
_UNCLEAR = frozenset({"which_node", "which_item"})
_CONTROL = re.compile(r"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufff9-\ufffb]")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d|s\b)(?=年|\b|[^\d])")
_SPELLED_YEAR = re.compile(r"(?<![〇零一二三四五六七八九])(二[〇零][〇零一二三四五六七八九]{2})(?=年)")
# Not the numbers of a name such as 3+X.
_NUMBER = re.compile(r"(?<![\d.+])\d+(?:\.\d+)?%?(?![\d.+])")
# Clauses, for cutting out those that steer: punctuation ends one, and so does "then" or "but" before another.
_CLAUSE = re.compile(
    r".+?(?:[,，。!！?？;；:：\n\]]+|\.(?=\s|$)|$|(?=然后|但是|不过|\bbut\b|\bthen\b|\band then\b))",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(
    r"</?[a-z_-]{2,20}/?>|\[/?(?:system|inst|user|assistant|admin)\]|<\|[a-z_]+\|>", re.IGNORECASE
)
# A document of the asker's own: what it says is not what the document says.
_PASTED = re.compile(
    r"<(?P<tag>document|doc|context|source|file|passage|page)\b[^<>]*>.*?</(?P=tag)>",
    re.IGNORECASE | re.DOTALL,
)

# Full-width letters, digits and signs to half-width; in a Chinese text the punctuation that Chinese uses stays.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_CHINESE_HALF_WIDTH = {code: half for code, half in _HALF_WIDTH.items() if chr(code) not in "！，：；？（）"}
_HAN = re.compile(r"[\u3400-\u9fff]")
# 第四张第二接: homophones of the units, which no other text has side by side.
_MISTYPED = re.compile(
    r"(第[一二三四五六七八九十\d]{1,3})[章张掌彰](的?第?[一二三四五六七八九十\d]{1,3})[节接结界捷]"
)
# 第五张下头分几块: a text has no sheets that are counted, but for these.
_MISTYPED_CHAPTER = re.compile(r"(第[一二三四五六七八九十\d]{1,3})张(?![图表照牌票卡纸床桌椅嘴脸])")
# 京 津 冀 协 同: one character at a time.
_SPACED_OUT = re.compile(r"(?<!\S)(?:[\u3400-\u9fff\d][ \u3000]){3,}[\u3400-\u9fff\d](?!\S)")
_ANY_PART = re.compile(r"什么部分|哪些部分|\b(?:what|which|any) parts?\b")
_WHICH_ONE = re.compile(r"哪一?个?|谁|\bwhich(?: one| of (?:them|these))?\b", re.IGNORECASE)


def clean(question: str) -> str:
    """A question without control, zero-width and bidirectional characters, half-width, white space collapsed.

    Units of an address that are typed as their homophones (第四张第二接) are put right.
    """
    visible = _INVISIBLE.sub("", question.encode("utf-8", "ignore").decode("utf-8"))
    text = _CONTROL.sub(" ", unicodedata.normalize("NFC", visible))
    text = text.translate(_CHINESE_HALF_WIDTH if _HAN.search(text) else _HALF_WIDTH)
    text = _SPACED_OUT.sub(lambda match: re.sub(r"\s", "", match.group()), text)
    text = _MISTYPED_CHAPTER.sub(r"\1章", _MISTYPED.sub(r"\1章\2节", text))
    return re.sub(r"[ \t\u3000]+", " ", text).strip()


def understand(
    question: str,
    history: Sequence[Turn],
    document: Document,
    enrichment: Enrichment | None = None,
    locate: Callable[[str], str] | None = None,
    reader: FormReader | None = None,
    spell: Callable[[str], str] | None = None,
) -> Query:
    """The query that a question means, given what was asked before. Never raises, whatever the text.

    With the document's enrichment an English follow-up can name what an earlier answer's translation named. `locate`
    gives the section that deals with a subject ("" if none does): a node may be named in other words than the document's.
    `reader` reads what a question asks of the document's form where the rules don't; `spell` puts English words right.
    """
    enrichment = enrichment or Enrichment()

    def place(subject: Sequence[str], unit: str) -> str:
        if found := described(subject, unit, document, enrichment, by_title=True):
            return found
        section = locate(" ".join(subject)) if locate else ""
        if section and document.section(section).chapter:
            return section.partition(".")[0] if unit == "chapters" else section
        return described(subject, unit, document, enrichment)

    means = _Means(document, enrichment, place, reader)
    question = question.encode("utf-8", "ignore").decode("utf-8")
    text = clean(question)
    language = detect(text)
    if spell and language == "en" and len(text) <= LONGEST_QUESTION:
        text = spell(text)
    query = Query(question=question, text=text, folded=fold(text), language=language, intent=Intent.CONTENT)
    if not re.search(r"\w", text):
        return replace(query, intent=Intent.REFUSED, reason=Reason.AMBIGUOUS, detail="empty")
    if len(text) > LONGEST_QUESTION:
        return replace(
            query, text=text[:LONGEST_QUESTION], intent=Intent.REFUSED, reason=Reason.AMBIGUOUS, detail="long"
        )
    if is_help(query.folded):
        return replace(query, intent=Intent.HELP)
    steered, text = cut_steering(text)
    if (steered and not is_question(text, document)) or not re.search(r"\w", text):
        return replace(query, intent=Intent.REFUSED, reason=Reason.INSTRUCTION)
    parts = split_parts(text, document)
    if len(parts) > 1 and not _is_one_form(text, parts, means):
        return _understand_parts(query, parts, history, means)
    return _understand_one(question, text, history, language, means)


def _is_one_form(text: str, parts: Sequence[str], means: _Means) -> bool:
    """Whether a message asks one thing of the form with a remark beside it (念到哪儿算完啊，前后一共多少章)."""
    if means.reader is None:
        return False
    whole = means.reader.read(fold(text), means.document)
    if whole.op in {"content", "mentions", "place"} or whole.confidence < _SURE_AGAINST:
        return False
    ops = [means.reader.read(fold(part), means.document).op for part in parts]
    return whole.op in ops and "content" in ops


def _understand_parts(
    query: Query,
    parts: Sequence[str],
    history: Sequence[Turn],
    means: _Means,
) -> Query:
    """The query of a message of several questions, each understood after the ones before it."""
    understood: list[Query] = []
    turns = list(history)
    for before, part in zip(("", *parts), parts, strict=False):
        asked = (
            _hanging(part, understood[-1], means.document, means.place)
            if understood and not history
            else None
        )
        whole = _with_its_places(understood[-1], before, part, means.document) if asked is not None else ""
        if whole:
            understood[-1] = _understand_one(query.question, whole, history, query.language, means)
        if whole or asked == "":
            continue
        text = asked or part
        understood.append(_understand_one(query.question, text, turns, query.language, means))
        turns.append(Turn(text, understood[-1].text))
    if len(understood) == 1:
        return understood[0]
    return replace(query, text=" ".join(part.text for part in understood), parts=tuple(understood))


def _hanging(part: str, before: Query, document: Document, place: Place) -> str | None:
    """A later part of a message that has no subject of its own, as a question for the place that the part before is about.

    "" where the answer before tells it already (在哪一节, 标题念一下, 原话是什么), None where it stands alone.
    """
    addresses, rest = find_addresses(part, document)
    signals = read(fold(rest), document)
    if addresses or signals.content or signals.terms or not signals.kinds | {*signals.units}:
        return None
    of_all = before.intent is Intent.STRUCTURE and not before.addresses
    if of_all and signals.kinds & {"most", "least"}:
        # How many sections are there, and which is the longest?
        return None if signals.units else _WHICH_ONE.sub(_unit_counted(before.detail, part), part, count=1)
    parts = structural(signals, named=True)
    if not parts or (before.intent is not Intent.STRUCTURE and parts in {"chapters", "contents"}):
        if "chapters" in signals.asked and before.addresses and document.has(before.addresses[-1]):
            return _said_of(before.addresses[-1:], part)
        return "" if signals.kinds & {"where", "which", "all", "heading", "name", "request"} else None
    if of_all:
        return ""
    nodes = list(dict.fromkeys(address.partition("#")[0] for address in before.addresses))
    node = nodes[-1] if nodes else ""
    if len(nodes) > 1 and "all" in signals.kinds and "?" not in "".join(nodes):
        # 最后两章叫什么，各有几节: of both.
        return _said_of(nodes, part)
    if before.intent is Intent.MENTIONS and (asked := asks_for_mentions(before.folded, document)):
        node = place([asked.term], asked.unit) if asked.unit else ""
        if not node:
            return ""
    if not node or "?" in node:
        return None
    return _said_of([node], part)


def _unit_counted(detail: str, part: str) -> str:
    """The unit that a question before counted, as a part after it asks for one of them."""
    is_chinese, of_sections = bool(_HAN.search(part)), "sections" in detail or detail == "both"
    if is_chinese:
        return "哪一节" if of_sections else "哪一章"
    return "which section" if of_sections else "which chapter"


def _said_of(nodes: Sequence[str], part: str) -> str:
    """A part of a message as a question for nodes."""
    if _HAN.search(part):
        return f"{'和'.join(map(spoken, nodes))}{part}"
    return f"{' and '.join(spoken(node, 'en') for node in nodes)}: {part}"


def _with_its_places(query: Query, before: str, part: str, document: Document) -> str:
    """A part that asks for places with the part before it, which named a term or what is said of a subject; "" otherwise.

    跟考核有关的规定有几条，在什么位置 is one question.
    """
    # What was read as asking for items of the text was said again in other words.
    said = before if query.intent is Intent.STRUCTURE else query.text
    addresses, rest = find_addresses(said, document)
    signals = read(rest, document)
    whole = f"{said}，{part}"
    is_about_places = signals.terms or signals.kinds & {"about", "occur"}
    if addresses or query.intent not in {Intent.CONTENT, Intent.STRUCTURE} or not is_about_places:
        return ""
    return whole if asks_for_mentions(find_addresses(whole, document)[1], document) else ""


def is_help(folded: str) -> bool:
    """Whether a text is a greeting, thanks or a question about the assistant itself."""
    stripped = re.sub(r"^(?:你好|您好|hi|hello)[,，!！。. ]+(?=.)", "", folded).strip()
    return any(pattern(f"help.{lang}").match(text) for lang in ("zh", "en") for text in (folded, stripped))


def cut_steering(text: str) -> tuple[bool, str]:
    """Whether a text tries to steer the assistant, and the text without those clauses."""
    # Tags of a made-up message format are no part of a question, but what stands between them may be.
    plain, text = text, _TAG.sub("\n", _PASTED.sub("\n", text))
    kept = [
        clause
        for clause in _CLAUSE.findall(text)
        if not any(form.search(fold(clause)) for form in patterns("steer.clauses"))
    ]
    rest = re.sub(r"\s+", " ", "".join(kept))
    if len(kept) == len(_CLAUSE.findall(text)) and text == plain:
        return False, plain
    if len(kept) == len(_CLAUSE.findall(text)):
        return False, rest
    return True, re.sub(r"^[\s,，。.;；:：!！\[\]/]+|\s+$", "", rest)


def _understand_one(question: str, text: str, history: Sequence[Turn], language: str, means: _Means) -> Query:
    """The query of one question, by rules and, where a reader of forms is given, by what it reads."""
    ruled = _by_rules(question, text, history, language, means)
    if means.reader is None or language not in {"zh", "en"} or ruled.detail == "no_more":
        return ruled
    if not ruled.addresses and asks_for_apparatus(ruled.text, means.document):
        return ruled
    if any(not address.startswith("0.") for address in ruled.exclude):
        # What is excepted the plain questions don't say; the front parts are none of the chapters anyhow.
        return ruled
    form = means.reader.read(ruled.folded, means.document)
    if (
        history
        and ruled.addresses
        and form.op in {"item", "text"}
        and not find_addresses(text, means.document)[0]
    ):
        # The conversation has told the node.
        return ruled
    if form.op == "content":
        is_doubtful = ruled.intent in {Intent.STRUCTURE, Intent.FIGURES} or _seeks_title_word(
            ruled, means.document
        )
        is_otherwise = is_doubtful and form.confidence >= _SURE_CONTENT
        return replace(ruled, intent=Intent.CONTENT, detail="") if is_otherwise else ruled
    needed = _sure_enough(form, ruled, means.document)
    is_sure = form.confidence >= needed
    least = _POSSIBLE_OF_ALL if form.op in {"chapters", "contents"} else _POSSIBLE
    is_possible = ruled.intent is Intent.CONTENT and form.confidence >= least and needed <= 1
    if not (is_sure or is_possible):
        return ruled
    text = pattern("structure.except").sub(" ", ruled.text) if ruled.exclude else ruled.text
    plain = plainly(form, text, means.document, means.place, language)
    learnt = _by_rules(question, plain, (), language, means) if plain else ruled
    is_absent = learnt.intent is Intent.REFUSED and learnt.detail.startswith("no_")
    if learnt.intent in {Intent.CONTENT, Intent.REFUSED} and not is_absent:
        return ruled
    return learnt if is_sure else replace(ruled, otherwise=learnt)


def _sure_enough(form: Form, ruled: Query, document: Document) -> float:
    """How sure a reading has to be to stand against what the rules read; 1 where they have to fail, more where it can't."""
    if ruled.years and form.op in {"mentions", "place"}:
        return _NEVER
    match ruled.intent:
        case Intent.REFUSED:
            # What only the conversation could tell, or what does not exist, the rules know.
            return _SURE if ruled.reason is Reason.AMBIGUOUS and not ruled.detail else _NEVER
        case Intent.CONTENT:
            return _sure_beside_content(form, ruled)
        case Intent.MENTIONS:
            return _sure_beside_mentions(form, ruled, document)
        case Intent.STRUCTURE if form.op == "place":
            return _NEVER
        case Intent.NAVIGATION if form.op == "previous" and any(a.startswith("0.") for a in ruled.addresses):
            # What stands before the first chapter the plain questions can't say.
            return _NEVER
        case Intent.NAVIGATION if form.op == "parent":
            return _SURE_BORNE_OUT
        case Intent.NAVIGATION if form.op == "sections_of" or any("?" in a for a in ruled.addresses):
            return _SURE
    return _SURE_AGAINST


def _sure_beside_content(form: Form, ruled: Query) -> float:
    """How sure a reading has to be where the rules read no question for the form."""
    if form.op == "place":
        # Where a subject is dealt with the sentences on it tell as well.
        return 1.0
    if form.op in _OF_A_NODE:
        return _SURE_OF_A_NODE
    if form.op == "extreme" or (form.op in {"text", "heading"} and ruled.addresses):
        return _SURE_BORNE_OUT
    # What there are several of need not be items of the text (奖励有几条).
    return _SURE_MENTIONS if form.op in {"items", "item"} and not ruled.addresses else _SURE


def _sure_beside_mentions(form: Form, ruled: Query, document: Document) -> float:
    """How sure a reading has to be where the rules read a search for a term."""
    if form.op == "place":
        return _NEVER
    if _is_specific(ruled, document):
        return _SURE_MENTIONS if form.op in {"extreme", "having"} else _NEVER
    return _SURE_MENTIONS if form.op == "mentions" else _SURE


def _sought(ruled: Query, document: Document) -> Mentions | None:
    """The search for a term's places that rules read."""
    return asks_for_mentions(find_addresses(ruled.text, document)[1], document, named=ruled.addresses)


def _is_quoted(term: str, ruled: Query, document: Document) -> bool:
    return term in read(ruled.folded, document).terms


def _seeks_title_word(ruled: Query, document: Document) -> bool:
    """Whether rules read a search for a word of the document's title, which is hardly ever what is looked for."""
    if ruled.intent is not Intent.MENTIONS or (asked := _sought(ruled, document)) is None:
        return False
    return asked.term in fold(document.title) and not _is_quoted(asked.term, ruled, document)


def _is_specific(ruled: Query, document: Document) -> bool:
    """Whether rules read more in a question for the places of a term than the term and the unit (both, none, the first)."""
    asked = _sought(ruled, document)
    # A lone character that nobody quoted is what was left of the question, hardly a term.
    if asked is None or (len(asked.term) == 1 and not _is_quoted(asked.term, ruled, document)):
        return False
    return bool(asked.absent or asked.pick or asked.titles or asked.also or asked.either or asked.lacking)


def _by_rules(question: str, text: str, history: Sequence[Turn], language: str, means: _Means) -> Query:
    document = means.document
    rewrite = standalone(text, history, document, means.enrichment)
    folded = fold(rewrite.text)
    own_title = fold(document.title)
    full = in_full(rewrite.text)
    for asked_beside in WHETHER_IT_BINDS.values():
        full = full.removesuffix(asked_beside)
    asked = _itself(own_title).sub(" ", fold(" ".join(asked_of(full)) or full))
    query = Query(
        question=question,
        text=rewrite.text,
        folded=folded,
        language=language,
        intent=Intent.CONTENT,
        slot=slot_of(folded),
        years=years_of(asked),
        search=_search_text(full, rewrite.focus, document),
        terms=tuple(content_of(re.sub(r"到?\d{4}年", " ", asked), document)),
        exclude=rewrite.exclude,
    )
    if rewrite.absent:
        reason = Reason.AMBIGUOUS if rewrite.absent in _UNCLEAR else Reason.NOT_IN_DOCUMENT
        return replace(query, intent=Intent.REFUSED, reason=reason, detail=rewrite.absent)
    named = _except(rewrite.text, document)
    addresses, rest = find_addresses(named.text, document)
    if addresses and not named.exclude:
        rest = find_addresses(_without_remarks(named.text, document), document)[1]
    if not addresses:
        addresses, rest = _titled(rest, document)
    counted_text = re.sub(r"(?<=\d),(?=\d{3})", "", _YEAR.sub(" ", fold(rest)))
    query = replace(
        query,
        addresses=addresses or rewrite.addresses,
        exclude=rewrite.exclude + named.exclude,
        numbers=tuple(_NUMBER.findall(counted_text)),
    )
    signals = read(fold(rest), document)
    return _by_subject(query, signals, fold(rest), document, means.place) or _with_intent(
        query, signals, fold(rest), document, first=not history
    )


def _titled(rest: str, document: Document) -> tuple[tuple[str, ...], str]:
    """The chapter that a question names by its bare title where it has no other subject, and the question without it."""
    for chapter in document.chapters:
        if chapter.title and (at := rest.find(fold(chapter.title))) >= 0:
            bare = f"{rest[:at]} {rest[at + len(chapter.title) :]}"
            asks = read(bare, document)
            # “保障措施” that is said to occur is a term.
            if not asks.content and not asks.kinds & {"occur", "where", "times"}:
                return (chapter.address,), bare
    return (), rest


def _by_subject(query: Query, signals: Signals, rest: str, document: Document, place: Place) -> Query | None:
    """A query for a node named by its subject (the headings of the chapter on industry), None if it is none."""
    subject = signals.terms or signals.content
    if len(subject) > 1 and not subject[0].isascii():
        subject = () if signals.terms else (signals.subject,)
    if not subject:
        return None
    if "corresponds" in signals.kinds and "sections" in signals.asked:
        return _sections_of_named(query, subject, document)
    if query.addresses and signals.node_unit and query.addresses[0].startswith("?"):
        return _inside_described(query, subject, signals, document, place)
    named = pattern("structure.described").search(rest)
    if query.addresses or not named or signals.kinds & {"occur", "no", "in_heading"}:
        return None
    return _of_described(query, subject, replace(signals, content=(), terms=()), document, place)


def _of_described(
    query: Query, subject: Sequence[str], asked: Signals, document: Document, place: Place
) -> Query | None:
    """A query for what is asked of the node of a subject: its parts or heading, the node after it, those beside it."""
    parts = _parts_of_described(asked)
    titles = asked.kinds & {"heading", "name"}
    if asked.outer == "sections" and titles and asked.kinds & {"all", "plural", "howmany"}:
        # A section has no headings below its own: those with the expression are asked for.
        return None
    is_sibling = "siblings" in asked.kinds
    # 民生那章夹在中间的是哪一节: a section of the chapter named.
    is_middle = "between" in asked.kinds and asked.inner == "sections"
    is_other = asked.step or is_sibling or is_middle
    unit = "sections" if is_sibling and "sections" in asked.units else asked.outer
    if unit not in {"chapters", "sections"} or not (is_other or parts or titles):
        return None
    node = place(subject, unit)
    # 讲养老的那节在讲教育的那节前面吗 asks how two stand, not for what is before one.
    if not node or (asked.step and query.slot is Slot.POLAR):
        return None
    if is_sibling:
        return _siblings(query, node, document)
    if asked.step:
        return _stepped(replace(query, addresses=(node,)), asked, document)
    if is_middle:
        return replace(query, addresses=tuple(_middle(node, document)), intent=Intent.NAVIGATION)
    intent = Intent.STRUCTURE if parts else Intent.NAVIGATION
    return replace(query, addresses=(node,), intent=intent, detail=parts)


def _parts_of_described(asked: Signals) -> str:
    """What is counted or listed of the parts of a node that is named by its subject, "" if nothing."""
    parts = structural(asked, named=True)
    if parts.startswith("having:"):
        # 讲农业的那节一共五句 says how many that section has.
        return asked.inner
    return "" if parts in {"chapters", "contents"} and asked.outer != "chapters" else parts


def _sections_of_named(query: Query, subject: Sequence[str], document: Document) -> Query | None:
    """A query for the sections that what a chapter's heading names is divided among, None if no chapter names it."""
    named = (c.address for c in document.chapters if fold(subject[0]) in fold(c.heading))
    chapter = next(iter(query.addresses) if query.addresses else named, "")
    if not chapter or "." in chapter:
        return None
    return replace(query, addresses=(chapter,), intent=Intent.STRUCTURE, detail="sections")


def _inside_described(
    query: Query, subject: Sequence[str], signals: Signals, document: Document, place: Place
) -> Query | None:
    """A query for what a question names within a node of its subject (讲养老那节的第二句), None if it is none."""
    node = place(subject, signals.node_unit)
    addresses = find_addresses(query.text, document, node)[0] if node else ()
    return replace(query, intent=Intent.NAVIGATION, addresses=addresses) if addresses else None


def _siblings(query: Query, node: str, document: Document) -> Query | None:
    """A query for the nodes beside one: the other sections of its chapter, the other chapters."""
    sections = document.chapter(int(node.partition(".")[0])).sections if "." in node else ()
    nodes = [s.address for s in sections] if "." in node else [c.address for c in document.chapters]
    beside = tuple(address for address in nodes if address != node)
    return replace(query, intent=Intent.NAVIGATION, addresses=beside) if beside else None


def _stepped(query: Query, signals: Signals, document: Document) -> Query:
    """A query for the node after or before the last that it names."""
    # 第一章之前还有什么部分 asks for what is there, be it a chapter or not.
    unit = "" if _ANY_PART.search(query.folded) else signals.node_unit
    if "beside" in signals.kinds:
        both = (neighbour(query.addresses[-1], step, unit, document).addresses for step in (-1, 1))
        return replace(query, intent=Intent.NAVIGATION, addresses=tuple(node for one in both for node in one))
    beside = neighbour(query.addresses[-1], signals.step, unit, document)
    if not beside.addresses:
        return replace(query, intent=Intent.REFUSED, reason=Reason.NOT_IN_DOCUMENT, detail=beside.absent)
    return replace(query, intent=Intent.NAVIGATION, addresses=beside.addresses)


def _of_structure(query: Query, signals: Signals, rest: str, document: Document) -> Query | None:
    """A query for the document's own parts, its nodes or the places of a term, None if it is none."""
    folded = query.folded
    if not query.addresses and asks_for_apparatus(query.text, document):
        return None
    parts = _parts_asked(query, rest, document)
    if not parts and query.addresses:
        parts = _counted_in(query, signals)
        if parts:
            return replace(query, intent=Intent.STRUCTURE, detail=parts)
    if parts and not ((signals.content or signals.terms) and parts in {"chapters", "contents", "documents"}):
        return replace(query, intent=Intent.STRUCTURE, detail=parts)
    if query.addresses and ("heading" in signals.kinds or not (signals.content or signals.terms)):
        return _of_nodes(query, signals, document)
    if asks_for_mentions(rest, document, named=query.addresses) is not None:
        return replace(query, intent=Intent.MENTIONS)
    if any(pattern(f"figures.{lang}").search(folded) for lang in ("zh", "en")):
        return replace(query, intent=Intent.FIGURES)
    if parts:
        return replace(query, intent=Intent.STRUCTURE, detail=parts)
    return None


def _of_nodes(query: Query, signals: Signals, document: Document) -> Query:
    """A query for the nodes that a question names: themselves, the chapter of one, the one beside, those between."""
    if parent := _parent_asked(query, signals):
        return replace(query, intent=Intent.NAVIGATION, addresses=(parent,))
    if signals.step or "beside" in signals.kinds:
        return _stepped(query, signals, document)
    if (
        "." in query.addresses[-1]
        and len(query.addresses) == 1
        and ("siblings" in signals.kinds or ("others" in signals.kinds and "sections" in signals.units))
        and (beside := _siblings(query, query.addresses[-1].partition("#")[0], document))
    ):
        return beside
    first, last = query.addresses[0], query.addresses[-1]
    if "between" in signals.kinds:
        # From either end.
        run = nodes_between(first, last, document) or nodes_between(last, first, document)
        inside = run[1:-1] if len(query.addresses) > 1 else _middle(first, document)
        query = replace(query, addresses=tuple(inside) or query.addresses)
    return replace(query, intent=Intent.NAVIGATION)


def _middle(chapter: str, document: Document) -> list[str]:
    """The section in the middle of a chapter, the two where their number is even; [] for anything but a chapter."""
    inside = [s.address for s in document.sections() if str(s.chapter) == chapter and s.number]
    return inside[(len(inside) - 1) // 2 : len(inside) // 2 + 1]


def _parent_asked(query: Query, signals: Signals) -> str:
    """The chapter asked for of a section that a question names (5.3属于哪一章); "" if none is."""
    section, *others = query.addresses
    is_step = signals.kinds & {"before", "after"} and not re.search(r"大章|\bparent\b", query.folded)
    if others or "." not in section or "#" in section or {*signals.units} != {"chapters"} or is_step:
        return ""
    return section.partition(".")[0] if signals.kinds & {"which", "name", "heading", "about"} else ""


def _parts_asked(query: Query, rest: str, document: Document) -> str:
    """What of the document's own parts a question asks for, "" if nothing or if it names another document."""
    if any(title not in fold(document.title) for title in re.findall(r"《([^》]+)》", query.folded)):
        return ""
    parts = asks_for_parts(rest, document, named=bool(query.addresses))
    of_sections = query.addresses and all("." in address for address in query.addresses)
    # A section's heading is its own: nothing is listed below it.
    return "" if of_sections and parts in {"chapters", "contents"} else parts


def _counted_in(query: Query, signals: Signals) -> str:
    """What is counted or compared of the nodes that a question names, whatever it says of them beside; "" if nothing."""
    kinds, units = signals.kinds, {*signals.units}
    if stands := next((kind for kind in ("sequence", "together", "rank") if kind in kinds), ""):
        return stands
    if "compare" in kinds and "divided" in kinds and len(query.addresses) > 1:
        return "sections"
    if "compare" in kinds and len(query.addresses) > 1:
        return next((unit for unit in ("sections", "sentences") if unit in units), "characters")
    if signals.terms or not kinds & {"howmany", "all"}:
        return ""
    if (
        "sections" in signals.asked
        and "occur" not in kinds
        and all("." not in address for address in query.addresses)
    ):
        return "sections"
    return "items" if "items" in signals.asked and all("." in address for address in query.addresses) else ""


def _without_remarks(text: str, document: Document) -> str:
    """The clauses of a text that name nodes, where the others ask nothing (第十章第一节，领导要核对)."""
    clauses = [clause for clause in re.split(r"[,，;；。]", text) if clause.strip()]
    naming = [clause for clause in clauses if find_addresses(clause, document)[0]]
    others = [clause for clause in clauses if clause not in naming]
    if not naming or not others or any(asks_itself(clause, document) for clause in others):
        return text
    return "，".join(naming)


def _with_intent(query: Query, signals: Signals, rest: str, document: Document, *, first: bool) -> Query:
    """A query with what it is for; `rest` is its folded text without the addresses that it names."""
    if found := _of_structure(query, signals, rest, document):
        return found
    folded = query.folded
    beside = content_of(pattern("frames.navigation").sub(" ", rest), document)
    if query.addresses and sum(map(len, beside)) <= 1 and "occur" not in signals.kinds:
        return replace(query, intent=Intent.NAVIGATION)
    points = asks_for_node(folded) or (first and signals.step and signals.node_unit)
    if not query.addresses and points and sum(map(len, beside)) <= 1:
        return replace(query, intent=Intent.REFUSED, reason=Reason.AMBIGUOUS, detail="which_node")
    if first and ((not query.terms and "《" not in query.text) or needs_history(folded)):
        return replace(query, intent=Intent.REFUSED, reason=Reason.AMBIGUOUS)
    plain = pattern("frames.politeness").sub(" ", folded)
    if any(pattern(f"current.{lang}").search(plain) for lang in ("zh", "en")):
        return replace(query, reason=Reason.NEEDS_CURRENT_DATA)
    return query


def _except(text: str, document: Document) -> Rewrite:
    """A text without its exception (除了第三章), and the sentences that are excepted."""
    match = pattern("structure.except").search(text)
    if match is None:
        return Rewrite(text)
    here = next((a for a in find_addresses(text[: match.start()], document)[0] if "?" not in a), "")
    addresses, _ = find_addresses(next(filter(None, match.groups())), document, here)
    excepted = tuple(sentence for address in addresses for sentence in sentences_of(address, document))
    return Rewrite(f"{text[: match.start()]} {text[match.end() :]}" if excepted else text, exclude=excepted)


_CLAIM = re.compile(
    r"(?:我)?(?:没|不会)?(?:记|说|搞|弄)?错(?:了)?吧|(?:对|是|没错)吧|对不对|是不是(?:真的)?|是真的吗|听说|据说"
    r"|,?\s*\b(?:right|correct|isn.t it|aren.t they|is that right)\s*\??$|^is it (?:correct|true|right) that\b|\bonly\b",
    re.IGNORECASE,
)
_BY_YEAR = re.compile(
    r"(?:到|截至|在)?\s*(?:19|20)\d{2}\s*年(?:底|末)?(?:前|之前|以前)?[,，]?"
    r"|\b(?:by|in|before|until)\s+(?:the end of\s+)?(?:19|20)\d{2}\b"
)
_CLAIMED = re.compile(r"\d+(?:\.\d+)?\s*(?:%|项|个月|个|家|条|年)?")
_GENRES = "纲要|规划|方案|办法|条例|意见|决定|文件"


@lru_cache(maxsize=8)
def _itself(title: str) -> re.Pattern[str]:
    """Words for the document itself: its genre (with the year that its title ends with), 文件, "the outline"."""
    year = re.search(r"\d{4}$", title)
    genre = rf"(?:{_GENRES})(?:\s*\(?{year.group()}\)?(?!年))?" if year else f"(?:{_GENRES})"
    return re.compile(
        rf"(?:这|本|该)?(?:份|个)?(?:《?{re.escape(title)}》?|{genre})(?:里面|里|中|上|对|给)?"
        r"|\b(?:in|by|under|according to|from|does|do|is|are)?\s*(?:the|this) (?:outline|document|plan)"
        rf"(?:'s)?(?:\s+{year.group() if year else 'x^'})?\b",
        re.IGNORECASE,
    )


_ABOUT_ISSUE = re.compile(
    r"印发|发布|公布|下发|出台|通知|签发|落款|实施|评估|\b(?:issued?|published|released|notice|circular|dated?|evaluat\w*|implement\w*|carr(?:y|ied))\b",
    re.IGNORECASE,
)


def _search_text(text: str, focus: str, document: Document) -> str:
    """What is looked for: claims without their figure, no words for the document itself, a new subject said twice."""
    wanted = text
    if slot_of(fold(text)) is Slot.POLAR and _CLAIMED.search(text):
        wanted = _CLAIM.sub(
            " ",
            _CLAIMED.sub(lambda m: " " if not _YEAR.fullmatch(m.group().rstrip("年")) else m.group(), wanted),
        )
    if not _ABOUT_ISSUE.search(text):
        wanted = _itself(document.title).sub(" ", wanted)
    if slot_of(fold(text)) is Slot.NUMBER:
        # The year is held against what a figure stands under; as a word it would only draw dated sentences near.
        wanted = _BY_YEAR.sub(" ", _in_digits(wanted))
    wanted = pattern("frames.politeness").sub(" ", wanted)
    if (excepted := pattern("structure.except").search(wanted)) and not excepted.group().startswith(
        "outside"
    ):
        wanted = f"{wanted[: excepted.start()]} {wanted[excepted.end() :]}"
    if not content_of(fold(wanted), document):
        wanted = text
    return f"{focus} {wanted}".strip() if focus else wanted


def years_of(folded: str) -> tuple[str, ...]:
    """The years that a text names, in digits or Chinese numerals, in order, as four digits."""
    return tuple(dict.fromkeys(_YEAR.findall(_in_digits(folded))))


def _in_digits(text: str) -> str:
    """A text with the years that it names in Chinese numerals (二〇二五年) in digits."""
    digits = str.maketrans("〇零一二三四五六七八九", "00123456789")
    return _SPELLED_YEAR.sub(lambda match: match[1].translate(digits), text)
