"""What OpenVPN's manual (openvpn(8), version 2.6) says, in its own words, and what it has no option for."""

from __future__ import annotations

from typing import Final

BYTES: Final = (
    "reneg-bytes: 'Renegotiate data channel key after n bytes sent or received', and 'a key renegotiation will be "
    "forced if any of these three criteria are met by either peer'"
)
BYTES_ENCRYPTED: Final = "reneg-bytes: 'the lifetime of a key to be expressed as a number of bytes encrypted/decrypted'"
SECONDS: Final = "reneg-sec: 'Renegotiate data channel key after at most max seconds'"
DEFERRED: Final = (
    "tran-window: 'allows for a graceful transition from old to new key'; that data goes on under the old key although "
    "the new one is there, for the smaller of hand-window and half of reneg-sec, is not in it"
)
OLD_KEY: Final = (
    "tran-window: 'our old key can live this many seconds after a new a key renegotiation begins', which 'removes the "
    "key renegotiation sequence from the critical path of tunnel data forwarding'"
)
TRAN_WINDOW: Final = (
    "tran-window: 'our old key can live this many seconds after a new a key renegotiation begins (default 3600 "
    "seconds)'"
)
HAND_WINDOW: Final = (
    "hand-window: 'the TLS-based key exchange must finalize within n seconds of handshake initiation by any peer'; 'If "
    "the handshake fails we will attempt to reset our connection with our peer and try again. Even in the event of "
    "handshake failure we will still use our expiring key for up to --tran-window seconds'"
)
NO_IDLE: Final = "no option ties a new key to idleness: reneg-bytes, reneg-pkts and reneg-sec are all"
PING: Final = "ping: 'Ping remote over the TCP/UDP control channel if no packets have been sent for at least n seconds'"
PING_CHANNEL: Final = (
    "ping: 'Ping remote over the TCP/UDP control channel'; but a ping is a packet of the data channel, under its key"
)
NO_REPLY: Final = "ping: 'OpenVPN ping packets are not echoed like IP ping packets'"
PING_EXIT: Final = (
    "ping-exit: 'Causes OpenVPN to exit after n seconds pass without reception of a ping or other packet from remote'"
)
ANY_PACKET: Final = (
    "ping-exit: 'without reception of a ping or other packet from remote'; a packet of the control channel is one, "
    "sealed or not, where nothing like tls-auth, 'an additional layer of HMAC authentication on top of the TLS control "
    "channel', seals all of them"
)
INACTIVE: Final = (
    "inactive: 'OpenVPN's internal ping packets (which are just keepalives) and TLS control packets are not considered "
    '"activity"\''
)
EXIT: Final = (
    "explicit-exit-notify: 'send server/peer an exit notification if tunnel is restarted or OpenVPN process is exited'"
)
