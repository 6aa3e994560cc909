"""A file per table: its rows in Python, and its SQL beside it in a file of the same name."""
