"""What a request meets: its signature is checked, its caller named; S3 or another service authorises, answers and logs
it."""
