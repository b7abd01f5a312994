--------------------------- MODULE MCPromiseAttack ----------------------------
(***************************************************************************)
(* The profile `combined` under attack, one way and both ways, over two    *)
(* channels and over one.                                                  *)
(***************************************************************************)
EXTENDS Bounds

ClientOne(e, n) == e = "client" /\ n <= 1
FewEpochs == \A e \in End : end[e].epoch <= 2

BothWays == Resolved([ Default EXCEPT
  !.byte_limit = 1, !.idle_period = 2, !.heartbeat_sender = "client", !.idle_trigger = "heartbeat",
  !.reject_trigger = "heartbeat", !.reply_timeout = 1, !.on_missed_reply = "rekey", !.on_missed_heartbeat = "close",
  !.rekey_initiator = "client", !.channels = 2, !.negotiation_timeout = 1, !.grace = 1 ])
OneWay == [ BothWays EXCEPT !.direction = "to-server" ]

OneChannel == [ OneWay EXCEPT !.channels = 1 ]
Clearly == [ OneWay EXCEPT !.heartbeat_protection = "clear" ]
Unmarked == [ OneWay EXCEPT !.idle_trigger = "never", !.reject_trigger = "never" ]
=============================================================================
