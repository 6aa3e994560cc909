"""Tests as stories: what the house promises."""
