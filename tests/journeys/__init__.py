"""Whole journeys through real processes on this machine."""
