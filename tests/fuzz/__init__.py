"""Whatever bytes come in: a typed result, findings, or a fault of ours; and in linear time."""
