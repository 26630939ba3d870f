"""Follow-ups made standalone without a language model.

A follow-up fills some slots of a question and leaves others open: the place (第三节呢, 下一章, 这一节还讲了什么), the item of
a list just given (第二个呢), the year, the subject (那国际标准呢), or all but the thing asked (谁负责). What it leaves open is
taken from the turn before; what it names replaces what is of the same kind. A question that stands alone inherits
nothing: a change of topic stays a change of topic.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.addresses import WHOLE_TEXT, find_addresses, int_of, replace_addresses, spoken
from assistant.asked import asks_for_parts
from assistant.patterns import pattern, patterns
from assistant.pointed import Rewrite, mentioned_in, placed, position_in
from assistant.signals import read
from assistant.subject import asked_of, content_of, cut_single, replaced_subject, topic_of
from assistant.types import Turn
from index.chunk import target_years
from index.enrich import Enrichment
from index.lexical import ENGLISH_STOP_WORDS, chinese_terms, english_terms, fold
from index.types import Document

_YEAR = re.compile(r"(?:到|在|by |in |for )?\s*((?:19|20)\d{2})\s*年?(?:底|末)?")
_ENGLISH_NOUN_PHRASE = re.compile(
    r"(?P<head>\b(?:how many|how much|what|which)\s+)(?P<np>(?:[\w'-]+\s+){0,4}?[\w'-]+)"
    r"(?=\s+(?:will|are|is|do|does|did|should|shall|have|has|must|can|could|would|may|by|in|to|need|be)\b|\s*[?.!]|\s*$)",
    re.IGNORECASE,
)
_ENGLISH_OBJECT = re.compile(
    r"(?P<head>\b(?:for|about|of|on|with|regarding|concerning|to|help|support|improve|promote|in)\s+)(?P<np>(?:(?:the|a|an)\s+)?[\w'-]+(?:\s+(?!by\b|in\b|for\b|before\b|until\b)[\w'-]+){0,4})(?=\s*(?:[?.!]|$|\b(?:by|in|before|until)\b))",
    re.IGNORECASE,
)


_ENGLISH_SUBJECT = re.compile(
    r"\b(?:will|is|are|was|were|does|do|did|should|can|has|have)\s+(?P<np>(?:(?:the|a|an)\s+)?[\w'-]+(?:\s[\w'-]+){0,3}?)(?=\s+(?:be|being|been|get|going|\w{2,}ed)\b)",
    re.IGNORECASE,
)
# What the document is said to deal with: "Does it cover disabled people?"
_ENGLISH_DEALT_WITH = re.compile(
    r"\b(?:does|do|did|will|would|can|could|should)\s+(?:it|they|this|that|the \w+)\s+\w+\s+"
    r"(?P<np>(?!(?:about|on|of|for|to|with|in|by|from|at)\b)[\w'-]+(?:\s[\w'-]+){0,3})\s*(?:[?.!]|$)",
    re.IGNORECASE,
)
# What the asked body does something to: "Who supervises group standards?"
_ENGLISH_ACTED_ON = re.compile(
    r"^(?:who|(?:which|what)\s+[\w-]+)\s+(?!(?:is|was|does|has|this|as)\b)\w{2,}s\s+(?P<np>[\w'-]+(?:\s[\w'-]+){0,4})\s*[?.!]*$",
    re.IGNORECASE,
)
# "Does it say…", "is it mandatory": the pronoun is the document or nothing at all.
_MEANS_DOCUMENT = re.compile(
    r"\b(?:does|did|do|can) (?:it|they|this) (?:also )?(?:say|mention|state|talk|cover|specify|set|refer|promise|include)\b"
    r"|\b(?:is|was) it (?:mandatory|true|correct|possible|required|compulsory)\b|\bin it\b"
)
# "Does that reach beyond…": what follows the pronoun is a verb, since no other does.
_VERB_FOLLOWS = re.compile(
    r"(?:(?<=does )|(?<=will )|(?<=can )|(?<=did )|(?<=do ))(?:that|this|those|these)\s+\w+"
    r"(?:\s+(?:beyond|the|an?|any|to|for|in|with|all|also|only|by|on|into|from|more|too|outside|as)\b|\s*[?.!]*$)"
)
# A question that opens with its question word has no subject before it: 谁来打造, 哪天全部完工.
_ASKS_FIRST = re.compile(
    r"(?:那么?|又|还|都|也|就|会|能|要|是(?=第几))*(?:具体|大概|一般|总共|一共)*"
    r"(?:满足|符合|具备|达到|经过|遵守|遵循|注意|包括|包含|涉及|解决|依托)?"
    r"(?:按照?|依据?|根据|凭|用|靠|给|对|向|从|以|为|在|到|每?隔|由|跟|和|往|把|拿|通过|来自)?"
    r"(?:哪天|何时|什么|啥|谁|多少|怎么|如何|为何|多久|多长|几|第几|哪些|哪个|哪几|有没有|有(?=什么|哪|多|几)|能不能"
    r"|可不可以|可以|是否|会不会|要不要|需要|哪(?:一?(?:章|节|里|儿)|(?=[?!。]*$)))"
)
# "Held by whom": of what was spoken of.
_BY_WHOM = re.compile(r"(?:and )?(?:\w+ )?by (?:whom|who)(?: exactly)?\W*")
# Words that leave an English question without a subject of its own: "Who is responsible?"
_RELATIONAL = re.compile(
    r"responsible|charge|pays?|paid|funds?|funded|oversees?|leads?|decides?|deadline|targets?|cost|costs|budget"
    r"|exactly|specifically|details?|achieved|measured|evaluated|checked|enforced"
)
# A figure of the answer asked about again: 所以是800项对吧, "So 40, correct?"
_CONFIRMED = re.compile(
    r"(?:所以|那么?|也就是说?|就|即)*(?:是|有)?(?P<x>\d+(?:[.,]\d+)*\s*(?:%|个百分点|[个项家年月条]+)?)(?:以上|以内)?[,，]?"
    r"(?:对|是|没错|对不对|是不是|是这样)?(?:吧|吗|么|对不对|是不是)[?？。!]*"
    r"|(?:so|and so|that.s|it.s|so (?:that.s|it.s))\b,? ?(?P<figure>\d+(?:[.,]\d+)*%?)(?: \w+)?,? (?:right|correct|yes|then)\W*",
)
# Whether what was just answered binds: 强制吗, "is that compulsory then".
_DUTY_ASKED = re.compile(
    r"(?:那么?|这个?|所以|它|都|也)*是?(?:强制|必须|硬性|自愿)(?:性|要求|规定|执行|设|定|做|办|公开|遵守|采用|的)*"
    r"(?:吗|么|不|吧|还是(?:自愿|强制|鼓励|可选)的?)?[?？。!]*"
    r"|(?:and |so |but )?(?:is|are) (?:that|it|this|those|they|these)(?: \w+)? "
    r"(?:compulsory|mandatory|obligatory|binding|required|optional|voluntary)"
    r"(?: (?:then|or (?:optional|voluntary|just encouraged|mandatory)))?\W*"
)
# How that is asked of the question before; what answers it is looked for without this.
WHETHER_IT_BINDS = {"zh": "，这是强制的吗？", "en": ": is this mandatory?"}
_ASKED_FIGURE = re.compile(r"多少\s*(?:个|项|家|条|年|月)*|几(?:个|项|家|条|年)+|\bhow many\b", re.IGNORECASE)
# What points to the answer before a quotation from it: 你刚引的那句里“……”.
_POINTS_BACK = re.compile(
    r"^(?:你|您)?(?:刚才?|刚刚|上面)(?:引用?|说|提|讲|答|写|念)到?的?(?:那|这)?(?:一?[句段条])?(?:话|原文)?(?:里面?|中)?的?[,，]?(?=[“\"「])"
)
# What takes back all that was said before it in the same message.
_TAKEN_BACK = re.compile(
    r"^.*?(?:\bnever ?mind\b|\bscratch that\b|\bforget it\b|(?<![打预计结测核合])算了|当我没问|不问这个了?)[,，。.!！ ]+(?=\S)",
    re.IGNORECASE,
)
# What narrows the question before: "I mean in finance specifically".
_NARROWED = re.compile(
    r"^(?:(?:no|nope|i mean(?:t)?|specifically|just|only|but),? )*"
    r"(?P<x>(?:in|for|within|among) (?!general\b|(?:20|19)\d\d|chapter|section)[^?,.]{2,40}?)"
    r"(?: specifically| only| in particular|, (?:i mean|specifically))?[?.! ]*$"
)
# What names the document itself.
_ITSELF = re.compile(r"\b(?:this|the) (?:notice|circular|document|outline|plan)\b", re.IGNORECASE)
# The first word of a sentence is no name for being capital.
_PROPER_NAME = re.compile(
    r"(?!(?:So|And|But|Is|Are|Does|Do|Has|Have|The|What|Which|Who|How|When|Where|Why|Will|Can|In|On|By)\b)"
    r"(?:[A-Z][\w-]+\s+){1,5}[A-Z][\w-]+"
)
# Characters of the head of a Chinese compound.
_HEAD = 2
_PRONOUNS = frozenset(
    ["it", "they", "them", "this", "that", "these", "those", "there", "he", "she", "we", "you", "i"]
)


# An organization's name in an English translation.
_ENGLISH_BODY = re.compile(
    r"(?:[A-Z][\w-]+ (?:(?:of|for|on) (?:the )?)?){1,5}"
    r"(?:Commission|Committee|Exchange|Organization|Cent(?:er|re)|Bureau|Council|Agency|Office|Institute|Government)\b"
)
# What is asked of the same subject anew: 占全国比例呢. With what asks for it.
_ATTRIBUTES = (
    (
        re.compile(
            r"(?:占[^,，]{0,4}?的?)?(?:比例|比重|占比|百分比|数量|总数|个数|期限|时限|周期|频率|金额)"
        ),
        "是多少",
    ),
    (re.compile(r"(?:起止|完成|开始|截止)?(?:时间|日期)"), "是什么时候"),
    (re.compile(r"责任人|负责人|(?:牵头|责任|主管|负责)(?:单位|部门)"), "是谁"),
)
_ASKING = re.compile(
    r"(?:大概|大约|一共|总共)?(?:有|要|是)?(?:多少|几)(?:个|项|家|条|种|名)?|什么时候|何时|哪[天年月]|是?谁|怎么|如何|多久|(?:是|有)(?:什么|哪些)|[吗呢么]?[?？。]+$"
)
# What is done to a document itself.
_ISSUED = re.compile(
    r"印发|发布|公布|下发|出台|签发|发文|\b(?:issue[sd]?|published|released|sent|addressed)\b", re.IGNORECASE
)
# Elliptic questions in English as one would ask them in full, with the subject of the question before.
_ENGLISH_COMPLETIONS = (
    (re.compile(r"^(?:and |but |so )?(?:by |until |since )?when|deadline"), "What is the deadline for {}?"),
    (re.compile(r"^(?:and |but |so )?who\b.*\bpays?|^(?:and |but |so )?who\b.*\bfunds?"), "Who pays for {}?"),
    (re.compile(r"^(?:and |but |so )?who\b"), "Who is responsible for {}?"),
    (re.compile(r"money|cost|budget"), "How much money is planned for {}?"),
    (re.compile(r"^(?:and |but |so )?to whom"), "To whom is {} addressed?"),
    (re.compile(r"^(?:and |but |so )?why\b"), "Why is {} planned?"),
    (re.compile(r"^(?:and |but |so )?how many\b"), "How many {} are planned?"),
)


def standalone(
    text: str, history: Sequence[Turn], document: Document, enrichment: Enrichment | None = None
) -> Rewrite:
    """A question as it would be asked without its history."""
    if not history:
        return Rewrite(text)
    last = _spoken_of(history)
    enrichment = enrichment or Enrichment()
    folded = fold(text)
    if (known := pattern("followup.acknowledged").match(folded)) and len(folded) == len(text):
        return standalone(text[known.end() :], history, document, enrichment)
    if (bare := _without_circumstances(text)) != text:
        return standalone(bare, history, document, enrichment)
    if alone := _by_itself(text, folded):
        return Rewrite(alone)
    if found := _of_answer(folded, last) or _narrowed(folded, last, document):
        return found
    if corrected := _correction(folded, text):
        return _corrected(corrected, last, document) or standalone(corrected, history, document, enrichment)
    if found := placed(text, folded, last, history, document, enrichment):
        return found
    if (asked := asks_for_parts(folded, document)) and not pattern("followup.pronoun").search(folded):
        # A question for the document's parts stands alone, however short it is; 最短的呢 asks as the one before.
        return _substituted(folded, text, last, document) or _parts_of(text, folded, asked, last, document)
    return (
        _more(folded, last)
        or _redated(text, folded, last, document)
        or _substituted(folded, text, last, document)
        or _without_pronoun(text, folded, last, document, enrichment)
        or _completed(text, folded, last, document)
        or Rewrite(text)
    )


def _by_itself(text: str, folded: str) -> str:
    """What is asked after a change of subject, or of an expression of the answer; "" where a text has neither."""
    if len(folded) != len(text):
        return ""
    if (switch := pattern("followup.switch").match(folded)) and re.search(r"\w{2}", text[switch.end() :]):
        return text[switch.end() :].strip()
    points = _POINTS_BACK.match(folded)
    return text[points.end() :] if points else ""


def _more(folded: str, last: Turn) -> Rewrite | None:
    """The question before, without what answered it, where more is asked for."""
    return Rewrite(last.query, exclude=last.sentences) if pattern("followup.more").match(folded) else None


_STATES = re.compile(
    r"[?？]|什么|啥|哪|怎|如何|多少|几|谁|吗|呢|没有|\b(?:what|which|how|who|when|where|why)\b"
)


# "12345, right.": what the answer said, taken note of.
_TAKEN_NOTE = re.compile(
    r",\s*(?:right|i see|ok(?:ay)?|got it|understood|noted|thanks)[.! ]*$|(?:明白了|知道了|懂了|原来如此)[。!！ ]*$"
)
# "No, not the first bit.": of an answer, without saying what instead.
_SET_ASIDE = re.compile(
    r"^(?:no|nope),? not [^?,.]{2,30}[.! ]*$"
    r"|^(?:不|不是|不要)[,，]?不?[是要](?:这|那)(?:个|些|句|条|段|块)[^,，?？]{0,8}[。! ]*$"
)


def _spoken_of(history: Sequence[Turn]) -> Turn:
    """The turn that a follow-up continues: the last, but for remarks ("I see", "too long") that nothing was cited for."""
    turns = list(history)
    while len(turns) > 1 and _is_remark(turns[-1]):
        turns.pop()
    return turns[-1]


def _is_remark(turn: Turn) -> bool:
    folded = fold(turn.question)
    is_set_aside = bool(_SET_ASIDE.match(folded))
    return (
        bool(_TAKEN_NOTE.search(folded)) or is_set_aside or (not turn.sections and not _STATES.search(folded))
    )


def _without_circumstances(text: str) -> str:
    """A follow-up without what it takes back, an elliptic one without the sentences on the asker beside it too.

    "And farmers? My wife grows peaches.", "Who pays? Never mind. And farmers?"
    """
    if (kept := _TAKEN_BACK.sub("", text)) != text:
        return kept
    asked = asked_of(text)
    is_elliptic = len(asked) == 1 and asked[0] != text.strip() and replaced_subject(fold(asked[0]), asked[0])
    return asked[0] if is_elliptic else text


def _narrowed(folded: str, last: Turn, document: Document) -> Rewrite | None:
    """The question before, in English, kept to a field that a follow-up names; None where it names none, or another year."""
    match = _NARROWED.match(folded)
    if not match or not folded.isascii() or not last.query.isascii() or _shifted_year(folded, last, document):
        return None
    return Rewrite(f"{last.query.rstrip('?. ')} {match['x']}?")


def _of_answer(folded: str, last: Turn) -> Rewrite | None:
    """The question before with what is asked of its answer: whether it binds, whether it is a figure; None otherwise."""
    if confirmed := _CONFIRMED.fullmatch(folded):
        return _confirmed(confirmed["x"] or confirmed["figure"], last)
    if not _DUTY_ASKED.fullmatch(folded):
        return None
    asked = WHETHER_IT_BINDS["zh" if re.search(r"[\u4e00-\u9fff]", last.query) else "en"]
    return Rewrite(f"{last.query.rstrip('?？。. ')}{asked}")


def _confirmed(figure: str, last: Turn) -> Rewrite:
    """The question before with a figure of its answer in the place of what it asked, to be confirmed."""
    is_chinese = bool(re.search(r"[\u4e00-\u9fff]", last.query))
    stated = _ASKED_FIGURE.sub(figure, last.query.rstrip("?？。. "), count=1)
    if figure not in stated:
        stated = f"{stated}，{figure}" if is_chinese else f"{stated}: {figure}"
    return Rewrite(f"{stated}，对吗？" if is_chinese else f"{stated}, correct?")


def _correction(folded: str, text: str) -> str:
    """What a correction (不，我问的是…, "I meant …") puts in the place of what was asked; "" if it is none."""
    for form in patterns("followup.correction"):
        if (match := form.match(folded)) and len(folded) == len(text):
            meant = text[match.start("x") : match.end("x")]
            return re.sub(r"(?i)[,，]\s*(?:sorry|please|thanks?|抱歉|谢谢)\W*$", "", meant).strip(
                " ?？。.!！,，的"
            )
    return ""


def _corrected(subject: str, last: Turn, document: Document) -> Rewrite | None:
    """The question before with another subject or year, where a correction names one; None where it asks by itself."""
    asks = re.search(
        r"什么|哪|怎|如何|多少|几|谁|吗|\b(?:what|which|how|who|when|where|why|do|does|is|are|will)\b",
        fold(subject),
    )
    if asks or len(subject) > 40:
        return None
    bare = re.sub(r"^the (?=\w+ ones?$)", "", subject)
    rewritten = _substitute(last.query, bare, document)
    return Rewrite(rewritten, focus=bare) if rewritten else None


def _substituted(folded: str, text: str, last: Turn, document: Document) -> Rewrite | None:
    """The question before with what a short follow-up names in the place of what is of its kind."""
    subject = replaced_subject(folded, text)
    for form, asking in _ATTRIBUTES:
        if (
            form.fullmatch(subject)
            and (content := content_of(fold(last.query), document))
            and not content[0].isascii()
        ):
            return Rewrite(f"{_ASKING.sub('', last.query)}{subject}{asking}？")
    if subject and re.search(rf"{re.escape(subject)}的(?:呢)?[?？。!]*$", folded):
        subject += _head(subject, last, document)
    rewritten = subject and _substitute(last.query, subject, document)
    return Rewrite(rewritten, focus=subject) if rewritten else None


def _head(subject: str, last: Turn, document: Document) -> str:
    """What stays of the subject of the question before where only what qualifies it is new: 标准 (那本地的呢 after 国际标准)."""
    topic = topic_of(last.query, document)
    is_unit = any(kind.fullmatch(subject) for kind in patterns("followup.same_kind"))
    is_whole = is_unit or subject[-_HEAD:] in last.query or _YEAR.search(subject)
    return "" if is_whole or len(topic) <= _HEAD else topic[-_HEAD:]


def _parts_of(text: str, folded: str, asked: str, last: Turn, document: Document) -> Rewrite:
    """A question for parts, of the node that the question before named where it names none itself."""
    named = find_addresses(last.query, document)[0]
    smaller = re.search("sections|sentences|characters", asked) and "chapters" not in asked
    if (
        not smaller
        or len(named) != 1
        or "?" in named[0]
        or WHOLE_TEXT.search(folded)
        or find_addresses(text, document)[0]
    ):
        return Rewrite(text)
    if re.search(r"[\u4e00-\u9fff]", text):
        return Rewrite(f"{spoken(named[0])}{re.sub('^(?:那么?|它)', '', text)}")
    bare = re.sub(r"^(?:and |but |so )", "", text, flags=re.IGNORECASE).rstrip("?. ")
    return Rewrite(f"{bare[:1].upper()}{bare[1:]} in {spoken(named[0], 'en')}?")


# --- years and subjects


def _shifted_year(folded: str, last: Turn, document: Document) -> str:
    """The target year that 再远一点 or "in the longer term" means, given the one spoken of."""
    step = (
        1
        if pattern("followup.later").search(folded)
        else -1
        if pattern("followup.earlier").search(folded)
        else 0
    )
    if not step or len(folded) > 40 or _YEAR.search(folded):
        return ""
    years = sorted({year for section in document.sections() for year in target_years(section).values()})
    asked = _years_spoken_of(last, document)
    if not years or not asked:
        return ""
    others = [year for year in years if (year > asked[0] if step > 0 else year < asked[0])]
    return (others[0] if step > 0 else others[-1]) if others else ""


def _redated(text: str, folded: str, last: Turn, document: Document) -> Rewrite | None:
    """A follow-up for another year that it names by its distance: with its own question where it asks one."""
    if year := _shifted_year(folded, last, document):
        return Rewrite(_with_year(last.query, year))
    spoken_of = _years_spoken_of(last, document)
    for name, sign in (("followup.years_later", 1), ("followup.years_earlier", -1)):
        match = pattern(name).search(folded)
        count = int_of(next(group for group in match.groups() if group)) if match else 0
        if match is None or not count or not spoken_of or len(folded) != len(text):
            continue
        year = str(int(spoken_of[0]) + sign * count)
        before, after = text[: match.start()], text[match.end() :]
        if not content_of(fold(before + after), document):
            return Rewrite(_with_year(last.query, year))
        return Rewrite(f"{before}{'by ' + year if folded.isascii() else f'到{year}年'}{after}")
    return None


def _years_spoken_of(last: Turn, document: Document) -> list[str]:
    """The years that a turn's question names, else the target years of what answered it."""
    return [match[1] for match in _YEAR.finditer(last.query)] or [
        year
        for address in last.sentences
        if document.has(address) and (year := target_years(document.section_of(address)).get(address))
    ]


def _with_year(query: str, year: str) -> str:
    if _YEAR.search(query):
        return _YEAR.sub(lambda match: match[0].replace(match[1], year), query, count=1)
    return (
        f"到{year}年，{query}"
        if re.search(r"[\u4e00-\u9fff]", query)
        else f"{query.rstrip('?？ ')} by {year}?"
    )


def _substitute(query: str, subject: str, document: Document) -> str:
    """The question before with its subject replaced; "" where nothing can be replaced."""
    if year := re.fullmatch(r"(?:到|在|by |in |for )?\s*((?:19|20)\d{2})\s*年?(?:底|末|的?目标)?", subject):
        return _with_year(query, year[1])
    if dated := re.match(r"(?:到|在)?((?:19|20)\d{2})年(?:的)?(?=[\u4e00-\u9fff]{2})", subject):
        query, subject = _with_year(query, dated[1]), subject[dated.end() :]
    named, beside = find_addresses(subject, document)
    if named and not content_of(beside, document):
        return replace_addresses(query, subject, document)
    for kind in patterns("followup.same_kind"):
        before = [match for match in kind.finditer(query.lower()) if len(query) == len(query.lower())]
        if before and kind.fullmatch(re.sub(r"^the | ones?$|的$", "", subject.lower())):
            return (
                query[: before[-1].start()]
                + re.sub(r"^the | ones?$|的$", "", subject)
                + query[before[-1].end() :]
            )
    if re.fullmatch(r"[\d.]+", subject):
        return ""
    mentioned = mentioned_in(query, document)
    if mentioned and (at := fold(query).find(mentioned.term)) >= 0 and len(fold(query)) == len(query):
        bare = re.sub(r"^(?:the|a|an)\s+", "", subject)
        return query[:at] + bare + query[at + len(mentioned.term) :]
    if re.search(r"[\u4e00-\u9fff]", query):
        return _substitute_chinese(query, subject, document)
    return _substitute_english(query, subject)


def _substitute_chinese(query: str, subject: str, document: Document) -> str:
    """Replace what shares its head with the new subject (地方标准 → 国际标准), else the question's topic."""
    for size in range(len(subject) - 1, 1, -1):
        tail = subject[-size:]
        at = query.find(tail)
        if at >= 0:
            start = max(0, at - (len(subject) - size))
            while start < at and not re.match(r"[\u4e00-\u9fff]", query[start]):
                start += 1
            kept = cut_single(query, document)
            boundary = max((m.end() for m in pattern("frames.zh").finditer(query, start, at)), default=start)
            boundary = max([boundary, *(spot + 1 for spot in range(start, at) if kept[spot] == " ")])
            classifier = re.match(r"[项个条家种类次名]", query[boundary:at])
            boundary += bool(classifier)
            return query[:boundary] + subject + query[at + size :]
    topic = topic_of(query, document)
    if topic:
        return re.sub(rf"[“\"《]?{re.escape(topic)}[”\"》]?", subject, query, count=1)
    return f"{subject}：{query}"


def _substitute_english(query: str, subject: str) -> str:
    words = subject.split()
    if match := _first(_ENGLISH_DEALT_WITH, query) or _first(_ENGLISH_SUBJECT, query):
        return f"{query[: match.start('np')]}{subject}{query[match.end('np') :]}"
    if words[-1].lower() in {"one", "ones"} and (match := _ENGLISH_NOUN_PHRASE.search(query)):
        head = match["np"].split()[-1]
        return f"{query[: match.start('np')]}{' '.join([*words[:-1], head])}{query[match.end('np') :]}"
    bare = re.sub(r"^(?:the|a|an)\s+", "", subject, flags=re.IGNORECASE)
    if (match := _ENGLISH_NOUN_PHRASE.search(query)) and match["np"].split()[-1].lower() == bare.split()[
        -1
    ].lower():
        return f"{query[: match.start('np')]}{bare}{query[match.end('np') :]}"
    if match := _last(_ENGLISH_OBJECT, query):
        return f"{query[: match.start('np')]}{subject}{query[match.end('np') :]}"
    if match := _ENGLISH_NOUN_PHRASE.search(query):
        head = match["np"].split()[-1] if len(match["np"].split()) > 1 else ""
        return f"{query[: match.start('np')]}{' '.join(filter(None, (bare, head)))}{query[match.end('np') :]}"
    content = [w for w in re.findall(r"[A-Za-z][\w'-]*", query) if w.lower() not in ENGLISH_STOP_WORDS]
    return query.replace(content[0], subject, 1) if len(content) == 1 else f"{subject}?"


def _first(form: re.Pattern[str], query: str) -> re.Match[str] | None:
    """The first match whose noun phrase doesn't begin with a pronoun."""
    return next((m for m in form.finditer(query) if _is_noun_phrase(m["np"])), None)


def _last(form: re.Pattern[str], query: str) -> re.Match[str] | None:
    """The last match whose noun phrase isn't a pronoun."""
    return next((m for m in reversed(list(form.finditer(query))) if _is_noun_phrase(m["np"])), None)


def _is_noun_phrase(words: str) -> bool:
    """Whether a stretch of English begins with no pronoun and has a word that means something."""
    lower = words.lower().split()
    return lower[0] not in _PRONOUNS and not ENGLISH_STOP_WORDS.issuperset(lower)


def _without_pronoun(
    text: str, folded: str, last: Turn, document: Document, enrichment: Enrichment
) -> Rewrite | None:
    """A question whose pronoun is replaced by what it stands for, or None if it has none."""
    match = pattern("followup.pronoun").search(folded)
    if (
        match is None
        or len(text) != len(folded)
        or re.match(
            r"(?:这|那)(?:份)?(?:文件|纲要)|(?:this|the) (?:document|outline)\b", folded[match.start() :]
        )
    ):
        return None
    if _MEANS_DOCUMENT.search(folded):
        return None
    named = content_of(folded[: match.start()], document)
    if (
        match.group()[0] in "这那"
        and named
        and len(named[-1]) > 1
        and folded[: match.start()].endswith(named[-1])
    ):
        # 友好城市那条线: it stands beside what it means.
        return None
    if (
        match.group() in {"that", "this", "those", "these"}
        and re.match(r"\s+(?!(?:in|for|by|from|of|to|at|with)\b)\w", folded[match.end() :])
        and match["noun_en"] is None
        and not _VERB_FOLLOWS.match(folded, match.start())
    ):
        # A demonstrative before a noun of the question's own, or "there is": nothing to resolve.
        return None
    wants_more = pattern("followup.else").search(folded) and not pattern("structure.except").search(folded)
    exclude = last.sentences if wants_more else ()
    noun = match["noun"] or match["noun_bare"] or match["noun_en"] or ""
    antecedent = _antecedent(noun, last, document, enrichment)
    if not antecedent:
        return None
    # 这个论坛 after 中关村论坛: the noun is not said twice.
    after = text[match.end() :]
    said = next((size for size in range(len(antecedent), 1, -1) if after.startswith(antecedent[-size:])), 0)
    possessive = "'s" if match.group() in {"its", "their"} else ""
    rewritten = f"{text[: match.start()]}{antecedent}{possessive}{after[said:]}"
    rewritten = re.sub(
        r"(?i)^((?:which|what) (?:chapter|section) is (?!.*\bin\b).*?)\s*\?*$", r"\1 in?", rewritten
    )
    return Rewrite(re.sub(r"^(?:那么?|and )", "", rewritten), exclude=exclude)


def _antecedent(noun: str, last: Turn, document: Document, enrichment: Enrichment) -> str:
    """What a pronoun stands for: a body for 这个机构 or after "who", a place after a place, else the question's subject."""
    chinese = re.search(r"[\u4e00-\u9fff]", last.query) is not None
    is_body = bool(
        re.fullmatch(pattern("bodies.suffix").pattern, noun) or pattern("bodies.noun_en").fullmatch(noun)
    )
    folded = fold(last.query)
    asked_body = not noun and bool(
        pattern("slots.body").search(folded) or pattern("slots.person").search(folded)
    )
    if is_body or asked_body or not chinese:
        names = _bodies(noun, last, document, enrichment, chinese=chinese)
        head = {name for name in names if name.split()[-1].lower() in folded.split()}
        if names and (is_body or asked_body):
            return names[0]
        if head and not noun:
            return min(head, key=names.index)
    if mentioned := mentioned_in(last.query, document):
        return mentioned.term
    named, rest = find_addresses(last.query, document)
    parts = asks_for_parts(folded, document)
    place = (
        named[-1] if named and "?" not in named[-1] else last.sections[0] if parts and last.sections else ""
    )
    beside = content_of(pattern("frames.navigation").sub(" ", rest), document)
    if place and not noun and (parts or not beside):
        return spoken(place, "zh" if chinese else "en")
    if chinese:
        topic = topic_of(last.query, document)
        return (
            topic + noun if noun and noun not in topic and not is_body and len(noun) > 1 and topic else topic
        )
    return _english_subject(last.query)


def _bodies(noun: str, last: Turn, document: Document, enrichment: Enrichment, *, chinese: bool) -> list[str]:
    """The bodies named in the question before, then in the sentences that answered it; of the kind `noun` first."""
    asked = {*chinese_terms(last.query), *english_terms(last.query)}
    texts = {
        a: (document.sentence(a).text, enrichment.english(a) or "") for a in last.sentences if document.has(a)
    }
    # The sentence most like the question is its answer; the others are beside it.
    cited = sorted(
        texts, key=lambda a: -len(asked & {*chinese_terms(texts[a][0]), *english_terms(texts[a][1])})
    )
    if not chinese:
        sources = (last.query, *(texts[address][1] for address in cited))
        return [match.group() for source in sources for match in _ENGLISH_BODY.finditer(source)]
    suffix = pattern("bodies.suffix").pattern
    named = re.compile(rf"[\u4e00-\u9fff]{{2,12}}?(?:{suffix})")
    found = []
    answers = [texts[address][0] for address in cited]
    # 是哪个机构的: the body is named by the answer.
    by_answer = pattern("slots.body").search(fold(last.query))
    for source in (*answers, last.query) if by_answer else (last.query, *answers):
        for match in named.finditer(source):
            body = re.sub(
                rf"^.*(?:{pattern('bodies.verbs').pattern})(?=[\u4e00-\u9fff]{{4,}}$)", "", match.group()
            )
            if len(body) > 3 and not re.search(r"^[这那该]|什么|哪|谁", body):  # a name and its kind
                found.append(body)
    kind = noun if noun and not pattern("bodies.generic").fullmatch(noun) else ""
    return sorted(found, key=lambda body: not body.endswith(kind))


def _english_subject(query: str) -> str:
    """What an English question is about: a proper name, else the noun phrase that its form points to."""
    if name := _PROPER_NAME.search(query) or _ITSELF.search(query):
        return name.group()
    for found in (
        _first(_ENGLISH_ACTED_ON, query),
        _first(_ENGLISH_DEALT_WITH, query),
        _first(_ENGLISH_SUBJECT, query),
        _last(_ENGLISH_OBJECT, query),
        _first(_ENGLISH_NOUN_PHRASE, query),
    ):
        if found:
            return found["np"].strip()
    content = [w for w in re.findall(r"[A-Za-z][\w'-]*", query) if w.lower() not in ENGLISH_STOP_WORDS]
    return " ".join(content[-4:])


def _completed(text: str, folded: str, last: Turn, document: Document) -> Rewrite | None:
    """A question without a subject of its own (谁负责？) with the subject of the question before."""
    signals = read(folded, document)
    content = content_of(folded, document)
    if position_in(folded, document) or (
        "name" in signals.kinds and not signals.content and not signals.units
    ):
        short = True  # 全称叫什么, 排在中间的是哪个: of what was spoken of
    elif folded.isascii():
        is_relational = all(_RELATIONAL.fullmatch(word) for word in content)
        short = len(folded.split()) <= 6 and (is_relational or bool(_BY_WHOM.fullmatch(folded)))
    else:
        short = sum(map(len, content)) <= (4 if _ASKS_FIRST.match(folded) else 0)
    if not short:
        return None
    if not re.search(r"[\u4e00-\u9fff]", last.query):
        return _completed_english(text, folded, last)
    topic = topic_of(last.query, document)
    if not topic or fold(topic) in fold(document.title):
        # What all of the document is about tells nothing: the question before does.
        topic = re.sub(r"[吗呢么]?[?？。 ]*$", "，", last.query, count=1)
    if _ISSUED.fullmatch(re.sub("^负责", "", topic)):
        # What was issued is the document.
        topic = "这份文件"
    return Rewrite(f"{topic}{text}")


def _completed_english(text: str, folded: str, last: Turn) -> Rewrite | None:
    """An English question without a subject of its own with that of the question before; None where that has none."""
    if not (subject := _english_subject(last.query)):
        return None
    if _ISSUED.search(last.query) and re.match(r"(?:and |but |so )*when\b", folded):
        return Rewrite("When was this document issued?")
    for form, template in _ENGLISH_COMPLETIONS:
        if form.search(folded):
            return Rewrite(template.format(subject))
    return Rewrite(f"{text.rstrip('?？ ')} — {subject}?")
