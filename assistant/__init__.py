"""From a question and its history to a cited answer: understand, retrieve, answer, verify."""
