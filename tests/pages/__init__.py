"""Stories of the pages: what a customer and an operator see."""
