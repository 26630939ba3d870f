from __future__ import annotations

import pytest

from index.language import detect


@pytest.mark.parametrize(
    ("text", "language"),
    [
        pytest.param("到2025年要制定多少项地方标准？", "zh", id="chinese"),
        pytest.param("養老服務有哪些標準？", "zh", id="traditional"),
        pytest.param("ISO大会是第几届？", "zh", id="chinese-with-a-latin-name"),
        pytest.param("“互联网+健康医疗”的 API 和 data 标准怎么建设", "zh", id="chinese-with-english-words"),
        pytest.param("What does the outline say about elderly care?", "en", id="english"),
        pytest.param("What does 养老 mean in this outline?", "en", id="english-with-a-chinese-term"),
        pytest.param("elderly care", "en", id="english-without-closed-class-words"),
        pytest.param("高齢者介護についてどのような標準がありますか", "ja", id="japanese"),
        pytest.param("노인 돌봄 표준은 무엇입니까?", "ko", id="korean"),
        pytest.param("Quelles sont les normes pour les personnes âgées ?", "fr", id="french"),
        pytest.param("Welche Normen gibt es für die Altenpflege?", "de", id="german"),
        pytest.param("¿Qué dice sobre el cuidado de los mayores?", "es", id="spanish"),
        pytest.param("Что говорится об уходе за пожилыми?", "ru", id="russian"),
        pytest.param("ماذا تقول الخطة عن رعاية المسنين؟", "ar", id="arabic"),
        pytest.param("Có những tiêu chuẩn nào về chăm sóc người cao tuổi?", "vi", id="vietnamese"),
        pytest.param("", "en", id="empty"),
        pytest.param("800 60%", "en", id="only-numbers"),
    ],
)
def test_languages(text: str, language: str) -> None:
    assert detect(text) == language
