"""A plan before and after approval: its changes, rules and documents, the gate, and the outcome."""
