"""Packing of answers."""

import gzip

# Bytes that are worth it; level; bytes from which on level 1 has to do.
GZIP_FROM, GZIP_LEVEL, FAST_FROM = 1000, 4, 4 << 20


def packed_body(body: bytes, wanted: bool) -> tuple[bytes, bool]:
    """A body, gzipped where that is wanted and pays, and whether it is."""
    if not wanted or len(body) < GZIP_FROM:
        return body, False
    return gzip.compress(body, GZIP_LEVEL if len(body) < FAST_FROM else 1, mtime=0), True
