"""Machines that draw their own steps, each held against a plain model."""
