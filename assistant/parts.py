"""The questions of a message that asks several: sentences, clauses that each ask, numbered lists, one asked of each."""

from __future__ import annotations

import re

from assistant.addresses import find_addresses
from assistant.patterns import pattern
from assistant.slots import slot_of
from assistant.subject import content_of
from assistant.types import Slot
from index.lexical import fold
from index.types import Document

_MOST_PARTS = 5
_SENTENCES = re.compile(r"[^?？。!！;；\n]+[?？。!！;；\n]*")
_WH = "what|which|how|who|when|where|why"
_AUXILIARIES = "is|are|does|do|can|will|should|must|has|have|may"
_ASKING = re.compile(
    r"什么|啥|咋|哪|怎|如何|多少|几|谁|真的假的|(?P<either>[\u4e00-\u9fff])[不没](?P=either)|吗|呢|何(?!况|必)"
    rf"|\b(?:{_WH})\b|(?:^|,)\W*(?:(?:and|but|so|or|&|plus) )?(?:{_AUXILIARIES})\b"
)
_ASKS_AGAIN = re.compile(
    rf"(?<=[,，、])(?=.)|(?<=[.!])(?=\s(?:and|also|plus)\b)"
    rf"|(?=\s(?:and|&|plus)\s(?:(?:on|in|by|for|to|from|at|with) )?(?:{_WH}|{_AUXILIARIES})\b)",
    re.IGNORECASE,
)
_EACH = re.compile(
    r"^(?P<list>[^,，。?？]{2,60}?|[^。?？]{2,60}?(?:、|”“)[^。?？]{2,60}?)[,，]?\s*"
    r"(?:这?[两俩三仨四五几](?:块|样|个|者|方面|件|类|种)?(?:事情?|说法|提法|词|东西)?)?(?:在?(?:纲要|文件|文中|里面?|中|都))*"
    r"(?:分别|各自|各(?![区部行级类种领方地界]))(?P<rest>[^,，。]{2,40})$"
    r"|^(?P<listed>[^?]{4,80}?)[,:]\s*(?P<asked>(?:what|how|who|where|when)\b[^?]{2,60}?)"
    r"\s+(?:about |of |to |for |on |improve )?each\b"
    r"|^(?P<head>[^:?]{4,80}?)\b(?:for|of|on|about)?\s*(?:all |each of )?(?:these|those|the following)\b[^:?]{0,30}:"
    r"\s*(?P<below>[^:?]{6,160}?)[.?]*$",
    re.IGNORECASE,
)
# Connectives between matters, but not in 参与, 和平, 涉及, 跟踪.
CHINESE_JOINT = re.compile(
    r"以及|还有|连同|或者|[、+＋/]|(?<=[\u3400-\u9fff”]) (?=[\u3400-\u9fff“])|(?<=”)(?=“)"
    r"|(?<![参给赋授])与(?![会其])|(?<![共总温缓饱])和(?![平谐睦解气])|(?<![涉普危波提触顾])及(?![时其早格第])|(?<!紧)跟(?![踪进前着随])"
)
ENGLISH_JOINT = re.compile(
    r"\s*[+&/]\s*|\s+(?:and|or|plus|versus|vs\.?|as well as|along with|together with)\s+"
)
_COMMA = re.compile(r"[,，]")
_LONGEST_SUBJECT = 24
# What is shorter may ask without a word of asking.
_SHORT = 16
_SPACE = re.compile(r"(?<=[\u4e00-\u9fff”》]) (?=[\u4e00-\u9fff“《])")
# What adds a subject to the question before.
_ADDS = re.compile(
    rf"(?:and also|also|plus|and|as well as)\b(?![, ]*(?:{_WH}|{_AUXILIARIES})\b)[, ]*", re.IGNORECASE
)
# What numbers the questions of a list: 1. ①（1）.
_NUMBERED = re.compile(
    r"(?:^|(?<=[\s:：;；,，。.?？]))(?:[(（]?[1-9一二三四五][)）]|[1-9][.、](?!\d)|[①-⑨])\s*"
)
# What says that several questions follow: 两件事哈：, "two things:".
_ANNOUNCED = re.compile(
    r"^(?:就|有|问|请教|想问|说|还有)*(?:[两俩二三仨四几2-4]个?)(?:件事儿?|问题|个?事儿?|点|样)[^:：,，?？]{0,4}[:：,，]\s*"
    r"|^(?:two|three|four|a few|a couple of|2|3) (?:quick )?(?:things|questions)(?: please)?\s*[:,-]\s*",
    re.IGNORECASE,
)
_ASKS = re.compile(r"[?？]\s*$")
_OPENING, _CLOSING = re.compile(r"[(（“「『]"), re.compile(r"[)）”」』]")
_BARE_WHICH = re.compile(
    r"\W*(?:and )?(?:which(?: ones?)?|where|(?:是|在|分别)?(?:哪(?:些|几?[个章节]|里|儿)|什么地方))(?:呢|啊)?\W*"
)


def split_parts(text: str, document: Document) -> list[str]:
    """The questions of a message that asks several; a remark before a question stays with it."""
    text = _ANNOUNCED.sub("", text)
    if listed := _each_of(text.strip(), document) or _numbered(text, document):
        return listed
    parts = [part.strip(" ,，、") for part in _gathered(text, document) if re.search(r"\w", part)]
    if not 1 < len(parts) <= _MOST_PARTS or not all(
        is_question(part, document) or _asks_on(part, document) or len(fold(part)) < _SHORT for part in parts
    ):
        return [text]
    # "Also disabled people": a follow-up to the question before.
    return [parts[0], *(_ADDS.sub("and ", part) for part in parts[1:])]


def _gathered(text: str, document: Document) -> list[str]:
    """The clauses of a text that each ask, with the remarks before them."""
    parts: list[str] = []
    pending = ""
    # Where Chinese has a space a comma is left out.
    for sentence in _SENTENCES.findall(_SPACE.sub("，", text)):
        halves = _halves(sentence, document)
        for piece in halves:
            pending += piece
            if parts and _BARE_WHICH.fullmatch(fold(piece)):
                # "Is there one with a single sentence? Which?" asks once.
                parts[-1] += " " + pending.strip()
                pending = ""
            elif len(halves) > 1 or _ASKS.search(piece.strip()) or re.search(r"[;；\n]\s*$", piece):
                parts.append(pending.strip())
                pending = ""
    if pending.strip():
        if parts and not is_question(pending, document):
            parts[-1] += " " + pending.strip()
        else:
            parts.append(pending.strip())
    return parts


def _numbered(text: str, document: Document) -> list[str]:
    """The questions of a numbered list, without what stands before it; [] where a text is none."""
    starts = list(_NUMBERED.finditer(text))
    pieces = [
        text[start.end() : following.start() if following else len(text)].strip(" ,，;；。\n")
        for start, following in zip(starts, [*starts[1:], None], strict=False)
    ]
    is_list = 1 < len(pieces) <= _MOST_PARTS and any(asks_itself(piece, document) for piece in pieces)
    return pieces if is_list and all(content_of(fold(piece), document) for piece in pieces) else []


def _each_of(text: str, document: Document) -> list[str]:
    """The questions of one that asks the same of several subjects (甲和乙分别怎么说), [] if it is none."""
    each = _EACH.match(text)
    if each is None:
        return []
    is_chinese = each["list"] is not None
    joint = CHINESE_JOINT if is_chinese else ENGLISH_JOINT
    listed = _COMMA.split(each["list"] or each["listed"] or each["below"])
    # With a space before: what a comma ends may be followed by "and".
    pieces = (piece.strip() for part in listed for piece in joint.split(f" {part}"))
    subjects = [piece for piece in pieces if len(piece) > 1]
    asked = each["rest"] or each["asked"] or each["head"]
    is_list_of_nodes = len(find_addresses(text, document)[0]) > 1
    longest = _LONGEST_SUBJECT if is_chinese else 2 * _LONGEST_SUBJECT
    is_list = 2 <= len(subjects) <= _MOST_PARTS and max(map(len, subjects)) <= longest
    if (
        is_list_of_nodes
        or not is_list
        or not (asks_itself(asked, document) or "、" in text or not is_chinese)
    ):
        return []
    return [f"{subject}{asked}" if is_chinese else f"{subject}: {asked}" for subject in subjects]


def _halves(piece: str, document: Document) -> list[str]:
    """A sentence cut at the commas where both sides ask something of their own; whole otherwise."""
    halves: list[str] = []
    if len(_ASKS_AGAIN.findall(piece)) > 2 * _MOST_PARTS:
        return [piece]
    for half in _ASKS_AGAIN.split(piece):
        is_within = halves and len(_OPENING.findall(halves[-1])) > len(_CLOSING.findall(halves[-1]))
        if halves and (is_within or not (_asks_on(halves[-1], document) and _asks_on(half, document))):
            halves[-1] += half
        else:
            halves.append(half)
    return halves if all(_asks_on(half, document) for half in halves) else [piece]


def _asks_on(text: str, document: Document) -> bool:
    """Whether a clause asks something by itself or adds a subject to what was asked ("Also disabled people.")."""
    return asks_itself(text, document) or bool(_ADDS.match(text.strip()) and content_of(fold(text), document))


def asks_itself(text: str, document: Document) -> bool:
    """Whether a clause asks something by itself: a word of asking inside it, and a subject.

    What the whole document is about is none: 有标准吗 of a text on standards asks on.
    """
    folded, title = fold(text), fold(document.title)
    return asks(folded) and any(stretch not in title for stretch in content_of(folded, document))


def asks(folded: str) -> bool:
    """Whether a folded clause has a word of asking."""
    return bool(_ASKING.search(folded))


def asks_for_apparatus(text: str, document: Document) -> bool:
    """Whether a message asks for what belongs to a publication (a page, a note, a picture, an annex) that the text has not.

    In 写脚注用，垃圾分类那句在哪 the note is no matter of the question.
    """
    clauses = re.split(r"[,，;；。]", fold(text))
    asking = [clause for clause in clauses if asks(clause)] or clauses
    found = [match.group() for match in map(pattern("structure.apparatus").search, asking) if match]
    return bool(found) and not any(part in fold(document.text) for part in found)


def is_question(text: str, document: Document) -> bool:
    """Whether something is left to answer: a question mark or a question word, and a subject."""
    folded = fold(text)
    asks = _ASKS.search(folded) or slot_of(folded) is not Slot.TOPIC
    return bool(
        (asks or re.search(r"什么|哪|怎|如何|\b(?:what|how|which)\b", folded))
        and content_of(folded, document)
    )
