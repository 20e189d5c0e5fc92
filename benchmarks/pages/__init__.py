"""The pages of the sites that are scanned: made here, or read from a folder."""
