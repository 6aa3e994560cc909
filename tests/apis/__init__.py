"""Stories of the APIs: what callers get to hear."""
