"""Pydantic AI with its own instrumentation: a span for the agent, and one for each request it makes."""

from tests.dialects.emitters.sending import Calls, anthropic_client, at_work, openai_client, provider, sending


def main() -> None:
    """Play all scenarios."""
    import anthropic
    import openai
    from pydantic_ai import Agent
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.providers.anthropic import AnthropicProvider
    from pydantic_ai.providers.openai import OpenAIProvider

    to = sending()
    own = provider(to.collector)
    Agent.instrument_all()
    known = openai_client(to.llm), anthropic_client(to.llm)
    one = OpenAIProvider(
        openai_client=openai.AsyncOpenAI(base_url=str(known[0].base_url), api_key="none", max_retries=0)
    )
    other = AnthropicProvider(
        anthropic_client=anthropic.AsyncAnthropic(base_url=str(known[1].base_url), api_key="none", max_retries=0)
    )

    def asks(model: object) -> Agent:
        return Agent(model, name="tagger")

    calls: Calls = {
        "chat": lambda: asks(OpenAIChatModel("gpt-4o", provider=one)).run_sync("Say hi."),
        "chat_at_work": lambda: asks(OpenAIChatModel("gpt-4o", provider=one)).run_sync("Say hi."),
        "chat_refused": lambda: asks(OpenAIChatModel("refuse-429", provider=one)).run_sync("Say hi."),
        "responses": lambda: asks(OpenAIResponsesModel("gpt-4o", provider=one)).run_sync("Say hi."),
        "message": lambda: asks(AnthropicModel("claude-sonnet-4-5", provider=other)).run_sync("Say hi."),
    }
    to.play(calls, own.force_flush, at_work)


if __name__ == "__main__":
    main()
