"""Importing citizens from a file: read rows, check them, find whom they mean, store. Imports records, texts and words."""
