"""Rows laid out as HTML and as text, as a DataFrame, and searched."""
