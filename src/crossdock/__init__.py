"""Logistics integration middleware: one story of an order across every system."""

__version__ = "0.1.0"
