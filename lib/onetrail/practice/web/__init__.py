"""HTTP, signatures and wire protocols: how requests reach the practice estate."""
