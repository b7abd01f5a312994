"""OpenVPN, client and server: a relay between their namespaces reads the header of every packet."""
