"""The policies that the move puts: printed, judged before they are put, and held against the size that AWS takes."""
