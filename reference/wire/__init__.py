"""The reference on a real link: TLS negotiates, an AEAD seals, and the rules decide.

Reading order: `frames` (what goes over a connection), `seal` (keys and records), `credentials` and `negotiation` (TLS),
`link` (one end: bytes and time in, bytes and news out), `aio` (links over TCP), `pipe` (a link that carries a stream).
docs/wire.md is for whoever writes another end.
"""
