"""Connectors: samples and twins, manifests, answers."""
