"""The console: pages on which operations see what stands where, and decide."""
