"""The day of issue of an official document, read off its front matter."""

from __future__ import annotations

import re

from assistant.draft import Draft, Line, Ref, abstain
from assistant.patterns import pattern
from assistant.subject import content_of
from assistant.types import Query, Reason, Slot, Status
from index.lexical import fold
from index.types import Document

_ISSUE = re.compile(
    r"印发|发布|公布|公开|下发|出台|签发|发文|落款|日期|通知"
    r"|\b(?:issued?|issuance|published|released|dated?|notice|circular|officially|actually)\b"
)
# The day from which or until which a document holds.
_IN_FORCE = re.compile(
    r"生效|施行|起效|失效|废止|有效期|\b(?:effective|(?:in|into) (?:force|effect)|expir\w+|repeal\w*)\b"
)
_PUBLISHED = re.compile(r"发布|公布|公开|\b(?:published|released)\b")
_DAY = re.compile(r"(?:19|20)\d{2}(?:年|-)\d{1,2}(?:月|-)\d{1,2}")
_YEAR = re.compile(r"(?:19|20)\d{2}")


def issue_date(query: Query, document: Document) -> Draft | None:
    """The line with the day of issue, or of publication; None where a question asks for anything else.

    A document that does not say from when it holds is not answered for with another day.
    """
    own_title = fold(document.title)
    if any(title not in own_title for title in re.findall(r"《([^》]+)》", query.folded)):
        return None
    asks = query.slot is Slot.DATE or "日期" in query.folded or (query.slot is Slot.POLAR and query.years)
    asks_in_force = (asks or re.search(r"\bdate\b", query.folded)) and _IN_FORCE.search(query.folded)
    if asks_in_force and not _IN_FORCE.search(document.text):
        front = tuple(section.address for section in document.front)
        return abstain(Reason.FIGURE_NOT_STATED, near=front)
    if not (asks and _ISSUE.search(query.folded)):
        return None
    rest = pattern("slots.date").sub(" ", query.folded.replace(own_title, " "))
    if content_of(_ISSUE.sub(" ", re.sub(rf"{_YEAR.pattern}年?", " ", rest)), document):
        return None
    days = [s for s in document.sentences() if s.address.startswith("0.") and _DAY.search(s.text)]
    if not days:
        return None
    is_published = bool(_PUBLISHED.search(query.folded))
    day = next((s for s in days if bool(_PUBLISHED.search(s.text)) == is_published), days[-1])
    line = Line((Ref(day.address.partition("#")[0], (day.address,)),))
    if not query.years:
        return Draft(Status.ANSWERED, lines=(line,), best=day.address)
    agrees = bool(set(query.years) & set(_YEAR.findall(day.text)))
    frame = Line(line.refs, frame="figure_agrees" if agrees else "figure_differs")
    return Draft(Status.ANSWERED, lines=(frame, line), best=day.address)
