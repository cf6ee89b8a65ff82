"""What the words mean: terms, vocabulary, shapes and minted ids. Imports nothing of ours."""
