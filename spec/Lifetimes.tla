------------------------------ MODULE Lifetimes -------------------------------
(***************************************************************************)
(* How long a key lives.  The two ends remember no more time than the      *)
(* rules ask for; here is as much of it as the bounds ask for, in a        *)
(* variable that no action reads, and the bounds, as formulas.             *)
(*                                                                         *)
(* Each bound is a number of ticks that TLC finds to be exact: it holds,   *)
(* and with one tick less it does not.  What is not Measured stays 0.      *)
(***************************************************************************)
EXTENDS Properties

CONSTANTS
  Measured, \* which of age, still and beat are asked about
  Less      \* how many ticks less than the bound are claimed: 0, or 1 to see that it is exact

VARIABLE life

Unborn == [age |-> 0, still |-> 0, beat |-> NONE]

(* An end that waits for heartbeats trusts a key, unmarked, for so long     *)
(* after its latest sign of use (DEAD-3, EST-4).                           *)
LongestTrust == Max(policy.idle_period + policy.grace, policy.negotiation_timeout)

(* AGE-1: and for so long after the key came into force there, where the   *)
(* taker, too, misses a new key that is overdue (MCPromiseLifetimes).      *)
LongestAge == policy.age_limit + policy.grace + policy.negotiation_timeout

(* Without loss, data under the key comes no later than the heartbeat.  An  *)
(* adversary that swallows heartbeats and has the key gains this much with *)
(* the nth message that it makes: there is no bound but its patience.      *)
LongestSpoof ==
  LET swallows == "heartbeat" \in Losable \/ "delay" \in Powers
      makes == "inject" \in Powers /\ Strikes > 0
  IN  Delay + (IF swallows /\ makes THEN policy.grace + (Strikes - 1) * (policy.idle_period + policy.grace) ELSE 0)

Horizon == [age |-> LongestAge + 1, still |-> LongestTrust + 1, beat |-> LongestSpoof + 1]

Measure(field, ticks) == IF field \in Measured THEN ticks ELSE Unborn[field]

Elapsed(e) ==
  IF end[e].phase # "open" \/ end[e].epoch = 0 THEN Unborn
  ELSE [ age   |-> Measure("age", Up(life[e].age, Horizon.age)),
         still |-> Measure("still", Up(life[e].still, Horizon.still)),
         beat  |-> Measure("beat", Running(life[e].beat, Horizon.beat)) ]

Lived(e) ==
  LET s == end'[e]
      o == end'[Peer(e)]
      anew == s.epoch # end[e].epoch
      used == anew \/ Sends(e) \/ Delivers(e) \/ s.negotiation # end[e].negotiation
      beaten == o.epoch = s.epoch /\ o.marked_sent
  IN  IF s.phase # "open" \/ s.epoch = 0 THEN Unborn
      ELSE [ age   |-> IF anew THEN 0 ELSE life[e].age,
             still |-> IF used THEN 0 ELSE life[e].still,
             beat  |-> Measure("beat", IF beaten THEN Max(IF anew THEN 0 ELSE life[e].beat, 0)
                                       ELSE IF anew THEN NONE ELSE life[e].beat) ]

LivesInit == Init /\ life = [e \in End |-> Unborn]
LivesNext ==
  \/ Tick /\ life' = [e \in End |-> Elapsed(e)]
  \/ Reconnect /\ life' = [e \in End |-> Unborn]
  \/ (\E e \in End : User(e) \/ Act(e) \/ Drop(e) \/ Attack(e)) /\ life' = [e \in End |-> Lived(e)]
LivesSpec == LivesInit /\ [][LivesNext]_<<vars, life>>

-----------------------------------------------------------------------------
(* No stretch (DEAD-3, IDLE-1, IDLE-3).  The adversary has no key; it       *)
(* swallows, delays and repeats what it likes.  An end that sends heartbeats *)
(* seals nothing more when it should have sent one, and an end that waits   *)
(* for them trusts nothing more when it should have had one.               *)
Trusts(e) ==
  LET s == end[e] IN s.phase = "open" /\ s.epoch > 0 /\ Rejects(e, s) < 2 /\ s.suspect_since = NONE

NoStretch ==
  \A e \in End :
    /\ SendsHeartbeats(e) /\ policy.idle_trigger = "heartbeat" /\ end[e].phase = "open" /\ end[e].epoch > 0
         /\ end[e].negotiation = "none" /\ ~Marked(end[e]) => life[e].still <= policy.idle_period
    /\ ExpectsHeartbeats(e) /\ policy.reject_trigger = "heartbeat" /\ Trusts(e) => life[e].still <= LongestTrust - Less

(* No spoof, from the sending of the heartbeat on (IDLE-3, DEAD-3).  The    *)
(* adversary may have the key as soon as the heartbeat is sent.            *)
NoSpoofSinceSent ==
  [][\A e \in End :
       Delivers(e) /\ policy.reject_trigger = "heartbeat" /\ life[e].beat # NONE
         /\ Arrived(e, "data").epoch = end[e].epoch => life[e].beat <= LongestSpoof - Less]_<<vars, life>>

(* Secrecy budget: the age of what is taken (AGE-1, AGE-2).                *)
NothingUnderOldKey ==
  [][\A e \in End :
       Delivers(e) /\ policy.age_limit > 0 /\ Arrived(e, "data").epoch = end[e].epoch
         => life[e].age <= LongestAge - Less]_<<vars, life>>
=============================================================================
