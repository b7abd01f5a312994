------------------------------- MODULE Traffic --------------------------------
(***************************************************************************)
(* What the two ends say under a key: data, and heartbeats where there is  *)
(* none.                                                                   *)
(***************************************************************************)
EXTENDS NewKey

(* Data.                                                                   *)

SendDataGuard(e) ==
  LET s == end[e] IN
  /\ IsOpen(e)                                                                  \* DEAD-5
  /\ s.epoch > 0                                                                \* EST-1    (K:1b/100-110)
  /\ s.queue # <<>>                                                             \* FLOW-1
  /\ s.negotiation = "none"                                                     \* REKEY-1  (K:1b/130->100)
  /\ ~Full(s)                                                                   \* BYTE-3   (K:C2, P:C11)
  /\ Aged(s) < 2                                                                \* AGE-1    (P:C10)
  /\ Barred(s, Head(s.queue)) < 2                                               \* IDLE-1   (K:C1, C3-4, C9-10)
  /\ ~Holding(s)                                                                \* HB-6     (K:1b/160-170)
  /\ MissedReply(s) < 2                                                         \* DEAD-2   (K:C8)

SendData(e) ==
  LET s == end[e]
      b == Head(s.queue).bytes
      sent == Active(e, [Counted(s, b) EXCEPT !.queue = Tail(@), !.sent_number = @ + 1])
  IN  /\ SendDataGuard(e)
      /\ Become(e, [sent EXCEPT !.reached = @ \/ (policy.byte_trigger = "at-once" /\ Full(sent))],
                Sent(wire, e, Message("data", s.epoch, s.sent_number + 1, b)))

(* REKEY-2: in force, or still carried by the data channel.                *)
DeliverableEpoch(s, m) == m.epoch = s.epoch \/ (CarriesOld(s) /\ m.epoch = s.epoch - 1)

InOrder(s, m) ==
  IF policy.transport = "stream" THEN m.number = s.delivered_number + 1 ELSE m.number > s.delivered_number

DeliverableButForOrder(e, m) ==
  LET s == end[e] IN
  /\ IsOpen(e)                                                                  \* DEAD-5
  /\ s.epoch > 0                                                                \* EST-1
  /\ MayOffer(Peer(e))                                                          \* LIM-1
  /\ m.epoch <= s.epoch                                                         \* EARLY-1
  /\ DeliverableEpoch(s, m)                                                     \* REKEY-2  (K: the old key is invalid)
  /\ s.suspect_since = NONE \/ m.epoch # s.epoch                                \* DEAD-3   (K:C18)
  /\ m.epoch # s.epoch \/ Rejects(s) < 2                                        \* IDLE-3   (K:C13-16)

Deliverable(e, m) == DeliverableButForOrder(e, m) /\ InOrder(end[e], m)         \* ORDER-1

Deliver(e) ==
  LET s == end[e]
      m == Arrived(e, "data")
      delivered == [Active(e, Alive(s, m)) EXCEPT !.delivered_number = m.number]
  IN  /\ Arrives(e, "data")
      /\ Deliverable(e, m)
      /\ Become(e, IF m.epoch = s.epoch THEN [Counted(delivered, m.bytes) EXCEPT !.old_until = NONE,
                                                                                 !.old_rejects = FALSE]
                   ELSE delivered,
                Taken(wire, e, Channel("data")))

Rejectable(e, m) ==
  /\ IsOpen(e)                                                                  \* DEAD-5
  /\ MayOffer(Peer(e))                                                          \* LIM-1
  /\ m.epoch = end[e].epoch /\ m.epoch > 0                                      \* IDLE-4
  /\ Rejects(end[e]) > 0 \/ end[e].suspect_since # NONE                         \* IDLE-4   (K: data rejecter 95)
  /\ m.number > end[e].delivered_number                                         \* ORDER-1

Reject(e) ==
  LET s == end[e]
      m == Arrived(e, "data")
  IN  /\ Arrives(e, "data")
      /\ Rejectable(e, m)
      /\ Become(e, [s EXCEPT !.ending = IF @ = "" /\ policy.on_spoof = "close" THEN "IDLE-4" ELSE @],
                Taken(wire, e, Channel("data")))

(* ORDER-1: fit for delivery, but something before it is missing.          *)
Gap(e, m) ==
  /\ policy.transport = "stream"
  /\ m.number > end[e].delivered_number + 1
  /\ DeliverableButForOrder(e, m)

Discardable(e, m) ==
  LET s == end[e] IN
  /\ IsOpen(e)                                                                  \* DEAD-5
  /\ ~Waits(s, m)                                                               \* EARLY-1
  /\ ~Gap(e, m)                                                                 \* ORDER-1
  /\ ~Rejectable(e, m)                                                          \* IDLE-4
  /\ ~Deliverable(e, m) \/ (m.epoch = s.epoch - 1 /\ CarriesOld(s) /\ s.old_until = 0) \* REKEY-2

Discard(e) ==
  LET m == Arrived(e, "data") IN
  /\ Arrives(e, "data")
  /\ Discardable(e, m)
  /\ Become(e, end[e], Taken(wire, e, Channel("data")))

-----------------------------------------------------------------------------
(* Heartbeats.                                                             *)

SendHeartbeatGuard(e) ==
  LET s == end[e] IN
  /\ IsOpen(e)                                                                  \* DEAD-5
  /\ s.epoch > 0                                                                \* EST-1
  /\ SendsHeartbeats(e)                                                         \* HB-1     (K:C5, P:C4)
  /\ s.negotiation = "none"                                                     \* HB-1
  /\ Outstanding(s) \/ s.next_beat = 0                                          \* HB-2     (K: preferably constant)
  /\ ~Outstanding(s) \/ (~Exhausted(s) /\ ReplyMissed(s) > 0)                   \* DEAD-1   (K alternative embodiment)

SendHeartbeat(e) ==
  LET s == end[e]
      first == ~Outstanding(s)
      sent == [ s EXCEPT !.marked_sent = TRUE, !.series = [last |-> @.last + 1, last_at |-> 0],
                         !.next_beat = IF first THEN policy.heartbeat_interval ELSE @ ]
      before == IF first THEN Late(wire, e) ELSE wire
  IN  /\ SendHeartbeatGuard(e)
      /\ Become(e, sent, Sent(before, e, Message("heartbeat", s.epoch, sent.series.last, 0)))

Replyable(e, m) ==
  /\ IsOpen(e)                                                                  \* DEAD-5
  /\ m.epoch = end[e].epoch /\ m.epoch > 0                                      \* HB-3     (K:C6, P:C7)

SendReply(e) ==
  LET m == Arrived(e, "heartbeat")
      s == Alive(end[e], m)
      expected == Max(policy.idle_period - s.active_at, policy.heartbeat_interval) \* own data may have crossed it
      marked == [ s EXCEPT !.marked_accepted = TRUE,
                           !.expected_at = IF ExpectsHeartbeats(e) THEN expected ELSE 0 ]
  IN  /\ Arrives(e, "heartbeat")
      /\ Replyable(e, m)
      /\ Become(e, marked, Sent(Taken(wire, e, Channel("heartbeat")), e, Message("reply", m.epoch, m.number, 0)))

ReplyAcceptable(e, m) ==
  /\ IsOpen(e)                                                                  \* DEAD-5
  /\ m.epoch = end[e].epoch /\ m.epoch > 0                                      \* HB-3
  /\ m.number \in 1..end[e].series.last                                         \* DEAD-4
  /\ ~Exhausted(end[e]) \/ ReplyMissed(end[e]) < 2                              \* DEAD-2

AcceptReply(e) ==
  /\ Arrives(e, "reply")
  /\ ReplyAcceptable(e, Arrived(e, "reply"))
  /\ Become(e, [end[e] EXCEPT !.series = Fresh.series], Taken(wire, e, Channel("reply")))

(* K:C18: only data under a new key is accepted from now on.               *)
Suspect(e) ==
  /\ IsOpen(e)                                                                  \* DEAD-5
  /\ Overdue(e) /\ policy.on_missed_heartbeat = "rekey"                         \* DEAD-3
  /\ Become(e, [end[e] EXCEPT !.suspect_since = 0], wire)
=============================================================================
