from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.config import OUTLINE
from index.normalize import CleanText, fold_radical, load_errata, normalize, read_source
from index.types import Document, Repair, SourceError

RADICALS = re.compile(r"[\u2e80-\u2fdf]")
ERRATA = OUTLINE.with_name("outline-2035.errata.json")


@pytest.fixture(scope="module")
def raw() -> str:
    return read_source(OUTLINE)


@pytest.fixture(scope="module")
def clean(raw: str) -> CleanText:
    return normalize(raw, errata=load_errata(ERRATA))


def redo(raw: str, repairs: tuple[Repair, ...]) -> str:
    """The clean text, made from the raw text and the list of repairs alone."""
    kinds = ("radical", "erratum", "punctuation", "space", "line-break")
    lines = [list(line) for line in raw.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    joints: dict[int, str] = {}
    for repair in sorted(repairs, key=lambda repair: kinds.index(repair.kind)):
        line, at = lines[repair.line - 1], repair.column - 1
        if repair.kind == "line-break":
            assert at == len(line), repair
            assert repair.before == "\n"
            joints[repair.line] = repair.after
            continue
        assert "".join(line[at : at + len(repair.before)]) == repair.before, repair
        # Each mended stretch keeps its cells, so that the columns of the raw text stay right.
        line[at : at + len(repair.before)] = [*repair.after, *[""] * (len(repair.before) - len(repair.after))]
    filled = {number: "".join(line) for number, line in enumerate(lines, start=1) if "".join(line)}
    return "".join(text + joints.get(number, "\n") for number, text in filled.items()).removesuffix("\n")


def test_no_radical_is_left_in_the_outline(clean: CleanText, outline: Document) -> None:
    assert not RADICALS.search(clean.text)
    shown = [text for s in outline.sections() for text in (s.text, s.title, s.label, *s.heading_path)]
    assert not RADICALS.search("".join([*shown, outline.title, *(c.heading for c in outline.chapters)]))


def test_no_broken_line_is_left_in_the_outline(clean: CleanText, outline: Document) -> None:
    assert "“城市码”开展编码和应用规范的标准研制" in clean.text
    for section in list(outline.sections())[1:]:
        for sentence in section.sentences:
            assert re.search(r"[。！？；][”’）]?$", sentence.text), sentence


def test_no_stray_space_and_no_ascii_comma_is_left_in_the_outline(clean: CleanText) -> None:
    assert not re.search(r"[ \t\u3000]", clean.text)
    assert not re.search(r"[\u4e00-\u9fff][,;:?!]", clean.text)
    assert "推动京津冀协同发展，实现目标同向" in clean.text
    assert "（ISO）大会" in clean.text
    assert "“互联网+政务服务”标准体系" in clean.text


def test_full_width_punctuation_stays(clean: CleanText, raw: str) -> None:
    for mark in "（）《》“”；。——":
        assert clean.text.count(mark) == raw.count(mark)


def test_every_repair_of_the_outline_stands_where_it_says(clean: CleanText, raw: str) -> None:
    assert redo(raw, clean.repairs) == clean.text
    assert {repair.kind for repair in clean.repairs} == {
        "radical",
        "space",
        "punctuation",
        "erratum",
        "line-break",
    }
    positions = [(repair.line, repair.column) for repair in clean.repairs]
    assert positions == sorted(positions)


def test_radical_repairs_are_counted(clean: CleanText, raw: str) -> None:
    assert sum(repair.kind == "radical" for repair in clean.repairs) == len(RADICALS.findall(raw)) > 500


def test_the_erratum_is_applied_and_reported(clean: CleanText, raw: str) -> None:
    assert "进出口贸易" in clean.text
    assert "进出又贸易" not in clean.text
    (erratum,) = [repair for repair in clean.repairs if repair.kind == "erratum"]
    assert erratum.reason
    stands = raw.split("\n")[erratum.line - 1][erratum.column - 1 :]
    assert stands.startswith("进出⼜贸易")


@pytest.mark.parametrize(
    "erratum",
    [
        pytest.param(Repair("erratum", 1, 2, "错字", "正字"), id="wrong-column"),
        pytest.param(Repair("erratum", 9, 1, "错字", "正字"), id="past-the-end"),
        pytest.param(Repair("erratum", 1, 1, "错字", "正"), id="another-length"),
    ],
)
def test_an_erratum_that_does_not_fit_is_an_error(erratum: Repair) -> None:
    with pytest.raises(SourceError) as caught:
        normalize("错字在此。", errata=(erratum,))
    assert "\n" not in str(caught.value)


def test_no_errata_file_means_no_errata(tmp_path: Path) -> None:
    assert load_errata(tmp_path / "none.json") == ()


def test_kangxi_radicals_fold_to_unified_ideographs() -> None:
    for code in range(0x2F00, 0x2FD6):
        folded = fold_radical(chr(code))
        assert unicodedata.name(folded).startswith("CJK UNIFIED IDEOGRAPH"), hex(code)


@pytest.mark.parametrize(
    "pair", ["⺟母", "⻄西", "⻅见", "⻓长", "⻔门", "⻛风", "⻢马", "⻩黄", "⺠民", "⻬齐"]
)
def test_supplement_radicals_fold_to_unified_ideographs(pair: str) -> None:
    assert fold_radical(pair[0]) == pair[1]


@pytest.mark.parametrize("char", ["人", "（", "，", "A", "Ａ", "①"])
def test_other_characters_stay(char: str) -> None:
    assert fold_radical(char) == char


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        pytest.param("共有 80 项 。", "共有80项。", id="digits"),
        pytest.param("建设 “四个中心 ”功能。", "建设“四个中心”功能。", id="quotes"),
        pytest.param("组织（ ISO ）大会。", "组织（ISO）大会。", id="brackets"),
        pytest.param("use open  data now", "use open data now", id="latin-words-keep-one"),
        pytest.param("\u3000\u3000一、总则", "一、总则", id="indent"),
        pytest.param("甲,乙;丙:丁?戊!", "甲，乙；丙：丁？戊！", id="ascii-punctuation"),
        pytest.param(
            "在10:30开会, see a,b。", "在10:30开会，see a,b。", id="ascii-punctuation-in-latin-stays"
        ),
        pytest.param("一、总则\n\n\n正文。", "一、总则\n正文。", id="blank-lines"),
        pytest.param("甲。\r\n乙。\r丙。", "甲。\n乙。\n丙。", id="line-ends"),
        pytest.param("《很长的\n名称》发布。", "《很长的名称》发布。", id="open-bracket"),
        pytest.param(
            "三、推动甲乙丙丁戊己庚辛协同发展，服务国家重大战略\n正文。", None, id="heading-with-comma"
        ),
        pytest.param(
            "各区委、区政府，市委各部委办，市各国家机关，各企业：\n现将办法印发。", None, id="colon"
        ),
        pytest.param(
            "第一条为了规范公共图书室的管理，方便居民借阅图书，根据有关规\n定，制定本办法。",
            "第一条为了规范公共图书室的管理，方便居民借阅图书，根据有关规定，制定本办法。",
            id="article",
        ),
        pytest.param(
            "本年度继续推进街区更新，完善配套设施，加强日常管理，按照统一部署\n——逐项落实。",
            None,
            id="item-is-never-joined",
        ),
        pytest.param(
            "本年度继续推进街区更新，完善配套设施，加强日常管理，使用 open\ndata 平台。",
            "本年度继续推进街区更新，完善配套设施，加强日常管理，使用open data平台。",
            id="latin-words-across-the-break",
        ),
    ],
)
def test_mending(raw: str, clean: str | None) -> None:
    mended = normalize(raw)
    assert mended.text == (raw if clean is None else clean)
    assert redo(raw, mended.repairs) == mended.text


MESS = st.text(alphabet="中文⼈⾸标，。；,:! \u3000\n\r“”（）《》——aB12.、一二", max_size=120)


@settings(deadline=None)
@given(MESS)
def test_repairs_explain_every_difference(raw: str) -> None:
    mended = normalize(raw)
    assert redo(raw, mended.repairs) == mended.text


@settings(deadline=None)
@given(MESS)
def test_clean_text_is_left_alone(raw: str) -> None:
    once = normalize(raw).text
    again = normalize(once)
    assert again.text == once
    assert again.repairs == ()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b" \n\t\n", "is empty", id="blank"),
        pytest.param(b"\xef\xbb\xbf", "is empty", id="only-a-byte-order-mark"),
        pytest.param(b"%PDF-1.7\x00\x01\xff", "is binary", id="binary"),
        pytest.param("首都标准".encode("gb18030"), "is not UTF-8", id="gb18030"),
        pytest.param("首都标准".encode("utf-16"), "is ", id="utf-16"),
        pytest.param(None, "Can't read", id="missing"),
    ],
)
def test_an_unusable_file_gets_one_clear_line(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "source.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        read_source(path)
    message = str(caught.value)
    assert words in message
    assert "source.txt" in message
    assert "\n" not in message


def test_a_folder_is_no_source(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="Can't read"):
        read_source(tmp_path)


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "source.txt"
    path.write_bytes(b"\xef\xbb\xbf\xe7\x94\xb2")
    assert read_source(path) == "甲"
