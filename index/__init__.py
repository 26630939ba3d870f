"""From a source text to a searchable index: normalise, parse, chunk, embed, store, retrieve."""
