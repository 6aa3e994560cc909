"""Small scripts behind the Makefile."""
