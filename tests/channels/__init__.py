"""Channels: HTTP, webhooks, folders."""
