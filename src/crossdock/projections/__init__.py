"""Read models: rows made from messages, pure."""
