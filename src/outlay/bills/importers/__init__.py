"""One file per bill format; the file's name is the format's name on the command line."""
