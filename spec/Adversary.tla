------------------------------ MODULE Adversary ------------------------------
(***************************************************************************)
(* What the network does, and what an adversary does who is in its place.  *)
(* Each of its powers has a name, and a model says which of them it has:   *)
(*                                                                         *)
(*   (Losable)    messages of these kinds are lost, or swallowed           *)
(*   delay        a message may stay under way for ever (KeyChange)        *)
(*   duplicate    a message arrives twice                                  *)
(*   replay       a message is recorded, and sent again later              *)
(*   reorder      neighbours change places, over datagrams                 *)
(*   crack-marked it finds out a key in force in which a heartbeat was sent *)
(*   crack        it finds out any key in force                            *)
(*   inject       it makes data under a key that it has                    *)
(*   forge        it makes heartbeats and replies where they are clear; and *)
(*                under a key that it has all that this key protects       *)
(*   junk         it makes messages of any kind that no key protects       *)
(*   resume       it has the secret of the session that is cached, and     *)
(*                starts, answers and finishes in the peer's place         *)
(*   impersonate  it negotiates the first key in the client's place, where *)
(*                nobody authenticates the client                          *)
(*                                                                         *)
(* What is protected by a key that it does not have it cannot make, and no  *)
(* negotiation but with one of the last two powers.  CHAN-1: a key that is *)
(* in force protects data; with two channels it protects nothing else, for *)
(* the control channel has a key of its own, so what is made with it comes *)
(* over the data channel, whatever its kind.  A made message costs one     *)
(* strike; none is made for an end that is closed.                         *)
(***************************************************************************)
EXTENDS Heartbeats

(* Loss, by the network or by the adversary.                               *)
Drop(e) ==
  \E c \in Channels :
    /\ wire[e][c] # <<>>
    /\ LET m == Head(wire[e][c]) IN
       /\ m.kind \in Losable
       /\ ~Waits(end[e], m)                 \* it has arrived
       /\ Meanwhile(Taken(wire, e, m), foe)

-----------------------------------------------------------------------------
CanStrike(e) == foe.strikes > 0 /\ IsOpen(e)
Spent == [foe EXCEPT !.strikes = @ - 1]

(* It makes a message for e.                                               *)
Made(e, m) == Meanwhile([wire EXCEPT ![e][m.channel] = Append(@, m)], Spent)

Duplicate(e) ==
  /\ "duplicate" \in Powers /\ CanStrike(e)
  /\ \E c \in Channels :
       /\ wire[e][c] # <<>>
       /\ Meanwhile([wire EXCEPT ![e][c] = <<Head(@)>> \o @], Spent)

Swap(e) ==
  /\ "reorder" \in Powers /\ policy.transport = "datagram"
  /\ \E c \in Channels : \E i \in 1..(Len(wire[e][c]) - 1) :
       Meanwhile([wire EXCEPT ![e][c] = [@ EXCEPT ![i] = wire[e][c][i + 1], ![i + 1] = wire[e][c][i]]], foe)

Record(e) ==
  /\ "replay" \in Powers /\ foe.strikes > 0 /\ foe.recorded = {}
  /\ \E c \in Channels :
       /\ wire[e][c] # <<>>
       /\ Meanwhile(wire, [foe EXCEPT !.recorded = {[to |-> e, message |-> [Head(wire[e][c]) EXCEPT !.age = 0]]}])

Replay(e) ==
  /\ "replay" \in Powers /\ CanStrike(e)
  /\ \E r \in foe.recorded : r.to = e /\ Made(e, r.message)

-----------------------------------------------------------------------------
Cracks(e) == "crack" \in Powers \/ ("crack-marked" \in Powers /\ Marked(end[e]))

Crack(e) ==
  /\ Cracks(e)
  /\ end[e].epoch \notin foe.cracked \cup {0}
  /\ Meanwhile(wire, [foe EXCEPT !.cracked = @ \cup {end[e].epoch}])

(* A message of a kind that e would take, but for who sealed it.  A        *)
(* heartbeat has a number above all that were sent or accepted.            *)
Plausible(e, kind, epoch, seal) ==
  LET s == end[e]
      number == CASE kind = "data"      -> s.delivered_number + 1
                  [] kind = "heartbeat" -> IF Clear THEN 0 ELSE Max(s.beat_seen, end[Peer(e)].beat_number) + 1
                  [] kind = "reply"     -> s.series.last
                  [] OTHER              -> 0
      bytes == CASE kind = "data"                   -> 1
                 [] kind \in {"heartbeat", "reply"} -> ControlSize
                 [] OTHER                           -> 0
  IN  [Message(kind, epoch, number, bytes) EXCEPT !.seal = seal]

(* With two channels a key that it has seals what comes over the data      *)
(* channel only.                                                           *)
Over(m) == [m EXCEPT !.channel = Channel("data")]

Inject(e) ==
  /\ "inject" \in Powers /\ CanStrike(e)
  /\ \E epoch \in foe.cracked : Made(e, Plausible(e, "data", epoch, "adversary"))

(* A notice that it makes is of bytes enough, or of idleness.              *)
Forge(e) ==
  /\ "forge" \in Powers /\ CanStrike(e) /\ end[e].epoch > 0
  /\ \/ /\ Clear
        /\ \E kind \in {"heartbeat", "reply"} : Made(e, Plausible(e, kind, end[e].epoch, "nobody"))
     \/ \E epoch \in foe.cracked :
          \/ \E kind \in {"heartbeat", "reply"} : ~Clear /\ Made(e, Over(Plausible(e, kind, epoch, "adversary")))
          \/ \E kind \in {"request", "close"} : Made(e, Over(Plausible(e, kind, epoch, "adversary")))
          \/ \E bytes \in {0, end[e].limit + 1} :
               Notices(Peer(e)) /\ Made(e, Over([Plausible(e, "notice", epoch, "adversary") EXCEPT !.bytes = bytes]))

(* HB-5, AUTH-1: what nobody sealed; a clear heartbeat is a forgery.       *)
Junk(e) ==
  /\ "junk" \in Powers /\ CanStrike(e)
  /\ \E kind \in IF Clear THEN Kind \ {"heartbeat", "reply"} ELSE Kind :
       LET epoch == IF kind \in {"start", "answer", "finish"} THEN end[e].epoch + 1 ELSE end[e].epoch
       IN  Made(e, Plausible(e, kind, epoch, "nobody"))

-----------------------------------------------------------------------------
(* CACHE-2: it resumes the session that e holds, in the peer's place.      *)
Resume(e) ==
  /\ "resume" \in Powers /\ CanStrike(e) /\ end[e].session # 0
  /\ LET m == Plausible(e, "start", end[e].epoch + 1, "adversary")
     IN  Made(e, [m EXCEPT !.session = end[e].session])

(* EST-2: to an end that does not ask who starts, anybody is the client.   *)
Impersonate(e) ==
  /\ "impersonate" \in Powers /\ CanStrike(e) /\ policy.authentication = "server-only"
  /\ e = "server" /\ end[e].epoch = 0
  /\ LET m == Plausible(e, "start", 1, "adversary")
     IN  Made(e, [m EXCEPT !.bytes = IF policy.limit_from = "initiator" THEN OwnLimit("client") ELSE 0])

(* It finishes what it started, and has the key.  What was not resumed it   *)
(* can only finish where nobody asks who it is.                            *)
Finishes(e) ==
  LET epoch == end[e].epoch + 1
      resumed == end[e].offered # NewSession(epoch)
      m == [Plausible(e, "finish", epoch, "adversary") EXCEPT !.session = end[e].offered]
  IN  /\ seen[e].posed
      /\ resumed \/ (end[e].epoch = 0 /\ policy.authentication = "server-only")
      /\ Meanwhile([wire EXCEPT ![e][m.channel] = Append(@, m)], [Spent EXCEPT !.cracked = @ \cup {epoch}])

(* CACHE-1: it answers, by resuming the session that e holds, whether or    *)
(* not e offered it.                                                       *)
Answers(e) ==
  LET epoch == end[e].epoch + 1
      m == [Plausible(e, "answer", epoch, "adversary") EXCEPT !.session = end[e].session]
      has == IF end[e].offered = end[e].session THEN {epoch} ELSE {}
  IN  /\ "resume" \in Powers /\ end[e].negotiation = "mine" /\ end[e].session # 0
      /\ Meanwhile([wire EXCEPT ![e][m.channel] = Append(@, m)], [Spent EXCEPT !.cracked = @ \cup has])

Complete(e) ==
  /\ {"resume", "impersonate"} \cap Powers # {}
  /\ CanStrike(e)
  /\ Finishes(e) \/ Answers(e)
=============================================================================
