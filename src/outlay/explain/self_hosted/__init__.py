"""Self-hosted models: what machines held for them cost, used and idle, and when owning is cheaper than buying.

Comes in: the ledger's shares of those machines (or their price), and usage. Goes out: cost per feature, model and
million tokens, utilisation, and the break-even against a model that can be bought.
"""

from outlay.explain.self_hosted.answer import self_hosted
from outlay.explain.self_hosted.nodes import Node, Weights, read_nodes, read_weights

__all__ = ["Node", "Weights", "read_nodes", "read_weights", "self_hosted"]
