"""Look up host names in the hosts file and then from name servers, with precise failures."""
