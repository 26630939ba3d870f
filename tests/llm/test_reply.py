from __future__ import annotations

import json

import pytest

from assistant.reply import LONGEST_REPLY, DraftStatement, ReplyReader
from assistant.types import Reason

ONE = DraftStatement("制定国际标准80项以上。", ("1.3#12",))
TWO = DraftStatement("制定地方标准800项以上。", ("1.3#14", "1.3#15"))
OBJECT = (
    '{"refusal": null, "statements": [{"text": "制定国际标准80项以上。", "ids": ["1.3#12"]}, '
    '{"text": "制定地方标准800项以上。", "ids": ["1.3#14", "1.3#15"]}]}'
)
FORMS = {
    "object": OBJECT,
    "escaped": json.dumps(json.loads(OBJECT)),
    "fence": f"```json\n{OBJECT}\n```",
    "bare-fence": f"```\n{OBJECT}\n```",
    "thoughts-before": f"<think>\n先看 [1.3#12]。{{}}\n</think>\n\n{OBJECT}",
    "array": json.dumps(json.loads(OBJECT)["statements"], ensure_ascii=False),
    "object-a-line": "\n".join(
        json.dumps(row, ensure_ascii=False) for row in json.loads(OBJECT)["statements"]
    ),
    "other-keys": OBJECT.replace('"text"', '"statement"').replace('"ids"', '"citations"'),
    "ids-as-text": OBJECT.replace('["1.3#12"]', '"1.3#12"').replace(
        '["1.3#14", "1.3#15"]', '"1.3#14, 1.3#15"'
    ),
    "ids-in-brackets": OBJECT.replace('"1.3#12"', '"[1.3#12]"'),
    "ids-in-the-text-as-well": OBJECT.replace("80项以上。", "80项以上[1.3#12]。"),
    "pretty-printed": json.dumps(json.loads(OBJECT), indent=2, ensure_ascii=False),
    "plain": "制定国际标准80项以上。[1.3#12]\n制定地方标准800项以上。[1.3#14, 1.3#15]\n",
    "plain-before-the-stop": "制定国际标准80项以上[1.3#12]。\n制定地方标准800项以上 [1.3#14][1.3#15]。",
    "plain-one-line": "制定国际标准80项以上[1.3#12]。制定地方标准800项以上[1.3#14，1.3#15]。",
    "plain-bullets": "- 制定国际标准80项以上。 [1.3#12]\n- 制定地方标准800项以上。 [1.3#14、1.3#15]",
    "plain-numbered": "1. 制定国际标准80项以上。【1.3#12】\n2、制定地方标准800项以上。（1.3#14；1.3#15）",
    "plain-full-width": "制定国际标准80项以上。［1.3#12］\n制定地方标准800项以上。［ 1.3 # 14 和 1.3#15 ］",
}


def read(text: str, size: int) -> tuple[list[DraftStatement], ReplyReader]:
    reader = ReplyReader()
    drafts = [draft for at in range(0, len(text), size) for draft in reader.feed(text[at : at + size])]
    return [*drafts, *reader.close()], reader


@pytest.mark.parametrize("size", [1, 3, 10_000])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_every_form_gives_the_same_statements_however_it_is_cut(form: str, size: int) -> None:
    assert read(form, size)[0] == [ONE, TWO]


def test_a_statement_comes_as_soon_as_it_is_whole() -> None:
    reader = ReplyReader()
    end_of_first = OBJECT.index("}") + 1
    assert list(reader.feed(OBJECT[: end_of_first - 1])) == []
    assert list(reader.feed(OBJECT[end_of_first - 1 : end_of_first])) == [ONE]
    assert list(reader.feed(OBJECT[end_of_first:])) == [TWO]


def test_a_half_line_is_not_a_statement_until_it_ends() -> None:
    reader = ReplyReader()
    assert list(reader.feed("制定国际标准80项以上。[1.3")) == []
    assert list(reader.feed("#12]")) == []
    assert list(reader.feed("\n")) == [ONE]


@pytest.mark.parametrize(
    "text",
    [
        '{"refusal": "figure_not_stated", "statements": []}',
        '```json\n{"statements": [], "refusal": "FIGURE_NOT_STATED"}\n```',
        "refusal: figure_not_stated",
        "REFUSE figure_not_stated\n",
    ],
    ids=["json", "fence", "plain", "plain-upper"],
)
def test_a_refusal_is_typed(text: str) -> None:
    drafts, reader = read(text, 5)
    assert drafts == []
    assert reader.refusal is Reason.FIGURE_NOT_STATED


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "{}",
        "[]",
        "null",
        "{{{{",
        '{"a":' * 5000,
        "}" * 50,
        '{"refusal": "because"}',
        '{"text": 3, "ids": 4}',
    ],
    ids=[
        "empty",
        "blank",
        "object",
        "array",
        "null",
        "open",
        "deep",
        "closed",
        "unknown-reason",
        "wrong-types",
    ],
)
def test_garbage_gives_nothing(text: str) -> None:
    drafts, reader = read(text, 64)
    assert drafts == []
    assert reader.refusal is None


def test_a_reply_cut_off_inside_a_statement_gives_the_whole_ones() -> None:
    assert read(OBJECT[:-30], 8)[0] == [ONE]


def test_an_endless_reply_is_given_up() -> None:
    drafts, reader = read("标" * (LONGEST_REPLY + 1), 100)
    assert (drafts, reader.overlong) == ([], True)


def test_a_loop_is_given_up_and_told_once() -> None:
    drafts, reader = read('{"text": "制定国际标准80项以上。", "ids": ["1.3#12"]}\n' * 50, 40)
    assert (drafts, reader.overlong) == ([ONE], True)


@pytest.mark.parametrize(
    ("text", "expected"), [("Standards will improve", "Standards will improve."), ("完善标准", "完善标准。")]
)
def test_a_missing_stop_is_set(text: str, expected: str) -> None:
    (draft,) = read(json.dumps({"text": text, "ids": ["1.1#1"]}), 9)[0]
    assert draft.text == expected
