"""The kind of filler that a question asks for."""

from __future__ import annotations

from functools import lru_cache

from assistant.patterns import pattern
from assistant.types import Slot
from index.language import detect

# The order decides where a question fits several: what asks for a phone number also has 多少 in it.
_SLOT_ORDER = (
    Slot.CONTACT, Slot.PENALTY, Slot.MONEY, Slot.DURATION, Slot.DATE, Slot.NUMBER, Slot.PERSON, Slot.BODY, Slot.PLACE,
    Slot.POLAR,
)  # fmt: skip


@lru_cache(maxsize=256)
def slot_of(folded: str) -> Slot:
    """The kind of filler that a question asks for."""
    definite = pattern("slots.few").sub(" ", folded)
    table = "slots" if detect(folded) in {"zh", "en"} else "slots_beyond"

    def asks_for(slot: Slot) -> bool:
        return bool(pattern(f"{table}.{slot}").search(definite if slot is Slot.NUMBER else folded))

    return next(filter(asks_for, _SLOT_ORDER), Slot.TOPIC)
