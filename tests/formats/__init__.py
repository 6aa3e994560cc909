"""Formats: JSON, CSV, numbers."""
