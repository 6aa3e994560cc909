"""System APIs: what partner systems call."""
