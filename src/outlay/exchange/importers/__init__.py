"""One file per format of exchange rates; the file's name is the source's name on the command line."""
