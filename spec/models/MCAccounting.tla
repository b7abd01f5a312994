---------------------------- MODULE MCAccounting -----------------------------
(***************************************************************************)
(* One end keeps count, or idle time, for both, and tells the other        *)
(* (REKEY-6); what is counted (BYTE-2), and whose limit governs (BYTE-3).   *)
(***************************************************************************)
EXTENDS Bounds

FewEpochs == \A e \in End : end[e].epoch <= 3

(* The client counts what both send; the server hears of it.               *)
Bytes == Resolved([ Default EXCEPT !.accounting = "client", !.byte_limit = 2, !.negotiation_timeout = 5, !.delay = 1 ])
BytesNextData == [ Bytes EXCEPT !.byte_trigger = "next-data" ]
BytesServer == [ Bytes EXCEPT !.accounting = "server", !.rekey_initiator = "client", !.transport = "datagram" ]

(* The server keeps idle time, and the client, who sends, hears of it.     *)
Idle == Resolved([ Default EXCEPT
  !.direction = "to-server", !.accounting = "server", !.rekey_idle = 2, !.idle_trigger = "period",
  !.negotiation_timeout = 5, !.delay = 1 ])

(* K:C14 with one clock: the sender keeps idle time, and tells the receiver *)
(* from when on to reject.                                                 *)
Told == [ Idle EXCEPT !.accounting = "client", !.reject_trigger = "period" ]

(* The same, the receiver keeping time: what leaves before the notice      *)
(* arrives is taken for a spoof.                                           *)
ToldLate == [ Told EXCEPT !.accounting = "server" ]

(* BYTE-2: heartbeats count where one end counts for both; any message is a *)
(* sign of life, and a notice is one.                                      *)
Control == Resolved([ Default EXCEPT
  !.direction = "to-client", !.accounting = "client", !.byte_limit = 3, !.byte_counts = "data+control",
  !.byte_trigger = "next-data", !.idle_period = 2, !.rekey_idle = 2, !.heartbeat_sender = "server",
  !.idle_trigger = "period", !.proof_of_life = "any", !.reply_timeout = 1, !.negotiation_timeout = 1,
  !.transport = "datagram", !.channels = 2 ])

(* Broken on purpose: at the very instant the end that told of idleness     *)
(* goes by its own clock still.                                            *)
ByOwnClock(e, trigger, s) ==
  IF trigger # "period" THEN 0
  ELSE IF Counts(e) THEN Since(s.active_at, policy.rekey_idle) ELSE IF s.idle_noticed THEN 2 ELSE 0

-----------------------------------------------------------------------------
(* LIM-1: offers that must be refused.                                     *)
Limited == Resolved([ Default EXCEPT
  !.direction = "to-server", !.byte_limit = 2, !.max_message = 1, !.queue_limit = 2, !.negotiation_timeout = 1 ])
SmallQueue == [ Limited EXCEPT !.max_message = 2, !.queue_limit = 2 ]
=============================================================================
