"""One file per business table; the file's name is the source's name on the command line."""
