"""The matters that a question names beside each other (养老院评价和12345热线, "street lighting; gas as well")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from assistant.calibrate import Calibration
from assistant.draft import Draft, Line, Ref
from assistant.extract import extract
from assistant.parts import CHINESE_JOINT, ENGLISH_JOINT, asks
from assistant.slots import slot_of
from assistant.subject import content_of
from assistant.types import Query, Status
from index.build import Index
from index.lexical import chinese_terms, english_terms, fold
from index.types import Document

_CLAUSE = re.compile(r"[,，;；:：。.!！?？](?!\d)")
_HAN = re.compile(r"[\u3400-\u9fff]")
# Characters of a facet's subject that make it one; a question of more facets is a list of words.
_LEAST, _MOST = 2, 6
# From this share of a facet's terms on a cited sentence speaks of it.
_COVERED = 0.6
# As sure as the answer to a facet has to be that nobody asked for by itself.
_SURE = 0.9


def facets(text: str, document: Document) -> tuple[str, ...]:
    """The stretches of a question between its connectives that name a matter each; () where there are fewer than two.

    A clause without connectives is one only in a list: what asks by itself is a question of its own, or a remark.
    """
    folded = fold(text)
    joints = CHINESE_JOINT if _HAN.search(folded) else ENGLISH_JOINT
    clauses = [joints.split(clause) for clause in _CLAUSE.split(folded)]
    listed = [pieces for pieces in clauses if len(pieces) > 1 or not asks(pieces[0])]
    found = tuple(piece.strip() for pieces in listed for piece in pieces if _names_a_matter(piece, document))
    return found if 1 < len(found) <= _MOST else ()


def _names_a_matter(piece: str, document: Document) -> bool:
    # A figure alone names nothing.
    content = [stretch for stretch in content_of(piece, document) if not stretch.isdecimal()]
    return bool(content) and (piece.isascii() or sum(map(len, content)) >= _LEAST)


def with_facets(query: Query, draft: Draft, index: Index, calibration: Calibration) -> Draft:
    """An answer with the best sentence on every facet of its question that its own sentences don't speak of.

    A question that has no answer as a whole has one where at least two of its facets have.
    """
    found = facets(query.text, index.document) if query.language in {"zh", "en"} else ()
    if not found or draft.status not in {Status.ANSWERED, Status.ABSTAINED} or draft.detail:
        return draft
    cited = [address for line in draft.lines for ref in line.refs for address in ref.sentences]
    added = list(_added(query, found, cited, index, calibration))
    is_answered = draft.status is Status.ANSWERED
    if not added or (not is_answered and len(added) < len(found)):
        return draft
    if is_answered:
        return replace(draft, lines=(*draft.lines, *added))
    return Draft(Status.ANSWERED, lines=tuple(added), near=draft.near, confidence=_SURE)


def _added(
    query: Query, found: tuple[str, ...], cited: list[str], index: Index, calibration: Calibration
) -> Iterator[Line]:
    """The best sentence on each facet that no cited sentence speaks of."""
    known = list(cited)
    for facet in found:
        subject = tuple(content_of(facet, index.document))
        if any(_speaks_of(address, subject, index) for address in known):
            continue
        own = replace(query, text=facet, folded=facet, search=facet, slot=slot_of(facet), terms=subject)
        answer = extract(own, index.retriever.search(facet), index, calibration)
        is_sure = answer.status is Status.ANSWERED and answer.confidence >= _SURE
        if is_sure and answer.best not in known:
            known.append(answer.best)
            yield Line((Ref(index.document.section_of(answer.best).address, (answer.best,)),))


def _speaks_of(address: str, subject: tuple[str, ...], index: Index) -> bool:
    """Whether most terms of a subject stand in a sentence, or in its translation."""
    is_chinese = bool(_HAN.search("".join(subject)))
    terms = chinese_terms if is_chinese else english_terms
    text = index.document.sentence(address).text if is_chinese else index.enrichment.english(address) or ""
    asked = {term for stretch in subject for term in terms(stretch)}
    return bool(asked) and len(asked & set(terms(text))) >= _COVERED * len(asked)
