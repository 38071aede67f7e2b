"""What is to be done with an object, where it goes, how long it is kept, and what that costs. Pure."""
