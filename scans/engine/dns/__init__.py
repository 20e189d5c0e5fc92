"""Look up host names: the hosts file, then name servers, politely and with accurate causes."""
