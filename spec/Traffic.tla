------------------------------- MODULE Traffic --------------------------------
(***************************************************************************)
(* What the two ends say under a key: data.                                *)
(***************************************************************************)
EXTENDS NewKey

SendDataGuard(e) ==
  LET s == end[e] IN
  /\ Req("SendData: DEAD-5", IsOpen(e))
  /\ Req("SendData: EST-1", s.epoch > 0)                                        \* K:1b/100-110
  /\ Req("SendData: FLOW-1", s.queue # <<>>)
  /\ Req("SendData: REKEY-1", s.negotiation = "none")                           \* K:1b/130->100
  /\ Req("SendData: BYTE-3", ~Full(s))                                          \* K:C2, P:C11
  /\ Req("SendData: AGE-1", Aged(s) < 2)                                        \* P:C10
  /\ Req("SendData: IDLE-1", s.queue = <<>> \/ Barred(s, Head(s.queue)) < 2)    \* K:C1, C3-4, C9-10
  /\ Req("SendData: HB-6", ~Holding(s))                                         \* K:1b/160-170
  /\ Req("SendData: DEAD-2", MissedReply(s) < 2)                                \* K:C8

SendData(e) ==
  LET s == end[e]
      b == IF s.queue = <<>> THEN 1 ELSE Head(s.queue).bytes \* a mutant may send what nobody offered
      rest == IF s.queue = <<>> THEN <<>> ELSE Tail(s.queue)
      sent == Active(e, [Counted(e, s, b) EXCEPT !.queue = rest, !.sent_number = @ + 1])
  IN  /\ SendDataGuard(e)
      /\ Become(e, Reached(sent), Sent(wire, e, Message("data", s.epoch, s.sent_number + 1, b)))

(* REKEY-2: in force, or still carried by the data channel.                *)
DeliverableEpoch(s, m) == m.epoch = s.epoch \/ (CarriesOld(s) /\ m.epoch = s.epoch - 1)

InOrder(s, m) ==
  IF policy.transport = "stream" THEN m.number = s.delivered_number + 1 ELSE m.number > s.delivered_number

DeliverableButForOrder(e, m) ==
  LET s == end[e] IN
  /\ Req("Deliver: DEAD-5", IsOpen(e))
  /\ Req("Deliver: AUTH-1", Sealed(m) /\ m.epoch > 0)
  /\ Req("Deliver: CHAN-1", RightChannel(m))
  /\ Req("Deliver: EST-1", s.epoch > 0)
  /\ Req("Deliver: LIM-1", MayOffer(Peer(e)))
  /\ Req("Deliver: EARLY-1", m.epoch <= s.epoch)
  /\ Req("Deliver: REKEY-2", DeliverableEpoch(s, m))                            \* K: the old key is invalid
  /\ Req("Deliver: DEAD-3", s.suspect_since = NONE \/ m.epoch # s.epoch)        \* K:C18
  /\ Req("Deliver: IDLE-3", m.epoch # s.epoch \/ Rejects(e, s) < 2)             \* K:C13-16

Deliverable(e, m) == DeliverableButForOrder(e, m) /\ Req("Deliver: ORDER-1", InOrder(end[e], m))

Delivered(e, s, m) ==
  LET delivered == [Active(e, Alive(s, m)) EXCEPT !.delivered_number = m.number]
  IN  IF m.epoch # s.epoch THEN delivered
      ELSE [ Counted(e, delivered, m.bytes) EXCEPT !.old_until = NONE, !.old_rejects = FALSE,
                                                   !.bytes_noticed = FALSE ] \* REKEY-6: the notice may be lost

Deliver(e) ==
  \E m \in Heads(e, "data") :
    /\ Deliverable(e, m)
    /\ Become(e, Delivered(e, end[e], m), Taken(wire, e, m))

Rejectable(e, m) ==
  LET s == end[e] IN
  /\ Req("Reject: DEAD-5", IsOpen(e))
  /\ Req("Reject: AUTH-1", Sealed(m) /\ m.epoch > 0)
  /\ Req("Reject: CHAN-1", RightChannel(m))
  /\ Req("Reject: LIM-1", MayOffer(Peer(e)))
  /\ Req("Reject: IDLE-4", m.epoch = s.epoch)
  /\ Req("Reject: IDLE-4", Rejects(e, s) > 0 \/ s.suspect_since # NONE)         \* K: data rejecter 95
  /\ Req("Reject: ORDER-1", m.number > s.delivered_number)

Reject(e) ==
  \E m \in Heads(e, "data") :
    /\ Rejectable(e, m)
    /\ Become(e, [end[e] EXCEPT !.ending = IF @ = "" /\ policy.on_spoof = "close" THEN "IDLE-4" ELSE @],
              Taken(wire, e, m))

(* ORDER-1: fit for delivery, but something before it is missing.          *)
Gap(e, m) ==
  /\ policy.transport = "stream"
  /\ m.number > end[e].delivered_number + 1
  /\ DeliverableButForOrder(e, m)

(* IDLE-3, DEAD-3: is it of a key that nothing may be delivered under?     *)
Spoilt(e, m) ==
  LET s == end[e] IN
  /\ m.epoch = s.epoch /\ m.number > s.delivered_number /\ MayOffer(Peer(e))
  /\ Rejects(e, s) = 2 \/ s.suspect_since # NONE

(* At the instant of the old key's end its data may be delivered, or not.  *)
Discardable(e, m) ==
  LET s == end[e] IN
  /\ Req("Discard: DEAD-5", IsOpen(e))
  /\ Req("Discard: AUTH-1", Sealed(m) /\ m.epoch > 0)
  /\ Req("Discard: CHAN-1", RightChannel(m))
  /\ Req("Discard: REKEY-2",
       /\ ~Waits(s, m)
       /\ ~Gap(e, m)
       /\ ~Spoilt(e, m)
       /\ ~Deliverable(e, m) \/ (m.epoch = s.epoch - 1 /\ CarriesOld(s) /\ s.old_until = 0))

Discard(e) ==
  \E m \in Heads(e, "data") :
    /\ Discardable(e, m)
    /\ Become(e, end[e], Taken(wire, e, m))
=============================================================================
