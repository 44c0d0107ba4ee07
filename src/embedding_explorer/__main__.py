"""`python -m embedding_explorer`."""

from embedding_explorer.cli import main

main()
