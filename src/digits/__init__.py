"""The module path of an older server's commands; everything is in `embedding_explorer`."""
