"""aioquic, which speaks QUIC without a socket and without a clock: both ends in one process, on a wire and a clock of
ours (`link`), its own log of packets (`log`), what that means in our words (`events`), and what it is asked."""
