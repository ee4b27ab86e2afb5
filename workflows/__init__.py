"""Commissioning cycles as data. No code lives here."""
