"""Datasets: the folder on disk and what reads it, and the pipeline that writes it.

Read side: `manifest`, `store`, `images_table`, `neighbors`, `export`; the seed layout of older installations comes in by
`seed_import` (through `unpickle`) and goes out by `seed_export`.
"""
