"""The log as JSON lines: one object a line, with ts, level, event, and the event's fields."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import msgspec

from crossdock.telemetry.redaction import redact, redact_text


class JsonLines(logging.Formatter):
    """Formats any log record; records of `telemetry.events` bring their fields along."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the record as one line."""
        line: dict[str, object] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": redact_text(record.getMessage()),
            "logger": record.name,
        }
        line.update(redact(getattr(record, "fields", {})))
        if record.exc_info:
            line["error"] = redact_text(self.formatException(record.exc_info))
        return msgspec.json.encode(line).decode()
