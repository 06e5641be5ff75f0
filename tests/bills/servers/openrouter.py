"""OpenRouter's activity and credits, as its reference describes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.bills.servers.loopback import TODAY, Reply, Request

KEY = "sk-or-v1-example0123456789"
_DAYS = 30


def activity(day: str, usage: float, model: str = "openai/gpt-4.1", **more: object) -> dict[str, object]:
    """Return one row of the activity, as the reference shows it."""
    return {
        "date": day, "model": model, "model_permaslug": f"{model}-2025-04-14", "endpoint_id": "550e8400",
        "provider_name": "OpenAI", "usage": usage, "byok_usage_inference": 0, "requests": 5, "prompt_tokens": 50,
        "completion_tokens": 125, "reasoning_tokens": 25, **more,
    }  # fmt: skip


@dataclass
class OpenRouter:
    """One account.

    Args:
        rows: Its activity.
        filters: Whether `date` is heeded.
    """

    rows: Sequence[Mapping[str, object]] = ()
    filters: bool = True
    now: datetime = TODAY

    def answer(self, request: Request) -> Reply:
        """Answer as the API does."""
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return Reply({"error": {"message": f"No auth: {KEY}", "code": 401}}, 401)
        if request.path == "/api/v1/credits":
            return Reply({"data": {"total_credits": 100.5, "total_usage": 25.75}})
        if request.path != "/api/v1/activity":
            return Reply({"error": {"message": "Not found", "code": 404}}, 404)
        asked = request.one("date")
        if asked is not None and not self._given(asked):
            return Reply(
                {"error": {"message": "Date must be within the last 30 (completed) UTC days", "code": 400}}, 400
            )
        found = [row for row in self.rows if self._given(str(row["date"])[:10])]
        if asked is not None and self.filters:
            found = [row for row in found if str(row["date"])[:10] == asked]
        return Reply({"data": found})

    def _given(self, day: str) -> bool:
        today = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        return today - timedelta(days=_DAYS) <= datetime.fromisoformat(day).replace(tzinfo=UTC) < today
