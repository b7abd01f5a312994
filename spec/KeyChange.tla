------------------------------ MODULE KeyChange -------------------------------
(***************************************************************************)
(* How a link ends, what the network does, what is due, how time passes,   *)
(* and all of it together.                                                 *)
(*                                                                         *)
(* What is due is done before time passes (Tick); what else may be done at *)
(* the same instant comes in any order.                                    *)
(***************************************************************************)
EXTENDS Traffic

(* The end of the link, and what changes nothing.                          *)

PeerClosed(e) == Arrives(e, "close")
Broken(e) == Arrives(e, "data") /\ Gap(e, Arrived(e, "data"))

Closing(e) ==
  LET s == end[e] IN
  \/ s.ending # ""                                                              \* CLOSE-1, IDLE-4
  \/ PeerClosed(e)                                                              \* CLOSE-1
  \/ Broken(e)                                                                  \* ORDER-1
  \/ s.awaiting_since >= policy.negotiation_timeout                             \* EST-4    (P:33)
  \/ s.suspect_since >= policy.negotiation_timeout                              \* DEAD-3
  \/ policy.on_missed_reply = "close" /\ Exhausted(s) /\ ReplyMissed(s) > 0     \* DEAD-2   (K:C7, P:C1)
  \/ policy.on_missed_heartbeat = "close" /\ Overdue(e)                         \* DEAD-3   (K:C17)

(* An end that gives up may tell its peer; one that its user ends must.    *)
Close(e) ==
  /\ IsOpen(e)                                                                  \* DEAD-5
  /\ Closing(e)                                                                 \* CLOSE-1
  /\ \E announced \in BOOLEAN :
       /\ announced \/ end[e].ending # "CLOSE-1"                                \* CLOSE-1
       /\ Become(e, Closed, IF announced THEN Sent(wire, e, Message("close", end[e].epoch, 0, 0)) ELSE wire)

ChangesNothing(e, m) ==
  CASE m.kind = "request" -> ~RequestAcceptable(e, m)
    [] m.kind = "start" -> ~Answerable(e, m) /\ ~Refusable(e, m)
    [] m.kind = "answer" -> ~Finishable(e, m)
    [] m.kind = "finish" -> ~Establishable(e, m)
    [] m.kind = "heartbeat" -> ~Replyable(e, m)
    [] m.kind = "reply" -> ~ReplyAcceptable(e, m)
    [] OTHER -> FALSE                       \* data is discarded, a close ends the link

Ignore(e) ==
  \E c \in Channels :
    /\ IsOpen(e)
    /\ wire[e][c] # <<>>
    /\ LET m == Head(wire[e][c]) IN
       /\ ChangesNothing(e, m)                                                  \* AUTH-1
       /\ Become(e, IF m.kind = "reply" THEN Alive(end[e], m) ELSE end[e], Taken(wire, e, c))

-----------------------------------------------------------------------------
(* The network.                                                            *)

Drop(e) ==
  \E c \in Channels :
    /\ Lossy
    /\ wire[e][c] # <<>>
    /\ ~Waits(end[e], Head(wire[e][c]))     \* it has arrived
    /\ end' = end
    /\ wire' = Taken(wire, e, c)
    /\ seen' = seen

-----------------------------------------------------------------------------
(* What is due: time does not pass over it.                                *)

(* A new key, by REKEY-4, BYTE-5, BYTE-3, AGE-1, IDLE-1, AGE-2, DEAD-2.     *)
KeyDue(e) ==
  LET s == end[e] IN
  /\ IsOpen(e) /\ s.negotiation = "none"
  /\ IF s.epoch = 0 THEN e = "client"                                           \* EST-4
     ELSE /\ ~s.requesting
          /\ IF Holding(s) THEN MissedReply(s) > 0
             ELSE \/ Reasons(e) \ {"AGE-2"} # {}
                  \/ AgeTriggers(e) /\ Aged(s) > 0 /\ (policy.age_trigger = "timer" \/ Busy(s) = 2)

HeartbeatDue(e) ==
  LET s == end[e] IN
  /\ IsOpen(e) /\ SendsHeartbeats(e) /\ s.epoch > 0 /\ s.negotiation = "none"
  /\ IF Outstanding(s) THEN ~Exhausted(s) /\ ReplyMissed(s) > 0 ELSE s.next_beat = 0

DataDue(e) ==
  LET s == end[e] IN
  /\ IsOpen(e) /\ s.epoch > 0 /\ s.negotiation = "none" /\ s.queue # <<>>       \* FLOW-1
  /\ ~Holding(s) /\ ~Full(s) /\ Aged(s) = 0 /\ Barred(s, Head(s.queue)) = 0 /\ MissedReply(s) = 0

(* What has arrived is taken no later than the network's Delay allows, so a *)
(* close or a gap that has arrived is not due apart from that.             *)
EndDue(e) ==
  LET s == end[e] IN
  /\ IsOpen(e)
  /\ \/ s.ending # ""
     \/ s.awaiting_since >= policy.negotiation_timeout
     \/ s.suspect_since >= policy.negotiation_timeout
     \/ policy.on_missed_reply = "close" /\ Exhausted(s) /\ ReplyMissed(s) > 0
     \/ Overdue(e)

Due(e) == KeyDue(e) \/ HeartbeatDue(e) \/ DataDue(e) \/ EndDue(e)

(* Has a message been under way for as long as it can be?                  *)
MustArrive(e) ==
  \E c \in Channels :
    LET q == wire[e][c] IN q # <<>> /\ Head(q).age = Delay /\ ~Waits(end[e], Head(q))

-----------------------------------------------------------------------------
(* Time.                                                                   *)

Up(ticks, limit) == Min(ticks + 1, limit)
Running(ticks, limit) == IF ticks = NONE THEN NONE ELSE Up(ticks, limit)

(* As much idle time as makes a difference.                                *)
IdleSeen ==
  LET period == IF "period" \in {policy.idle_trigger, policy.reject_trigger} THEN policy.rekey_idle + 1 ELSE 0
      any == IF "any" \in {policy.idle_trigger, policy.reject_trigger} THEN 1 ELSE 0
      active == IF policy.age_limit > 0 /\ policy.age_trigger = "active" THEN policy.idle_period + 1 ELSE 0
      crossed == IF policy.heartbeat_interval < policy.idle_period THEN policy.idle_period ELSE 0
  IN  Max(Max(period, any), Max(active, crossed))

Older(e, s) ==
  IF s.phase # "open" THEN s
  ELSE [ s EXCEPT !.in_force_at = IF s.epoch > 0 /\ policy.age_limit > 0 THEN Up(@, policy.age_limit + 1) ELSE 0,
                  !.active_at = Up(@, IdleSeen),
                  !.next_beat = Max(@ - 1, 0),
                  !.expected_at = IF ExpectsHeartbeats(e) THEN Max(@ - 1, -policy.grace) ELSE 0,
                  !.series = IF @.last > 0 THEN [@ EXCEPT !.last_at = Up(@, policy.reply_timeout)] ELSE @,
                  !.awaiting_since = Running(@, policy.negotiation_timeout),
                  !.suspect_since = Running(@, policy.negotiation_timeout),
                  !.old_until = IF @ > 0 THEN @ - 1 ELSE NONE,
                  !.old_rejects = @ /\ s.old_until > 0 ]

Tick ==
  /\ \A e \in End : end[e].phase # "fresh" /\ ~Due(e) /\ ~MustArrive(e)
  /\ end' = [e \in End |-> Older(e, end[e])]
  /\ wire' = IF Delay = 0 THEN wire
             ELSE [e \in End |-> [c \in Channels |->
                     [i \in 1..Len(wire[e][c]) |-> [wire[e][c][i] EXCEPT !.age = Up(@, Delay)]]]]
  /\ seen' = [e \in End |-> IF end[e].phase = "open" /\ end[Peer(e)].phase = "closed"
                            THEN [seen[e] EXCEPT !.alone = Up(@, GivesUp(e) + 1)] ELSE seen[e]]

-----------------------------------------------------------------------------
User(e) == Offer(e) \/ Shut(e)

Act(e) ==
  \/ Open(e)
  \/ Start(e) \/ Answer(e) \/ Finish(e) \/ Establish(e) \/ Request(e) \/ AcceptRequest(e) \/ RefuseStart(e)
  \/ SendData(e) \/ Deliver(e) \/ Reject(e) \/ Discard(e)
  \/ SendHeartbeat(e) \/ SendReply(e) \/ AcceptReply(e) \/ Suspect(e)
  \/ Close(e) \/ Ignore(e)

Next ==
  \/ Tick
  \/ \E e \in End : User(e) \/ Act(e) \/ Drop(e)

(* Users need not offer anything, and the network need not lose anything.  *)
(* All else: as long as an end has something to do or time may pass, one of *)
(* these happens.  That is less than fairness to each timer and each duty   *)
(* by itself, so what is proved of it is more; it is enough because time    *)
(* may not pass over what is due, and no end has endlessly much to do in   *)
(* one instant.                                                            *)
Fairness == WF_vars(Tick \/ \E e \in End : Act(e))

Spec == Init /\ [][Next]_vars /\ Fairness
=============================================================================
