------------------------------- MODULE NewKey ---------------------------------
(***************************************************************************)
(* What an end remembers of what it does, what its user does, and how the  *)
(* two ends come to a new key.                                             *)
(*                                                                         *)
(* In this module and the next two there is one operator for each action,  *)
(* its guard first, and the rule at the end of each condition.  An action  *)
(* that takes a message takes the oldest of its channel.  Sources: K is    *)
(* "Key-based encryption" (GB 0405245.2), P is "Protected keep alive       *)
(* message" (EP 0 999 673).                                                *)
(***************************************************************************)
EXTENDS Conditions

IsOpen(e) == end[e].phase = "open"                                              \* DEAD-5

-----------------------------------------------------------------------------
(* How an end changes.                                                     *)

(* Idle time counts anew; idleness that was seen until now is kept (IDLE-3). *)
Active(e, s) ==
  [ s EXCEPT !.active_at = 0,
             !.next_beat = IF SendsHeartbeats(e) THEN policy.idle_period ELSE 0,
             !.expected_at = IF ExpectsHeartbeats(e) THEN policy.idle_period ELSE 0,
             !.idle_rejects = IF policy.reject_trigger \in {"any", "period"} /\ s.epoch > 0 THEN Rejects(s) ELSE @ ]

(* REKEY-3: a negotiation starts; the outstanding series ends with it.     *)
Negotiating(e, s, whose) ==
  [ Active(e, s) EXCEPT !.negotiation = whose, !.awaiting_since = Max(@, 0), !.requesting = FALSE,
                        !.requested = FALSE, !.series = Fresh.series ]

(* BYTE-4, REKEY-3: the new epoch is in force.                             *)
InForce(s) ==
  LET lags == policy.channels = 2 /\ policy.transport = "stream" /\ s.epoch > 0
  IN  [ s EXCEPT !.epoch = @ + 1, !.in_force_at = 0, !.count = 0, !.reached = FALSE, !.marked_sent = FALSE,
                 !.marked_accepted = FALSE, !.idle_rejects = 0, !.negotiation = "none", !.awaiting_since = NONE,
                 !.requesting = FALSE, !.requested = FALSE, !.suspect_since = NONE, !.expected_at = Max(@, 0),
                 !.old_until = IF lags THEN policy.negotiation_timeout ELSE NONE,
                 !.old_rejects = lags /\ (Rejects(s) > 0 \/ s.suspect_since # NONE) ]

(* DEAD-4: with `any`, each authentic message of the epoch answers, but for *)
(* what is rejected or discarded.                                          *)
Alive(s, m) ==
  IF policy.proof_of_life = "any" /\ m.epoch = s.epoch /\ ~(Exhausted(s) /\ ReplyMissed(s) = 2)
  THEN [s EXCEPT !.series = Fresh.series] ELSE s

Counted(s, bytes) == IF policy.byte_limit = 0 THEN s ELSE [s EXCEPT !.count = @ + bytes]

-----------------------------------------------------------------------------
(* The user.                                                               *)

Open(e) ==
  /\ end[e].phase = "fresh"
  /\ Become(e, Active(e, [end[e] EXCEPT !.phase = "open", !.awaiting_since = 0]), wire)

(* IDLE-1: idleness is judged here.                                        *)
Offer(e) ==
  LET s == end[e]
      idle == IdleFor(policy.idle_trigger, s)
  IN  /\ IsOpen(e) /\ s.ending = ""
      /\ MayOffer(e)                                                            \* LIM-1
      /\ Wishes(e, s.sent_number + Len(s.queue) + 1)
      /\ \E b \in Sizes :
           LET item == [bytes |-> b, epoch |-> IF idle > 0 THEN s.epoch ELSE 0, idle |-> idle]
           IN  Become(e, [s EXCEPT !.queue = Append(@, item)], wire)

Shut(e) ==
  /\ e \in Shuts
  /\ IsOpen(e) /\ end[e].ending = ""
  /\ Become(e, [end[e] EXCEPT !.ending = "CLOSE-1"], wire)

-----------------------------------------------------------------------------
(* A new key.                                                              *)

StartGuard(e) ==
  /\ IsOpen(e)                                                                  \* DEAD-5
  /\ end[e].negotiation = "none"                                                \* REKEY-5
  /\ end[e].epoch > 0 \/ e = "client"                                           \* EST-4
  /\ end[e].epoch = 0 \/ end[e].requested \/ MayStart(e)                        \* REKEY-4  (K: whoever is sending data)
  /\ ~Holding(end[e]) \/ MissedReply(end[e]) > 0                                \* HB-6     (K:1b/160-170)
  /\ end[e].epoch = 0 \/ end[e].queue # <<>> \/ Reasons(e) # {}                 \* IDLE-2   (K advantage i)
  /\ end[e].epoch = 0 \/ Reasons(e) # {}                                        \* NEED-1   (K:C1-4, P:C10-11)

(* K:1b/100-110, P:405                                                     *)
Start(e) ==
  LET s == end[e] IN
  /\ StartGuard(e)
  /\ Become(e, Negotiating(e, s, "mine"), Sent(wire, e, Message("start", s.epoch + 1, 0, 0)))

RequestGuard(e) ==
  /\ IsOpen(e)                                                                  \* DEAD-5
  /\ end[e].epoch > 0                                                           \* EST-1
  /\ end[e].negotiation = "none" /\ ~end[e].requesting                          \* REKEY-5
  /\ ~MayStart(e)                                                               \* REKEY-4
  /\ ~Holding(end[e]) \/ MissedReply(end[e]) > 0                                \* HB-6
  /\ end[e].queue # <<>> \/ Reasons(e) # {}                                     \* IDLE-2
  /\ Reasons(e) # {}                                                            \* NEED-1

(* K alternative embodiment: the end that may not start asks for it.       *)
Request(e) ==
  LET s == end[e] IN
  /\ RequestGuard(e)
  /\ Become(e, [s EXCEPT !.requesting = TRUE, !.awaiting_since = Max(@, 0)],
            Sent(wire, e, Message("request", s.epoch, 0, 0)))

RequestAcceptable(e, m) ==
  /\ IsOpen(e)                                                                  \* DEAD-5
  /\ m.epoch = end[e].epoch /\ m.epoch > 0                                      \* REKEY-4
  /\ end[e].negotiation = "none" /\ DecidesAlone(e)                             \* REKEY-4

AcceptRequest(e) ==
  LET m == Arrived(e, "request") IN
  /\ Arrives(e, "request")
  /\ RequestAcceptable(e, m)
  /\ Become(e, [Alive(end[e], m) EXCEPT !.requested = TRUE], Taken(wire, e, Channel("request")))

Answerable(e, m) ==
  /\ IsOpen(e)                                                                  \* DEAD-5
  /\ m.epoch = end[e].epoch + 1                                                 \* EST-3    (K:C12)
  /\ end[e].epoch > 0 \/ e = "server"                                           \* EST-4
  /\ PeerMayStart(e)                                                            \* REKEY-4
  /\ end[e].negotiation = "none" \/ (end[e].negotiation = "mine" /\ e = "server") \* REKEY-5

Answer(e) ==
  LET m == Arrived(e, "start") IN
  /\ Arrives(e, "start")
  /\ Answerable(e, m)
  /\ Become(e, Negotiating(e, end[e], "theirs"),
            Sent(Taken(wire, e, Channel("start")), e, Message("answer", m.epoch, 0, 0)))

Refusable(e, m) ==
  /\ IsOpen(e)                                                                  \* DEAD-5
  /\ m.epoch = end[e].epoch + 1 /\ ~PeerMayStart(e)                             \* REKEY-4

(* Two honest ends agree on who may start: no model takes this action.     *)
RefuseStart(e) ==
  /\ Arrives(e, "start")
  /\ Refusable(e, Arrived(e, "start"))
  /\ Become(e, end[e], Taken(wire, e, Channel("start")))

Finishable(e, m) ==
  /\ IsOpen(e)                                                                  \* DEAD-5
  /\ end[e].negotiation = "mine" /\ m.epoch = end[e].epoch + 1                  \* EST-3    (K:C11-12)

Finish(e) ==
  LET m == Arrived(e, "answer") IN
  /\ Arrives(e, "answer")
  /\ Finishable(e, m)
  /\ Become(e, InForce(end[e]), Sent(Taken(wire, e, Channel("answer")), e, Message("finish", m.epoch, 0, 0)))

Establishable(e, m) ==
  /\ IsOpen(e)                                                                  \* DEAD-5
  /\ end[e].negotiation = "theirs" /\ m.epoch = end[e].epoch + 1                \* EST-3

Establish(e) ==
  LET m == Arrived(e, "finish") IN
  /\ Arrives(e, "finish")
  /\ Establishable(e, m)
  /\ Become(e, InForce(end[e]), Taken(wire, e, Channel("finish")))
=============================================================================
