------------------------------- MODULE Broken --------------------------------
(***************************************************************************)
(* Rules broken on purpose (mutants.yaml): each operator stands in the     *)
(* place of one of the specification's.  Most change what an end becomes,   *)
(* so they stand in the place of Become; e was end[e] and was to be s.      *)
(* None may use the operator that it replaces: it would find itself.       *)
(***************************************************************************)
EXTENDS Bounds

Became(e, s, w) ==
  /\ Now([end EXCEPT ![e] = s], IF s.phase = "closed" THEN [w EXCEPT ![e] = Silence] ELSE w, foe)
  /\ seen' = [seen EXCEPT ![e] = Remembered(e, s)]
  /\ link' = link

Renewed(e, s) == s.phase = "open" /\ s.epoch # end[e].epoch
Begun(e, s) == s.negotiation # "none" /\ end[e].negotiation = "none"
Beaten(e, s) == s.phase = "open" /\ s.beat_number # end[e].beat_number
Heard(e, s) == s.phase = "open" /\ s.epoch = end[e].epoch /\ s.marked_accepted /\ s.beat_seen # end[e].beat_seen
Answered(e, s) == s.phase = "open" /\ Outstanding(end[e]) /\ ~Outstanding(s) /\ ~Begun(e, s)
Sending(e, s) == s.phase = "open" /\ s.sent_number # end[e].sent_number
Delivering(e, s) == s.phase = "open" /\ s.delivered_number # end[e].delivered_number

-----------------------------------------------------------------------------
(* The new key (BYTE-4, REKEY-3): something of the old one goes on.        *)
CountGoesOn(e, s, w) == Became(e, IF Renewed(e, s) THEN [s EXCEPT !.count = end[e].count] ELSE s, w)
AgeGoesOn(e, s, w) == Became(e, IF Renewed(e, s) THEN [s EXCEPT !.in_force_at = end[e].in_force_at] ELSE s, w)
MarkGoesOn(e, s, w) ==
  Became(e, IF Renewed(e, s) THEN [s EXCEPT !.marked_sent = end[e].marked_sent,
                                            !.marked_accepted = end[e].marked_accepted] ELSE s, w)
IdlenessGoesOn(e, s, w) == Became(e, IF Renewed(e, s) THEN [s EXCEPT !.idle_rejects = end[e].idle_rejects] ELSE s, w)
SuspicionGoesOn(e, s, w) == Became(e, IF Renewed(e, s) THEN [s EXCEPT !.suspect_since = end[e].suspect_since] ELSE s, w)
ReachedGoesOn(e, s, w) == Became(e, IF Renewed(e, s) THEN [s EXCEPT !.reached = end[e].reached] ELSE s, w)
RequestedGoesOn(e, s, w) == Became(e, IF Renewed(e, s) \/ Begun(e, s) THEN [s EXCEPT !.requested = end[e].requested] ELSE s, w)
RequestingGoesOn(e, s, w) == Became(e, IF Renewed(e, s) \/ Begun(e, s) THEN [s EXCEPT !.requesting = end[e].requesting] ELSE s, w)
BytesNoticeGoesOn(e, s, w) == Became(e, IF s.phase = "open" THEN [s EXCEPT !.bytes_noticed = @ \/ end[e].bytes_noticed] ELSE s, w)
IdleNoticeGoesOn(e, s, w) == Became(e, IF s.phase = "open" THEN [s EXCEPT !.idle_noticed = @ \/ end[e].idle_noticed] ELSE s, w)
NumbersBeginAnew(e, s, w) == Became(e, IF Renewed(e, s) THEN [s EXCEPT !.sent_number = 0, !.delivered_number = 0] ELSE s, w)
OldKeyIsGone(e, s, w) == Became(e, IF Renewed(e, s) THEN [s EXCEPT !.old_until = NONE] ELSE s, w)

(* EST-3: the end that answers uses the key before the other has it.       *)
KeyBeforeFinish(e, s, w) ==
  Became(e, IF Begun(e, s) /\ s.negotiation = "theirs" THEN InForce(e, s, s.epoch + 1, s.offered) ELSE s, w)

-----------------------------------------------------------------------------
(* A negotiation begins (REKEY-3, DEAD-1, EST-4).                           *)
TimersGoOn(e, s, w) ==
  Became(e, IF Begun(e, s) THEN [s EXCEPT !.active_at = end[e].active_at, !.next_beat = end[e].next_beat,
                                          !.expected_at = end[e].expected_at] ELSE s, w)
SeriesGoesOn(e, s, w) == Became(e, IF Begun(e, s) THEN [s EXCEPT !.series = end[e].series] ELSE s, w)
TimeBeginsAnew(e, s, w) ==
  Became(e, IF s.negotiation # end[e].negotiation /\ s.negotiation # "none" THEN [s EXCEPT !.awaiting_since = 0] ELSE s, w)
TimeIsNotKept(e, s, w) == Became(e, [s EXCEPT !.awaiting_since = NONE], w)
WaitingIsLost(e, s, w) == Became(e, IF Begun(e, s) THEN [s EXCEPT !.queue = <<>>] ELSE s, w)
RequestIsForgotten(e, s, w) == Became(e, [s EXCEPT !.requested = FALSE], w)

(* REKEY-5: the server's negotiation wins; or each gives its own up.       *)
ServerWins(e, m) ==
  /\ IsOpen(e) /\ Sealed(m) /\ RightChannel(m) /\ m.epoch = end[e].epoch + 1 /\ PeerMayStart(e)
  /\ end[e].epoch > 0 \/ e = "server"
  /\ end[e].negotiation = "none" \/ (end[e].negotiation = "mine" /\ e = "client")
BothGiveUp(e, m) ==
  /\ IsOpen(e) /\ Sealed(m) /\ RightChannel(m) /\ m.epoch = end[e].epoch + 1 /\ PeerMayStart(e)
  /\ end[e].epoch > 0 \/ e = "server"
  /\ end[e].negotiation # "theirs"
AnyAnswerWillDo(e, m) == IsOpen(e) /\ Sealed(m) /\ m.epoch = end[e].epoch + 1 /\ end[e].negotiation # "none"

-----------------------------------------------------------------------------
(* Counting (BYTE-1, BYTE-2), and what is traffic (HB-4).                   *)
SentDoesNotCount(e, s, w) == Became(e, IF Sending(e, s) THEN [s EXCEPT !.count = end[e].count, !.reached = FALSE] ELSE s, w)
DeliveredDoesNotCount(e, s, w) == Became(e, IF Delivering(e, s) THEN [s EXCEPT !.count = end[e].count] ELSE s, w)
HeartbeatCounts(e, s, w) == Became(e, IF Beaten(e, s) THEN [s EXCEPT !.count = @ + 1] ELSE s, w)
HeartbeatIsTraffic(e, s, w) == Became(e, IF Beaten(e, s) THEN [s EXCEPT !.active_at = 0] ELSE s, w)
AnsweringIsTraffic(e, s, w) == Became(e, IF Heard(e, s) THEN [s EXCEPT !.active_at = 0] ELSE s, w)
ReplyIsTraffic(e, s, w) == Became(e, IF Answered(e, s) THEN [s EXCEPT !.active_at = 0] ELSE s, w)
HeartbeatDoesNotMark(e, s, w) == Became(e, IF Beaten(e, s) THEN [s EXCEPT !.marked_sent = end[e].marked_sent] ELSE s, w)
HearingDoesNotMark(e, s, w) ==
  Became(e, IF s.phase = "open" /\ ~Renewed(e, s) THEN [s EXCEPT !.marked_accepted = end[e].marked_accepted] ELSE s, w)
BeatsWhileBusy(e, s, w) ==
  Became(e, IF Sending(e, s) \/ Delivering(e, s) THEN [s EXCEPT !.next_beat = end[e].next_beat] ELSE s, w)
RepeatsAreWelcome(e, m) ==
  IsOpen(e) /\ (Sealed(m) \/ Clear) /\ RightChannel(m) /\ m.epoch = end[e].epoch /\ m.epoch > 0
ArrivingIsNoTraffic(e, s, w) ==
  Became(e, IF Delivering(e, s) THEN [s EXCEPT !.expected_at = end[e].expected_at] ELSE s, w)

-----------------------------------------------------------------------------
(* Sessions (CACHE-1), limits (limit_from), notices (REKEY-6), closing.     *)
SessionIsProlonged(e, s, w) == Became(e, IF Renewed(e, s) THEN [s EXCEPT !.session_at = 0] ELSE s, w)
ClientKeepsItsSession(e, s, w) ==
  Became(e, IF Renewed(e, s) /\ e = "client" /\ end[e].session # 0 THEN [s EXCEPT !.session = end[e].session] ELSE s, w)
ServerForgetsSession(e, s, w) == Became(e, IF Renewed(e, s) /\ e = "server" THEN [s EXCEPT !.session = 0] ELSE s, w)
EveryKeyMakesSession(e, s, w) ==
  Became(e, IF Renewed(e, s) /\ s.session # 0 THEN [s EXCEPT !.session = s.epoch, !.session_at = 0] ELSE s, w)
LimitIsOnesOwn(e, s, w) == Became(e, IF s.phase = "open" THEN [s EXCEPT !.limit = OwnLimit(e)] ELSE s, w)
NoticeIsUnheeded(e, s, w) ==
  Became(e, IF ~Counts(e) /\ s.phase = "open" THEN [s EXCEPT !.count = 0, !.reached = FALSE, !.idle_noticed = FALSE] ELSE s, w)
ClosedRemembers(e, s, w) == Became(e, IF s.phase = "closed" THEN [s EXCEPT !.session = end[e].session] ELSE s, w)
SpoofIsForgiven(e, s, w) == Became(e, IF s.ending = "IDLE-4" THEN [s EXCEPT !.ending = ""] ELSE s, w)
AlwaysResumable(s) == IF policy.session_cache = "off" \/ s.session = 0 THEN 0 ELSE 2
NoFloor(e) == IF e = "server" /\ ServerLimit # NONE THEN ServerLimit ELSE policy.byte_limit

(* IDLE-5: the new link remembers the session of the old one.              *)
OldLinkGoesOn ==
  /\ link < Links /\ \A e \in End : end[e] = Closed(e)
  /\ link' = link + 1
  /\ end' = [e \in End |-> [Fresh(e) EXCEPT !.epoch = 1, !.session = 1]]
  /\ wire' = [e \in End |-> Silence]
  /\ foe' = foe
  /\ seen' = [e \in End |-> Unseen]

-----------------------------------------------------------------------------
(* What is sent.                                                           *)
Put(w, e, m) == IF end[Peer(e)].phase = "closed" THEN w ELSE [w EXCEPT ![Peer(e)][m.channel] = Append(@, m)]
NoReply(w, e, m) == IF m.kind = "reply" THEN w ELSE Put(w, e, m)
NoFinish(w, e, m) == IF m.kind = "finish" THEN w ELSE Put(w, e, m)
NoClose(w, e, m) == IF m.kind = "close" THEN w ELSE Put(w, e, m)
SameNumber(w, e, m) == Put(w, e, IF m.kind = "data" THEN [m EXCEPT !.number = 1] ELSE m)
OldKeyStill(w, e, m) == Put(w, e, IF m.kind = "data" /\ m.epoch > 1 THEN [m EXCEPT !.epoch = @ - 1] ELSE m)

-----------------------------------------------------------------------------
(* The arithmetic, off by one or not asked at all.                         *)
FullLate(s) == s.limit # 0 /\ s.count > s.limit
FullNever(s) == FALSE
AgedLate(s) == IF policy.age_limit = 0 THEN 0 ELSE Since(s.in_force_at, policy.age_limit + 1)
AgedNever(s) == 0
BarredNever(s, item) == 0
BarredBySentOnly(s, item) ==
  IF policy.idle_trigger = "heartbeat" THEN IF s.marked_accepted THEN 2 ELSE 0 ELSE IF item.epoch = s.epoch THEN item.idle ELSE 0
RejectsNever(e, s) == 0
RejectsBySent(e, s) == IF s.marked_sent \/ s.marked_accepted THEN 2 ELSE 0
IdleNever(e, trigger, s) == 0
IdleLate(e, trigger, s) ==
  IF trigger = "period" /\ policy.rekey_idle > 0 THEN Since(s.active_at, policy.rekey_idle + 1) ELSE 0
MissedNever(s) == 0
MissedEarly(s) == IF Outstanding(s) THEN Since(s.series.last_at + 1, policy.reply_timeout) ELSE 0
ExhaustedNever(s) == FALSE
ExhaustedEarly(s) == Outstanding(s) /\ s.series.last - s.series.first + 1 >= policy.retries
OverdueEarly(e) == Watches(e) /\ end[e].expected_at <= 0
OverdueNever(e) == FALSE
DoubtAlways(s) ==
  [s EXCEPT !.series = IF s.requesting /\ Exhausted(s) THEN [@ EXCEPT !.doubtful = TRUE] ELSE Blank.series]
HoldingNever(s) == FALSE
HoldingAlways(s) == Outstanding(s)
AllMayStart(e) == TRUE
TheOtherDecides(e) == (policy.rekey_initiator = "server") # (e = "server")
CarriesNever(s) == FALSE
CarriesAlways(s) == s.epoch > 1
WaitsNever(s, m) == FALSE
OrderIsOpen(s, m) == m.number > s.delivered_number
AnyoneAlive(s, m) == [s EXCEPT !.series = Blank.series]
NothingToTell(e) == FALSE
NoRefusal(e, bytes) == IF end[e].phase # "open" \/ end[e].ending # "" THEN "closed" ELSE ""
OpenChannel(m) == TRUE

(* LIM-2: so many renegotiations for a link, and no more.                  *)
TwoKeysForALink(e) ==
  /\ IsOpen(e) /\ end[e].negotiation = "none" /\ end[e].epoch < 2 /\ (end[e].epoch > 0 \/ e = "client")
  /\ (end[e].epoch = 0 \/ end[e].requested \/ MayStart(e)) /\ (~Holding(end[e]) \/ MissedReply(end[e]) > 0)
  /\ (end[e].epoch = 0 \/ Reasons(e) # {})

-----------------------------------------------------------------------------
(* Duties: time passes over them.                                          *)
NotDue(e) == FALSE
=============================================================================
