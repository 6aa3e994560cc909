"""Messages that take their worker down with them."""
