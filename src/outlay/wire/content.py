"""Content: what people ask and models answer. It is never kept; these are the fields it travels in."""

_NAMES = """
    answer arguments attachments body choices chunks completion completions content contents conversation document
    documents embedding embeddings file files generation image images input input_messages input_text inputs
    instructions message messages output output_messages output_text outputs payload prompt_text prompts query raw
    request_body response response_body result results system system_instructions system_prompt text texts tool_calls
    tools transcript
"""
#: Fields that carry what people or models said; they are dropped, unread.
CONTENT = frozenset(_NAMES.split())
_PREFIXES = (
    *("gen_ai.prompt", "gen_ai.completion", "gen_ai.input", "gen_ai.output", "gen_ai.system_instructions"),
    *("gen_ai.content", "gen_ai.tool", "llm.prompts", "llm.completions", "llm.input", "llm.output"),
    *("input.", "output.", "traceloop.entity.", "http.request.body", "http.response.body"),
)


def is_content(name: str) -> bool:
    """Say whether a field of this name may hold what people asked or models answered.

    >>> is_content("messages"), is_content("gen_ai.prompt.0.content"), is_content("plan")
    (True, True, False)
    """
    folded = name.casefold()
    return folded in CONTENT or folded.startswith(_PREFIXES)
