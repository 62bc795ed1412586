"""Helpers for tests of code that runs on NPUs."""
