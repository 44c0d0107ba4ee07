"""Texts that define networks (contract, 11.2 and 11.4): read as data, never executed, without torch."""
