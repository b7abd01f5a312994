------------------------------- MODULE Logged --------------------------------
(***************************************************************************)
(* Is what was logged at one end a behaviour of the specification?         *)
(*                                                                         *)
(* One end acts by the actions of KeyChange, each as the log has it: at its *)
(* tick, with the message that it takes and the one that it sends.  The    *)
(* other end and the network are the log's: what arrived is put into the   *)
(* channel, whoever may have sent it, and what was sent is compared and    *)
(* gone.  Silent actions come where they can.  A log is one life of an end, *)
(* from Open on; an event is a record with                                 *)
(*   tick, do, bytes (of Offer), taken, sent (messages; Nobody: none).      *)
(* Several logs are asked at once, one for each initial state, each under  *)
(* its own policy.                                                         *)
(***************************************************************************)
EXTENDS KeyChange

LOCAL Output == INSTANCE TLC

CONSTANTS
  Every,         \* of so many events of a log one is printed when it is reached, and the last
  Policies,      \* a sequence of policies, in the ticks of the logs under them
  Logs           \* a sequence of [end, policy |-> its number, events |-> a sequence of events]

VARIABLES
  which,         \* the log that is followed
  at,            \* the event that comes next
  tick           \* the time

logged == <<which, at, tick>>

(* Evaluated once: TLC evaluates anew what a cfg puts in the place of a constant. *)
logs == Logs
policies == Policies

e == logs[which].end
Events == logs[which].events
Coming == Events[at]

(* How what is asked is written.  No message is one of no kind.            *)
Log(its, number, events) == [end |-> its, policy |-> number, events |-> events]
Ev(when, do, bytes, taken, sent) == [tick |-> when, do |-> do, bytes |-> bytes, taken |-> taken, sent |-> sent]
M(kind, epoch, number, bytes, session, channel, seal) ==
  [ kind |-> kind, epoch |-> epoch, number |-> number, bytes |-> bytes, session |-> session,
    channel |-> channel, seal |-> seal, age |-> 0 ]
Nobody == M("none", 0, 0, 0, 0, "none", "nobody")

-----------------------------------------------------------------------------
(* What the cfg puts in the place of operators and constants.              *)

FirstPolicy == policies[1]
ItsPolicy == policies[logs[which].policy]

(* BYTE-2: how long the reference's heartbeats and replies are, where they  *)
(* count.                                                                  *)
OurBytes == IF policy.byte_counts = "data+control" THEN 32 ELSE 0

(* What is sent is put where it can be compared, though the peer is closed. *)
AlwaysSent(w, end_, m) == [w EXCEPT ![Peer(end_)][m.channel] = Append(@, m)]

(* The log names heartbeats by their own numbers: they stay as they are.    *)
NoBase(ends, w, f, end_) == 0

Always(end_, n) == TRUE
Reasons4 == {"closed", "direction", "max_message", "queue_limit"}
Ends == {"client", "server"}
None == {}

-----------------------------------------------------------------------------
LInit ==
  /\ which \in 1..Len(logs)
  /\ at = 1
  /\ tick = Events[1].tick
  /\ end = [x \in End |-> IF x = e THEN Fresh(x) ELSE Closed(x)]
  /\ wire = [x \in End |-> Silence]
  /\ foe = Outsider
  /\ link = 1
  /\ seen = [x \in End |-> Unseen]
  /\ Output!TLCSet(which, 0)

Compared == wire[Peer(e)] = Silence

Forget ==
  /\ ~Compared
  /\ wire' = [wire EXCEPT ![Peer(e)] = Silence]
  /\ UNCHANGED <<end, foe, link, seen, logged>>

Time ==
  /\ Compared /\ at <= Len(Events) /\ tick < Coming.tick
  /\ Tick
  /\ tick' = tick + 1 /\ UNCHANGED <<which, at>>

Quiet ==
  /\ Compared
  /\ Establish(e) \/ AcceptReply(e) \/ AcceptRequest(e) \/ AcceptNotice(e) \/ Ignore(e)
  /\ UNCHANGED logged

(* What arrives for an end that is not open is gone.                       *)
Arrives(m) ==
  IF IsOpen(e) THEN wire' = [wire EXCEPT ![e][m.channel] = Append(@, m)] /\ UNCHANGED <<end, foe, link, seen>>
  ELSE UNCHANGED vars

Offered(bytes) ==
  /\ Offer(e)
  /\ LET s == end[e] s1 == end'[e] IN
     IF Refusal(e, bytes) = "" THEN Len(s1.queue) = Len(s.queue) + 1 /\ s1.queue[Len(s1.queue)].bytes = bytes
     ELSE s1.refusal = Refusal(e, bytes) /\ s1.queue = s.queue

ShutsIt == IF IsOpen(e) /\ end[e].ending = "" THEN Shut(e) ELSE UNCHANGED vars

Acts(v) ==
  CASE v.do = "Open"          -> Open(e)
    [] v.do = "Offer"         -> Offered(v.bytes)
    [] v.do = "Arrive"        -> Arrives(v.taken)
    [] v.do = "Tick"          -> UNCHANGED vars
    [] v.do = "Shut"          -> ShutsIt
    [] v.do = "Refuse"        -> Refuse(e)
    [] v.do = "Start"         -> Start(e)
    [] v.do = "Answer"        -> Answer(e)
    [] v.do = "Finish"        -> Finish(e)
    [] v.do = "Request"       -> Request(e)
    [] v.do = "RefuseStart"   -> RefuseStart(e)
    [] v.do = "SendData"      -> SendData(e)
    [] v.do = "Deliver"       -> Deliver(e)
    [] v.do = "Reject"        -> Reject(e)
    [] v.do = "Discard"       -> Discard(e)
    [] v.do = "SendHeartbeat" -> SendHeartbeat(e)
    [] v.do = "SendReply"     -> SendReply(e)
    [] v.do = "SendNotice"    -> SendNotice(e)
    [] v.do = "Suspect"       -> Suspect(e)
    [] v.do = "Close"         -> Close(e)

(* The message that the log says was sent, and no other.                   *)
Sends(v) ==
  wire'[Peer(e)] = IF v.sent = Nobody THEN Silence ELSE [Silence EXCEPT ![v.sent.channel] = <<v.sent>>]

(* The message that the log says was taken, where it says one.             *)
Takes(v) ==
  IF v.taken = Nobody \/ v.do = "Arrive" THEN TRUE
  ELSE /\ wire[e][v.taken.channel] # <<>>
       /\ Head(wire[e][v.taken.channel]) = v.taken
       /\ wire'[e] = [wire[e] EXCEPT ![v.taken.channel] = Tail(@)]

Happens ==
  /\ Compared /\ at <= Len(Events) /\ tick = Coming.tick
  /\ Acts(Coming) /\ Sends(Coming) /\ Takes(Coming)
  /\ at' = at + 1 /\ UNCHANGED <<which, tick>>

LNext == Time \/ Happens \/ Quiet \/ Forget

(* How far TLC went along with each log is printed when it is further than *)
(* before; a log whose last event was reached is a behaviour.              *)
Furthest ==
  IF at - 1 <= Output!TLCGet(which) THEN TRUE
  ELSE /\ Output!TLCSet(which, at - 1)
       /\ IF at > Len(Events) \/ (at - 1) % Every = 0 THEN Output!PrintT(<<"reached", which, at - 1>>) ELSE TRUE
=============================================================================
