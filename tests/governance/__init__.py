"""Stories of governance: policies read, contracts and reference written."""
