"""Tests of reading a live schema."""
