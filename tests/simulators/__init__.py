"""Stories of the simulated partners, and of those who judge by their ledgers."""
