"""The temporary permissions of a copy: opened, revoked, and proven revoked."""
