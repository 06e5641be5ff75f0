"""Anthropic's library by itself: it reports every call without being asked to."""

from tests.dialects.emitters.sending import anthropic_calls, anthropic_client, at_work, provider, sending


def main() -> None:
    """Play all scenarios."""
    to = sending()
    own = provider(to.collector)
    to.play(anthropic_calls(anthropic_client(to.llm)), own.force_flush, at_work)


if __name__ == "__main__":
    main()
