------------------------------- MODULE Users ---------------------------------
(***************************************************************************)
(* What an end remembers of what it does, and what its user does.          *)
(*                                                                         *)
(* In this module and the ones after it there is one operator for each     *)
(* action, its guard first.  Each condition of a guard is labelled with    *)
(* the action and the rule that asks for it.  An action that takes a       *)
(* message takes the oldest of a channel.  Sources: K is "Key-based        *)
(* encryption" (GB 0405245.2), P is "Protected keep alive message"         *)
(* (EP 0 999 673).                                                         *)
(***************************************************************************)
EXTENDS Conditions

IsOpen(e) == end[e].phase = "open"                                              \* DEAD-5

-----------------------------------------------------------------------------
(* How an end changes.                                                     *)

(* Idle time counts anew; idleness that was seen until now is kept (IDLE-3). *)
Active(e, s) ==
  [ s EXCEPT !.active_at = 0,
             !.idle_noticed = FALSE,
             !.next_beat = IF SendsHeartbeats(e) THEN policy.idle_period ELSE 0,
             !.expected_at = IF ExpectsHeartbeats(e) THEN policy.idle_period ELSE 0,
             !.idle_rejects = IF policy.reject_trigger \in {"any", "period"} /\ s.epoch > 0 THEN Rejects(e, s) ELSE @ ]

(* REKEY-3: a negotiation starts; the outstanding series ends with it.     *)
Negotiating(e, s, whose, session) ==
  [ Active(e, s) EXCEPT !.negotiation = whose, !.offered = session, !.awaiting_since = Max(@, 0),
                        !.requesting = FALSE, !.requested = FALSE, !.series = Blank.series ]

(* BYTE-4, REKEY-3: the new epoch is in force.  CACHE-1: a full negotiation *)
(* makes a session; an abbreviated one leaves it, and its age, as it is.   *)
InForce(e, s, epoch, session) ==
  LET lags == policy.channels = 2 /\ policy.transport = "stream" /\ s.epoch > 0
      made == session # 0 /\ session = epoch
  IN  [ s EXCEPT !.epoch = epoch, !.in_force_at = 0, !.count = 0, !.reached = FALSE, !.bytes_noticed = FALSE,
                 !.idle_noticed = FALSE, !.marked_sent = FALSE, !.marked_accepted = FALSE, !.idle_rejects = 0,
                 !.negotiation = "none", !.offered = 0, !.awaiting_since = NONE, !.requesting = FALSE,
                 !.requested = FALSE, !.suspect_since = NONE, !.expected_at = Max(@, 0),
                 !.session = IF made THEN session ELSE @, !.session_at = IF made THEN 0 ELSE @,
                 !.old_until = IF lags THEN policy.negotiation_timeout ELSE NONE,
                 !.old_rejects = lags /\ (Rejects(e, s) > 0 \/ s.suspect_since # NONE) ]

(* DEAD-2: the series is answered.  At the very instant at which its time  *)
(* is over, that may come before or after; where a request is under way    *)
(* already nothing shows which, so the series may then be read either way. *)
SeriesAnswered(s) ==
  [s EXCEPT !.series = IF s.requesting /\ MissedReply(s) = 1 THEN [@ EXCEPT !.doubtful = TRUE] ELSE Blank.series]

(* DEAD-4: with `any`, each authentic message of the epoch answers, but for *)
(* what is rejected or discarded.                                          *)
Alive(s, m) ==
  IF policy.proof_of_life = "any" /\ m.epoch = s.epoch /\ Sealed(m) /\ ~(Exhausted(s) /\ ReplyMissed(s) = 2)
  THEN SeriesAnswered(s) ELSE s

(* BYTE-1, REKEY-6: these bytes count, where anybody asks, and as far as it *)
(* makes a difference.                                                     *)
Counted(e, s, bytes) ==
  IF s.limit = 0 \/ ~Counts(e) THEN s ELSE [s EXCEPT !.count = Min(@ + bytes, s.limit + 1)]

(* BYTE-5: has this end's own message reached the limit?                   *)
Reached(s) == [s EXCEPT !.reached = @ \/ (policy.byte_trigger = "at-once" /\ Full(s))]

-----------------------------------------------------------------------------
(* The user.                                                               *)

Open(e) ==
  /\ end[e].phase = "fresh"
  /\ Become(e, Active(e, [end[e] EXCEPT !.phase = "open", !.awaiting_since = 0]), wire)

(* IDLE-5: when both ends are closed their users may open another link, of  *)
(* which nothing is known: its first key takes a full negotiation.  What an *)
(* adversary had of the old one is of no use.                              *)
Reconnect ==
  /\ link < Links
  /\ \A e \in End : end[e] = Closed(e)
  /\ link' = link + 1
  /\ end' = [e \in End |-> Fresh(e)]
  /\ wire' = [e \in End |-> Silence]
  /\ foe' = [Outsider EXCEPT !.strikes = foe.strikes]
  /\ seen' = [e \in End |-> Unseen]

RECURSIVE Sum(_)
Sum(queue) == IF queue = <<>> THEN 0 ELSE Head(queue).bytes + Sum(Tail(queue))

(* LIM-1: why this offer must be refused; "" if it need not be.            *)
Refusal(e, bytes) ==
  LET s == end[e] IN
  IF s.phase # "open" \/ s.ending # "" THEN "closed"
  ELSE IF ~MayOffer(e) THEN "direction"
  ELSE IF bytes > policy.max_message THEN "max_message"
  ELSE IF s.queue # <<>> /\ Sum(s.queue) + bytes > policy.queue_limit THEN "queue_limit"
  ELSE ""

(* IDLE-1: idleness is judged here.  Users do not offer more than they     *)
(* wish, nor, but for those in Tries, what must be refused.                *)
Offer(e) ==
  LET s == end[e]
      idle == IdleFor(e, policy.idle_trigger, s)
      Wished == Wishes(e, s.sent_number + Len(s.queue) + 1)
      Oversize == IF "max_message" \in Tries THEN {policy.max_message + 1} ELSE {}
  IN  /\ s.phase # "fresh" /\ s.refusal = ""
      /\ Tries # {} \/ (IsOpen(e) /\ Wished)
      /\ \E b \in Sizes \cup Oversize :
           LET why == Refusal(e, b)
               item == [bytes |-> b, epoch |-> IF idle > 0 THEN s.epoch ELSE 0, idle |-> idle]
           IN  IF why = "" THEN Wished /\ Become(e, [s EXCEPT !.queue = Append(@, item)], wire)
               ELSE why \in Tries /\ Become(e, [s EXCEPT !.refusal = why], wire)

Refuse(e) ==
  /\ Req("Refuse: LIM-1", end[e].refusal # "")
  /\ Become(e, [end[e] EXCEPT !.refusal = ""], wire)

Shut(e) ==
  /\ e \in Shuts
  /\ IsOpen(e) /\ end[e].ending = ""
  /\ Become(e, [end[e] EXCEPT !.ending = "CLOSE-1"], wire)
=============================================================================
