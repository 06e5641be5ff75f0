"""Looking ahead on the demo company: what if, an estimate of a feature it has, and its own GPU nodes."""

from decimal import Decimal
from pathlib import Path

from tests.journeys.company import Demo

_TAGGER = "ai_tagging.document_auto_tag"


def test_going_back_to_the_small_model_undoes_most_of_the_jump(demo: Demo) -> None:
    """October with the tagger on its old model again: the feature falls by over 90 %, and nothing else moves."""
    october = ("whatif", "--period", "2026-10", "--by", "feature,model")
    answer = demo.outlay(*october, "--model", "claude-opus-5=openai/gpt-5-mini", "--where", f"feature={_TAGGER}")
    estimated = demo.outlay("costs", "--period", "2026-10", "--origin", "estimated", "--where", f"feature={_TAGGER}")
    assert answer["actual"] == estimated["total"]
    assert Decimal(answer["counterfactual"]) < Decimal(answer["actual"]) / 10
    assert (answer["unpriced"], answer["left_out"]) == ([], "0")
    unchanged = demo.outlay(*october)
    assert unchanged["counterfactual"] == unchanged["actual"]


def test_an_estimate_like_a_feature_meets_what_that_feature_costs(demo: Demo, tmp_path: Path) -> None:
    """Asked for as many requests as were made, at the model they were made at, it is what they cost."""
    feature = tmp_path / "again.toml"
    feature.write_text(
        'feature = "chat.again"\nusers = 1\nrequests_per_user_per_day = 1\nlike = "chat.assistant"\n'
        'like_period = "2026-10"\non = "2026-10-31"\n[[model]]\nprovider = "anthropic"\nmodel = "claude-sonnet-5"\n',
        encoding="utf-8",
    )
    (model,) = demo.outlay("estimate", str(feature))["models"]
    asked = ("--period", "2026-10", "--origin", "estimated", "--by", "model", "--where", "feature=chat.assistant")
    (row,) = demo.outlay("costs", *asked)["rows"]
    assert abs(Decimal(model["per_request"]) - Decimal(row["amount"]) / row["calls"]) < Decimal("1e-9")


def test_the_gpu_nodes_are_mostly_idle_and_buying_is_cheaper(demo: Demo) -> None:
    """Used and idle are the ledger's; the break-even is far above what the nodes can serve."""
    answer = demo.outlay("self-hosted", "--period", "2026-10", "--against", "openai/gpt-5-mini")
    ledger = demo.outlay("costs", "--period", "2026-10", "--where", "rule=gpu nodes", "--by", "state")
    by_state = {row["state"]: row["amount"] for row in ledger["rows"]}
    assert (answer["active"], answer["idle"], answer["held"]) == (
        by_state["allocated"],
        by_state["idle"],
        ledger["total"],
    )
    assert answer["break_even"]["reachable"] is False
    assert answer["break_even"]["tokens_per_month"] > answer["break_even"]["capacity_per_month"]
