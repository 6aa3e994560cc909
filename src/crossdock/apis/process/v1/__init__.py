"""Process API, version 1."""
