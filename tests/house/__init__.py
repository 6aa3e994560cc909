"""The customs of the house, checked."""
