"""The ledger: one row per object copied, locked or deleted, in Parquet parts."""
