"""How a plan ends: to its end, or in one account alone, interrupted or failed."""
