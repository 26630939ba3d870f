"""Follow-ups made standalone without a language model: a subject, a year or a pronoun is taken from the turn before.

A question that stands alone inherits nothing: a change of topic stays a change of topic.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.patterns import pattern, patterns
from assistant.subject import content_of, cut_single, topic_of
from assistant.types import Turn
from index.chunk import target_years
from index.headings import chinese_numeral
from index.lexical import ENGLISH_STOP_WORDS, fold
from index.types import Document

_YEAR = re.compile(r"(?:到|在|by |in |for )?\s*((?:19|20)\d{2})\s*年?(?:底|末)?")
_ENGLISH_NOUN_PHRASE = re.compile(
    r"(?P<head>\b(?:how many|how much|what|which)\s+)(?P<np>(?:[\w'-]+\s+){1,5}?)"
    r"(?=(?:will|are|is|do|does|did|should|shall|have|has|must|can|could|would|may|by|in|to|need|be)\b)",
    re.IGNORECASE,
)
_ENGLISH_OBJECT = re.compile(
    r"(?P<head>\b(?:for|about|of|on|with|regarding|concerning|to|help|support|improve|promote|in)\s+)(?P<np>(?:(?:the|a|an)\s+)?[\w'-]+(?:\s+(?!by\b|in\b|for\b|before\b|until\b)[\w'-]+){0,4})(?=\s*(?:[?.!]|$|\b(?:by|in|before|until)\b))",
    re.IGNORECASE,
)


_ENGLISH_SUBJECT = re.compile(
    r"\b(?:will|is|are|was|were|does|do|did|should|can|has|have)\s+(?P<np>(?:(?:the|a|an)\s+)?[\w'-]+(?:\s[\w'-]+){0,3}?)(?=\s+(?:be|being|been|get|improved|handled|planned|promoted|supported|going|mentioned|covered|allowed|required)\b)",
    re.IGNORECASE,
)
# "Does it say…", "is it mandatory": the pronoun is the document or nothing at all.
_MEANS_DOCUMENT = re.compile(
    r"\b(?:does|did|do|can) (?:it|they|this) (?:also )?(?:say|mention|state|talk|cover|specify|set|refer|promise|include)\b"
    r"|\b(?:is|was) it (?:mandatory|true|correct|possible|required|compulsory)\b|\bin it\b"
)
# A question that opens with its question word has no subject before it: 谁来打造, 哪天全部完工.
_ASKS_FIRST = re.compile(
    r"(?:那么?)?(?:具体|大概|一般)?(?:哪天|何时|什么时候|由?谁|多少|怎么|如何|为什么|为何|多久|几|哪些|哪个|有没有|能不能"
    r"|可不可以|可以|是否|会不会|要不要|需要)"
)
# Words that leave an English question without a subject of its own: "Who is responsible?"
_RELATIONAL = re.compile(
    r"responsible|charge|pays?|paid|funds?|funded|oversees?|leads?|decides?|deadline|targets?|cost|costs|budget"
    r"|exactly|specifically|details?|achieved|measured|evaluated|checked|enforced"
)
_PROPER_NAME = re.compile(r"(?:[A-Z][\w-]+\s+){1,5}[A-Z][\w-]+")
_PRONOUNS = frozenset(
    ["it", "they", "them", "this", "that", "these", "those", "there", "he", "she", "we", "you", "i"]
)


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A standalone question, the addresses that it points to, sentences that it wants no more, its new subject."""

    text: str
    addresses: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    focus: str = ""


def standalone(text: str, history: Sequence[Turn], document: Document) -> Rewrite:
    """A question as it would be asked without its history."""
    if not history:
        return Rewrite(text)
    last = history[-1]
    if switch := pattern("followup.switch").match(fold(text)):
        rest = text[switch.end() :].strip() if len(fold(text)) == len(text) else ""
        if re.search(r"\w{2}", rest):
            return Rewrite(rest)
    folded = fold(text)
    if address := _neighbour(folded, last, document):
        return Rewrite(_asked_for(address, document), (address,))
    if pattern("followup.more").match(folded):
        return Rewrite(last.query, exclude=last.sentences)
    if year := _shifted_year(folded, last, document):
        return Rewrite(_with_year(last.query, year))
    if (subject := _replaced_subject(folded, text)) and (
        rewritten := _substitute(last.query, subject, document)
    ):
        return Rewrite(rewritten, focus=subject)
    return (
        _without_pronoun(text, folded, last, document)
        or _completed(text, folded, last, document)
        or Rewrite(text)
    )


def _asked_for(address: str, document: Document) -> str:
    """A question for a chapter or section, as one would ask it."""
    chapter, _, section = address.partition(".")
    if chapter == "0":
        return f"{document.section(address).label}讲什么"
    place = f"第{chinese_numeral(int(chapter))}章"
    return f"{place}第{chinese_numeral(int(section))}节讲什么" if section else f"{place}讲什么"


def _neighbour(folded: str, last: Turn, document: Document) -> str:
    """The section or chapter before or after the one cited last, if that is asked for and there is one."""
    following, previous = (
        pattern("followup.next_node").search(folded),
        pattern("followup.previous_node").search(folded),
    )
    if len(folded) > 24 or not (following or previous) or not last.sections:
        return ""
    step = 1 if following else -1
    if re.search("章|chapter", folded):
        chapters = [chapter.address for chapter in document.chapters]
        here = last.sections[-1].partition(".")[0]
        at = chapters.index(here) + step if here in chapters else -1
        return chapters[at] if 0 <= at < len(chapters) else ""
    sections = [section.address for section in document.sections()]
    here = last.sections[-1]
    at = sections.index(here) + step if here in sections else -1
    return sections[at] if 0 <= at < len(sections) else ""


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
    asked = [match[1] for match in _YEAR.finditer(last.query)] or [
        year
        for address in last.sentences
        if document.has(address) and (year := target_years(document.section_of(address)).get(address))
    ]
    if not years or not asked:
        return ""
    others = [year for year in years if (year > asked[0] if step > 0 else year < asked[0])]
    return (others[0] if step > 0 else others[-1]) if others else ""


def _with_year(query: str, year: str) -> str:
    if _YEAR.search(query):
        return _YEAR.sub(lambda match: match[0].replace(match[1], year), query, count=1)
    return (
        f"到{year}年，{query}"
        if re.search(r"[\u4e00-\u9fff]", query)
        else f"{query.rstrip('?？ ')} by {year}?"
    )


def _replaced_subject(folded: str, text: str) -> str:
    """What stands in for the subject of the question before: 国际标准 in 那国际标准呢？; "" if it isn't such a question."""
    for language in ("zh", "en"):
        for form in patterns(f"followup.{language}"):
            if match := form.match(folded):
                subject = re.sub(
                    r"(?:那边|这边|那块|这块|方面|这种|那种|那些|这些|这事|那事|这一级|那一级|的)+$",
                    "",
                    match["x"].strip(" ,，的"),
                )
                asks_again = any(
                    pattern(f"slots.{slot}").search(subject)
                    for slot in ("number", "date", "body", "duration")
                )
                if subject and not asks_again and not re.search(r"什么|哪|怎|如何|为什么|吗$|没有$", subject):
                    at = folded.find(subject)
                    return text[at : at + len(subject)] if len(text) == len(folded) and at >= 0 else subject
    return ""


def _substitute(query: str, subject: str, document: Document) -> str:
    """The question before with its subject replaced; "" where nothing can be replaced."""
    if year := re.fullmatch(r"(?:到|在|by |in |for )?\s*((?:19|20)\d{2})\s*年?(?:底|末|的?目标)?", subject):
        return _with_year(query, year[1])
    if re.fullmatch(r"[\d.]+", subject):
        return ""
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
    if match := _first(_ENGLISH_SUBJECT, query):
        return f"{query[: match.start('np')]}{subject}{query[match.end('np') :]}"
    if words[-1].lower() in {"one", "ones"} and (match := _ENGLISH_NOUN_PHRASE.search(query)):
        head = match["np"].split()[-1]
        return f"{query[: match.start('np')]}{' '.join([*words[:-1], head])} {query[match.end('np') :]}"
    bare = re.sub(r"^(?:the|a|an)\s+", "", subject, flags=re.IGNORECASE)
    if (match := _ENGLISH_NOUN_PHRASE.search(query)) and match["np"].split()[-1].lower() == bare.split()[
        -1
    ].lower():
        return f"{query[: match.start('np')]}{bare} {query[match.end('np') :]}"
    if match := _last(_ENGLISH_OBJECT, query):
        return f"{query[: match.start('np')]}{subject}{query[match.end('np') :]}"
    if match := _ENGLISH_NOUN_PHRASE.search(query):
        head = match["np"].split()[-1] if len(match["np"].split()) > 1 else ""
        return (
            f"{query[: match.start('np')]}{' '.join(filter(None, (bare, head)))} {query[match.end('np') :]}"
        )
    content = [w for w in re.findall(r"[A-Za-z][\w'-]*", query) if w.lower() not in ENGLISH_STOP_WORDS]
    return query.replace(content[0], subject, 1) if len(content) == 1 else f"{subject}?"


def _first(form: re.Pattern[str], query: str) -> re.Match[str] | None:
    """The first match whose noun phrase isn't a pronoun."""
    return next((m for m in form.finditer(query) if m["np"].strip().lower() not in _PRONOUNS), None)


def _last(form: re.Pattern[str], query: str) -> re.Match[str] | None:
    """The last match whose noun phrase isn't a pronoun."""
    return next(
        (m for m in reversed(list(form.finditer(query))) if m["np"].strip().lower() not in _PRONOUNS), None
    )


def _without_pronoun(text: str, folded: str, last: Turn, document: Document) -> Rewrite | None:
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
    if (
        match.group() in {"that", "this", "those", "these"}
        and re.match(r"\s+\w", folded[match.end() :])
        and match["noun_en"] is None
    ):
        # A demonstrative before a noun of the question's own, or "there is": nothing to resolve.
        return None
    exclude = last.sentences if pattern("followup.else").search(folded) else ()
    antecedent = _antecedent(match["noun"] or match["noun_bare"] or match["noun_en"] or "", last, document)
    if not antecedent:
        return None
    possessive = "'s" if match.group() in {"its", "their"} else ""
    rewritten = f"{text[: match.start()]}{antecedent}{possessive}{text[match.end() :]}"
    return Rewrite(re.sub(r"^(?:那么?|and )", "", rewritten), exclude=exclude)


def _antecedent(noun: str, last: Turn, document: Document) -> str:
    """What a pronoun stands for: a body for 这个机构, else the subject of the question before."""
    bodies = pattern("bodies.suffix").pattern
    is_body = bool(noun) and bool(
        re.search(bodies, noun)
        or noun
        in {
            "body",
            "commission",
            "committee",
            "organization",
            "organisation",
            "agency",
            "department",
            "group",
        }
    )
    chinese = re.search(r"[\u4e00-\u9fff]", last.query) is not None
    if is_body:
        named = re.compile(rf"[\u4e00-\u9fff]{{2,12}}?(?:{bodies})")
        quotes = [document.sentence(address).text for address in last.sentences if document.has(address)]
        for source in (last.query, *quotes):
            for match in named.finditer(source):
                body = re.sub(
                    rf"^.*(?:{pattern('bodies.verbs').pattern})(?=[\u4e00-\u9fff]{{4,}}$)", "", match.group()
                )
                if len(body) > 3 and not body.startswith(("这", "那", "该", "什么", "哪")):
                    return body
    if chinese:
        topic = topic_of(last.query, document)
        return (
            topic + noun if noun and noun not in topic and not is_body and len(noun) > 1 and topic else topic
        )
    if name := _PROPER_NAME.search(last.query):
        return name.group()
    for found in (
        _first(_ENGLISH_SUBJECT, last.query),
        _last(_ENGLISH_OBJECT, last.query),
        _first(_ENGLISH_NOUN_PHRASE, last.query),
    ):
        if found:
            return found["np"].strip()
    content = [w for w in re.findall(r"[A-Za-z][\w'-]*", last.query) if w.lower() not in ENGLISH_STOP_WORDS]
    return " ".join(content[-4:])


def _completed(text: str, folded: str, last: Turn, document: Document) -> Rewrite | None:
    """A question without a subject of its own (谁负责？) with the subject of the question before."""
    content = content_of(folded, document)
    if folded.isascii():
        short = len(folded.split()) <= 6 and all(_RELATIONAL.fullmatch(word) for word in content)
    else:
        short = sum(map(len, content)) <= (4 if _ASKS_FIRST.match(folded) else 0)
    if not short:
        return None
    if not re.search(r"[\u4e00-\u9fff]", last.query):
        words = [w for w in re.findall(r"[A-Za-z][\w'-]*", last.query) if w.lower() not in ENGLISH_STOP_WORDS]
        return Rewrite(f"{text.rstrip('?？ ')} — {' '.join(words)}?") if words else None
    topic = topic_of(last.query, document) or f"{last.query.rstrip('?？。 ')}，"
    return Rewrite(f"{topic}{text}")
