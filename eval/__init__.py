"""Data sets, metrics, runs, reports and comparisons: how good the assistant is, where it fails, what changed it."""
