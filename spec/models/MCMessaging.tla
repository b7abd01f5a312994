----------------------------- MODULE MCMessaging -----------------------------
(***************************************************************************)
(* Profiles that renew by the count or by the clock: `timed`, `byte-count`, *)
(* and `messaging`, in which the client's limit governs both ends, a small *)
(* one is raised to a floor, and control traffic counts.                   *)
(***************************************************************************)
EXTENDS Bounds

FewEpochs == \A e \in End : end[e].epoch <= 3

(* K's prior art (i) and (ii).                                             *)
Timed == Resolved([ Default EXCEPT
  !.age_limit = 3, !.age_trigger = "timer", !.rekey_initiator = "client", !.negotiation_timeout = 5, !.delay = 1 ])
ByteCount == Resolved([ Default EXCEPT !.byte_limit = 2, !.negotiation_timeout = 5, !.delay = 1 ])

Messaging == Resolved([ Default EXCEPT
  !.byte_limit = 1, !.byte_test = "exceeded", !.byte_floor = 3, !.byte_counts = "data+control",
  !.limit_from = "initiator", !.idle_period = 2, !.heartbeat_sender = "client", !.idle_trigger = "heartbeat",
  !.rekey_initiator = "client", !.reply_timeout = 1, !.negotiation_timeout = 1 ])

(* The product's own limit: never.                                         *)
MessagingUnlimited == [ Messaging EXCEPT !.byte_limit = 0 ]

(* A count that waits for data before it renews leaves a silent link alone. *)
MessagingNextData == [ Messaging EXCEPT !.byte_trigger = "next-data" ]
=============================================================================
