"""All tables together: what a snapshot can be asked, and what a transaction may change."""

from __future__ import annotations

from crossdock.store.tables.attempt import ReadAttempts, WriteAttempts
from crossdock.store.tables.audit import ReadAudit, WriteAudit
from crossdock.store.tables.breaker import ReadBreakers, WriteBreakers
from crossdock.store.tables.control_number import WriteControlNumbers
from crossdock.store.tables.counter import ReadCounters, WriteCounters
from crossdock.store.tables.exception import ReadExceptions, WriteExceptions
from crossdock.store.tables.inbox import ReadInbox, WriteInbox
from crossdock.store.tables.mark import ReadMarks, WriteMarks
from crossdock.store.tables.message import ReadMessages, WriteMessages
from crossdock.store.tables.outbox import ReadOutbox, WriteOutbox
from crossdock.store.tables.process import ReadProcesses, WriteProcesses
from crossdock.store.tables.projection import ReadProjections, WriteProjections
from crossdock.store.tables.raw_document import ReadDocuments, WriteDocuments
from crossdock.store.tables.reference import ReadReferences, WriteReferences
from crossdock.store.tables.rule_book import ReadRuleBooks, WriteRuleBooks
from crossdock.store.tables.seen import ReadSeen, WriteSeen
from crossdock.store.tables.timer import ReadTimers, WriteTimers


class TablesReader(
    ReadMessages,
    ReadSeen,
    ReadInbox,
    ReadProcesses,
    ReadOutbox,
    ReadAttempts,
    ReadTimers,
    ReadReferences,
    ReadExceptions,
    ReadDocuments,
    ReadProjections,
    ReadBreakers,
    ReadAudit,
    ReadCounters,
    ReadRuleBooks,
    ReadMarks,
):
    """A snapshot of the store."""


class TablesUnit(
    WriteMessages,
    WriteSeen,
    WriteInbox,
    WriteProcesses,
    WriteOutbox,
    WriteAttempts,
    WriteTimers,
    WriteReferences,
    WriteExceptions,
    WriteDocuments,
    WriteProjections,
    WriteBreakers,
    WriteAudit,
    WriteCounters,
    WriteRuleBooks,
    WriteControlNumbers,
    WriteMarks,
):
    """One transaction on the store."""
