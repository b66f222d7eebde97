"""The steps that brought the database to where the records are."""
