"""All tables together: what a snapshot can be asked, and what a transaction may change."""

from __future__ import annotations

from crossdock.store.sqlite.tables.attempt import ReadAttempts, WriteAttempts
from crossdock.store.sqlite.tables.audit import ReadAudit, WriteAudit
from crossdock.store.sqlite.tables.breaker import ReadBreakers, WriteBreakers
from crossdock.store.sqlite.tables.control_number import WriteControlNumbers
from crossdock.store.sqlite.tables.counter import ReadCounters, WriteCounters
from crossdock.store.sqlite.tables.exception import ReadExceptions, WriteExceptions
from crossdock.store.sqlite.tables.expected_ack import WriteExpectedAcks
from crossdock.store.sqlite.tables.inbox import ReadInbox, WriteInbox
from crossdock.store.sqlite.tables.mark import ReadMarks, WriteMarks
from crossdock.store.sqlite.tables.message import ReadMessages, WriteMessages
from crossdock.store.sqlite.tables.outbox import ReadOutbox, WriteOutbox
from crossdock.store.sqlite.tables.process import ReadProcesses, WriteProcesses
from crossdock.store.sqlite.tables.projection import ReadProjections, WriteProjections
from crossdock.store.sqlite.tables.raw_document import ReadDocuments, WriteDocuments
from crossdock.store.sqlite.tables.reference import ReadReferences, WriteReferences
from crossdock.store.sqlite.tables.rule_book import ReadRuleBooks, WriteRuleBooks
from crossdock.store.sqlite.tables.seen import ReadSeen, WriteSeen
from crossdock.store.sqlite.tables.timer import ReadTimers, WriteTimers


class SqliteReader(
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


class SqliteUnit(
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
    WriteExpectedAcks,
):
    """One transaction on the store."""
