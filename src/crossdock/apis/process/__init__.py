"""Process APIs: what operations see, and what an operator may decide."""
