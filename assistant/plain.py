"""A question for a document's form said again in plain words: its operation as read, its arguments as rules find them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property

from assistant.addresses import (
    CARDINALS,
    ORDINALS,
    WHOLE_TEXT,
    find_addresses,
    int_of,
    loosely_named,
    sentences_of,
    spoken,
)
from assistant.asked import but_not, parts_of, term_of
from assistant.form import Form
from assistant.patterns import form as plain_forms
from assistant.signals import read
from index.headings import NUMERAL
from index.lexical import fold
from index.types import Document

# The node of a unit (`chapters`, `sections`) that is about a subject, "" where none is.
Place = Callable[[Sequence[str], str], str]

_ORDINALS = "|".join(ORDINALS)
_NUMBER = re.compile(rf"{NUMERAL}+|[俩仨单]|\d{{1,4}}|\b(?:{'|'.join(CARDINALS)}|{_ORDINALS}|single)\b")
_MEANT = {"俩": 2, "仨": 3, "单": 1, "single": 1}
_NTH = re.compile(
    rf"第\s*({NUMERAL}+|\d{{1,2}})|(?:数|排|排在|行)({NUMERAL})|\b(\d{{1,2}})(?:st|nd|rd|th)\b"
    rf"|\b({_ORDINALS})\b|\b(?:number|no\.?|item|point|#)\s*(\w+)"
)
# What stands between two subjects, and what names a node around one.
_JOINT = re.compile(r"[跟和与同、]|以及|还是|对?比|\b(?:and|or|vs\.?|versus|than|then|to|with|against)\b")
# The same where it is asked how two stand to each other: 绿色那章在民生那章前面, "is safety before opening up".
_JOINT_OF_ORDER = re.compile(
    rf"{_JOINT.pattern}|在|[,，?？]|\b(?:before|after|precede|follow|ahead of|come)\b"
)
_OF_TWO = frozenset({"order", "together"})
# 讲养老的那节在讲教育的那节前面吗 asks how two stand, not for what is before one.
_HOW_TWO_STAND = re.compile(r"吗\W*$|还是|是不是|[^,，。]不\W*$|^(?:is|does|do|are)\b|\bbefore or after\b")
_BOTH_SIDES = re.compile(
    r"前[^,，。?？]{0,4}[、和跟]?后|左右|\b(?:before and after|either side|both sides|flank\w*)\b|夹在?哪[两俩2]"
)
_NODE_WORDS = re.compile(
    rf"[那这哪]?{NUMERAL}?个?[大小]?(?:章节?|节|部分|标题|块|句子?|字数?|条)"
    r"|\b(?:sub)?(?:chapters?|sections?|parts?|headings?|titles?|sentences?)\b|\bones?\b(?= (?:on|about|for|of|that)\b|\W*$)"
)
# A chapter that a question keeps to, described by its subject: 产业那章里, "in the safety chapter", "the sections on health".
_WITHIN = re.compile(
    r"(?P<zh>[^,，。?？、]{2,14}?)(?:[那这]一?个?)?大?(?:章|部分)(?:里[头面边]?|中|当中|内|底?下面?|之[内下中])"
    r"|\b(?:in|of|within|under|from|inside) the (?P<en>[^,.?]{3,40}?) chapter\b"
    r"|\bsections (?:on|about|under|of) (?P<of>[^,.?]{3,40})"
)
_AT_AN_END = re.compile(
    r"(?P<first>开头|起头|头一句|[开起]始|首句|第一句|打头|\b(?:begins?|starts?|opens?|opening|first sent\w*)\b)"
    r"|收尾|结尾|末尾|最后|末句|尾句|\b(?:ends?|closes?|closing|last sent\w*|final sent\w*|wraps? up)\b"
)
# The operations on a node, which may be named loosely.
_OF_A_NODE = frozenset({"text", "heading", "next", "previous", "siblings", "parent", "length"})
# Those that look for things within the nodes that a question names.
_THINGS = frozenset({"figures", "shares", "years", "documents", "bodies", "quoted"})
_TWO = 2
# Stretches of content beside which a term is one of several things spoken of.
_MOST_CONTENT = 3
# Words of an English expression that is looked for.
_LONGEST_TERM = 3


def plainly(form: Form, text: str, document: Document, place: Place, language: str) -> str:
    """The question in plain words, "" where an argument that its operation needs can't be found."""
    return _Plain(form, text, document, place, "zh" if language == "zh" else "en").said()


def _is_front(address: str) -> bool:
    return address.startswith("0.")


class _Plain:
    """One question as it is put plainly."""

    def __init__(self, form: Form, text: str, document: Document, place: Place, language: str) -> None:
        self._form, self._document, self._place, self._language = form, document, place, language
        self._texts = plain_forms(language)
        self._words = self._texts["words"]
        self._addresses, rest = find_addresses(text, document)
        if form.op in _OF_A_NODE and all("?" in address for address in self._addresses):
            self._addresses = loosely_named(text, document) or self._addresses
        self._signals = read(fold(rest), document)
        self._rest = fold(rest)

    def said(self) -> str:
        """The question, "" where an argument is missing."""
        ways: dict[str, Callable[[], str]] = {
            "content": lambda: "",
            "chapters": self._of_all,
            "contents": self._of_all,
            "mentions": self._mentions,
            "place": self._of_subject,
            "extreme": self._extreme,
            "having": self._having,
            "length": self._length,
            "compare": self._of_two,
            "between": self._of_two,
            "order": self._of_two,
            "together": self._of_two,
            "items": self._items,
            "item": self._items,
        }
        return ways.get(self._form.op, self._things if self._form.op in _THINGS else self._of_node)()

    # --- arguments

    def _filled(self, name: str, **values: str) -> str:
        """A plain question with its values, "" where one that it has a place for is empty."""
        text = str(self._texts[name])
        needed = set(re.findall(r"{(\w+)}", text)) - {"within", "inside"}
        return text.format(**values) if all(values.get(key) for key in needed) else ""

    def _word(self, table: str, value: str) -> str:
        return str(self._words[table].get(value, ""))

    def _choice(self, head: str) -> str:
        return self._form.choices.get(head, "")

    @property
    def _subject(self) -> tuple[str, ...]:
        return self._signals.terms or self._signals.content

    @cached_property
    def _nodes(self) -> list[str]:
        """The nodes that the question names by address or, without any, by a subject."""
        if any("?" in address for address in self._addresses):
            return []
        if self._addresses:
            return list(self._addresses)
        if self._form.op == "sections_of" and (both := self._of_two_subjects()):
            return both
        if self._form.op == "sections_of" and self._titled_section:
            # A section has none below it.
            return []
        placed = self._placed(self._rest)
        return [placed] if placed else []

    @property
    def _titled_section(self) -> str:
        """The section whose title the question names in full, "" for none, or where that is a chapter's as well."""
        chapters = [chapter.title for chapter in self._document.chapters]
        sections = (s for chapter in self._document.chapters for s in chapter.sections if s.title)
        titled = (s.address for s in sections if fold(s.title) in self._rest and s.title not in chapters)
        return next(titled, "")

    def _of_two_subjects(self) -> list[str]:
        """The nodes of two subjects (the safety chapter and the one on opening up), [] where there are not two."""
        op = self._form.op
        of_order = op in {*_OF_TWO, "next", "previous"}
        for joint in (_JOINT_OF_ORDER if of_order else _JOINT).finditer(self._rest):
            sides = self._rest[: joint.start()], self._rest[joint.end() :]
            # What stands after the joint has to name a node: the joint may stand inside a subject.
            is_two = op == "between" or of_order or _NODE_WORDS.search(sides[1])
            nodes = [self._placed(side) for side in sides] if is_two else []
            if nodes and all(nodes) and nodes[0] != nodes[1]:
                return nodes
        return []

    def _placed(self, text: str) -> str:
        """The node that a text describes by its subject, or by an expression in quotation marks that stands there."""
        if quoted := next((term for term in self._signals.terms if term in text), ""):
            return self._having_literally(quoted) or self._place((quoted,), self._unit_of_nodes)
        bare = " ".join(re.sub(r"[^\w\s]+", " ", _NODE_WORDS.sub(" ", text)).split())
        stretches = [stretch for stretch in self._signals.content if stretch in text]
        subject = tuple(s for s in stretches or read(text, self._document).content if not _NTH.match(s))
        # A word that no question is about (措施) may name a chapter.
        if not subject and (bare.isascii() or bare in fold(self._document.text)):
            subject = (bare,)
        return self._place(subject, self._unit_of_nodes) if bare and subject else ""

    def _having_literally(self, term: str) -> str:
        """The first node whose heading has an expression, or else the text; "" if none has."""
        chapters = self._document.chapters if self._unit_of_nodes == "chapters" else ()
        if titled := next((chapter.address for chapter in chapters if term in fold(chapter.title)), ""):
            return titled
        sections = [section for chapter in self._document.chapters for section in chapter.sections]
        titled_first = sorted(sections, key=lambda section: term not in fold(section.title))
        found = next(
            (section for section in titled_first if term in fold(section.text + section.title)), None
        )
        if found is None:
            return ""
        return str(found.chapter) if self._unit_of_nodes == "chapters" else found.address

    @property
    def _unit_of_nodes(self) -> str:
        """The unit of the nodes that a question describes by their subject."""
        if self._form.op == "sections_of":
            return "chapters"
        if self._form.op in {"parent", "siblings", "items", "item", "together"}:
            return "sections"
        if self._form.op in {"order", "position"}:
            return "chapters" if "chapters" in self._signals.units else "sections"
        chosen = self._choice("unit") or self._signals.outer
        return chosen if chosen in {"chapters", "sections"} else "sections"

    def _spoken(self, nodes: Sequence[str]) -> str:
        joint = "和" if self._language == "zh" else " and "
        return joint.join(spoken(node, self._language) for node in nodes)

    def _kept_to(self) -> dict[str, str]:
        """The nodes within which is looked, as the plain questions have it; empty where the question names none."""
        # 从通知到结尾 names the whole text.
        named = self._addresses or self._described
        if all(map(_is_front, named)) or any("?" in address for address in named):
            return {"within": "", "inside": ""}
        nodes = self._spoken(named)
        return {name: str(self._words[name]).format(nodes=nodes) for name in ("within", "inside")}

    @cached_property
    def _described(self) -> tuple[str, ...]:
        """The chapter that the question keeps to by its subject, () for none."""
        match = _WITHIN.search(self._rest)
        subject = fold(" ".join(filter(None, match.groups()))) if match else ""
        stretches = tuple(stretch for stretch in self._signals.content if stretch in subject)
        if match is None or not stretches or self._addresses or "sections" not in self._signals.units:
            return ()
        chapter = self._place(stretches, "chapters")
        return (chapter,) if chapter else ()

    def _position(self) -> str:
        """The position that is asked for in a list, "" for none."""
        nth = next((next(filter(None, match.groups())) for match in _NTH.finditer(self._rest)), "")
        return str(int_of(nth)) if nth and _NUMBER.fullmatch(nth) else ""

    def _number(self) -> int:
        """The number of a condition: that of the unit counted, or else any, 0 for none."""
        counted = "characters" if self._choice("measure") == "titles" else self._choice("measure")
        found = sorted(self._signals.numbers, key=lambda number: number[1] == counted)
        if found:
            return found[-1][0]
        match = _NUMBER.search(self._rest)
        return (_MEANT.get(match.group()) or int_of(match.group())) if match else 0

    # --- questions

    def _of_all(self) -> str:
        return str(self._texts[self._form.op]) if all(map(_is_front, self._addresses)) else ""

    def _of_node(self) -> str:
        unit = self._word("unit", self._unit_beside())
        of_chapters = self._nodes and all("." not in node for node in self._nodes)
        if self._form.op == "heading" and of_chapters and "sections" in self._signals.units:
            # 第二章的节名: those of its sections.
            return self._filled("sections_of", nodes=self._spoken(self._nodes))
        if self._form.op == "text" and (end := self._end_of(self._nodes)):
            return self._filled("text", nodes=self._spoken([end]))
        if self._form.op in {"next", "previous"} and _HOW_TWO_STAND.search(self._rest):
            two = [self._spoken([named]) for named in self._of_two_subjects()]
            if len(two) == _TWO:
                return self._filled("order", first=two[0], last=two[1])
        nodes, node = self._spoken(self._nodes), self._spoken(self._nodes[-1:])
        if self._form.op in {"next", "previous"} and _BOTH_SIDES.search(self._rest):
            return self._filled("beside", node=node, unit=unit)
        return self._filled(self._form.op, nodes=nodes, node=node, unit=unit)

    def _end_of(self, nodes: Sequence[str]) -> str:
        """The first or last sentence of a node that a question asks for (讲学校那节收尾是哪句), "" where it asks for neither."""
        if len(nodes) != 1 or "#" in nodes[0] or not (asked := _AT_AN_END.search(self._rest)):
            return ""
        inside = sentences_of(nodes[0], self._document)
        return inside[0 if asked["first"] else -1] if inside else ""

    def _unit_beside(self) -> str:
        """The unit of what stands beside a node: its own, unless the question names another."""
        chosen = self._choice("unit")
        if not self._addresses or chosen in self._signals.units:
            return chosen
        node = self._addresses[-1]
        return "sentences" if "#" in node else "sections" if "." in node else "chapters"

    def _things(self) -> str:
        return self._filled(self._form.op, **self._kept_to())

    def _length(self) -> str:
        speaks_of_all = WHOLE_TEXT.search(self._rest) and not {"chapters", "sections"} & {
            *self._signals.units
        }
        is_whole = not self._addresses and (speaks_of_all or not self._subject)
        nodes = str(self._words["whole"]) if is_whole else self._spoken(self._nodes)
        return self._filled("length", nodes=nodes, measure=self._word("length", self._choice("measure")))

    def _of_subject(self) -> str:
        unit = self._choice("unit")
        word = self._word("place", unit) or self._word("unit", unit)
        subject = self._signals.subject if self._signals.subject.isascii() else " ".join(self._subject)
        return "" if self._addresses else self._filled("place", unit=word, subject=subject)

    def _of_two(self) -> str:
        nodes = self._nodes if self._addresses else self._of_two_subjects()
        if self._form.op == "between" and len(nodes or self._nodes) == 1:
            return self._around((nodes or self._nodes)[0])
        if len(nodes) != _TWO:
            return ""
        first, last = (self._spoken([node]) for node in nodes)
        measure, unit = (
            self._word("measure", self._choice("measure")),
            self._word("unit", self._choice("unit")),
        )
        return self._filled(self._form.op, first=first, last=last, measure=measure, unit=unit)

    def _around(self, node: str) -> str:
        """The question for the middle of a chapter, or for the nodes that one stands between (夹在哪两章中间)."""
        unit, said = self._unit_beside(), self._spoken([node])
        if "." not in node and unit != "chapters":
            return self._filled("middle", node=said)
        return self._filled("beside", node=said, unit=self._word("unit", unit))

    def _items(self) -> str:
        titled = (c.address for c in self._document.chapters if c.title and fold(c.title) in self._rest)
        node = next(titled, "") or next(iter(self._nodes), "").partition("#")[0]
        if not node:
            return ""
        # The items of a chapter are its sections; where a section has none its sentences are counted.
        name = "section"
        if "." in node and self._document.has(node):
            is_itemised = any(sentence.is_lead for sentence in self._document.section(node).sentences)
            name = "item" if is_itemised else "sentence"
        if self._form.op == "items":
            name = "sections_of" if name == "section" else "items"
        place = self._spoken([node])
        return self._filled(name, node=place, nodes=place, number=self._position())

    def _extreme(self) -> str:
        unit, measure = self._choice("unit"), self._choice("measure")
        if self._described:
            unit = "sections"
        if unit == "sentences" and measure == "sentences":
            measure = "characters"
        if unit == "any" or measure == "times" or (unit == "sentences" and measure != "characters"):
            return ""
        number = self._number() if not self._described else 1
        return self._filled(
            "extremes" if number > 1 and measure != "titles" else "extreme",
            unit=self._word("unit", unit),
            measure=self._word("measure", measure),
            dir=self._word("dir_title" if measure == "titles" else "dir", self._choice("dir")),
            number=str(number),
            **self._kept_to(),
        )

    def _having(self) -> str:
        unit, measure, number = self._choice("unit"), self._choice("measure"), self._number()
        within = self._kept_to()
        if not number and len(self._addresses) == 1:
            # Fewer than chapter 5 has.
            number, within = self._measured(self._addresses[0], measure), {"within": "", "inside": ""}
        if unit not in {"chapters", "sections"} or not number:
            return ""
        return self._filled(
            "having",
            unit=self._word("unit", unit),
            measure=self._word("having", measure),
            rel=self._word("rel_title" if measure == "titles" else "rel", self._choice("rel")),
            number=str(number),
            **within,
        )

    def _measured(self, node: str, measure: str) -> int:
        """How many sections or sentences a node has, 0 for anything else."""
        if measure == "sentences":
            return len(sentences_of(node, self._document))
        sections = [s for s in self._document.sections() if str(s.chapter) == node and s.number]
        return len(sections) if measure == "sections" else 0

    def _mentions(self) -> str:
        unit, mode, join = (self._choice(head) for head in ("unit", "mode", "join"))
        match join:
            case "one":
                terms: tuple[str, ...] = (term_of(self._signals, self._document),)
            case "butnot":
                terms = but_not(self._rest, self._document) or parts_of(self._signals)[:_TWO]
            case _:
                terms = parts_of(self._signals)[:_TWO]
        known = [stretch for stretch in self._signals.content if stretch in fold(self._document.text)]
        speaks_of_more = join == "one" and not self._signals.terms and len(known) > _MOST_CONTENT
        if (
            not terms
            or speaks_of_more
            or not all(map(self._is_term, terms))
            or (join != "one" and len(terms) < _TWO)
        ):
            return ""
        is_of_titles = self._choice("scope") == "titles"
        name, word = "mentions", self._word("unit", unit)
        if is_of_titles and {*self._signals.units} & {"chapters", "sections"} != {unit}:
            unit = "any"
        if is_of_titles and (join != "one" or mode not in {"all", "none"}):
            name = ""
        elif join != "one":
            name = join
        elif is_of_titles:
            name, word = ("titles" if mode == "all" else "titles_none"), self._word("titles", unit)
        elif mode != "all":
            name = f"mentions_{mode}"
            word = self._word("where", unit) if mode in {"first", "last"} else word
            if mode == "none" and unit in {"any", "sentences"}:
                word = self._word("unit", "sections")
        quoted = [self._quoted(term) for term in terms]
        return (
            str(self._texts[name]).format(unit=word, term=quoted[0], other=quoted[-1], **self._kept_to())
            if name
            else ""
        )

    def _is_term(self, term: str) -> bool:
        """Whether an expression can be what is looked for: a quoted one, one of the document's, or a few English words."""
        is_short = term.isascii() and len(term.split()) <= _LONGEST_TERM
        return bool(term) and (is_short or self._is_literal(term))

    def _is_literal(self, term: str) -> bool:
        """Whether an expression is meant to the letter: quoted, or one of the document's own."""
        return term in self._signals.terms or term in fold(self._document.text)

    def _quoted(self, term: str) -> str:
        return f"“{term}”" if self._is_literal(term) else term
