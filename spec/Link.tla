-------------------------------- MODULE Link --------------------------------
(***************************************************************************)
(* What there is: two ends, what each remembers, and what is under way     *)
(* between them.  No action is here; KeyChange has them.                   *)
(*                                                                         *)
(* Left out.  Bytes: a key is known by its epoch, what it protects by how  *)
(* much it is.  Cryptography: in a network without an adversary everything *)
(* is authentic (AUTH-1, EST-2, HB-5).  Arriving apart from being taken: a *)
(* message stays in its channel until an end takes it, so delay is time    *)
(* that passes meanwhile.  The two ends open in the same instant.          *)
(*                                                                         *)
(* Time.  There is no clock.  What the reference keeps as an instant       *)
(* (in_force_at, active_at, last_at, awaiting_since, suspect_since) is     *)
(* here the number of ticks since; what it keeps as a deadline (next_beat, *)
(* expected_at, old_until) is the number of ticks to go.  Each is bounded  *)
(* where more makes no difference, and is 0 where nothing depends on it.   *)
(*                                                                         *)
(* Numbers.  Heartbeats are numbered within their series; when the next    *)
(* series begins, those of earlier ones that are still under way become 0. *)
(* So DEAD-4 can tell the current series from all others, which is all     *)
(* that it asks.  The id of a negotiation follows from who started it and  *)
(* the epoch it is for, and is not carried.                                *)
(***************************************************************************)
EXTENDS Policy, Sequences

CONSTANTS
  Chosen,        \* the policy of both ends
  Delay,         \* the longest time, in ticks, that a message is under way
  Lossy,         \* may the network lose messages?
  Sizes,         \* sizes of the messages that users offer
  Wishes(_, _),  \* Wishes(e, n): does the user of e have an nth message to offer?
  Shuts          \* the ends whose user may end the link

VARIABLES
  end,           \* what each end remembers
  wire,          \* wire[e][c]: what is under way to e over channel c, oldest first
  seen           \* history, which only the properties look at

vars == <<end, wire, seen>>

policy == Chosen \* evaluated once: TLC evaluates anew what a cfg puts in the place of a constant

-----------------------------------------------------------------------------
End == {"client", "server"}
Peer(e) == IF e = "client" THEN "server" ELSE "client"

NONE == -1

Max(a, b) == IF a > b THEN a ELSE b
Min(a, b) == IF a < b THEN a ELSE b

(* Does a condition on time hold: no (0), it may be read either way, at the *)
(* very instant (1), yes (2)?                                              *)
Since(ticks, limit) == IF ticks > limit THEN 2 ELSE IF ticks = limit THEN 1 ELSE 0

SendsHeartbeats(e) == policy.idle_period > 0 /\ policy.heartbeat_sender \in {e, "both"}
ExpectsHeartbeats(e) == SendsHeartbeats(Peer(e)) /\ policy.on_missed_heartbeat # "ignore"
MayOffer(e) == policy.direction = "both" \/ (policy.direction = "to-server") = (e = "client")

-----------------------------------------------------------------------------
(* Channels and messages.  CHAN-1: with two channels data has its own.      *)
Channels == IF policy.channels = 1 THEN {"single"} ELSE {"control", "data"}
Channel(kind) == IF policy.channels = 1 THEN "single" ELSE IF kind = "data" THEN "data" ELSE "control"

Kind == {"request", "start", "answer", "finish", "data", "heartbeat", "reply", "close"}

(* `age` is how long it has been under way.                                *)
Message(kind, epoch, number, bytes) ==
  [kind |-> kind, epoch |-> epoch, number |-> number, bytes |-> bytes, age |-> 0]

Arrives(e, kind) == LET q == wire[e][Channel(kind)] IN q # <<>> /\ Head(q).kind = kind
Arrived(e, kind) == Head(wire[e][Channel(kind)])

(* What is under way, in w, when e takes the head of a channel or sends.   *)
(* Nothing is under way to a closed end.                                   *)
Taken(w, e, c) == [w EXCEPT ![e][c] = Tail(@)]
Sent(w, e, m) ==
  IF end[Peer(e)].phase = "closed" THEN w ELSE [w EXCEPT ![Peer(e)][Channel(m.kind)] = Append(@, m)]

(* The heartbeats of e, and the replies to them, are of an earlier series. *)
Late(w, e) ==
  LET Old(q, kind) == [i \in 1..Len(q) |-> IF q[i].kind = kind THEN [q[i] EXCEPT !.number = 0] ELSE q[i]]
      c == Channel("heartbeat")
  IN  [w EXCEPT ![Peer(e)][c] = Old(@, "heartbeat"), ![e][c] = Old(@, "reply")]

-----------------------------------------------------------------------------
(* What an end remembers, and what it remembers before the link opens.      *)
(* A closed end remembers that it is closed (DEAD-5).                      *)
Fresh ==
  [ phase            |-> "fresh", \* fresh, open, closed
    epoch            |-> 0,       \* the epoch in force; 0 before the first
    in_force_at      |-> 0,       \* ticks since it is
    count            |-> 0,       \* bytes under it, sent and received (BYTE-1)
    reached          |-> FALSE,   \* an own message reached the limit (BYTE-5)
    marked_sent      |-> FALSE,   \* a heartbeat was sent in it
    marked_accepted  |-> FALSE,   \* a heartbeat was accepted in it
    idle_rejects     |-> 0,       \* reject_trigger's idleness was seen under it (IDLE-3)
    active_at        |-> 0,       \* ticks of idle time
    next_beat        |-> 0,       \* ticks to the next first heartbeat (HB-1, HB-2)
    expected_at      |-> 0,       \* ticks to the peer's next heartbeat (DEAD-3)
    series           |-> [last |-> 0, last_at |-> 0], \* outstanding heartbeats: how many; ticks since the latest
    negotiation      |-> "none",  \* none, mine, theirs: in progress, and who started it
    awaiting_since   |-> NONE,    \* ticks since one is requested, awaited or started (EST-4)
    requesting       |-> FALSE,   \* this end's request is not yet answered by a start
    requested        |-> FALSE,   \* the peer asks this end to start (REKEY-4)
    suspect_since    |-> NONE,    \* ticks since a heartbeat is overdue (DEAD-3)
    old_until        |-> NONE,    \* ticks for which the data channel may carry the previous epoch (REKEY-2)
    old_rejects      |-> FALSE,   \* nothing more may be delivered under it
    queue            |-> <<>>,    \* what the user offered and is not sent
    sent_number      |-> 0,       \* of the latest data sent
    delivered_number |-> 0,       \* of the latest data delivered
    ending           |-> "" ]     \* the rule by which it must close

Closed == [Fresh EXCEPT !.phase = "closed"]

(* History at each end: who started the negotiation of the epoch in force  *)
(* there, the bytes it sealed and delivered under that epoch, and how long  *)
(* it has been alone, its peer closed, without sending or delivering data. *)
Unseen == [key |-> "none", carried |-> 0, heard |-> 0, alone |-> 0]

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
      ELSE [ key     |-> IF ~anew THEN was.key ELSE IF old.negotiation = "mine" THEN e ELSE Peer(e),
             carried |-> IF anew \/ policy.byte_limit = 0 THEN 0
                         ELSE IF sent THEN was.carried + Head(old.queue).bytes ELSE was.carried,
             heard   |-> IF anew \/ policy.byte_limit = 0 THEN 0
                         ELSE IF delivered /\ m.epoch = s.epoch THEN was.heard + m.bytes ELSE was.heard,
             alone   |-> IF sent \/ delivered THEN 0 ELSE was.alone ]

(* The end e becomes s, and w is under way.  Every action but Tick ends so. *)
Become(e, s, w) ==
  /\ end' = [end EXCEPT ![e] = s]
  /\ wire' = IF s.phase = "closed" THEN [w EXCEPT ![e] = [c \in Channels |-> <<>>]] ELSE w
  /\ seen' = [seen EXCEPT ![e] = Remembered(e, s)]

Init ==
  /\ end = [e \in End |-> Fresh]
  /\ wire = [e \in End |-> [c \in Channels |-> <<>>]]
  /\ seen = [e \in End |-> Unseen]

-----------------------------------------------------------------------------
Ticks(limit) == NONE..limit
Series == [last : 0..(policy.retries + 1), last_at : 0..policy.reply_timeout]

TypeOK ==
  /\ \A e \in End :
       LET s == end[e] IN
       /\ s.phase \in {"fresh", "open", "closed"}
       /\ s.epoch \in Nat
       /\ s.in_force_at \in 0..(policy.age_limit + 1)
       /\ s.count \in Nat
       /\ {s.reached, s.marked_sent, s.marked_accepted, s.requesting, s.requested, s.old_rejects} \subseteq BOOLEAN
       /\ s.idle_rejects \in 0..2
       /\ s.active_at \in 0..(Max(policy.idle_period, policy.rekey_idle) + 1)
       /\ s.next_beat \in 0..Max(policy.idle_period, policy.heartbeat_interval)
       /\ s.expected_at \in (-policy.grace)..Max(policy.idle_period, policy.heartbeat_interval)
       /\ s.series \in Series
       /\ s.negotiation \in {"none", "mine", "theirs"}
       /\ {s.awaiting_since, s.suspect_since, s.old_until} \subseteq Ticks(policy.negotiation_timeout)
       /\ \A i \in 1..Len(s.queue) : s.queue[i].bytes \in Sizes /\ s.queue[i].idle \in 0..2
       /\ s.sent_number \in Nat /\ s.delivered_number \in Nat
       /\ s.ending \in {"", "CLOSE-1", "IDLE-4"}
  /\ \A e \in End : \A c \in Channels : \A i \in 1..Len(wire[e][c]) :
       LET m == wire[e][c][i] IN
       m.kind \in Kind /\ Channel(m.kind) = c /\ m.epoch \in Nat /\ m.number \in Nat /\ m.age \in 0..Delay
  /\ \A e \in End : seen[e].key \in End \cup {"none"} /\ seen[e].carried \in Nat /\ seen[e].alone \in Nat
=============================================================================
