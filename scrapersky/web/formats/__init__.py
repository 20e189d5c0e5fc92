"""Formats of dates in Django's own templates, such as the admin's: those of the console's pages."""
