"""Real programs, in real time, watched from outside.

What is said of a program: `peer`, `need` (what this machine must have), `questions` (what is asked), `named` (found by
name), `listing`. How it is asked: `experiment` (one question, several times), `run` (many programs side by side),
`child` (a program and its reaping), `space` and `datagrams` (network namespaces, and what crosses between them),
`measures` (what a log shows, in numbers), `judging` and `follow` (the oracle's word, and which policy a program
follows), `evidence` (what is kept). What comes of it: `kept` (a run read back), `profile` (a program's policy).

`programs/` has one file for each program; `ssh/`, `ipsec/`, `openvpn/`, `wireguard/`, `tls/`, `quic/` and `own/` what
families share. In each of them `events` is the translation, a pure function, and everything else serves it.
"""
