"""Telemetry: what is counted, what is told in the log, and what never leaves in either."""
