"""Programmes on real deliveries; they skip where the data is not beside the project."""
