"""Read lists of domains, pasted or uploaded, into hosts to scan and rejected lines."""
