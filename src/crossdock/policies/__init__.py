"""Policies: rules as data, and their pure evaluation. No process is decided here."""
