"""What users correct: wrong contacts and technologies, page types and verdicts.

A contact or technology that is marked as wrong keeps its row, with its `first_seen`; a flag on the
row hides it (`Contact.objects.visible()`). A corrected page type or verdict is written into the
row itself, and scans leave it there. `Correction` says who decided so, and undoing it restores
what the scans say.
"""
