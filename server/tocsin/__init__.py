"""What Tocsin means: words, records, ingestion, waves and what is watched. Imports none of the other packages and no HTTP."""
