"""Pydantic AI: the conventions' names for each request to a model, and the sums of them on the agent's span.

The sums have names of their own, which nobody reads. Details repeat what is said before, and add what the conventions
have no name for. Its cost is computed from a price list, not reported by a provider, so it is left aside.
"""

from outlay.capture.telemetry.dialect import Dialect

DIALECT = Dialect(
    sensor="pydantic-ai",
    scopes=("pydantic-ai", "pydantic_ai"),
    slots={
        "gen_ai.usage.details.reasoning_tokens": "reasoning",
        "gen_ai.usage.details.ephemeral_5m_input_tokens": "written_5m",
        "gen_ai.usage.details.ephemeral_1h_input_tokens": "written_1h",
        "gen_ai.usage.details.web_search_requests": "web_searches",
        "gen_ai.usage.details.rejected_prediction_tokens": "rejected",
    },
)
