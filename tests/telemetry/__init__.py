"""Stories of telemetry."""
