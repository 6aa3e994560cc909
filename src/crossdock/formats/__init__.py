"""Syntax, and nothing but: JSON, CSV, plain numbers. Knows no partner and no canonical model.

Everything here is read as if somebody wanted to do harm with it: sizes, depths and digits end
somewhere, and what is ambiguous is refused.
"""
