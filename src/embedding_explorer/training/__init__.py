"""The training room: labelled datasets, networks trained on them, and what those say of pictures."""
