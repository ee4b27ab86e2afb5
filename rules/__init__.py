"""Vires rules as data: vocabulary, calendars, national and local packs. No code lives here."""
