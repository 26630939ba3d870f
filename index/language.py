"""Which language a short text is in, by script and by the closed-class words of each language."""

from __future__ import annotations

import re

_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af\u1100-\u11ff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
)
# One letter of another script may be a name or a unit; from two on it is the language.
_FEWEST_LETTERS = 2
_WORD = re.compile(r"[^\W\d_]+")
# Articles, pronouns, prepositions, question words: frequent in any text, and rarely shared between languages.
_CLOSED_CLASS = {
    "fr": "le la les des du est une pour dans sur avec qui que quoi quel quelle quels quelles comment "
    "pourquoi combien aux au et ou où sont ce cette ces il elle ils nous vous leur y-a-t-il fait "
    "fera se sera peut être ont plus pas",
    "de": "der die das den dem des ein eine einen einem einer und ist sind für mit von zu zum zur im wie "
    "was wer wo wann warum welche welcher welches wird werden gibt es auf auch nicht bei nach über "
    "kann soll sollen hat haben",
    "es": "el los las una unos unas del de la que qué cómo cuándo cuánto cuántos cuántas cuál cuáles dónde "
    "quién por para con en es son y se hay sobre al su sus más está están qué hará será",
    "vi": "là của và các những cho với trong có được không như thế nào gì bao nhiêu ai khi ở đâu sẽ về "
    "người một này đó để đến từ thành phố tiêu chuẩn hay",
    "en": "the a an of and or is are was were be to in on for with by from at as what which who whom how "
    "why when where does do did will would can could should may must has have had this that these "
    "those there it its any many much about into under more than not s",
}
_MARKERS = {language: frozenset(words.split()) for language, words in _CLOSED_CLASS.items()}
_ACCENTS = (
    ("vi", re.compile(r"[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]")),
    ("de", re.compile(r"[äöüß]")),
    ("es", re.compile(r"[ñ¿¡]")),
    ("fr", re.compile(r"[çèêëîïœùûà]|\b[ldnqsj]['’]")),
)


def detect(text: str) -> str:
    """The ISO 639-1 code of a text's language: zh, en, ja, ko, ru, ar, fr, de, es, vi; en if none tells."""
    for language, pattern in _SCRIPTS:
        if len(pattern.findall(text)) >= _FEWEST_LETTERS:
            return language
    words = [word.lower() for word in _WORD.findall(_HAN.sub(" ", text))]
    # English words in a Chinese sentence leave it Chinese; one Chinese term in English leaves it English.
    if len(_HAN.findall(text)) >= max(1, len(words) // 2):
        return "zh"
    scores = {language: sum(word in markers for word in words) for language, markers in _MARKERS.items()}
    lower = text.lower()
    for language, pattern in _ACCENTS:
        scores[language] += 2 * bool(pattern.search(lower))
    best = max(scores.values(), default=0)
    if not best or scores["en"] == best:
        return "en"
    return next(language for language, score in scores.items() if score == best)
