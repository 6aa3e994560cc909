"""Measurements side by side: each prints its figures, and one line of JSON last."""
