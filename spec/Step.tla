-------------------------------- MODULE Step --------------------------------
(***************************************************************************)
(* What every action but Tick does to the variables: an end becomes        *)
(* another, something else is under way, the properties remember what they *)
(* ask about, and the numbers of heartbeats are kept small.                *)
(***************************************************************************)
EXTENDS Link

(* History at each end: who started the negotiation of the epoch in force  *)
(* there, the bytes it sealed and delivered under that epoch, how long it   *)
(* has been alone, its peer closed, without sending or delivering data, and *)
(* whether it is the adversary's start that it answered.                   *)
Unseen == [key |-> "none", carried |-> 0, heard |-> 0, alone |-> 0, posed |-> FALSE]

(* How long an end may be alone, at most (DEAD-1..3, EST-4): until it is    *)
(* idle, until it gives up waiting, and, if it may start a negotiation in   *)
(* the last instant of that, until it gives that up.                       *)
GivesUp(e) ==
  LET Negotiated == policy.negotiation_timeout
      Idle == Max(policy.idle_period, policy.heartbeat_interval) + Delay
      Unanswered == (policy.retries + 1) * policy.reply_timeout
      holds == policy.while_waiting = "hold" /\ policy.on_missed_reply = "close"
  IN  IF SendsHeartbeats(e) THEN Idle + (IF holds THEN Max(Unanswered, Negotiated) ELSE Unanswered + Negotiated)
      ELSE IF ExpectsHeartbeats(e) THEN Idle + policy.grace + Negotiated
      ELSE Negotiated + Delay

Remembered(e, s) ==
  LET old == end[e]
      was == seen[e]
      anew == s.epoch # old.epoch
      sent == s.sent_number # old.sent_number
      delivered == s.delivered_number # old.delivered_number
      m == Arrived(e, "data")
  IN  IF s.phase = "closed" THEN Unseen
      ELSE [ key     |-> IF ~anew THEN was.key ELSE IF old.negotiation = "mine"
                         THEN IF Arrived(e, "answer").seal = "adversary" THEN "adversary" ELSE e
                         ELSE IF was.posed THEN "adversary" ELSE Peer(e),
             carried |-> IF anew \/ s.limit = 0 THEN 0
                         ELSE IF sent /\ old.queue # <<>> THEN was.carried + Head(old.queue).bytes ELSE was.carried,
             heard   |-> IF anew \/ s.limit = 0 THEN 0
                         ELSE IF delivered /\ m.epoch = s.epoch THEN was.heard + m.bytes ELSE was.heard,
             alone   |-> IF sent \/ delivered THEN 0 ELSE was.alone,
             posed   |-> IF s.negotiation = "theirs" /\ old.negotiation # "theirs"
                         THEN Arrived(e, "start").seal = "adversary"
                         ELSE s.negotiation = "theirs" /\ was.posed ]

-----------------------------------------------------------------------------
(* Numbers of heartbeats.  All that is ever asked of one is whether it is  *)
(* above the highest that its receiver accepted (HB-5), and of a reply     *)
(* whether it is of the outstanding series (DEAD-4).  So those from e are  *)
(* counted from the highest number that is not of its outstanding series   *)
(* and below all that its receiver might yet accept; what is not above that *)
(* is 0.  Where heartbeats are clear the receiver asks nothing.            *)
ToCome(ends, w, f, e) ==
  LET o == Peer(e)
      q == w[o][Channel("heartbeat")]
      under_way == {q[i].number : i \in {j \in 1..Len(q) : q[j].kind = "heartbeat"}}
      kept == {r.message.number : r \in {x \in f.recorded : x.to = o /\ x.message.kind = "heartbeat"}}
  IN  IF Clear THEN {} ELSE {n \in under_way \cup kept : n > ends[o].beat_seen}

Base(ends, w, f, e) ==
  LET s == ends[e]
      over == IF s.series.last > 0 THEN s.series.first - 1 ELSE s.beat_number
      below == IF over = 0 THEN {} ELSE {n - 1 : n \in ToCome(ends, w, f, e)} \cup {over}
  IN  IF over = 0 THEN 0 ELSE CHOOSE n \in below : \A x \in below : n <= x

Down(n, base) == IF n > base THEN n - base ELSE 0

Renumbered(m, to, base) ==
  CASE m.kind = "heartbeat" -> [m EXCEPT !.number = Down(@, base[Peer(to)])]
    [] m.kind = "reply"     -> [m EXCEPT !.number = Down(@, base[to])]
    [] OTHER                -> m

Recounted(s, own, others) ==
  [ s EXCEPT !.beat_number = Down(@, own), !.beat_seen = Down(@, others),
             !.series = IF @.last > 0 THEN [@ EXCEPT !.first = Down(@, own), !.last = Down(@, own)] ELSE @ ]

-----------------------------------------------------------------------------
(* The ends are these, w is under way, and the adversary has f.            *)
Now(ends, w, f) ==
  LET base == [e \in End |-> Base(ends, w, f, e)]
  IN  IF \A e \in End : base[e] = 0
      THEN end' = ends /\ wire' = w /\ foe' = f
      ELSE /\ end' = [e \in End |-> Recounted(ends[e], base[e], base[Peer(e)])]
           /\ wire' = [e \in End |-> [c \in Channels |-> [i \in 1..Len(w[e][c]) |-> Renumbered(w[e][c][i], e, base)]]]
           /\ foe' = [f EXCEPT !.recorded = {[r EXCEPT !.message = Renumbered(@, r.to, base)] : r \in @}]

(* The end e becomes s, and w is under way.                                *)
Become(e, s, w) ==
  /\ Now([end EXCEPT ![e] = s], IF s.phase = "closed" THEN [w EXCEPT ![e] = Silence] ELSE w, foe)
  /\ seen' = [seen EXCEPT ![e] = Remembered(e, s)]
  /\ link' = link

(* Something else is under way, or the adversary has something else.       *)
Meanwhile(w, f) == Now(end, w, f) /\ seen' = seen /\ link' = link

Init ==
  /\ end = [e \in End |-> Fresh(e)]
  /\ wire = [e \in End |-> Silence]
  /\ foe = Outsider
  /\ link = 1
  /\ seen = [e \in End |-> Unseen]
=============================================================================
