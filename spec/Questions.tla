------------------------------ MODULE Questions ------------------------------
(***************************************************************************)
(* What is asked of the rules besides what is to be proved of them: by the *)
(* findings (findings.yaml), the search for more of them, and the grid in  *)
(* which the timers' arithmetic is found.  Each says of which rule it asks. *)
(***************************************************************************)
EXTENDS Properties

(* DEAD-3: a heartbeat is overdue only where its sender is gone, or has     *)
(* repeated it as often as it may and none is under way.                   *)
OverdueIsLost ==
  \A e \in End : Overdue(e) =>
    LET o == Peer(e) IN
    \/ end[o].phase = "closed"
    \/ /\ Exhausted(end[o])
       /\ \A c \in Channels : \A i \in 1..Len(wire[e][c]) : wire[e][c][i].kind # "heartbeat"

(* DEAD-3 where DEAD-2 asks for a new key: not even when all repeats were   *)
(* lost, for a new key is then on its way.                                 *)
OverdueIsGone == \A e \in End : Overdue(e) => end[Peer(e)].phase = "closed"

(* DEAD-1: the network loses heartbeats, but not the last of a series.  A   *)
(* heartbeat that can be answered and is taken without an answer is lost.   *)
LosesButTheLast ==
  \A e \in End :
    LET c == Channel("heartbeat")
        q == wire[e][c]
        answered == Len(wire'[Peer(e)][c]) > Len(wire[Peer(e)][c])
    IN  /\ q # <<>> /\ Head(q).kind = "heartbeat" /\ Len(wire'[e][c]) < Len(q)
        /\ Replyable(e, Head(q)) /\ ~answered /\ end'[e].phase = "open" /\ end[Peer(e)].phase = "open"
        => Outstanding(end[Peer(e)]) /\ ~Exhausted(end[Peer(e)])

(* An end does what is due before it takes a message and before its user    *)
(* does anything: within one instant any order conforms, and in this one    *)
(* the reference goes along.                                                *)
AtOnce ==
  \A e \in End : Due(e) /\ end'[e].phase = "open" =>
    /\ Len(end'[e].queue) <= Len(end[e].queue)
    /\ end'[e].ending = end[e].ending
    /\ \A c \in Channels : Len(wire'[e][c]) >= Len(wire[e][c])

(* DEAD-1: an honest link that loses nothing never needs a repeat.         *)
RepliesInTime == \A e \in End : ReplyMissed(end[e]) = 0

-----------------------------------------------------------------------------
(* What an adversary might do.                                             *)

Forged(e) == Delivers(e) /\ Arrived(e, "data").seal = "adversary"

(* Where something forged is delivered (Properties!NothingForged), IDLE-3:  *)
(* it is not under a key that this end knows to have been idle ...          *)
ToldIsSafe == [][\A e \in End : Forged(e) /\ Arrived(e, "data").epoch = end[e].epoch => ~Marked(end[e])]_vars

(* ... DEAD-3: nor when the end in whose name it speaks has gone.          *)
GoneIsSafe == [][\A e \in End : Forged(e) => end[Peer(e)].phase # "closed"]_vars

(* BYTE-3, AGE-1: a key that is full, or old, delivers nothing more.        *)
FullIsSafe == [][\A e \in End : Forged(e) /\ Counts(e) => ~Full(end[e])]_vars
OldIsSafe == [][\A e \in End : Forged(e) => Aged(end[e]) < 2]_vars

(* ORDER-1, EARLY-1, REKEY-2: what an honest end sent is delivered when it  *)
(* is taken, or the link ends.                                             *)
HonestIsDelivered ==
  [][\A e \in End :
       LET q == wire[e][Channel("data")] IN
       /\ q # <<>> /\ Head(q).kind = "data" /\ Head(q).seal = "peer"
       /\ wire'[e][Channel("data")] = Tail(q) /\ Stays(e)
       => Delivers(e)]_vars

(* IDLE-4: what is reported as a spoof is one.                             *)
SpoofIsForged ==
  [][\A e \in End : end[e].ending # "IDLE-4" /\ end'[e].ending = "IDLE-4" => Arrived(e, "data").seal = "adversary"]_vars

(* REKEY-6: an end that does not count stops when it is told, and it is    *)
(* told.                                                                   *)
NoticesAreHeeded ==
  [][\A e \in End :
       LET o == Peer(e) IN
       Sends(e) /\ ~Counts(e) /\ end[o].bytes_noticed /\ Full(end[o]) /\ end[o].epoch = end[e].epoch
       => UnderWay(e, {"notice"})]_vars

(* NEED-1: a new key for each message, and for the first, is enough.        *)
KeysArePaidFor == AreOpen => \A e \in End : end[e].epoch <= 1 + Offered("client") + Offered("server")
=============================================================================
