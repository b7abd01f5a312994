------------------------------ MODULE Exchange ------------------------------
(* As little of two ends and what is under way between them as makes a     *)
(* trace: the first negotiation, whose finish may be lost, and time.       *)
EXTENDS Integers, Sequences

CONSTANT policy
VARIABLES end, wire

Ends == {"client", "server"}
Timid == [negotiation_timeout |-> 3, not_a_parameter |-> 1]

Init ==
  /\ end = [e \in Ends |-> [phase |-> "fresh", negotiation |-> "none", epoch |-> 0, ticks |-> 0]]
  /\ wire = [e \in Ends |-> [single |-> <<>>]]

Send(to, kind) == wire' = [wire EXCEPT ![to].single = Append(@, [kind |-> kind, epoch |-> 1])]

Swap(e, to, kind) == wire' = [wire EXCEPT ![e].single = Tail(@), ![to].single = Append(@, [kind |-> kind, epoch |-> 1])]

Arrives(e, kind) == wire[e].single # <<>> /\ Head(wire[e].single).kind = kind

Open(e) == end[e].phase = "fresh" /\ end' = [end EXCEPT ![e].phase = "open"] /\ UNCHANGED wire

Start ==
  /\ end["client"].phase = "open"
  /\ end' = [end EXCEPT !["client"].phase = "starting", !["client"].negotiation = "mine"] /\ Send("server", "start")

Answer ==
  /\ end["server"].phase = "open" /\ Arrives("server", "start")
  /\ end' = [end EXCEPT !["server"].phase = "answering"] /\ Swap("server", "client", "answer")

Finish ==
  /\ Arrives("client", "answer")
  /\ end' = [end EXCEPT !["client"].epoch = 1] /\ Swap("client", "server", "finish")

Drop(e) == Arrives(e, "finish") /\ wire' = [wire EXCEPT ![e].single = Tail(@)] /\ UNCHANGED end

Tick ==
  /\ end["server"].phase = "answering" /\ wire["server"].single = <<>> /\ end["client"].epoch = 1
  /\ end["server"].ticks < 3
  /\ end' = [end EXCEPT !["server"].ticks = @ + 1] /\ UNCHANGED wire

Close == end["server"].ticks = 3 /\ end' = [end EXCEPT !["server"].phase = "closed"] /\ UNCHANGED wire

Next == Start \/ Answer \/ Finish \/ Tick \/ Close \/ \E e \in Ends : Open(e) \/ Drop(e)

ServerStays == end["server"].phase # "closed"
=============================================================================
