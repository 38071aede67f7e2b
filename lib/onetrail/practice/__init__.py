"""The practice estate: three AWS accounts in one process on loopback, made of moto and of what moto lacks."""
