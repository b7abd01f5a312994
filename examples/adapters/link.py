"""One end of a link that renews its keys and proves its peer alive, and the adapter through which it is judged.

A model for implementers: a class that keeps the rules, each cited where it is kept, and below it the few lines that
speak the adapter protocol (version 1, JSON lines) on stdin and stdout. Standard library only. The engine reads no
clock: it is told the time (ms) with each event, and tells when it next wants to be called. It has seven timers:

    limit        a negotiation is awaited, requested or in progress; at this time the link ends (EST-4)
    beat_at      the next first heartbeat is due (HB-1, HB-2)
    answer_by    the latest heartbeat is unanswered; at this time it is repeated (DEAD-1), or its reply missed (DEAD-2)
    expected_at  the peer's next heartbeat is expected; `grace` later it is missing (DEAD-3)
    trust_until  a heartbeat is missing; at this time the link ends, if no new key has come (DEAD-3)
    expiry       the key's age reaches its limit (AGE-2)
    rest         the link has been idle for so long that the other end is to be told (REKEY-6)
"""

import json
import sys
from collections import deque
from types import SimpleNamespace

NEVER = 1 << 62
BLANK = {
    "epoch": 0, "number": 0, "negotiation": "", "session": "", "bytes": 0, "channel": "single", "sealed_by": "peer",
}  # fmt: skip
UNSUPPORTED = {
    "IKE-1": "it does not speak ISAKMP",
    "IKE-2": "it does not speak ISAKMP",
}


class End:
    """One end of one link. `step` takes an event and returns what the end did; `wake` is when it wants the next. On a
    gateway it knows the other ends there, and whose link it is (GATE-1)."""

    def __init__(self, role, policy, gateway=(), user=""):
        self.role, self.peer = role, "server" if role == "client" else "client"
        self.policy, self.gateway, self.user = policy, gateway, user
        self.p = p = SimpleNamespace(**policy)
        self.did, self.opened, self.closed, self.wake = [], False, False, NEVER
        self.epoch = self.in_force_at = 0
        self.negotiation, self.mine = "", False  # the one in progress, and whether this end started it
        self.resumes = ""  # CACHE-1: the session that it offers in this negotiation, or has agreed to
        self.session, self.session_at = "", 0  # CACHE-1: the one that may be resumed, and since when it is held
        self.requested = False  # a request was sent, and no start has come
        self.asked = False  # the peer requests a start (REKEY-4)
        self.limit_bytes = max(p.byte_limit, p.byte_floor) if p.byte_limit else 0  # BYTE-3; 0 is never
        self.count, self.overflowed = 0, False  # BYTE-1; BYTE-5: a message of its own has met the limit
        self.counts = p.accounting in ("each", role)  # REKEY-6: or else it is told
        self.told_bytes = self.told_idle = False  # REKEY-6: notice was given; or (of idleness) it was taken
        self.queue, self.queued = deque(), 0  # (bytes, offered after idleness), and the sum of the bytes
        self.early = []  # EARLY-1
        self.sent_data = self.sent_beats = 0  # LIM-3: the last numbers used; they never restart
        self.got_data = self.got_beats = 0  # the highest numbers accepted
        self.active_at = 0  # idle time runs from here
        self.marked = False  # a heartbeat was sent or accepted under this key
        self.spoilt = False  # IDLE-3
        self.old_until = -1  # REKEY-2: until when the data channel may still bring the key before this one
        self.series, self.too_late = [], False  # the numbers of the heartbeats that wait for a reply; see `arrive`
        self.limit = self.beat_at = self.answer_by = self.expected_at = self.trust_until = NEVER
        beats = p.heartbeat_sender if p.idle_period else "none"
        self.sends = beats in (role, "both")  # HB-1
        self.watches = beats in (self.peer, "both") and p.on_missed_heartbeat != "ignore"  # DEAD-3

    # What happens to it.

    def step(self, event):
        """What was due before the event is done first, what is due at its very instant after it: either conforms."""
        self.did = []
        t, do = event["t"], event["do"]
        if self.wake < t:
            self.act(t)
        if do == "Offer":
            self.offer(t, event.get("bytes", 0))
        elif do == "Open":
            self.__init__(self.role, self.policy, self.gateway, self.user)  # IDLE-5: nothing is left of an earlier link
            self.open(t)
        elif do == "Arrive" and not self.closed:  # CLOSE-1
            self.arrive(t, {**BLANK, **event["message"]})
        elif do == "Shut" and not self.closed:
            self.close("CLOSE-1")
        self.act(t)
        self.wake = self.deadline()
        return self.did

    def open(self, t):
        """EST-4: the client starts; the server waits, no longer than that may take. GATE-1: but a user who has as many
        links as he may gets no other."""
        others = sum(end.user == self.user and end.opened and not end.closed for end in self.gateway if end is not self)
        if 0 < self.p.links_per_user <= others:
            self.closed = True
            self.did.append({"do": "Refuse", "reason": "GATE-1"})
            return
        self.opened = True
        self.limit = t + self.p.negotiation_timeout
        self.active(t)
        if self.role == "client":
            self.start(t)

    def offer(self, t, size):
        """LIM-1: what may wait is queued. IDLE-1: idleness is judged now, however long it has to wait."""
        p = self.p
        against = p.direction == f"to-{self.role}"
        if self.closed or against or size > p.max_message or self.queued + size > p.queue_limit:
            self.did.append({"do": "Refuse", "reason": "DEAD-5" if self.closed else "LIM-1"})
        else:
            self.queue.append((size, self.idle(t, p.idle_trigger)))
            self.queued += size

    def arrive(self, t, m):
        """What nobody sealed (AUTH-1, HB-5) or came over the wrong channel (CHAN-1) has no effect; nor has a heartbeat,
        reply or request of a key not in force (HB-3, REKEY-4), or what negotiates another key than the next (EST-3).
        """
        kind, epoch = m["kind"], m["epoch"]
        clear = kind in ("heartbeat", "reply") and self.p.heartbeat_protection == "clear"
        if m["channel"] != self.channel(kind) or not (m["sealed_by"] == "peer" or clear):
            return
        self.too_late = (
            t > self.answer_by and len(self.series) > self.p.retries
        )  # DEAD-2: this answers nothing any more
        if kind == "data":
            if epoch:  # AUTH-1: there is no key of epoch 0
                self.take_data(t, m)
        elif kind == "close":
            self.close("CLOSE-1")
        elif kind == "start" and epoch == self.epoch + 1:
            self.take_start(t, m)
        elif kind in ("answer", "finish"):
            if epoch == self.epoch + 1 and m["negotiation"] == self.negotiation and self.mine == (kind == "answer"):
                if not self.mine:
                    self.establish(t, self.resumes)
                elif m["session"] in (self.new_session(), self.resumes or self.new_session()):  # CACHE-1
                    self.establish(t, m["session"])
        elif epoch == self.epoch > 0:
            if kind == "heartbeat":
                self.take_heartbeat(t, m)
            elif kind == "reply":
                self.take_reply(m)
            elif kind == "notice" and not self.counts:
                self.take_notice(m)
            elif kind == "request" and self.decides() and not self.negotiation:
                self.asked = True
                self.lives(m)

    # Data.

    def take_data(self, t, m):
        """Delivers it, keeps it for later, discards it, reports it as a suspected spoof, or ends a torn stream."""
        stream, number = self.p.transport == "stream", m["number"]
        ahead, late = m["epoch"] > self.epoch, m["epoch"] < self.epoch
        lingers = m["epoch"] == self.epoch - 1 and t <= self.old_until
        if m["epoch"] == self.epoch + 1 and self.negotiation and not self.mine and stream:
            self.early.append(m)  # EARLY-1
        elif ahead or (late and not lingers) or self.p.direction == f"to-{self.peer}" or number <= self.got_data:
            self.did.append({"do": "Discard", "message": m})  # EARLY-1, REKEY-2; LIM-1; ORDER-1
        elif not late and (self.spoils(t) or self.trust_until < NEVER):
            self.did.append({"do": "Reject", "message": m})  # IDLE-3, DEAD-3
            if self.p.on_spoof == "close":
                self.close("IDLE-4")
        elif stream and number > self.got_data + 1:
            self.close("ORDER-1")
        else:
            self.did.append({"do": "Deliver", "message": m})
            self.got_data = number
            self.lives(m)
            self.active(t)
            if not late:
                self.tally(m["bytes"])  # BYTE-1
                self.told_bytes = False  # REKEY-6: the notice may be lost
                self.old_until = -1  # REKEY-2: the data channel carries this key now

    def send_data(self, t):
        """BYTE-1, BYTE-5, LIM-3."""
        size, _ = self.queue.popleft()
        self.queued -= size
        self.sent_data += 1
        self.send("SendData", "data", number=self.sent_data, bytes=size)
        self.tally(size)
        self.overflowed = self.overflows()
        self.active(t)

    # Idleness and heartbeats.

    def active(self, t):
        """Data was sent or delivered, or a negotiation started: idle time runs anew (HB-1, REKEY-3, DEAD-3)."""
        self.spoils(t)
        self.active_at, self.told_idle = t, False
        self.beat_at = self.expected_at = t + self.p.idle_period

    def idle(self, t, trigger):
        """IDLE-1, IDLE-3: was the link idle, as far as time tells, or (REKEY-6) the end that keeps it?"""
        rest = self.p.rekey_idle
        if trigger == "period" and not self.counts:
            return self.told_idle
        return (trigger == "any" and t > self.active_at) or (trigger == "period" and 0 < rest <= t - self.active_at)

    def spoils(self, t):
        """IDLE-3: is this key too idle to deliver anything? That is sticky."""
        self.spoilt = self.spoilt or self.idle(t, self.p.reject_trigger)
        return self.spoilt

    def beat(self, t):
        """A first heartbeat, the next an interval later (HB-2), or a repeat under a number of its own (DEAD-1)."""
        if not self.series:
            self.beat_at = t + self.p.heartbeat_interval
        self.sent_beats += 1
        self.series.append(self.sent_beats)
        self.answer_by = t + self.p.reply_timeout
        self.marked = True
        self.send("SendHeartbeat", "heartbeat", number=self.sent_beats)

    def end_series(self):
        """DEAD-1: by a reply, or by a negotiation that starts."""
        self.series, self.answer_by = [], NEVER

    def take_heartbeat(self, t, m):
        """HB-3: answered at once, and the key is marked. HB-5: but not if it is a replay."""
        if self.p.heartbeat_protection == "protected" and m["number"] <= self.got_beats:
            return
        self.got_beats = max(self.got_beats, m["number"])
        self.marked = True
        self.spoilt = self.spoilt or self.p.reject_trigger == "heartbeat"  # IDLE-3
        self.expected_at = max(t + self.p.heartbeat_interval, self.active_at + self.p.idle_period)  # DEAD-3
        self.count_control(m)
        self.lives(m)
        self.send("SendReply", "reply", number=m["number"])

    def take_reply(self, m):
        """DEAD-4: only a reply to the outstanding series answers it, or, with `any`, a late one too."""
        if m["number"] in self.series and not self.too_late:
            self.count_control(m)
            self.end_series()
        self.lives(m)

    def lives(self, m):
        """DEAD-4: with `any`, whatever authentic message is accepted under this key answers the series."""
        if (
            self.p.proof_of_life == "any"
            and m["sealed_by"] == "peer"
            and m["epoch"] == self.epoch
            and not self.too_late
        ):
            self.end_series()

    def count_control(self, m):
        """BYTE-2."""
        if self.p.byte_counts == "data+control":
            self.tally(m["bytes"])

    # Accounting by one end.

    def tally(self, size):
        """REKEY-6: the end that does not count for itself adds nothing."""
        self.count += size if self.counts else 0

    def take_notice(self, m):
        """REKEY-6: it goes on as if it had counted itself, and as if its own message had met the limit (BYTE-5)."""
        if m["bytes"]:
            self.count = max(self.count, m["bytes"])
            self.overflowed = self.overflowed or self.overflows()
        else:
            self.told_idle = True
        self.lives(m)

    def rest(self):
        """REKEY-6: when is the other end to be told of idleness, on which it could act? Not while data waits here."""
        p = self.p
        sends, takes = p.direction != f"to-{self.peer}", p.direction != f"to-{self.role}"
        acts = (p.idle_trigger == "period" and sends) or (p.reject_trigger == "period" and takes)
        silent = self.told_idle or self.queue
        return self.active_at + p.rekey_idle if acts and p.rekey_idle and not silent else NEVER

    def notify(self, t):
        """REKEY-6: tells the other end what is due, and says whether anything was."""
        if self.full() and not self.overflowed and not self.told_bytes:
            self.told_bytes = True
            self.send("SendNotice", "notice", bytes=self.count)
        elif t >= self.rest():
            self.told_idle = True
            self.send("SendNotice", "notice")
        else:
            return False
        return True

    # Negotiation.

    def may_start(self, role):
        """REKEY-4: may this end start one? The first is the client's (EST-4)."""
        return self.p.rekey_initiator in ("sender", role) if self.epoch else role == "client"

    def decides(self):
        """REKEY-4: is it this end that starts where no data decides?"""
        return self.role == ("server" if self.p.rekey_initiator == "server" else "client")

    def start(self, t):
        """EST-4. BYTE-3: with `limit_from: initiator` the first start carries the limit."""
        self.begin(t, f"{self.role[0]}{self.epoch + 1}", self.held(t), mine=True)
        carries = self.limit_bytes if self.p.limit_from == "initiator" and not self.epoch else 0
        self.send("Start", "start", bytes=carries, **self.negotiated())

    def take_start(self, t, m):
        """Refused where the peer may not start (REKEY-4); answered at once (EST-4) where nothing else is in progress
        but a negotiation of the server's own, which gives way to the client's (REKEY-5)."""
        gives_way = self.mine and self.role == "server"
        if self.epoch and not self.may_start(self.peer):
            self.did.append({"do": "RefuseStart", "message": m})
        elif m["negotiation"] == f"{self.peer[0]}{self.epoch + 1}" and (not self.negotiation or gives_way):
            if not self.epoch and self.p.limit_from == "initiator":
                self.limit_bytes = m["bytes"]  # BYTE-3
            known = m["session"] and m["session"] == self.held(t)  # CACHE-1
            self.begin(t, m["negotiation"], m["session"] if known else self.new_session(m["negotiation"]), mine=False)
            self.send("Answer", "answer", **self.negotiated())

    def negotiated(self):
        """EST-3, CACHE-1: what the messages of one negotiation agree in."""
        return {"epoch": self.epoch + 1, "negotiation": self.negotiation, "session": self.resumes}

    def held(self, t):
        """CACHE-1: the session that may be resumed now."""
        return self.session if t < self.session_at + self.p.session_lifetime else ""

    def new_session(self, negotiation=""):
        """CACHE-1: the one that a full negotiation makes."""
        return (negotiation or self.negotiation) if self.p.session_cache == "on" else ""

    def request(self, t):
        """REKEY-4. EST-4: its time runs from here."""
        self.requested = True
        self.limit = t + self.p.negotiation_timeout
        self.send("Request", "request")

    def begin(self, t, negotiation, session, mine):
        """REKEY-3, DEAD-1. EST-4: a later phase of the same negotiation does not extend its time."""
        self.negotiation, self.resumes, self.mine, self.requested = negotiation, session, mine, False
        self.limit = min(self.limit, t + self.p.negotiation_timeout)
        self.end_series()
        self.active(t)

    def establish(self, t, session):
        """The new key is in force: count and age begin anew (BYTE-4, REKEY-3), and what was held against the old key is
        over; but a key that was not trusted delivers nothing any more (IDLE-3, REKEY-2)."""
        p, answered, negotiation = self.p, self.mine, self.negotiation
        if session and session == negotiation:
            self.session, self.session_at = session, t  # CACHE-1: one that is resumed is prolonged by nothing
        lingers = self.epoch and p.channels == 2 and p.transport == "stream" and self.trust_until == NEVER
        self.old_until = t + p.negotiation_timeout if lingers and not self.spoils(t) else -1
        self.epoch, self.in_force_at, self.count = self.epoch + 1, t, 0
        self.negotiation, self.mine = "", False
        self.overflowed = self.asked = self.spoilt = self.marked = self.told_bytes = self.told_idle = False
        self.limit = self.trust_until = NEVER
        self.expected_at = max(self.expected_at, t)  # DEAD-3
        self.queue = deque((size, False) for size, _ in self.queue)  # IDLE-1: what waits, waited for this
        if answered:
            self.send("Finish", "finish", negotiation=negotiation, session=session)
        early, self.early = self.early, []
        for m in early:  # EARLY-1
            if not self.closed:
                self.take_data(t, m)

    # What it does by itself.

    def full(self):
        """BYTE-3: has this key carried what it may?"""
        over = self.count - self.limit_bytes
        return self.limit_bytes > 0 and (over > 0 or (over == 0 and self.p.byte_test == "reached"))

    def overflows(self):
        """BYTE-5: is it by now for the end whose message met the limit to renew the key at once?"""
        return self.full() and self.p.byte_trigger == "at-once"

    def must_wait(self, t):
        """BYTE-3, AGE-1, IDLE-1: must the first message of the queue wait for a new key?"""
        aged = 0 < self.p.age_limit <= t - self.in_force_at
        marked = self.marked and self.p.idle_trigger == "heartbeat"
        return bool(self.queue) and (self.full() or aged or marked or self.queue[0][1])

    def expiry(self):
        """AGE-2, REKEY-4: when is it for this end to renew the key for its age alone?"""
        p, at = self.p, self.in_force_at + self.p.age_limit
        used = p.age_trigger == "active" and (not p.idle_period or at < self.active_at + p.idle_period)
        return at if p.age_limit and self.decides() and (p.age_trigger == "timer" or used) else NEVER

    def act(self, t):
        """Does whatever is due by now."""
        while not self.closed and (self.end(t) or (self.epoch and not self.negotiation and self.work(t))):
            pass

    def end(self, t):
        """Ends the link where a time has run out."""
        in_use = self.epoch and not self.negotiation
        if t >= self.limit:
            self.close("EST-4")
        elif t >= self.trust_until or (in_use and self.missing() <= t and self.p.on_missed_heartbeat == "close"):
            self.close("DEAD-3")
        elif t >= self.answer_by and len(self.series) > self.p.retries and self.p.on_missed_reply == "close":
            self.close("DEAD-2")
        return self.closed

    def work(self, t):
        """Does the first thing that is due, and says whether there was any: no negotiation is in progress (REKEY-1)."""
        lost = t >= self.answer_by  # DEAD-2, where no repeat is left
        held = self.series and self.p.while_waiting == "hold"  # HB-6
        wanted = self.overflowed or self.asked or self.must_wait(t) or self.expiry() <= t  # NEED-1, IDLE-2
        if self.p.accounting == self.role and self.notify(t):
            pass
        elif lost and len(self.series) <= self.p.retries:
            self.beat(t)  # DEAD-1
        elif t >= self.missing():
            self.trust_until = t + self.p.negotiation_timeout
            self.did.append({"do": "Suspect"})  # DEAD-3
        elif not self.requested and (lost or (wanted and not held)):
            data_decides = self.queue or self.overflowed
            if self.may_start(self.role) and (data_decides or self.decides()):
                self.start(t)
            else:
                self.request(t)  # REKEY-4
        elif self.queue and not (lost or held or self.must_wait(t)):
            self.send_data(t)  # FLOW-1
        elif self.sends and not self.series and t >= self.beat_at:
            self.beat(t)  # HB-1, HB-2
        else:
            return False
        return True

    def missing(self):
        """DEAD-3: when is the peer's heartbeat overdue by the grace?"""
        return self.expected_at + self.p.grace if self.watches and self.trust_until == NEVER else NEVER

    def deadline(self):
        """When it wants to be called though nothing happens (ms)."""
        if self.closed:
            return NEVER
        at = [self.limit, self.trust_until]
        if self.epoch and not self.negotiation:
            held = self.requested or (self.series and self.p.while_waiting == "hold")
            spent = self.requested and len(self.series) > self.p.retries and self.p.on_missed_reply == "rekey"
            at += [self.missing(), NEVER if spent else self.answer_by, NEVER if held else self.expiry()]
            at += [self.beat_at] if self.sends and not self.series else []
            at += [self.rest()] if self.p.accounting == self.role else []
        return min(at)

    def close(self, reason):
        """CLOSE-1: announced in whatever phase. DEAD-5: nothing is kept."""
        self.send("Close", "close")
        self.did[-1]["reason"] = reason
        self.closed = True
        self.queue.clear()
        self.early.clear()

    def channel(self, kind):
        """CHAN-1."""
        return "single" if self.p.channels == 1 else "data" if kind == "data" else "control"

    def send(self, do, kind, **fields):
        """AUTH-1: all is sealed, but heartbeats and replies where they are clear (HB-5)."""
        m = {"kind": kind, "epoch": self.epoch, "channel": self.channel(kind), **fields}
        if kind in ("heartbeat", "reply") and self.p.heartbeat_protection == "clear":
            m["sealed_by"] = "nobody"
        self.did.append({"do": do, "message": m})


def result(end, event):
    did = end.step(event)
    return {"did": did, "deadline": None if end.wake == NEVER else end.wake}


def opened(ask, gateways):
    """GATE-1: the ends of one gateway know each other."""
    gateway = gateways.setdefault(ask["gateway"], []) if "gateway" in ask else []
    end = End(ask["end"], ask["policy"], gateway, ask.get("user", ""))
    gateway.append(end)
    return end


def main():
    ends, gateways = {}, {}
    for line in sys.stdin:
        ask = json.loads(line)
        cmd, answer = ask["cmd"], {"id": ask.get("id")}
        if cmd == "hello":
            answer = {"protocol": 1, "name": "link.py", "version": "1"}
            answer |= {"unsupported": UNSUPPORTED, "features": ["gateway"]}
        elif cmd == "open":
            ends[ask["id"]] = opened(ask, gateways)
        elif cmd == "step":
            answer |= result(ends[ask["id"]], ask["event"])
        elif cmd == "run":
            end = ends[ask["id"]]
            answer["replies"] = [result(end, event) for event in ask["events"]]
        elif cmd == "close":
            end = ends.pop(ask["id"])
            end.gateway.remove(end)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
