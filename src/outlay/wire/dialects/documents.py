"""Reading of documents: Amazon Textract, Azure Document Intelligence and Google Document AI, by the page.

What a page costs depends on what was asked of it, and the answer says so only in part; the model carries what it says.
"""

from collections.abc import Mapping

from outlay.wire.dialects import Dialect, UsageVector
from outlay.wire.dialects._reading import Reading

#: Fields that only the answer to one operation of Textract has.
_TEXTRACT = {
    "DetectDocumentTextModelVersion": "textract-detect-document-text",
    "AnalyzeDocumentModelVersion": "textract-analyze-document",
    "AnalyzeIDModelVersion": "textract-analyze-id",
    "ExpenseDocuments": "textract-analyze-expense",
    "AnalyzeLendingModelVersion": "textract-analyze-lending",
}


def _read(reading: Reading, body: Mapping[object, object]) -> UsageVector | None:
    if isinstance(body.get("DocumentMetadata"), Mapping):
        reading.add("page", reading.part("DocumentMetadata").count("Pages"))
        reading.model = next((model for name, model in _TEXTRACT.items() if name in body), "textract")
        reading.response_id = reading.part("ResponseMetadata").text("RequestId")
    elif isinstance(body.get("analyzeResult"), Mapping):
        result = reading.part("analyzeResult")
        reading.add("page", sum(1 for _ in result.each("pages")))
        reading.model = result.text("modelId")
    elif _is_google(body):
        reading.add("page", sum(1 for _ in reading.part("document").each("pages")))
    else:
        return None
    return reading.vector()


def _is_google(body: Mapping[object, object]) -> bool:
    document = body.get("document")
    return isinstance(document, Mapping) and isinstance(document.get("pages"), list)


def _marks(body: Mapping[object, object]) -> bool:
    return any(isinstance(body.get(name), Mapping) for name in ("DocumentMetadata", "analyzeResult")) or _is_google(
        body
    )


DIALECT = Dialect(
    also=("textract", "aws_textract", "amazon_textract", "document_intelligence", "azure_document_intelligence",
          "azure_ai_document_intelligence", "document_ai", "google_document_ai"),
    marks=_marks,
    read=_read,
)  # fmt: skip
