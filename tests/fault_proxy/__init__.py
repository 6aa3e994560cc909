"""Connections that break, and what the house makes of it."""
