"""A black box under fire: what was acknowledged, what was done, and what was seen."""
