"""Data sets, metrics, runs, reports, comparisons: how good the assistant is and where it fails."""
