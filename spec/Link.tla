-------------------------------- MODULE Link --------------------------------
(***************************************************************************)
(* What there is: two ends, what each remembers, what is under way between *)
(* them, and what an adversary has got hold of.  No action is here;        *)
(* KeyChange has them together.                                            *)
(*                                                                         *)
(* Left out.  Bytes: a key is known by its epoch, what it protects by how  *)
(* much it is.  Cryptography: a message says who sealed it, and an end      *)
(* that receives it cannot tell an adversary that has the key from its     *)
(* peer.  Arriving apart from being taken: a message stays in its channel  *)
(* until an end takes it, so delay is time that passes meanwhile.  The two *)
(* ends open in the same instant.                                          *)
(*                                                                         *)
(* Time.  There is no clock.  What the reference keeps as an instant       *)
(* (in_force_at, active_at, last_at, awaiting_since, suspect_since,        *)
(* session_at) is here the number of ticks since; what it keeps as a       *)
(* deadline (next_beat, expected_at, old_until) is the number of ticks to  *)
(* go.  Each is bounded where more makes no difference, and is 0 where     *)
(* nothing depends on it.                                                  *)
(*                                                                         *)
(* Numbers.  Those of heartbeats are shifted down as far as nothing can    *)
(* tell them apart (Step).  The id of a negotiation follows from who       *)
(* started it and the epoch it is for, and is not carried; that of a       *)
(* session is the epoch whose negotiation made it.                         *)
(***************************************************************************)
EXTENDS Policy, Sequences

CONSTANTS
  Chosen,        \* the policy of both ends
  ServerLimit,   \* the server's own byte_limit; NONE: as the policy has it
  Delay,         \* the longest time, in ticks, that a message is under way
  Losable,       \* the kinds of message that the network, or an adversary, may lose
  Sizes,         \* sizes of the messages that users offer
  Wishes(_, _),  \* Wishes(e, n): does the user of e have an nth message to offer?
  Shuts,         \* the ends whose user may end the link
  Links,         \* how many links the users may open, one after the other
  Tries,         \* the reasons for which users make offers that must be refused
  Powers,        \* what the adversary can do (Adversary)
  Strikes,       \* how many messages it may make
  Dropped,       \* a mutant: conditions of guards, by label, that are not asked
  Inverted       \* a mutant: conditions of guards that are turned around

VARIABLES
  end,           \* what each end remembers
  wire,          \* wire[e][c]: what is under way to e over channel c, oldest first
  foe,           \* what the adversary has
  link,          \* which link this is, from 1
  seen           \* history, which only the properties look at

vars == <<end, wire, foe, link, seen>>

policy == Chosen \* evaluated once: TLC evaluates anew what a cfg puts in the place of a constant

(* Every condition of a guard has a label: its action, and the rule that    *)
(* asks for it.  A mutant of this specification is a set of labels.        *)
Req(label, condition) ==
  IF label \in Dropped THEN TRUE ELSE IF label \in Inverted THEN ~condition ELSE condition

(* The same for one of several reasons: without it, the rule gives none.   *)
Why(label, reason) ==
  IF label \in Dropped THEN FALSE ELSE IF label \in Inverted THEN ~reason ELSE reason

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
Clear == policy.heartbeat_protection = "clear"

(* REKEY-6: does this end keep count and idle time itself?  For both?      *)
Counts(e) == policy.accounting \in {e, "each"}
Notices(e) == policy.accounting = e

(* BYTE-3: the limit that this end begins with; BYTE-2: what a heartbeat or *)
(* a reply adds to the count.                                              *)
OwnLimit(e) ==
  LET chosen == IF e = "server" /\ ServerLimit # NONE THEN ServerLimit ELSE policy.byte_limit
  IN  IF chosen = 0 THEN 0 ELSE Max(chosen, policy.byte_floor)
ControlSize == IF policy.byte_counts = "data+control" THEN 1 ELSE 0

-----------------------------------------------------------------------------
(* Channels and messages.  CHAN-1: with two channels data has its own.      *)
Channels == IF policy.channels = 1 THEN {"single"} ELSE {"control", "data"}
Channel(kind) == IF policy.channels = 1 THEN "single" ELSE IF kind = "data" THEN "data" ELSE "control"

Kind == {"request", "start", "answer", "finish", "data", "heartbeat", "reply", "notice", "close"}

(* `epoch` is of the key that seals it, or for the three of a negotiation   *)
(* the one they negotiate; `session` is what a negotiation offers or       *)
(* resumes (0: none); `bytes` is the length of data, the count in a notice *)
(* of bytes (0: of idleness), the limit in a first start (limit_from);     *)
(* `age` is how long it has been under way.                                *)
Message(kind, epoch, number, bytes) ==
  [ kind |-> kind, epoch |-> epoch, number |-> number, bytes |-> bytes, session |-> 0,
    channel |-> Channel(kind), seal |-> "peer", age |-> 0 ]

(* Those that are next in a channel to e, and the one of a kind.           *)
Heads(e, kind) ==
  {Head(wire[e][c]) : c \in {x \in Channels : wire[e][x] # <<>> /\ Head(wire[e][x]).kind = kind}}
Arrived(e, kind) == CHOOSE m \in Heads(e, kind) : TRUE

(* What is under way, in w, when e takes a message m or sends one.         *)
(* Nothing is under way to a closed end.                                   *)
Taken(w, e, m) == [w EXCEPT ![e][m.channel] = Tail(@)]
Sent(w, e, m) ==
  IF end[Peer(e)].phase = "closed" THEN w ELSE [w EXCEPT ![Peer(e)][m.channel] = Append(@, m)]

Silence == [c \in Channels |-> <<>>]

-----------------------------------------------------------------------------
(* What an end remembers, and what it remembers before the link opens.      *)
Blank ==
  [ phase            |-> "fresh", \* fresh, open, closed
    limit            |-> 0,       \* the byte limit in force, which may be the peer's; 0 is never (BYTE-3)
    epoch            |-> 0,       \* the epoch in force; 0 before the first
    in_force_at      |-> 0,       \* ticks since it is
    count            |-> 0,       \* bytes under it, sent and received (BYTE-1)
    reached          |-> FALSE,   \* an own message reached the limit (BYTE-5)
    bytes_noticed    |-> FALSE,   \* a notice of bytes was sent since the latest delivery (REKEY-6)
    idle_noticed     |-> FALSE,   \* one of idleness was sent, or accepted, since the latest activity
    marked_sent      |-> FALSE,   \* a heartbeat was sent in it
    marked_accepted  |-> FALSE,   \* a heartbeat was accepted in it
    idle_rejects     |-> 0,       \* reject_trigger's idleness was seen under it (IDLE-3)
    active_at        |-> 0,       \* ticks of idle time
    next_beat        |-> 0,       \* ticks to the next first heartbeat (HB-1, HB-2)
    expected_at      |-> 0,       \* ticks to the peer's next heartbeat (DEAD-3)
    beat_number      |-> 0,       \* of the latest heartbeat sent
    beat_seen        |-> 0,       \* the highest accepted; stays 0 where they are clear (HB-5)
    series           |-> [first |-> 0, last |-> 0, last_at |-> 0, doubtful |-> FALSE], \* outstanding: numbers; ticks since the latest
    negotiation      |-> "none",  \* none, mine, theirs: in progress, and who started it
    offered          |-> 0,       \* the session that this end offered in it, or agreed to (CACHE-1)
    awaiting_since   |-> NONE,    \* ticks since one is requested, awaited or started (EST-4)
    requesting       |-> FALSE,   \* this end's request is not yet answered by a start
    requested        |-> FALSE,   \* the peer asks this end to start (REKEY-4)
    suspect_since    |-> NONE,    \* ticks since a heartbeat is overdue (DEAD-3)
    old_until        |-> NONE,    \* ticks for which the data channel may carry the previous epoch (REKEY-2)
    old_rejects      |-> FALSE,   \* nothing more may be delivered under it
    session          |-> 0,       \* the session that may be resumed; 0: none
    session_at       |-> 0,       \* ticks since it is in force here
    queue            |-> <<>>,    \* what the user offered and is not sent
    sent_number      |-> 0,       \* of the latest data sent
    delivered_number |-> 0,       \* of the latest data delivered
    refusal          |-> "",      \* why the latest offer must be refused (LIM-1)
    ending           |-> "" ]     \* the rule by which it must close

Fresh(e) == [Blank EXCEPT !.limit = OwnLimit(e)]
Closed(e) == [Fresh(e) EXCEPT !.phase = "closed"]  \* DEAD-5: it remembers that it is closed

(* What the adversary has: the epochs whose key it knows, how many messages *)
(* it may still make, and one message that it recorded, with whom it was for. *)
Outsider == [cracked |-> {}, strikes |-> Strikes, recorded |-> {}]
=============================================================================
