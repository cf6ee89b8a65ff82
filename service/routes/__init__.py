"""Routes: three to ten lines an endpoint."""
