"""The records: what PostgreSQL keeps, one module for each group of words. Imports words and identifiers only."""
