------------------------------ MODULE MCPromise -------------------------------
(***************************************************************************)
(* The promise (KeyHygiene) kept by the protocol (Promise): over an honest *)
(* network, over one that loses, and against an adversary with each of its *)
(* powers and with two of them.                                            *)
(***************************************************************************)
EXTENDS Promise, Bounds

ClientOne(e, n) == e = "client" /\ n <= 1
ClientTwo(e, n) == e = "client" /\ n <= 2
FewEpochs == \A e \in End : end[e].epoch <= 2

(* K's figure 1b, with the grace that it lacks.                            *)
KeyBased == Resolved([ Default EXCEPT
  !.direction = "to-server", !.byte_limit = 2, !.idle_period = 2, !.heartbeat_sender = "client",
  !.heartbeat_protection = "clear", !.idle_trigger = "heartbeat", !.reject_trigger = "heartbeat",
  !.while_waiting = "hold", !.reply_timeout = 1, !.on_missed_reply = "close",
  !.on_missed_heartbeat = "close", !.negotiation_timeout = 1, !.grace = 1 ])

(* P's figure 4: datagrams, and no key is marked.                          *)
Figure4 == Resolved([ Default EXCEPT
  !.transport = "datagram", !.byte_limit = 1, !.idle_period = 2, !.heartbeat_sender = "client", !.channels = 2,
  !.reply_timeout = 1, !.negotiation_timeout = 1 ])

(* `combined`, one way, in the shortest timers that can be told apart.     *)
Combined == Resolved([ Default EXCEPT
  !.direction = "to-server", !.byte_limit = 2, !.idle_period = 2, !.heartbeat_sender = "client",
  !.idle_trigger = "heartbeat", !.reject_trigger = "heartbeat", !.reply_timeout = 1, !.on_missed_reply = "rekey",
  !.on_missed_heartbeat = "close", !.rekey_initiator = "client", !.channels = 2, !.negotiation_timeout = 1,
  !.grace = 1 ])
BothWays == [ Combined EXCEPT !.direction = "both" ]
Cached == [ Combined EXCEPT !.session_cache = "on", !.session_lifetime = 4 ]
=============================================================================
