"""What tests share: a named cast and the rows that put it on stage."""
