"""The retriever as a LangChain `BaseRetriever`. Import it only where that is wanted: it takes a while."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from langchain_core.documents import Document as LangChainDocument
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from index.retrieve import Retriever

if TYPE_CHECKING:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun


class OutlineRetriever(BaseRetriever):
    """Sections or sentences of one document, best first, each as a LangChain document.

    `page_content` is the document's own text; the metadata hold `address`, `label` (what a person reads),
    `score` (the fused score, 0 and up) and `legs` (each leg's own score by its name).
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    retriever: Retriever
    k: int = Field(default=5, ge=1, description="how many sections or sentences are returned at most")
    unit: Literal["section", "sentence"] = "section"

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[LangChainDocument]:
        del run_manager
        document = self.retriever.document
        ranking = self.retriever.search(query, k=self.k)
        if self.unit == "section":
            found = [(hit, document.section(hit.address).text) for hit in ranking.sections]
        else:
            found = [(hit, document.sentence(hit.address).text) for hit in ranking.sentences[: self.k]]
        return [
            LangChainDocument(
                page_content=text,
                metadata={
                    "address": hit.address,
                    "label": document.section_of(hit.address).label,
                    "score": hit.score,
                    "legs": dict(hit.legs),
                },
            )
            for hit, text in found
        ]
