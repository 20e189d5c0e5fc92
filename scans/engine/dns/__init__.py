"""Look host names up: the hosts file, then name servers, politely and with accurate causes."""
