"""Every figure of the README's performance table: `make bench`, or `python -m benchmarks [part …]`."""
