"""Programmes that prove a promise: each runs long by itself, and short in the suite."""
