"""Stories about the simulated world, and what it says about the house."""
