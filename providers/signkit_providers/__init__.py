"""Adapters between signkit and the world: eID, delivery and timestamp services."""
