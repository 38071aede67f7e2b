"""The log account as it is: who may enter it and as what; its roles as they are wanted, and what leads there."""
