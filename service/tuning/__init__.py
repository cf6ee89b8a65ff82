"""Tuning: the packaged encoder taught the words of a vocabulary, as a small patch."""
