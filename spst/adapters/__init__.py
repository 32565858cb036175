"""Adapters: what speaks to the world outside, each behind a port that a room defined in its own words."""
