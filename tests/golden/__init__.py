"""Logs as each release wrote them: every later one must verify and replay them (tests/test_golden.py)."""
