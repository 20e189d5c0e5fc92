"""Corrections by users: wrong contacts and technologies, page types and verdicts.

A contact or technology marked as wrong keeps its row and `first_seen`; a flag hides it
(`Contact.objects.visible()`). A corrected page type or verdict is written into the row itself, and
scans do not overwrite it. `Correction` records who made it; undoing it restores the scans' result.
"""
