"""Intake: events that programs send. Acknowledged once the journal has them, filed into the store a moment later.

Comes in: records as they arrive, in batches. Goes out: for each batch what was taken, and a promise that it is durable;
behind the scenes rows of `usage`, each event once.
"""

from outlay.capture.intake.answer import Answer, Conflict
from outlay.capture.intake.intake import Intake, Offer, Record
from outlay.capture.intake.journal import journal_of

__all__ = ["Answer", "Conflict", "Intake", "Offer", "Record", "journal_of"]
