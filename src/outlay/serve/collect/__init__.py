"""Collect: the doors through which programs send what they used. Each event is acknowledged once it is on disk.

Comes in: bodies of requests, from whoever has a key. Goes out: what became of each event.
"""
