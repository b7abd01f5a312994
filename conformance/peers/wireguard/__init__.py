"""WireGuard, as wireguard-go runs it: a relay between two namespaces reads the header of every packet."""
