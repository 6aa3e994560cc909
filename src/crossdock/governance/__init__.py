"""Governance: policies read from files, contracts and reference written from code, entitlements."""
