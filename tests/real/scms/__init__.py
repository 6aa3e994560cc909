"""USAID Supply Chain Management System: one delivery file, read as ERP, TMS and carrier in turn."""
