------------------------------- MODULE NewKey ---------------------------------
(***************************************************************************)
(* How the two ends come to a new key: the three messages of a             *)
(* negotiation, and the request of an end that may not start one.          *)
(***************************************************************************)
EXTENDS Users

StartGuard(e) ==
  LET s == end[e] IN
  /\ Req("Start: DEAD-5", IsOpen(e))
  /\ Req("Start: REKEY-5", s.negotiation = "none")
  /\ Req("Start: EST-4", s.epoch > 0 \/ e = "client")
  /\ Req("Start: REKEY-4", s.epoch = 0 \/ s.requested \/ MayStart(e))           \* K: whoever is sending data
  /\ Req("Start: HB-6", ~Holding(s) \/ MissedReply(s) > 0)                      \* K:1b/160-170
  /\ Req("Start: IDLE-2", s.epoch = 0 \/ s.queue # <<>> \/ Reasons(e) # {})     \* K advantage i
  /\ Req("Start: NEED-1", s.epoch = 0 \/ Reasons(e) # {})                       \* K:C1-4, P:C10-11

(* limit_from: the first start carries the limit that governs both ends.   *)
StartMessage(e, session) ==
  LET s == end[e]
      carried == IF s.epoch = 0 /\ policy.limit_from = "initiator" THEN OwnLimit(e) ELSE 0
  IN  [Message("start", s.epoch + 1, 0, carried) EXCEPT !.session = session]

(* K:1b/100-110, P:405.  CACHE-1: it may offer the session held.           *)
Start(e) ==
  LET s == end[e] IN
  /\ StartGuard(e)
  /\ \E session \in Sessions(s, 0, s.session) :
       Become(e, Negotiating(e, s, "mine", session), Sent(wire, e, StartMessage(e, session)))

RequestGuard(e) ==
  LET s == end[e] IN
  /\ Req("Request: DEAD-5", IsOpen(e))
  /\ Req("Request: EST-1", s.epoch > 0)
  /\ Req("Request: REKEY-5", s.negotiation = "none" /\ ~s.requesting)
  /\ Req("Request: REKEY-4", ~MayStart(e))
  /\ Req("Request: HB-6", ~Holding(s) \/ MissedReply(s) > 0)
  /\ Req("Request: IDLE-2", s.epoch = 0 \/ s.queue # <<>> \/ Reasons(e) # {})
  /\ Req("Request: NEED-1", s.epoch = 0 \/ Reasons(e) # {})

(* K alternative embodiment: the end that may not start asks for it.       *)
Request(e) ==
  LET s == end[e] IN
  /\ RequestGuard(e)
  /\ Become(e, [s EXCEPT !.requesting = TRUE, !.awaiting_since = Max(@, 0)],
            Sent(wire, e, Message("request", s.epoch, 0, 0)))

RequestAcceptable(e, m) ==
  LET s == end[e] IN
  /\ Req("AcceptRequest: DEAD-5", IsOpen(e))
  /\ Req("AcceptRequest: AUTH-1", Sealed(m))
  /\ Req("AcceptRequest: CHAN-1", RightChannel(m))
  /\ Req("AcceptRequest: REKEY-4", m.epoch = s.epoch /\ m.epoch > 0 /\ s.negotiation = "none" /\ DecidesAlone(e))

AcceptRequest(e) ==
  \E m \in Heads(e, "request") :
    /\ RequestAcceptable(e, m)
    /\ Become(e, [Alive(end[e], m) EXCEPT !.requested = TRUE], Taken(wire, e, m))

Answerable(e, m) ==
  LET s == end[e] IN
  /\ Req("Answer: DEAD-5", IsOpen(e))
  /\ Req("Answer: AUTH-1", Sealed(m))
  /\ Req("Answer: CHAN-1", RightChannel(m))
  /\ Req("Answer: EST-3", m.epoch = s.epoch + 1)                                \* K:C12
  /\ Req("Answer: EST-4", s.epoch > 0 \/ e = "server")
  /\ Req("Answer: REKEY-4", PeerMayStart(e))
  /\ Req("Answer: REKEY-5", s.negotiation = "none" \/ (s.negotiation = "mine" /\ e = "server"))

(* CACHE-1: it resumes the session offered, if it is the one held here.    *)
Answer(e) ==
  \E m \in Heads(e, "start") :
    /\ Answerable(e, m)
    /\ \E session \in Sessions(end[e], NewSession(m.epoch), m.session) :
         LET s == Negotiating(e, end[e], "theirs", session)
             governs == end[e].epoch = 0 /\ policy.limit_from = "initiator"
         IN  Become(e, IF governs THEN [s EXCEPT !.limit = m.bytes] ELSE s,
                    Sent(Taken(wire, e, m), e, [Message("answer", m.epoch, 0, 0) EXCEPT !.session = session]))

Refusable(e, m) ==
  /\ Req("RefuseStart: DEAD-5", IsOpen(e))
  /\ Req("RefuseStart: AUTH-1", Sealed(m))
  /\ Req("RefuseStart: CHAN-1", RightChannel(m))
  /\ Req("RefuseStart: REKEY-4", m.epoch = end[e].epoch + 1 /\ ~PeerMayStart(e))

(* Two honest ends agree on who may start: only an adversary's is refused. *)
RefuseStart(e) ==
  \E m \in Heads(e, "start") :
    /\ Refusable(e, m)
    /\ Become(e, end[e], Taken(wire, e, m))

Finishable(e, m) ==
  LET s == end[e] IN
  /\ Req("Finish: DEAD-5", IsOpen(e))
  /\ Req("Finish: EST-2", Sealed(m))                                            \* K:C11
  /\ Req("Finish: CHAN-1", RightChannel(m))
  /\ Req("Finish: EST-3", s.negotiation = "mine" /\ m.epoch = s.epoch + 1)      \* K:C12
  /\ Req("Finish: CACHE-1", m.session \in {NewSession(m.epoch)} \cup ({s.offered} \ {0}))

Finish(e) ==
  \E m \in Heads(e, "answer") :
    /\ Finishable(e, m)
    /\ Become(e, InForce(e, end[e], m.epoch, m.session),
              Sent(Taken(wire, e, m), e, [Message("finish", m.epoch, 0, 0) EXCEPT !.session = m.session]))

Establishable(e, m) ==
  /\ Req("Establish: DEAD-5", IsOpen(e))
  /\ Req("Establish: EST-2", Sealed(m))
  /\ Req("Establish: CHAN-1", RightChannel(m))
  /\ Req("Establish: EST-3", end[e].negotiation = "theirs" /\ m.epoch = end[e].epoch + 1)

Establish(e) ==
  \E m \in Heads(e, "finish") :
    /\ Establishable(e, m)
    /\ Become(e, InForce(e, end[e], m.epoch, end[e].offered), Taken(wire, e, m))
=============================================================================
