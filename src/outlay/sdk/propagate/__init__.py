"""Propagate: from one program, thread or process to the next, where Python itself forgets who asked.

`carriers` is the text that travels; the other modules are one for each way: executors, messages (Kafka and mappings),
SQS, Celery, RQ, cron. Each asks for its library only when it is used.
"""
