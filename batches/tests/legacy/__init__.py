"""Tests of the conversion of the older system's data."""
