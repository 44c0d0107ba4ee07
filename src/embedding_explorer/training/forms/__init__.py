"""Forms that clients send, parsed into dataclasses. Neither torch nor Flask is imported here."""
