----------------------------- MODULE Heartbeats -----------------------------
(***************************************************************************)
(* What the two ends say under a key where there is no data: heartbeats    *)
(* and replies; and what an end that counts for both tells the other.      *)
(***************************************************************************)
EXTENDS Traffic

SendHeartbeatGuard(e) ==
  LET s == end[e] IN
  /\ Req("SendHeartbeat: DEAD-5", IsOpen(e))
  /\ Req("SendHeartbeat: EST-1", s.epoch > 0)
  /\ Req("SendHeartbeat: HB-1", SendsHeartbeats(e))                             \* K:C5, P:C4
  /\ Req("SendHeartbeat: HB-1", s.negotiation = "none")
  /\ Req("SendHeartbeat: HB-2", SurelyOutstanding(s) \/ s.next_beat = 0)          \* K: preferably constant
  /\ Req("SendHeartbeat: DEAD-1", ~SurelyOutstanding(s) \/ (~Exhausted(s) /\ ReplyMissed(s) > 0)) \* K alternative embodiment

(* HB-5: clear, or sealed.  BYTE-2: with data+control they have a size.    *)
Beat(kind, epoch, number) ==
  [Message(kind, epoch, number, ControlSize) EXCEPT !.seal = IF Clear THEN "nobody" ELSE "peer"]

CountedControl(e, s) == IF ControlSize = 0 THEN s ELSE Counted(e, s, ControlSize)

(* BYTE-5: where it is one of this end's own, it may be what fills the key. *)
ControlSent(e, s) == IF Full(s) THEN CountedControl(e, s) ELSE Reached(CountedControl(e, s))

SendHeartbeat(e) ==
  LET s == end[e]
      number == s.beat_number + 1
      first == ~SurelyOutstanding(s)
      sent == [ s EXCEPT !.marked_sent = TRUE, !.beat_number = number,
                         !.series = [Blank.series EXCEPT !.first = IF first THEN number ELSE s.series.first, !.last = number],
                         !.next_beat = IF first THEN policy.heartbeat_interval ELSE @ ]
  IN  /\ SendHeartbeatGuard(e)
      /\ Become(e, ControlSent(e, sent), Sent(wire, e, Beat("heartbeat", s.epoch, number)))

Replyable(e, m) ==
  LET s == end[e] IN
  /\ Req("SendReply: DEAD-5", IsOpen(e))
  /\ Req("SendReply: HB-5", Sealed(m) \/ Clear)                                 \* P:C5-6
  /\ Req("SendReply: CHAN-1", RightChannel(m))
  /\ Req("SendReply: HB-3", m.epoch = s.epoch /\ m.epoch > 0)                   \* K:C6, P:C7
  /\ Req("SendReply: HB-5", Clear \/ m.number > s.beat_seen)                    \* P:38: a repeated one is a replay

SendReply(e) ==
  \E m \in Heads(e, "heartbeat") :
    LET s == Alive(end[e], m)
        expected == Max(policy.idle_period - s.active_at, policy.heartbeat_interval) \* own data may have crossed it
        marked == [ s EXCEPT !.marked_accepted = TRUE,
                             !.beat_seen = IF Clear THEN 0 ELSE Max(@, m.number),
                             !.expected_at = IF ExpectsHeartbeats(e) THEN expected ELSE 0 ]
    IN  /\ Replyable(e, m)
        /\ Become(e, ControlSent(e, CountedControl(e, marked)), Sent(Taken(wire, e, m), e, Beat("reply", m.epoch, m.number)))

ReplyAcceptable(e, m) ==
  LET s == end[e] IN
  /\ Req("AcceptReply: DEAD-5", IsOpen(e))
  /\ Req("AcceptReply: HB-5", Sealed(m) \/ Clear)
  /\ Req("AcceptReply: CHAN-1", RightChannel(m))
  /\ Req("AcceptReply: HB-3", m.epoch = s.epoch /\ m.epoch > 0)
  /\ Req("AcceptReply: DEAD-4", Outstanding(s) /\ m.number \in s.series.first..s.series.last)
  /\ Req("AcceptReply: DEAD-2", ~Exhausted(s) \/ ReplyMissed(s) < 2)

AcceptReply(e) ==
  \E m \in Heads(e, "reply") :
    /\ ReplyAcceptable(e, m)
    /\ Become(e, SeriesAnswered(CountedControl(e, end[e])), Taken(wire, e, m))

(* K:C18: only data under a new key is accepted from now on.               *)
Suspect(e) ==
  /\ Req("Suspect: DEAD-5", IsOpen(e))
  /\ Req("Suspect: DEAD-3", Overdue(e) /\ policy.on_missed_heartbeat = "rekey")
  /\ Become(e, [end[e] EXCEPT !.suspect_since = 0], wire)

-----------------------------------------------------------------------------
(* Notices (REKEY-6; K last embodiment).  One tells the count that was     *)
(* reached, or, with no bytes, of idleness.                                *)

SendNoticeGuard(e) ==
  /\ Req("SendNotice: DEAD-5", IsOpen(e))
  /\ Req("SendNotice: EST-1", end[e].epoch > 0)
  /\ Req("SendNotice: REKEY-6", Notices(e))
  /\ Req("SendNotice: REKEY-6", end[e].negotiation = "none")
  /\ Req("SendNotice: REKEY-6", BytesToTell(e) \/ IdleToTell(e))

(* A mutant that has nothing to tell tells its count.                      *)
SendNotice(e) ==
  LET s == end[e]
      Told(bytes) == Sent(wire, e, Message("notice", s.epoch, 0, bytes))
  IN  /\ SendNoticeGuard(e)
      /\ \/ IdleToTell(e) /\ Become(e, [s EXCEPT !.idle_noticed = TRUE], Told(0))
         \/ (BytesToTell(e) \/ ~IdleToTell(e)) /\ Become(e, [s EXCEPT !.bytes_noticed = TRUE], Told(s.count))

NoticeAcceptable(e, m) ==
  /\ Req("AcceptNotice: DEAD-5", IsOpen(e))
  /\ Req("AcceptNotice: AUTH-1", Sealed(m))
  /\ Req("AcceptNotice: CHAN-1", RightChannel(m))
  /\ Req("AcceptNotice: REKEY-6", m.epoch = end[e].epoch /\ m.epoch > 0 /\ ~Counts(e))

(* It goes on as if it had counted; it was its message that reached the    *)
(* limit.                                                                  *)
AcceptNotice(e) ==
  \E m \in Heads(e, "notice") :
    LET s == Alive(end[e], m)
    IN  /\ NoticeAcceptable(e, m)
        /\ Become(e, IF m.bytes = 0 THEN [s EXCEPT !.idle_noticed = TRUE]
                     ELSE Reached([s EXCEPT !.count = IF s.limit = 0 THEN 0 ELSE Max(@, Min(m.bytes, s.limit + 1))]),
                  Taken(wire, e, m))
=============================================================================
