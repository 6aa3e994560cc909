"""Stories about the message stores: one suite over all, and what each does alone."""
