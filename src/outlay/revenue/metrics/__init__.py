"""Metrics: quantities measured over periods, for whom: active users, documents, requests by customer and service."""
