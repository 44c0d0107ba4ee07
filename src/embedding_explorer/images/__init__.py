"""Bytes in, pixels out: archives and folders read entry by entry, pictures decoded once, tilemaps drawn and cut."""
