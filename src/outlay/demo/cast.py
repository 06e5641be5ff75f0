"""The cast: models with their list prices, services, teams and features of the company, as data.

Comes in: nothing. Goes out: constants. Prices are whole pico-dollars (1e-12 USD) per single unit, so that no
float comes near money; the model prices are the providers' list prices of September and October 2026.
"""

from dataclasses import dataclass

#: Pico-dollars in a dollar; a price of 1 USD per million tokens is `PICO // 1_000_000` per token.
PICO = 10**12

#: List price by model and unit, in pico-dollars per token.
TOKEN_PRICES = {
    "gpt-5.4": {"input": 2_500_000, "cache_read": 250_000, "output": 15_000_000, "output_reasoning": 15_000_000},
    "gpt-5-mini": {"input": 250_000, "cache_read": 25_000, "output": 2_000_000, "output_reasoning": 2_000_000},
    "text-embedding-3-small": {"input": 20_000},
    "claude-sonnet-5": {"input": 2_000_000, "cache_read": 200_000, "cache_write_5m": 2_500_000, "output": 10_000_000},
    "claude-opus-5": {"input": 5_000_000, "cache_read": 500_000, "cache_write_5m": 6_250_000, "output": 25_000_000},
}
#: One page read by Textract (0.0015 USD), and one Pinecone read unit (16 USD per million).
PAGE_PRICE = 1_500_000_000
READ_UNIT_PRICE = 16_000_000
#: One node-hour of a g5.4xlarge (1.624 USD), which holds one GPU for 3,600 seconds.
GPU_HOUR_PRICE = 1_624_000_000_000

SMALL, LARGE = "gpt-5-mini", "claude-opus-5"
SELF_HOSTED = "llama-3.1-8b"
INDEX = "documents"
TAGGING = "ai_tagging.document_auto_tag"

#: The team that owns each service of the product.
SERVICES = {
    "gateway": "platform",
    "auth-service": "platform",
    "billing-service": "growth",
    "notification-service": "growth",
    "document-service": "documents",
    "ingest-worker": "documents",
    "integration-service": "integrations",
    "export-service": "documents",
    "search-service": "search",
    "analytics-service": "intelligence",
    "ai-service": "intelligence",
    "inference-service": "intelligence",
}
TEAMS = tuple(dict.fromkeys(SERVICES.values()))


@dataclass(frozen=True, slots=True)
class Feature:
    """A product feature and the model call it makes.

    Args:
        name: `area.action`.
        team: The team that owns it.
        service: The service that makes the call.
        endpoint: The service's door behind which it happens.
        per_day: Calls on an ordinary day at scale 1.
        provider: Who serves the call, as written in usage events.
        model: The model (or index) that answers.
        input: Mean fresh prompt tokens.
        cached: Mean prompt tokens read from the cache.
        output: Mean tokens written.
        prompt: The prompt's name and version.
    """

    name: str
    team: str
    service: str
    endpoint: str
    per_day: int
    provider: str = "openai"
    model: str = "gpt-5.4"
    input: int = 0
    cached: int = 0
    output: int = 0
    prompt: str | None = None


def _extraction(name: str, team: str, service: str, endpoint: str, per_day: int) -> Feature:
    return Feature(name, team, service, endpoint, per_day, "openai", "gpt-5.4", 32_000, 4_000, 3_200, "extract@7")


#: Features that take documents in. Each document is read (OCR when scanned), extracted and perhaps tagged.
DOCUMENTS = (
    _extraction("onboarding.document_import", "growth", "document-service", "POST /imports", 140),
    _extraction("manual_upload.user_initiated", "documents", "document-service", "POST /documents", 215),
    _extraction("integration.google_drive_sync", "integrations", "integration-service", "POST /sync", 295),
)
#: Tagging, once per document: before the release for customers who asked for it, with the small model ...
TAGGER = Feature(
    TAGGING, "intelligence", "ai-service", "POST /tags", 0, "openai", SMALL, 83_000, 2_000, 900, "tagger@3"
)
#: ... and after it for every document, with the large one.
TAGGER_AFTER = Feature(
    TAGGING, "intelligence", "ai-service", "POST /tags", 0, "anthropic", LARGE, 81_000, 2_000, 4_700, "tagger@4"
)
#: Features that call a model on behalf of a person.
CALLS = (
    Feature("chat.assistant", "intelligence", "ai-service", "POST /chat", 305,
            "anthropic", "claude-sonnet-5", 118_000, 30_000, 3_400, "assistant@12"),
    Feature("export.pdf_summary", "documents", "export-service", "POST /exports", 82,
            "openai", "gpt-5.4", 128_000, 6_000, 6_400, "summary@5"),
    Feature("analytics.insights", "intelligence", "analytics-service", "POST /insights", 46,
            "anthropic", "claude-opus-5", 190_000, 12_000, 8_200, "insights@2"),
    Feature("support.reply_draft", "growth", "ai-service", "POST /drafts", 60,
            "openai", SMALL, 9_000, 3_000, 700, "draft@4"),
)  # fmt: skip
#: Features served on our own GPU nodes; `output` is paid for in GPU milliseconds per token of prompt and answer.
OWN_GPU = (
    Feature("search.query_expansion", "search", "inference-service", "POST /expand", 325,
            "self-hosted", SELF_HOSTED, 900, 0, 120, "expand@3"),
    Feature("compliance.redaction_check", "documents", "inference-service", "POST /redact", 185,
            "self-hosted", SELF_HOSTED, 70_000, 0, 2_600, "redact@1"),
)  # fmt: skip
#: Vector reads.
VECTORS = Feature("search.semantic", "search", "search-service", "GET /search", 385, "pinecone", INDEX)
#: The legacy cron job that re-indexes documents around the clock and says no feature.
CRON_PER_DAY = 120
#: End-to-end tests in staging, for no customer.
STAGING_PER_DAY = 28
#: Of a hundred documents, how many are scans that need OCR; mean pages and tokens of a page.
SCANNED = 45
PAGES = 62
