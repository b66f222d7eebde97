"""What Tocsin means: words, records, ingestion, waves, what is watched. Imports none of ours and no HTTP."""
