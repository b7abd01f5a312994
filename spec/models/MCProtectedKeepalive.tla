------------------------ MODULE MCProtectedKeepalive ------------------------
(***************************************************************************)
(* P's figure 4 (profile `protected-keepalive`), in ticks and units, and    *)
(* its neighbours.  Datagrams both ways over two channels, the client      *)
(* beats after idleness, and a key lasts for so many bytes and so long,    *)
(* the latter seen to only after recent traffic.                           *)
(*                                                                         *)
(* `Slow` policies are for a network in which a message may be under way   *)
(* for one tick (see MCKeyBased).                                          *)
(***************************************************************************)
EXTENDS Bounds

FewEpochs == \A e \in End : end[e].epoch <= 5

Figure4 == Resolved([ Default EXCEPT
  !.transport = "datagram", !.byte_limit = 2, !.age_limit = 4, !.age_trigger = "active", !.idle_period = 2,
  !.heartbeat_sender = "client", !.channels = 2, !.reply_timeout = 1, !.negotiation_timeout = 1 ])

Slow == [ Figure4 EXCEPT !.delay = 1, !.idle_period = 4, !.heartbeat_interval = 4, !.rekey_idle = 4,
                         !.reply_timeout = 3, !.negotiation_timeout = 5, !.age_limit = 5, !.byte_limit = 1 ]

(* EST-4 against REKEY-5: long enough for one negotiation, not for two that *)
(* cross.                                                                  *)
SlowShortTimeout == [ Slow EXCEPT !.negotiation_timeout = 4 ]

(* AGE-2: a new key counts as activity, so a key that ages within the idle *)
(* period is renewed for ever.                                             *)
ShortAge == [ Figure4 EXCEPT !.age_limit = 2 ]
Timed == [ Figure4 EXCEPT !.age_trigger = "timer" ]

(* The same over two streams: data waits for its key, or comes under the   *)
(* previous one.                                                           *)
SlowStreams == [ Slow EXCEPT !.transport = "stream", !.age_limit = 0, !.byte_limit = 2 ]

(* REKEY-2: only the previous epoch is carried, so two new keys within one  *)
(* delay lose what is still under way under the first.                     *)
SlowStreamsSmallLimit == [ SlowStreams EXCEPT !.byte_limit = 1 ]

(* Both ends beat, repeat, and take any message for a sign of life.        *)
Lively == [ Figure4 EXCEPT !.heartbeat_sender = "both", !.retries = 1, !.proof_of_life = "any", !.idle_period = 3,
                           !.heartbeat_interval = 3, !.rekey_idle = 3, !.age_limit = 0 ]

-----------------------------------------------------------------------------
(* A rule broken on purpose: the property that must notice it is expected  *)
(* to be violated.                                                         *)

(* REKEY-5: each end gives its own negotiation up for the other's.         *)
AnswersAlways(e, m) ==
  IsOpen(e) /\ m.epoch = end[e].epoch + 1 /\ (end[e].epoch > 0 \/ e = "server") /\ end[e].negotiation # "theirs"

(* ... and, EST-3, takes the answer to it for one to the other's.          *)
FinishesAlways(e, m) ==
  IsOpen(e) /\ m.epoch = end[e].epoch + 1 /\ end[e].negotiation # "none"
=============================================================================
