------------------------------- MODULE Promise --------------------------------
(***************************************************************************)
(* The protocol keeps the promise: what KeyHygiene speaks of, read off the *)
(* two ends.  A closed end forgets (DEAD-5) and users do not, so what they *)
(* said and were given is written down in a book of its own, which no      *)
(* action reads.                                                           *)
(***************************************************************************)
EXTENDS Properties

VARIABLE book

Empty == [e \in End |-> [accepted |-> 0, sealed |-> <<>>, delivered |-> 0]]

(* What the user of e has handed over, and what the other was given of it, *)
(* after this step.                                                        *)
Written(e) ==
  LET was == book[e]
      o == Peer(e)
  IN  IF end'[e].phase = "fresh" THEN Empty[e]
      ELSE [ accepted  |-> IF end'[e].phase = "open" THEN Offered(e)' ELSE was.accepted,
             sealed    |-> IF ~Sends(e) THEN was.sealed
                           ELSE Append(was.sealed, [key |-> end[e].epoch, size |-> Head(end[e].queue).bytes]),
             delivered |-> IF end'[o].phase = "open" THEN end'[o].delivered_number ELSE was.delivered ]

PromiseInit == Init /\ book = Empty
PromiseNext == Next /\ book' = [e \in End |-> Written(e)]
PromiseSpec == PromiseInit /\ [][PromiseNext]_<<vars, book>> /\ Fairness

-----------------------------------------------------------------------------
(* Fit to seal under: not marked, neither full nor too old, and not about  *)
(* to be replaced (IDLE-1, BYTE-3, AGE-1, REKEY-1).                         *)
Sealing(e) ==
  LET s == end[e] IN
  /\ s.phase = "open" /\ s.epoch > 0 /\ s.negotiation = "none" /\ ~Full(s) /\ Aged(s) < 2
  /\ policy.idle_trigger = "heartbeat" => ~Marked(s)

(* The key in force, unless something was seen that forbids it (IDLE-3,    *)
(* DEAD-3), and what the data channel still carries (REKEY-2).              *)
Trusted(e) ==
  LET s == end[e] IN
  {k \in 1..s.epoch : \/ k = s.epoch /\ Rejects(e, s) < 2 /\ s.suspect_since = NONE
                      \/ k = s.epoch - 1 /\ CarriesOld(s)}

(* BYTE-3, where this end counts at all (REKEY-6).                         *)
LimitOf(e) ==
  LET limit == IF policy.limit_from = "initiator" THEN OwnLimit("client") ELSE OwnLimit(e)
  IN  IF limit = 0 \/ ~Counts(e) THEN 0 ELSE limit + IF policy.byte_test = "exceeded" THEN 1 ELSE 0

(* What the adversary's powers let it learn.                               *)
Learns == IF {"crack", "resume", "impersonate"} \cap Powers # {} THEN "any"
       ELSE IF "crack-marked" \in Powers THEN "retired" ELSE "nothing"

Abstract ==
  INSTANCE KeyHygiene WITH
    Budget    <- [e \in End |-> LimitOf(e)],
    Gapless   <- policy.transport = "stream",
    Foe       <- Learns,
    accepted  <- [e \in End |-> book[e].accepted],
    sealed    <- [e \in End |-> book[e].sealed],
    delivered <- [e \in End |-> book[e].delivered],
    key       <- [e \in End |-> end[e].epoch],
    sealing   <- [e \in End |-> Sealing(e)],
    trusted   <- [e \in End |-> Trusted(e)],
    known     <- foe.cracked,
    ended     <- [e \in End |-> IsClosed(e)]

(* THEOREM PromiseSpec => Abstract!Spec                                     *)
KeepsPromise == Abstract!Spec
HeardInTheEnd == Abstract!Heard
EndsForBoth == Abstract!EndsForBoth
=============================================================================
