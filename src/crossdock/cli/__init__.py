"""The command line: `crossdock COMMAND`; each command imports what it needs when it runs."""
