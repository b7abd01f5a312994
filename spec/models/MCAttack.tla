------------------------------ MODULE MCAttack -------------------------------
(***************************************************************************)
(* The adversary's powers, one at a time and together, against small links *)
(* of either source, and against the two together.                         *)
(***************************************************************************)
EXTENDS Bounds

FewEpochs == \A e \in End : end[e].epoch <= 3

(* K's figure 1b with a tick of grace, and with protected heartbeats.      *)
Clear1b == Resolved([ Default EXCEPT
  !.direction = "to-server", !.byte_limit = 2, !.idle_period = 2, !.heartbeat_sender = "client",
  !.heartbeat_protection = "clear", !.idle_trigger = "heartbeat", !.reject_trigger = "heartbeat",
  !.while_waiting = "hold", !.reply_timeout = 1, !.on_missed_heartbeat = "close", !.grace = 1,
  !.negotiation_timeout = 1 ])
Protected1b == [ Clear1b EXCEPT !.heartbeat_protection = "protected", !.while_waiting = "send" ]
TwoChannels1b == [ Protected1b EXCEPT !.channels = 2 ]

(* What is rejected is only discarded, and a missing peer is given another *)
(* key to show itself.                                                     *)
Patient == [ Protected1b EXCEPT !.on_spoof = "discard", !.on_missed_heartbeat = "rekey", !.on_missed_reply = "rekey" ]

(* P's figure 4, without ages.                                             *)
Datagrams == Resolved([ Default EXCEPT
  !.transport = "datagram", !.direction = "to-server", !.byte_limit = 2, !.idle_period = 2,
  !.heartbeat_sender = "client", !.channels = 2, !.reply_timeout = 1, !.negotiation_timeout = 1 ])

(* REKEY-6 under attack: the client counts, and the server hears of it.    *)
Notified == Resolved([ Default EXCEPT
  !.accounting = "client", !.byte_limit = 1, !.rekey_initiator = "server", !.negotiation_timeout = 1 ])
=============================================================================
