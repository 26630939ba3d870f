"""Training and evaluation of the bundled static embedding model (see ``README.md`` beside this file)."""
