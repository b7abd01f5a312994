------------------------------ MODULE KeyChange -------------------------------
(***************************************************************************)
(* How a link ends, what is due, how time passes, and all of it together.   *)
(*                                                                         *)
(* What is due is done before time passes (Tick); what else may be done at *)
(* the same instant comes in any order.                                    *)
(***************************************************************************)
EXTENDS Adversary

(* The end of the link, and what changes nothing.                          *)

Announces(m) == Sealed(m) /\ RightChannel(m)
PeerClosed(e) == \E m \in Heads(e, "close") : Announces(m)
Broken(e) == \E m \in Heads(e, "data") : Gap(e, m)

(* What has arrived is taken no later than the network's Delay allows, so a *)
(* close or a gap that has arrived is not due apart from that.             *)
EndDue(e) ==
  LET s == end[e]
      negotiation == Why("Close: EST-4", s.awaiting_since >= policy.negotiation_timeout)   \* P:33
      suspicion == Why("Close: DEAD-3", s.suspect_since >= policy.negotiation_timeout)
      reply == Why("Close: DEAD-2", policy.on_missed_reply = "close" /\ Exhausted(s) /\ ReplyMissed(s) > 0)
      heartbeat == Why("Close: DEAD-3", policy.on_missed_heartbeat = "close" /\ Overdue(e)) \* K:C7, K:C17
      user == Why("Close: CLOSE-1", s.ending = "CLOSE-1")
      spoof == Why("Close: IDLE-4", s.ending = "IDLE-4")
  IN  IsOpen(e) /\ (negotiation \/ suspicion \/ reply \/ heartbeat \/ user \/ spoof)

Closing(e) == EndDue(e) \/ Why("Close: CLOSE-1", PeerClosed(e)) \/ Why("Close: ORDER-1", Broken(e))

(* An end that gives up may tell its peer; one that its user ends must.    *)
Close(e) ==
  /\ Req("Close: DEAD-5", IsOpen(e))
  /\ Closing(e)
  /\ \E announced \in BOOLEAN :
       /\ Req("Announce: CLOSE-1", announced \/ end[e].ending # "CLOSE-1")
       /\ Become(e, Closed(e), IF announced THEN Sent(wire, e, Message("close", end[e].epoch, 0, 0)) ELSE wire)

ChangesNothing(e, m) ==
  CASE m.kind = "request"   -> ~RequestAcceptable(e, m)
    [] m.kind = "start"     -> ~Answerable(e, m) /\ ~Refusable(e, m)
    [] m.kind = "answer"    -> ~Finishable(e, m)
    [] m.kind = "finish"    -> ~Establishable(e, m)
    [] m.kind = "heartbeat" -> ~Replyable(e, m)
    [] m.kind = "reply"     -> ~ReplyAcceptable(e, m)
    [] m.kind = "notice"    -> ~NoticeAcceptable(e, m)
    [] m.kind = "close"     -> ~Announces(m)
    [] m.kind = "data"      ->
         ~Deliverable(e, m) /\ ~Rejectable(e, m) /\ ~Discardable(e, m)
         /\ ~(Sealed(m) /\ RightChannel(m) /\ (Waits(end[e], m) \/ Gap(e, m)))

(* DEAD-4: a late reply changes nothing, but is a sign of life.            *)
Ignore(e) ==
  \E c \in Channels :
    /\ IsOpen(e)
    /\ wire[e][c] # <<>>
    /\ LET m == Head(wire[e][c]) IN
       /\ Req("Ignore: AUTH-1", ChangesNothing(e, m))
       /\ Become(e, IF m.kind = "reply" /\ RightChannel(m) THEN Alive(end[e], m) ELSE end[e], Taken(wire, e, m))

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

NoticeDue(e) ==
  LET s == end[e] IN
  /\ IsOpen(e) /\ s.epoch > 0 /\ s.negotiation = "none"                        \* REKEY-6
  /\ IdleToTell(e) \/ (BytesToTell(e) /\ ~s.reached)

SuspicionDue(e) == policy.on_missed_heartbeat = "rekey" /\ Overdue(e)           \* DEAD-3

RefusalDue(e) == end[e].refusal # ""                                            \* LIM-1

Due(e) == KeyDue(e) \/ HeartbeatDue(e) \/ DataDue(e) \/ NoticeDue(e) \/ RefusalDue(e) \/ EndDue(e) \/ SuspicionDue(e)

(* Has a message been under way for as long as it can be?                  *)
MustArrive(e) ==
  "delay" \notin Powers /\ \E c \in Channels :
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
                  !.series = IF @.last > 0 THEN [@ EXCEPT !.last_at = Up(@, policy.reply_timeout + 1)] ELSE @,
                  !.awaiting_since = Running(@, policy.negotiation_timeout),
                  !.suspect_since = Running(@, policy.negotiation_timeout),
                  !.session_at = IF s.session > 0 THEN Up(@, policy.session_lifetime + 1) ELSE 0,
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
  /\ foe' = foe /\ link' = link

-----------------------------------------------------------------------------
User(e) == Offer(e) \/ Shut(e)

Act(e) ==
  \/ Open(e) \/ Refuse(e)
  \/ Start(e) \/ Answer(e) \/ Finish(e) \/ Establish(e) \/ Request(e) \/ AcceptRequest(e) \/ RefuseStart(e)
  \/ SendData(e) \/ Deliver(e) \/ Reject(e) \/ Discard(e)
  \/ SendHeartbeat(e) \/ SendReply(e) \/ AcceptReply(e) \/ Suspect(e)
  \/ SendNotice(e) \/ AcceptNotice(e)
  \/ Close(e) \/ Ignore(e)

Attack(e) ==
  \/ Duplicate(e) \/ Swap(e) \/ Record(e) \/ Replay(e)
  \/ Crack(e) \/ Inject(e) \/ Forge(e) \/ Junk(e)
  \/ Resume(e) \/ Impersonate(e) \/ Complete(e)

Next ==
  \/ Tick \/ Reconnect
  \/ \E e \in End : User(e) \/ Act(e) \/ Drop(e) \/ Attack(e)

(* Users need not offer anything, the network need not lose anything, and  *)
(* the adversary need not do anything.                                     *)
(* All else: as long as an end has something to do or time may pass, one of *)
(* these happens.  That is less than fairness to each timer and each duty   *)
(* by itself, so what is proved of it is more; it is enough because time    *)
(* may not pass over what is due, and no end has endlessly much to do in   *)
(* one instant.                                                            *)
Fairness == WF_vars(Tick \/ \E e \in End : Act(e))

Spec == Init /\ [][Next]_vars /\ Fairness
=============================================================================
