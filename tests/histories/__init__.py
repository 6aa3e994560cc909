"""Golden histories: inboxes as they were recorded, and what each process decided."""
