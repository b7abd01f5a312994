-------------------------- MODULE MCPromiseLifetimes --------------------------
(***************************************************************************)
(* How long a key lives under `combined`, against an adversary that        *)
(* swallows heartbeats and replies, and against one that has the key too.  *)
(***************************************************************************)
EXTENDS Lifetimes, Bounds

ClientOne(e, n) == e = "client" /\ n <= 1
FewEpochs == \A e \in End : end[e].epoch <= 2
ThreeEpochs == \A e \in End : end[e].epoch <= 3

Combined == Resolved([ Default EXCEPT
  !.idle_period = 2, !.heartbeat_sender = "client", !.idle_trigger = "heartbeat", !.reject_trigger = "heartbeat",
  !.retries = 1, !.reply_timeout = 1, !.on_missed_reply = "rekey", !.on_missed_heartbeat = "close",
  !.rekey_initiator = "client", !.channels = 2, !.negotiation_timeout = 1, !.grace = 2 ])

(* A message may be under way for one tick.                                *)
Slow == [ Combined EXCEPT
  !.delay = 1, !.idle_period = 4, !.heartbeat_interval = 4, !.rekey_idle = 4, !.retries = 0, !.reply_timeout = 3,
  !.negotiation_timeout = 4, !.grace = 3 ]

Aging == [ Combined EXCEPT !.age_limit = 4, !.age_trigger = "timer", !.retries = 0, !.grace = 1 ]
SlowAging == [ Slow EXCEPT !.age_limit = 6, !.age_trigger = "timer" ]

(* A remedy: with a timer, the end that may not start expects the new key   *)
(* as it expects a heartbeat, and misses it by the same grace.             *)
OverdueByAge(e) ==
  /\ Watches(e)
  /\ \/ end[e].expected_at <= -policy.grace
     \/ policy.age_trigger = "timer" /\ ~DecidesAlone(e) /\ life[e].age >= policy.age_limit + policy.grace
=============================================================================
