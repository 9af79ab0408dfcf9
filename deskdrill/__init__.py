"""The command line, settings, paths."""
