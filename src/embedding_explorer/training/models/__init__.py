"""Networks built from their definitions, and how they are trained: torch is imported here."""
