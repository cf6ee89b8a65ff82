"""What HTTP asks of every answer: negotiation, caching, courtesies."""
