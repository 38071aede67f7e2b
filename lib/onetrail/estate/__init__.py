"""What the steps know of accounts, trails, old buckets, archive, guardrails and receipts; below the steps, which act on
it."""
