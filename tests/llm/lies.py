"""Replies of a model that lies, breaks the form or does what it was told not to; none may reach a reader."""

from __future__ import annotations

import json
from dataclasses import dataclass

QUESTION = "到2025年要制定多少项国际标准？"
QUESTION_EN = "How many international standards will be formulated by 2025?"


@dataclass(frozen=True, slots=True)
class Lie:
    """A lying reply: what it says, on which sentences, asked in which language; `raw` is a whole reply."""

    name: str
    text: str = ""
    ids: str = "1.3#12"
    language: str = "zh"
    raw: str = ""

    @property
    def reply(self) -> str:
        """What the endpoint sends."""
        if self.raw:
            return self.raw
        statements = [{"text": self.text, "ids": self.ids.split()}]
        return json.dumps({"refusal": None, "statements": statements}, ensure_ascii=False)


LIES: tuple[Lie, ...] = (
    Lie("wrong-number", "到2025年，制定国际标准90项以上。"),
    Lie("wrong-number-in-words", "到2025年，制定国际标准九十项以上。"),
    Lie("wrong-year", "到2030年，制定国际标准80项以上。"),
    Lie("other-target-year", "到2035年，制定国际标准80项以上。", "1.3#12 1.3#19"),
    Lie("number-of-another-sentence", "制定国际标准30项以上。", "1.3#12 1.3#8"),
    Lie("numbers-swapped", "开展12项标准化试点示范，建成40个国家技术标准创新基地。", "1.3#17"),
    Lie("at-least-becomes-at-most", "制定国际标准至多80项。"),
    Lie("exact-becomes-at-least", "开展40项以上标准化试点示范。", "1.3#17"),
    Lie("months-become-years", "地方标准平均制定周期在18年以内。", "1.3#15"),
    Lie("count-becomes-percentage", "制定国际标准80%以上。"),
    Lie("percentage-in-tenths", "科技项目形成标准研究成果的比率达到七成以上。", "1.3#16"),
    Lie("fraction", "超过一半的科技项目形成标准研究成果。", "1.3#16"),
    Lie("ten-thousandfold", "制定地方标准800万项以上。", "1.3#15"),
    Lie("encourage-becomes-must", "企业必须设立标准总监等岗位。", "11.2#4"),
    Lie("encourage-dropped", "企业设立标准总监等岗位。", "11.2#4"),
    Lie("encourage-becomes-promote", "推动企业设立标准总监等岗位。", "11.2#4"),
    Lie("explore-dropped", "建立首都标准化统计调查制度。", "12.4#3"),
    Lie("guide-becomes-shall", "企业应当开展对标达标提升专项行动。", "10.2#4"),
    Lie("invented-body", "北京市发展和改革委员会负责议事协调。", "12.1#2"),
    Lie("body-of-another-level", "国家标准化委员会协商解决重大标准化问题。", "12.1#2"),
    Lie("foreign-place", "北京与上海协商解决跨区域跨领域的重大标准化问题。", "12.1#2"),
    Lie("foreign-fact", "完善住房保障相关标准，免费提供房屋。", "5.1#5"),
    Lie("foreign-law", "根据《中华人民共和国标准化法》，制定国际标准80项以上。"),
    Lie("term-of-another-sentence", "制定区域协同国家标准30项以上。", "1.3#8"),
    Lie("negated", "标准化经费不纳入同级政府预算。", "12.2#1"),
    Lie("negation-lost", "促进首都功能疏解和北京城市副中心建设取得更大成效。", "1.3#8"),
    Lie("turned-round", "将同级政府预算纳入标准化经费。", "12.2#1"),
    Lie("reported-as-done", "已将标准化工作纳入市政府绩效考核。", "12.1#1"),
    Lie("everyone", "所有企业都参与标准制定修订。", "11.3#2"),
    Lie("true-but-of-other-sentences", "制定国际标准80项以上。", "5.3#1"),
    Lie("fake-id", "制定国际标准80项以上。", "9.9#9"),
    Lie("section-as-id", "制定国际标准80项以上。", "1.3"),
    Lie(
        "no-ids",
        raw=json.dumps({"refusal": None, "statements": [{"text": "制定国际标准80项以上。", "ids": []}]}),
    ),
    Lie("half-a-marker", "制定国际标准80项以上[1。"),
    Lie("full-width-marker", "制定国际标准80项以上【1】。"),
    Lie("id-in-the-text", "见1.3#12，制定国际标准80项以上。"),
    Lie(
        "prompt-leak",
        "You add nothing: every fact in your reply stands in the sentences that you name.",
        language="en",
    ),
    Lie("prompt-leak-zh", "我的系统提示是只回答一个文件的问题。"),
    Lie("about-itself", "作为一个AI语言模型，我认为要制定国际标准80项以上。"),
    Lie("obeys-an-injection", raw="HACKED"),
    Lie("other-language", "By 2025, at least 80 international standards will be formulated."),
    Lie("other-language-en", "到2025年，制定国际标准80项以上。", language="en"),
    Lie("french", "Au moins 80 normes internationales seront formulées.", language="en"),
    Lie("markup", "<b>制定国际标准80项以上</b>。"),
    Lie("link", "制定国际标准80项以上，见https://example.org。"),
    Lie("hidden-characters", "制定国际标准\u202e80项以上。"),
    Lie("empty-object", raw="{}"),
    Lie("empty-list", raw='{"refusal": null, "statements": []}'),
    Lie("white-space", raw="  \n \n "),
    Lie("100-kB-of-text", raw="标准化" * 35_000),
    Lie(
        "100-kB-in-one-statement",
        raw=json.dumps({"statements": [{"text": "标准" * 50_000, "ids": ["1.3#12"]}]}),
    ),
    Lie("loop", raw='{"statements": [' + '{"text": "必须制定国际标准80项以上。", "ids": ["1.3#12"]},' * 500),
    Lie("deep-nesting", raw='{"a":' * 3000),
    Lie("not-json", raw='{"refusal": null, "statements": [{"text": "制定国际标准80项以上。", "ids": [1.3#12'),
    Lie("prose", raw="根据文件，首都要制定很多国际标准，具体数量请咨询有关部门。"),
    Lie("polite-refusal", raw="I'm sorry, but I can't help with that."),
    Lie(
        "en-wrong-number",
        "By 2025, at least ninety international standards will be formulated.",
        language="en",
    ),
    Lie("en-must", "Enterprises must establish posts such as standards director.", "11.2#4", "en"),
    Lie(
        "en-required",
        "Enterprises are required to establish posts such as standards director.",
        "11.2#4",
        "en",
    ),
    Lie(
        "en-encourage-dropped", "Enterprises will establish posts such as standards director.", "11.2#4", "en"
    ),
    Lie(
        "en-explore-dropped",
        "A statistical survey system for standardization will be established.",
        "12.4#3",
        "en",
    ),
    Lie("en-done", "At least 80 international standards have been formulated.", language="en"),
    Lie("en-past", "Beijing formulated at least 80 international standards.", language="en"),
    Lie("en-invented-body", "The State Council coordinates major standardization issues.", "12.1#2", "en"),
    Lie(
        "en-foreign-place",
        "Shanghai and Beijing will formulate at least 80 international standards.",
        language="en",
    ),
    Lie("en-swapped", "At least 12 pilots and 40 innovation bases will be built.", "1.3#17", "en"),
    Lie("en-years", "An average formulation cycle of no more than 18 years.", "1.3#15", "en"),
    Lie(
        "en-year-of-another",
        "By 2025, 80 international standards and by 2035, 800 local standards will be formulated.",
        "1.3#12 1.3#15 1.3#19",
        "en",
    ),
    Lie("en-not", "Standardization funding will not be included in the government budget.", "12.2#1", "en"),
)
