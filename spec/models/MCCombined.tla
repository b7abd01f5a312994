----------------------------- MODULE MCCombined ------------------------------
(***************************************************************************)
(* The two sources together (profile `combined`): renewal after idleness,  *)
(* protected heartbeats with repeats, two channels, a byte limit, and an   *)
(* age limit that a timer sees to.                                         *)
(***************************************************************************)
EXTENDS Bounds

FewEpochs == \A e \in End : end[e].epoch <= 3

Combined == Resolved([ Default EXCEPT
  !.byte_limit = 2, !.age_limit = 6, !.age_trigger = "timer", !.idle_period = 3, !.heartbeat_sender = "client",
  !.idle_trigger = "heartbeat", !.reject_trigger = "heartbeat", !.reply_timeout = 1, !.retries = 2,
  !.on_missed_reply = "rekey", !.on_missed_heartbeat = "close", !.grace = 3, !.rekey_initiator = "client",
  !.channels = 2, !.negotiation_timeout = 1 ])

(* A message may be under way for one tick; one repeat.                    *)
Slow == [ Combined EXCEPT
  !.delay = 1, !.idle_period = 6, !.heartbeat_interval = 6, !.rekey_idle = 6, !.reply_timeout = 3, !.retries = 1,
  !.grace = 9, !.negotiation_timeout = 5, !.age_limit = 0 ]
SlowTimed == [ Slow EXCEPT !.age_limit = 8 ]

(* Without the timer, so that a silent link stays in one epoch.            *)
Ageless == [ Combined EXCEPT !.age_limit = 0 ]
OneChannel == [ Ageless EXCEPT !.channels = 1 ]
=============================================================================
