"""The msprof command: turns a PROF directory's raw records into a timeline and tables."""
