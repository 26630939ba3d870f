"""Question + history → Query: cleaned, made standalone, its intent and the slot that it asks for.

Rules over closed-class words (`patterns.toml`); nothing here knows the subject of any document.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from assistant.addresses import find_addresses
from assistant.followup import Rewrite, standalone
from assistant.patterns import pattern, patterns
from assistant.subject import content_of
from assistant.types import Intent, Query, Reason, Slot, Turn
from index.language import detect
from index.lexical import fold
from index.types import Document

LONGEST_QUESTION = 2000
_MOST_PARTS = 5
_CONTROL = re.compile(
    r"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)(?=年|\b|[^\d])")
_SPELLED_YEAR = re.compile(r"(?<![〇零一二三四五六七八九])(二[〇零][〇零一二三四五六七八九]{2})(?=年)")
_NUMBER = re.compile(r"(?<![\d.])\d+(?:\.\d+)?%?(?![\d.])")
_SENTENCES = re.compile(r"[^?？。!！;；\n]+[?？。!！;；\n]*")
# Clauses, for cutting out those that steer: punctuation ends one, and so does "then" or "but" before another.
_CLAUSE = re.compile(
    r".+?(?:[,，。!！?？;；:：\n\]]+|\.(?=\s|$)|$|(?=然后|但是|不过|\bbut\b|\bthen\b|\band then\b))",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(
    r"</?[a-z_-]{2,20}/?>|\[/?(?:system|inst|user|assistant|admin)\]|<\|[a-z_]+\|>", re.IGNORECASE
)
_ASKS_AGAIN = re.compile(
    r"(?<=[,，])(?=.)|(?<=[,，] )(?=and |what |how |which |who |when |where |is |are |does |do |can |will )",
    re.IGNORECASE,
)
_EACH = re.compile(
    r"^(?P<list>[^,，。?？]{2,60}?)(?:分别|各自|各(?![区部行级类种领方地界]))(?P<rest>[^,，。]{2,40})$"
)
_ASKS = re.compile(r"[?？]\s*$")
# The order decides where a question fits several: what asks for a phone number also has 多少 in it.
_SLOT_ORDER = (
    Slot.CONTACT, Slot.PENALTY, Slot.MONEY, Slot.DURATION, Slot.DATE, Slot.NUMBER, Slot.PERSON, Slot.BODY, Slot.PLACE,
    Slot.POLAR,
)  # fmt: skip


# Full-width letters, digits and signs to half-width; in a Chinese text the punctuation that Chinese uses stays.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_CHINESE_HALF_WIDTH = {code: half for code, half in _HALF_WIDTH.items() if chr(code) not in "！，：；？（）"}
_HAN = re.compile(r"[\u3400-\u9fff]")


def clean(question: str) -> str:
    """A question without control, zero-width and bidirectional characters, half-width, white space collapsed."""
    text = _CONTROL.sub(" ", unicodedata.normalize("NFC", question.encode("utf-8", "ignore").decode("utf-8")))
    return re.sub(
        r"[ \t\u3000]+", " ", text.translate(_CHINESE_HALF_WIDTH if _HAN.search(text) else _HALF_WIDTH)
    ).strip()


def understand(question: str, history: Sequence[Turn], document: Document) -> Query:
    """The query that a question means, given what was asked before. Never raises, whatever the text."""
    question = question.encode("utf-8", "ignore").decode("utf-8")
    text = clean(question)
    language = detect(text)
    query = Query(question=question, text=text, folded=fold(text), language=language, intent=Intent.CONTENT)
    if not re.search(r"\w", text):
        return replace(query, intent=Intent.REFUSED, reason=Reason.AMBIGUOUS, detail="empty")
    if len(text) > LONGEST_QUESTION:
        return replace(
            query, text=text[:LONGEST_QUESTION], intent=Intent.REFUSED, reason=Reason.AMBIGUOUS, detail="long"
        )
    if is_help(query.folded):
        return replace(query, intent=Intent.HELP)
    steered, rest = cut_steering(text)
    if steered:
        text = rest
        if not _is_question(rest, document):
            return replace(query, intent=Intent.REFUSED, reason=Reason.INSTRUCTION)
    parts = split_parts(text, document)
    if len(parts) > 1:
        understood: list[Query] = []
        turns = list(history)
        for part in parts:
            understood.append(_understand_one(question, part, turns, document, language))
            turns.append(Turn(part, understood[-1].text))
        return replace(query, text=" ".join(part.text for part in understood), parts=tuple(understood))
    return _understand_one(question, text, history, document, language)


def is_help(folded: str) -> bool:
    """Whether a text is a greeting, thanks or a question about the assistant itself."""
    stripped = re.sub(r"^(?:你好|您好|hi|hello)[,，!！。. ]+(?=.)", "", folded).strip()
    return any(pattern(f"help.{lang}").match(text) for lang in ("zh", "en") for text in (folded, stripped))


def cut_steering(text: str) -> tuple[bool, str]:
    """Whether a text tries to steer the assistant, and the text without those clauses."""
    # Tags of a made-up message format are no part of a question, but what stands between them may be.
    plain, text = text, _TAG.sub("\n", text)
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


def _is_question(text: str, document: Document) -> bool:
    """Whether something is left to answer: a question mark or a question word, and a subject."""
    folded = fold(text)
    asks = _ASKS.search(folded) or any(pattern(f"slots.{slot}").search(folded) for slot in _SLOT_ORDER)
    return bool(
        (asks or re.search(r"什么|哪|怎|如何|\b(?:what|how|which)\b", folded))
        and content_of(folded, document)
    )


def split_parts(text: str, document: Document) -> list[str]:
    """The questions of a message that asks several; a remark before a question stays with it."""
    if each := _EACH.match(text.strip()):
        subjects = [s for s in re.split(r"[、]|以及|还有|和|与|跟", each["list"]) if len(s.strip()) > 1]
        if 2 <= len(subjects) <= _MOST_PARTS and (_asks(each["rest"], document) or "、" in each["list"]):
            return [f"{subject.strip()}{each['rest']}" for subject in subjects]
    parts: list[str] = []
    pending = ""
    for piece in (half for sentence in _SENTENCES.findall(text) for half in _halves(sentence, document)):
        pending += piece
        if _ASKS.search(piece.strip()) or re.search(r"[;；\n,，]\s*$", piece):
            parts.append(pending.strip())
            pending = ""
    if pending.strip():
        if parts and not _is_question(pending, document):
            parts[-1] += " " + pending.strip()
        else:
            parts.append(pending.strip())
    parts = [part.strip(" ,，") for part in parts if re.search(r"\w", part)]
    if not 1 < len(parts) <= _MOST_PARTS or not all(
        _is_question(part, document) or len(fold(part)) < 16 for part in parts
    ):
        return [text]
    return parts


def _halves(piece: str, document: Document) -> list[str]:
    """A sentence cut at the commas where both sides ask something of their own; whole otherwise."""
    halves: list[str] = []
    if len(_ASKS_AGAIN.findall(piece)) > 2 * _MOST_PARTS:
        return [piece]
    for half in _ASKS_AGAIN.split(piece):
        if halves and not (_asks(halves[-1], document) and _asks(half, document)):
            halves[-1] += half
        else:
            halves.append(half)
    return halves if all(_asks(half, document) for half in halves) else [piece]


def _asks(text: str, document: Document) -> bool:
    """Whether a clause asks something by itself: a word of asking inside it, and a subject."""
    folded = fold(text)
    asks = re.search(
        r"什么|啥|哪|怎|如何|多少|几|谁|何时|有没有|是不是|能不能|会不会|吗|呢|为什么|\b(?:what|which|how|who|when|where|why|is|are|does|do|can|will)\b",
        folded,
    )
    return bool(asks and content_of(folded, document))


def _understand_one(
    question: str, text: str, history: Sequence[Turn], document: Document, language: str
) -> Query:
    # A question for the document's parts stands alone, however short it is.
    rewrite = Rewrite(text) if asks_for_count(fold(text)) else standalone(text, history, document)
    folded = fold(rewrite.text)
    own_title = fold(document.title)
    untitled = _itself(own_title).sub(" ", folded)
    query = Query(
        question=question,
        text=rewrite.text,
        folded=folded,
        language=language,
        intent=Intent.CONTENT,
        slot=slot_of(folded),
        years=years_of(untitled),
        search=_search_text(rewrite.text, rewrite.focus, document),
        terms=tuple(content_of(re.sub(r"到?\d{4}年", " ", untitled), document)),
        exclude=rewrite.exclude,
    )
    addresses, rest = find_addresses(rewrite.text, document)
    counted_text = re.sub(r"(?<=\d),(?=\d{3})", "", _YEAR.sub(" ", fold(rest)))
    query = replace(
        query, addresses=addresses or rewrite.addresses, numbers=tuple(_NUMBER.findall(counted_text))
    )
    if _LARGEST.search(folded):
        return replace(query, intent=Intent.STRUCTURE, detail="sections")
    if asks_for_mentions(fold(rest), document) is not None:
        return replace(query, intent=Intent.MENTIONS)
    if any(pattern(f"figures.{lang}").search(folded) for lang in ("zh", "en")):
        return replace(query, intent=Intent.FIGURES)
    if any(pattern(f"cited_documents.{lang}").search(folded) for lang in ("zh", "en")):
        return replace(query, intent=Intent.STRUCTURE, detail="documents")
    others = [title for title in re.findall(r"《([^》]+)》", folded) if title not in own_title]
    if (counted := asks_for_count(folded)) and not others:
        return replace(query, intent=Intent.STRUCTURE, detail=counted)
    beside = content_of(pattern("frames.navigation").sub(" ", fold(rest)), document)
    if query.addresses and sum(map(len, beside)) <= 1:
        if query.slot is Slot.NUMBER and not any("." in address for address in query.addresses):
            return replace(query, intent=Intent.STRUCTURE, detail="sections")
        return replace(query, intent=Intent.NAVIGATION)
    if not history and not query.terms and "《" not in text:
        return replace(query, intent=Intent.REFUSED, reason=Reason.AMBIGUOUS)
    if any(pattern(f"current.{lang}").search(folded) for lang in ("zh", "en")):
        return replace(query, reason=Reason.NEEDS_CURRENT_DATA)
    return query


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
        wanted = _BY_YEAR.sub(" ", wanted)
    wanted = pattern("frames.politeness").sub(" ", wanted)
    if not content_of(fold(wanted), document):
        wanted = text
    return f"{focus} {wanted}".strip() if focus else wanted


_LARGEST = re.compile(
    r"哪一?章(?:的|有)?(?:小)?节(?:数)?最[多少]|哪一?章最[多少]节|\bwhich chapter has the (?:most|fewest) sections\b"
)


def slot_of(folded: str) -> Slot:
    """The kind of filler that a question asks for."""
    return next((slot for slot in _SLOT_ORDER if pattern(f"slots.{slot}").search(folded)), Slot.TOPIC)


def years_of(folded: str) -> tuple[str, ...]:
    """The years that a text names, in digits or Chinese numerals, in order, as four digits."""
    digits = str.maketrans("〇零一二三四五六七八九", "00123456789")
    spelled = _SPELLED_YEAR.sub(lambda match: match[1].translate(digits), folded)
    return tuple(dict.fromkeys(_YEAR.findall(spelled)))


_QUOTED = re.compile(
    r"[“\"「『‘《'](?P<x>[^”\"」』’》']{1,30})[”\"」』’》']|[(（](?P<zh>[\u3400-\u9fff]{2,12})[)）]"
)


def asks_for_mentions(folded: str, document: Document) -> tuple[str, str, bool] | None:
    """The term, the unit (as asked for) and whether places without the term are meant; None if it isn't such a question."""
    for language in ("en", "zh"):
        place = pattern(f"mentions.{language}_place").search(folded)
        if place is None:
            continue
        groups = place.groupdict()
        unit = next((groups[name] for name in ("unit", "unit_after", "unit_nth") if groups.get(name)), "")
        bare = folded[: place.start()] + " " + folded[place.end() :]
        verb = pattern(f"mentions.{language}_verb").search(bare)
        which = (
            language == "zh"
            and (place.group().startswith(("哪", "第")) or groups.get("unit_after"))
            and re.match(r"章|小?节", unit)
        )
        if verb is None and not which:
            continue
        if verb:
            bare = bare[: verb.start()] + " " + bare[verb.end() :]
        quoted = [match["zh"] or match["x"] for match in _QUOTED.finditer(folded)]
        rest = [
            part.strip(" ?？。.,，\"“”'")
            for part in pattern(f"mentions.{language}_rest").sub(" ", bare).split("  ")
        ]
        stretches = quoted[::-1] or (
            [" ".join(" ".join(rest).split())] if language == "en" else content_of(" ".join(rest), document)
        )
        stretches = [s for s in stretches if not pattern("frames.navigation").fullmatch(s)]
        term = max(stretches, key=lambda t: (fold(t) in fold(document_text(document)), len(t)), default="")
        if len(term) > 1 and not re.fullmatch(r"第?[一二三四五六七八九十\d]+[章节]?", term):
            return term, unit, bool(verb and verb["no"])
    return None


def document_text(document: Document) -> str:
    """All headings and sections of a document in one text."""
    return "\n".join(
        text for section in document.sections() for text in (*section.heading_path, section.text)
    )


_COUNT_ZH = re.compile(
    r"(?:多少|(?<!第)几)(?:个)?(?P<unit>章节|章|节|部分|大部分|小节|句话|句|条|项|点|个方面|方面|大原则|原则|目标|字)"
)
_COUNT_EN = re.compile(
    r"\bhow many (?P<unit>chapters?|sections?|parts?|sentences?|principles?|words|characters)\b"
    r"|\bnumber of (?P<unit2>chapters?|sections?|parts?)\b"
)
_LIST_ZH = re.compile(
    r"(?:有|是|分为|包括)?(?:哪|那)(?P<n>几|些|十二|[二三四五六七八九十]+)(?:个)?(?P<unit>章节|章|小?节|部分)(?!.{0,6}(?:讲|提|说|写|谈|涉及))"
    r"|(?:概括|总结|概述|介绍)(?:一下|下)?(?:这份|这个|整份|整个|整篇|全)?(?:文件|纲要|全文|文)$"
    r"|^(?:这份|这个|整份|整个)?(?:文件|纲要|全文)(?:主要|大致|大概|到底|都)*(?:讲|说|写)(?:的|了)?(?:是|些)?(?:什么|啥|哪些(?:内容|方面)?)"
    r"|(?:目录|大纲|章节结构|整体结构|全文结构|文件结构|章节标题|各章标题)"
)
_LIST_EN = re.compile(
    r"\b(?:table of contents|contents page|list (?:of )?(?:all )?(?:the )?(?:chapters|sections)"
    r"|what are the (?:\w+ )?(?:chapters|sections)|(?:chapter|section) (?:titles|headings)"
    r"|(?:structure|overview|summary|outline|main points|key points) of (?:the|this) (?:whole )?(?:document|outline|text)"
    r"|summari[sz]e (?:the|this) (?:document|outline)|what is (?:the|this) (?:document|outline) about)\b"
)
_STRUCTURE_UNITS = {
    "章": "chapters",
    "部分": "chapters",
    "大部分": "chapters",
    "节": "sections",
    "小节": "sections",
    "章节": "both",
    "句": "sentences",
    "句话": "sentences",
    "字": "characters",
}


def asks_for_count(folded: str) -> str:
    """`chapters`, `sections`, `both`, `sentences` or `characters` where the parts of the document are asked for, else ""."""
    if asked := {_STRUCTURE_UNITS.get(match["unit"], "") for match in _COUNT_ZH.finditer(folded)}:
        return "both" if asked >= {"chapters", "sections"} else max(asked)
    if match := _COUNT_EN.search(folded):
        unit = (match["unit"] or match["unit2"]).rstrip("s")
        return {
            "chapter": "chapters",
            "part": "chapters",
            "section": "sections",
            "sentence": "sentences",
            "character": "characters",
            "word": "characters",
        }.get(unit, "")
    if _LIST_ZH.search(folded.rstrip("?!。 ")) or _LIST_EN.search(folded):
        return "sections" if re.search(r"节|sections", folded) else "chapters"
    return ""
