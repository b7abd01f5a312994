----------------------------- MODULE MCKeyBased -----------------------------
(***************************************************************************)
(* K's figure 1b (profile `key-based`), in ticks and units, and its        *)
(* neighbours.  Data flows to the server, the client beats after idleness, *)
(* both ends distrust a key in which it did, and the client holds back     *)
(* everything while it waits for a reply.                                  *)
(*                                                                         *)
(* Policies without a delay have the shortest timers that can be told      *)
(* apart; `Slow` ones have timers that are longer than what they wait for  *)
(* when a message may be under way for one tick: a round trip is two ticks, *)
(* a negotiation three, one that crosses another four.                     *)
(***************************************************************************)
EXTENDS Bounds

FewEpochs == \A e \in End : end[e].epoch <= 3

AsWritten == Resolved([ Default EXCEPT
  !.direction = "to-server", !.byte_limit = 2, !.idle_period = 2, !.heartbeat_sender = "client",
  !.heartbeat_protection = "clear", !.idle_trigger = "heartbeat", !.reject_trigger = "heartbeat",
  !.while_waiting = "hold", !.reply_timeout = 1, !.on_missed_reply = "close",
  !.on_missed_heartbeat = "close", !.negotiation_timeout = 1 ])

(* DEAD-3: one tick after the instant at which the heartbeat is sent.      *)
Graced == [ AsWritten EXCEPT !.grace = 1 ]

Slow == [ AsWritten EXCEPT !.delay = 1, !.idle_period = 4, !.heartbeat_interval = 4, !.rekey_idle = 4,
                           !.reply_timeout = 3, !.negotiation_timeout = 4, !.grace = 2 ]
SlowGraceIsDelay == [ Slow EXCEPT !.grace = 1 ]

(* Two ways: what the server sends keeps the client from being idle for as  *)
(* long as it is under way, and the heartbeat is under way after that.     *)
TwoWays == [ Slow EXCEPT !.direction = "both", !.negotiation_timeout = 5, !.grace = 3 ]
TwoWaysGraceIsRoundTrip == [ TwoWays EXCEPT !.grace = 2 ]

(* CHAN-1: a heartbeat can overtake data only if the delay is as long as   *)
(* the idle period.                                                        *)
TwoChannels == [ Slow EXCEPT !.channels = 2, !.heartbeat_protection = "protected" ]
TwoChannelsShortIdle == [ TwoChannels EXCEPT !.idle_period = 1, !.heartbeat_interval = 3 ]

(* REKEY-4: the sender is the client, and the server starts.               *)
ServerStarts == [ Slow EXCEPT !.rekey_initiator = "server", !.negotiation_timeout = 5, !.grace = 3 ]

(* BYTE-5 and BYTE-3 the other way, and a key that lasts three ticks.      *)
NextData == [ Graced EXCEPT !.byte_trigger = "next-data", !.byte_test = "exceeded", !.byte_limit = 1, !.age_limit = 3 ]

(* K:C3-4, C13-15: idleness itself, without heartbeats, at both ends.      *)
AnyIdleness == [ AsWritten EXCEPT !.heartbeat_sender = "none", !.idle_trigger = "any", !.reject_trigger = "never",
                                  !.on_missed_heartbeat = "ignore" ]
PeriodOfIdleness == [ AnyIdleness EXCEPT !.idle_trigger = "period" ]
SlowAnyIdleness == [ AnyIdleness EXCEPT !.delay = 1, !.reject_trigger = "any", !.negotiation_timeout = 4 ]
SlowPeriodOfIdleness == [ SlowAnyIdleness EXCEPT !.idle_trigger = "period", !.reject_trigger = "period" ]

(* K:C8, C18 and the alternative embodiment: try again, then take a new key. *)
Persistent == [ Graced EXCEPT !.idle_period = 3, !.heartbeat_interval = 3, !.rekey_idle = 3, !.retries = 1,
                              !.on_missed_reply = "rekey", !.on_missed_heartbeat = "rekey", !.grace = 3,
                              !.on_spoof = "discard" ]

-----------------------------------------------------------------------------
(* A rule broken on purpose: the property that must notice it is expected  *)
(* to be violated.                                                         *)

NeverFull(s) == FALSE                                                           \* BYTE-3
NeverBarred(s, item) == 0                                                       \* IDLE-1
SendsAnyway(e) ==                                                               \* REKEY-1
  IsOpen(e) /\ end[e].epoch > 0 /\ end[e].queue # <<>> /\ ~Full(end[e])
=============================================================================
