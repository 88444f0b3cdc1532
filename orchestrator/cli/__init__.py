"""The command line: parse, call, print, exit. The only place that prints; the home of click."""
