"""Capture: usage events in, each once. From files now: NDJSON, JSON, CloudEvents, or CSV with a mapping.

Comes in: files. Goes out: rows of `usage`, `problem`, `source_file` and `take_in`. What people asked and models
answered is dropped while reading; nothing here logs or keeps it.
"""
