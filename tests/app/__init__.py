"""Stories of the composition root."""
