"""What a follow-up points to in the answer before it: its place, the node after it, one of what it lists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.addresses import find_addresses, ordinal_of, replace_addresses, spoken
from assistant.asked import Mentions, asks_for_mentions, asks_for_parts
from assistant.patterns import pattern, patterns
from assistant.signals import NODES, Signals, read
from assistant.subject import content_of, replaced_subject
from assistant.types import Turn
from index.enrich import Enrichment
from index.lexical import chinese_terms, english_terms, fold
from index.types import Document


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A standalone question, the addresses that it points to, sentences that it wants no more, its new subject.

    `absent` names why it can't be made standalone: `which_node`, `which_item`, `no_such_item:4`, `no_next_section`, …
    """

    text: str
    addresses: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    focus: str = ""
    absent: str = ""


def asks_for_node(folded: str) -> bool:
    """Whether a question speaks of 这一章 or "that section"."""
    return bool(pattern("followup.node").search(folded))


def needs_history(folded: str) -> bool:
    """Whether a message only makes sense after another: 继续, 原文, 第二个呢, "anything else?"."""
    names = ("more", "continue", "full", "item", "how_many")
    return any(pattern(f"followup.{name}").match(folded) for name in names)


def neighbour(address: str, step: int, unit: str, document: Document) -> Rewrite:
    """The chapter, section or sentence before or after a node, or `absent` where there is none.

    `unit` is that of the neighbour (`chapters`, `sections`, `sentences`); "" for that of the node itself. What comes before
    the first chapter, if not another chapter, are the front parts.
    """
    chapter, _, _ = address.partition(".")
    front = tuple(section.address for section in document.front)
    if not unit and step < 0 and front and address == document.chapters[0].address:
        return Rewrite("", front)
    section = address.partition("#")[0]
    if unit == "sentences" and "#" in address:
        nodes = [sentence.address for sentence in document.sentences()]
        inside = [at for at, node in enumerate(nodes) if node == address]
    elif unit == "chapters" or (not unit and "." not in address):
        unit = "chapters"
        nodes = [c.address for c in document.chapters]
        inside = [at for at, node in enumerate(nodes) if node == chapter]
    else:
        unit = "sections"
        nodes = [s.address for s in document.sections()]
        inside = [at for at, s in enumerate(nodes) if s == section or s.partition(".")[0] == section]
    at = inside[-1 if step > 0 else 0] if inside else -1
    if inside and 0 <= at + step < len(nodes):
        return Rewrite("", (nodes[at + step],))
    return Rewrite("", absent=f"no_{'next' if step > 0 else 'previous'}_{unit.removesuffix('s')}")


def placed(
    text: str, folded: str, last: Turn, history: Sequence[Turn], document: Document, enrichment: Enrichment
) -> Rewrite | None:
    """A follow-up that points to a place: a neighbour, this section, its full text, an item of a list, 第三节."""
    language = "zh" if re.search(r"[\u4e00-\u9fff]", text) else "en"
    here = _here(last, document, enrichment)
    addresses, rest = find_addresses(text, document)
    signals = read(fold(rest), document)
    if not addresses and here and (found := _stepped(text, folded, here, signals, last, document, language)):
        return found
    if titles := _titles_of_counted(signals, last, document, language):
        return titles
    if (
        not addresses
        and here
        and (found := _beside_or_where(folded, here, signals, last, document, enrichment, language))
    ):
        return found
    if any(address.startswith("?") for address in addresses) or re.search(
        r"最后|倒数|\b(?:last|final)\b", folded
    ):
        named = find_addresses(text, document, here)[0]
        if addresses and here and not content_of(pattern("frames.navigation").sub(" ", rest), document):
            if asks_for_parts(find_addresses(last.query, document)[1], document) and replaced_subject(
                folded, text
            ):
                return Rewrite(
                    replace_addresses(last.query, "、".join(spoken(a, language) for a in named), document)
                )
            return Rewrite(_asked_for(named, language), named)
    if (
        here
        and not addresses
        and (match := pattern("followup.node").search(folded))
        and len(text) == len(folded)
    ):
        node = here.partition(".")[0] if re.search(r"章|chapter", match.group()) else here.partition("#")[0]
        excluded = last.sentences if pattern("followup.else").search(folded) else ()
        return Rewrite(
            f"{text[: match.start()]}{spoken(node, language)}{text[match.end() :]}", exclude=excluded
        )
    if again := _shown_again(folded, last, here, document, enrichment, language):
        return again
    mentioned = mentioned_in(last.query, document)
    if mentioned and (count := pattern("followup.how_many").match(folded)):
        zh = f"“{mentioned.term}”出现了{count['zh']}？"
        return Rewrite(zh if count["zh"] else f"How {count['en']} is “{mentioned.term}” mentioned?")
    return _item_of(folded, last, history, document, enrichment, language)


def _titles_of_counted(signals: Signals, last: Turn, document: Document, language: str) -> Rewrite | None:
    """A follow-up for what was just counted in a chapter is called (分别叫什么); None if it is none."""
    if signals.content or signals.terms or signals.units or not signals.kinds & {"name", "heading"}:
        return None
    named, rest = find_addresses(last.query, document)
    if len(named) != 1 or "." in named[0] or asks_for_parts(rest, document, named=True) != "sections":
        return None
    title = f"{spoken(named[0])}各节的标题是什么"
    return Rewrite(title if language == "zh" else f"What are the section titles in {spoken(named[0], 'en')}?")


def _shown_again(
    folded: str, last: Turn, here: str, document: Document, enrichment: Enrichment, language: str
) -> Rewrite | None:
    """A follow-up for the whole text behind an answer, for its sentence alone or for what follows; None if it is none."""
    if last.sections and pattern("followup.full").match(folded):
        nodes = tuple(dict.fromkeys(address.partition("#")[0] for address in last.sentences)) or (here,)
        return Rewrite(_asked_for(nodes[:3], language), nodes[:3])
    if last.sentences and pattern("followup.sentence").match(folded):
        likest = max(last.sentences, key=lambda address: _likeness([address], last, document, enrichment))
        return Rewrite(_asked_for((likest,), language), (likest,))
    if last.sentences and pattern("followup.continue").match(folded):
        return _continued(last, document, language)
    return None


def _beside_or_where(
    folded: str,
    here: str,
    signals: Signals,
    last: Turn,
    document: Document,
    enrichment: Enrichment,
    language: str,
) -> Rewrite | None:
    """A follow-up for the other sections of a chapter, or for the place of what was answered; None if it is neither."""
    kinds = signals.kinds
    if signals.content or signals.terms or kinds & {"most", "least", "before", "after", "no"}:
        return None
    if "others" in kinds and "sections" in signals.units:
        known = {address.partition("#")[0] for address in (*last.sentences, *last.sections, here)}
        chapter = document.chapter(int(here.partition(".")[0]))
        nodes = tuple(s.address for s in chapter.sections if s.address not in known)
    elif "heading" in kinds and not signals.units and not kinds & {"all", "howmany", "occur"}:
        return _title_of(here, language)
    elif (
        kinds & {"which", "where", "heading"}
        and "howmany" not in kinds
        and (pattern("followup.answer").search(folded) or _is_bare_place(folded, signals, last, document))
        and not asks_for_node(folded)
        # "Where is it mentioned?" asks for the places of what was spoken of.
        and not ("occur" in kinds and re.search(r"它|\b(?:it|they)\b", folded))
    ):
        unit = signals.node_unit
        if not unit and "where" not in kinds and "items" not in signals.units and "出" not in folded:
            return None
        nodes = (here.partition(".")[0] if unit == "chapters" else here.partition("#")[0],)
    else:
        return None
    if not nodes:
        return None
    if "others" in kinds:
        return Rewrite(_asked_for(nodes, language), nodes)
    return _place_of(nodes[0], last, document, enrichment, language)


def _title_of(node: str, language: str) -> Rewrite:
    """A question for a node's title; for that of its section where the node is a sentence."""
    node = node.partition("#")[0]
    title = (
        f"{spoken(node)}的标题是什么" if language == "zh" else f"What is the title of {spoken(node, 'en')}?"
    )
    return Rewrite(title, (node,))


def _is_bare_place(folded: str, signals: Signals, last: Turn, document: Document) -> bool:
    """Whether a follow-up is nothing but 在哪, 哪条写的, "which section", after an answer that is no list of places."""
    is_short = len(folded.split()) <= 5 if folded.isascii() else len(folded) <= 10
    rest = find_addresses(last.query, document)[1]
    asks_for_list = asks_for_mentions(rest, document) or asks_for_parts(fold(last.query), document)
    is_list = asks_for_list and len(last.sentences) != 1
    places = "where" in signals.kinds or {*signals.units} & {*NODES, "items"}
    return bool(
        is_short and places and not signals.kinds & {"plural", "all", "first", "last"} and not is_list
    )


def _place_of(node: str, last: Turn, document: Document, enrichment: Enrichment, language: str) -> Rewrite:
    """A question for the place of the sentence that answered, in a node; for the node's title where none did."""
    inside = [a for a in last.sentences if a.startswith((f"{node}.", f"{node}#"))]
    if not inside:
        return _title_of(node, language)
    likest = max(inside, key=lambda address: _likeness([address], last, document, enrichment))
    unit = "chapter" if "." not in node else "section"
    if language == "zh":
        return Rewrite(f"{spoken(likest)}在哪一{'章' if unit == 'chapter' else '节'}", (likest,))
    return Rewrite(f"Which {unit} is {spoken(likest, 'en')} in?", (likest,))


def _item_of(
    folded: str,
    last: Turn,
    history: Sequence[Turn],
    document: Document,
    enrichment: Enrichment,
    language: str,
) -> Rewrite | None:
    """A follow-up for one of what was listed before, None if it is none."""
    ordinal = patterns("followup.same_kind")[-1]
    if (match := position_in(folded, document)) and not ordinal.search(fold(last.query)):
        # 第一个, then 第二个: of the list that both were given from.
        lists = [turn for turn in history if not position_in(fold(turn.question), document)]
        return _item(match, lists[-1] if lists else last, document, enrichment, language)
    return None


def position_in(folded: str, document: Document) -> re.Match[str] | None:
    """Where in a list the item stands that a follow-up asks for and nothing else; None if it asks for none."""
    if (item := pattern("followup.item").match(folded)) or len(folded) > 60:
        return item
    if (match := pattern("followup.position").search(folded)) is None:
        return None
    rest = f"{folded[: match.start()]} {folded[match.end() :]}"
    signals = read(rest, document)
    whole = signals.kinds & {"howmany", "times", "most", "least"} or {"chapters", "sections"} & {
        *signals.units
    }
    return None if signals.content or signals.terms or whole else match


def _at(match: re.Match[str], size: int) -> int:
    """The place in a list of so many that a position means, 0 if it means none."""
    groups = {name.removesuffix("_en"): text for name, text in match.groupdict().items() if text}
    if "nth" in groups:
        return ordinal_of(re.sub(r"(?:一)?(?:个|条|项|点|处|种|位|句|家|类)$", "", groups["nth"]), size)
    if "middle" in groups:
        return (size + 1) // 2
    return 1 if "former" in groups else size


def _stepped(
    text: str, folded: str, here: str, signals: Signals, last: Turn, document: Document, language: str
) -> Rewrite | None:
    """A follow-up that points to the node after or before the one spoken of, None if it points to neither."""
    kinds = signals.kinds & {"before", "after"}
    bare = not signals.content and {*signals.units} <= {"items"}
    if bare and (found_before := _node_found(last, document)):
        here = found_before
    elif bare:
        bare = here in find_addresses(last.query, document)[0]
    if signals.terms or len(kinds) != 1 or not (signals.step or bare):
        return None
    step = 1 if "after" in kinds else -1
    if bare and "#" in here:
        return _next_item(here, step, document, language)
    unit = signals.node_unit or ("" if bare else "sections")
    if unit == "sentences" and last.sentences:
        here = last.sentences[-1 if step > 0 else 0]
    found = neighbour(here, step, unit, document)
    if not signals.content:
        return (
            Rewrite(_asked_for(found.addresses, language), found.addresses)
            if found.addresses
            else Rewrite(text, absent=found.absent)
        )
    phrase = pattern("followup.step_phrase").search(folded)
    if phrase is None or len(folded) != len(text):
        return None
    if not found.addresses:
        return Rewrite(text, absent=found.absent)
    # 下一章提到养老了吗 asks of that chapter.
    return Rewrite(f"{text[: phrase.start()]}{spoken(found.addresses[0], language)}{text[phrase.end() :]}")


def _node_found(last: Turn, document: Document) -> str:
    """The one chapter or section that the turn before asked for by what it deals with and was given; "" otherwise."""
    addresses, rest = find_addresses(last.query, document)
    asked = read(fold(rest), document).asked & {"chapters", "sections"}
    found = {node for node in last.sections if asked == {"sections" if "." in node else "chapters"}}
    return found.pop() if len(found) == 1 and not addresses else ""


def mentioned_in(query: str, document: Document) -> Mentions | None:
    """The term whose places a question asks for."""
    return asks_for_mentions(find_addresses(query, document)[1], document)


def _next_item(here: str, step: int, document: Document, language: str) -> Rewrite | None:
    """The item of a section after or before the one that a sentence belongs to; None where there is none."""
    item = document.sentence(here).item
    inside = document.section_of(here).sentences
    found = tuple(s.address for s in inside if item and s.item == item + step)
    return Rewrite(_asked_for(found, language), found) if found else None


def _here(last: Turn, document: Document, enrichment: Enrichment) -> str:
    """The node that the turn before was about: the one its question named, else the one it was answered from."""
    named = [a for a in find_addresses(last.query, document)[0] if not a.startswith("?")]
    if named:
        return named[-1]
    cited = dict.fromkeys(a.partition("#")[0] for a in last.sentences if document.has(a))
    if not cited:
        return last.sections[-1] if last.sections else ""
    by_section = {node: [a for a in last.sentences if a.partition("#")[0] == node] for node in cited}
    return max(cited, key=lambda node: _likeness(by_section[node], last, document, enrichment))


def _likeness(addresses: Sequence[str], last: Turn, document: Document, enrichment: Enrichment) -> float:
    """How much of what a turn asked its likest sentence among the addresses has, for its length."""
    asked = {*chinese_terms(last.query), *english_terms(last.query)}
    texts = [f"{document.sentence(a).text} {enrichment.english(a) or ''}" for a in addresses]
    return max(len(asked & {*chinese_terms(text), *english_terms(text)}) / len(text) for text in texts)


def _asked_for(addresses: Sequence[str], language: str) -> str:
    """A question for nodes, as one would ask it."""
    if language == "zh":
        return f"{'、'.join(spoken(address) for address in addresses)}讲什么"
    return f"What does {' and '.join(spoken(address, 'en') for address in addresses)} say?"


def _continued(last: Turn, document: Document, language: str) -> Rewrite:
    """The rest of the section that was cited last, or the section after it."""
    section = document.section_of(last.sentences[-1])
    at = [sentence.address for sentence in section.sentences].index(last.sentences[-1])
    following = tuple(sentence.address for sentence in section.sentences[at + 1 :])
    if not following:
        found = neighbour(section.address, 1, "sections", document)
        if not found.addresses:
            return Rewrite(last.query, absent=found.absent)
        following = found.addresses
    return Rewrite(_asked_for(following, language), following)


def _item(
    match: re.Match[str], last: Turn, document: Document, enrichment: Enrichment, language: str
) -> Rewrite | None:
    """One of what was listed before; None where nothing was listed."""
    listed = _listed(last, document)
    if inside := _list_inside(last, document, enrichment):
        return Rewrite(_asked_for((inside,), language), (inside,))
    if len(listed) < 2:  # one is no list
        return None
    at = _at(match, len(listed))
    if not 1 <= at <= len(listed):
        return Rewrite(last.query, absent=f"no_such_item:{len(listed)}")
    return Rewrite(_asked_for(listed[at - 1], language), listed[at - 1])


def _list_inside(last: Turn, document: Document, enrichment: Enrichment) -> str:
    """The sentence whose own list (甲、乙、丙) answered the turn before; "" where its sentences are the list."""
    cited = [address for address in last.sentences if document.has(address)]
    if not cited or mentioned_in(last.query, document) or all(document.sentence(a).is_lead for a in cited):
        return ""
    likest = max(cited, key=lambda address: _likeness([address], last, document, enrichment))
    return likest if document.sentence(likest).text.count("、") > (len(cited) > 1) else ""


def _listed(last: Turn, document: Document) -> list[tuple[str, ...]]:
    """What the turn before listed: items with all their sentences, places of a term, sentences, or sections."""
    sentences = [document.sentence(address) for address in last.sentences if document.has(address)]
    if sentences and not mentioned_in(last.query, document):
        if not all(sentence.is_lead for sentence in sentences):
            return [(sentence.address,) for sentence in sentences]
        return [
            tuple(s.address for s in document.section_of(lead.address).sentences if s.item == lead.item)
            for lead in sentences
        ]
    inside = [node for node in last.sections if "." in node]
    nodes = inside if len(inside) >= len(last.sections) - 1 else list(last.sections)
    cited = {node: tuple(a for a in last.sentences if a.partition("#")[0] == node) for node in nodes}
    return [cited[node] or (node,) for node in nodes]
