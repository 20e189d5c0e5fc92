"""The pages of the scanned sites: generated, or read from a folder."""
