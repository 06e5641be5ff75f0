"""Enrichment: who causes what happens, in the host's own log records, and what it costs, in the host's own metrics."""
