// One end of a link that renews its keys and proves its peer alive, and the adapter through which it is judged.
//
// A model for implementers: a class that keeps the rules, each cited where it is kept, and below it the few lines that
// speak the adapter protocol (version 1, JSON lines) on stdin and stdout. Node.js 18 or later, nothing else. The engine
// reads no clock: it is told the time (ms) with each event, and says when it next wants to be called.

import { createInterface } from "node:readline";

const UNSUPPORTED = {
  "IKE-1": "it does not speak ISAKMP",
  "IKE-2": "it does not speak ISAKMP",
};

const BLANK = { epoch: 0, number: 0, negotiation: "", session: "", bytes: 0, channel: "single", sealed_by: "peer" };

// What is said of one key only: all of it begins anew when the next one comes into force (BYTE-4, REKEY-3).
const freshKey = (epoch, since) => ({
  epoch,
  since, // AGE-1: its age counts from here
  bytes: 0, // BYTE-1: sent and received
  overflowed: false, // BYTE-5: a message of this end's own has met the limit
  marked: false, // a heartbeat was sent or accepted under it
  spoilt: false, // IDLE-3: it has been too idle to deliver anything
  asked: false, // REKEY-4: the peer requests the next one
  toldBytes: false, // REKEY-6: notice was given of its bytes, since the latest delivery
  toldIdle: false, // REKEY-6: notice of idleness was given or taken, since the latest activity
});

class Link {
  // On a gateway it knows the other links there, and whose it is (GATE-1).
  constructor(role, policy, gateway = new Set(), user = "") {
    this.gateway = gateway.add(this);
    this.user = user;
    this.opened = false;
    this.role = role;
    this.peer = role === "client" ? "server" : "client";
    this.policy = policy;
    this.closed = false;
    this.wake = Infinity; // when it wants to be called though nothing happens
    this.key = freshKey(0, 0); // EST-1: epoch 0 is no key
    this.lastKeyUntil = -1; // REKEY-2: how long the data channel may still bring data under the key before
    this.negotiation = null; // { id, mine, session }: CACHE-1, the session that it offers, or has agreed to
    this.session = { id: "", since: 0 }; // CACHE-1: the one that may be resumed
    this.counts = ["each", role].includes(policy.accounting); // REKEY-6: or else it is told
    this.tells = policy.accounting === role; // REKEY-6
    this.requested = false; // a request was sent, and no start has come
    this.byteLimit = policy.byte_limit && Math.max(policy.byte_limit, policy.byte_floor); // BYTE-3: 0 is never
    this.queue = []; // { bytes, idle }
    this.early = []; // EARLY-1
    this.used = { data: 0, heartbeat: 0 }; // LIM-3: the last numbers sent; they never restart
    this.seen = { data: 0, heartbeat: 0 }; // the highest numbers accepted
    this.active = 0; // HB-1: idle time counts from here
    this.series = null; // DEAD-1: { first, last, overdue }, the heartbeats that wait for a reply
    this.tooLate = false; // DEAD-2: the last of them is overdue
    this.nextBeat = Infinity; // HB-1, HB-2
    this.expected = Infinity; // DEAD-3: the peer's next heartbeat
    this.negotiateBy = Infinity; // EST-4
    this.trustUntil = Infinity; // DEAD-3: a heartbeat is missing, and only a new key will do
    const beating = (end) => policy.idle_period > 0 && [end, "both"].includes(policy.heartbeat_sender);
    this.beats = beating(role);
    this.watches = beating(this.peer) && policy.on_missed_heartbeat !== "ignore";
  }

  // Events. What was due before an event is done before it, what is due at its very instant after it: both orders
  // conform, and a reply that comes at the last moment should count.

  handle({ t, do: what, message, bytes = 0 }) {
    this.did = [];
    if (this.wake < t) this.work(t);
    if (what === "Offer") this.offer(t, bytes);
    else if (this.closed) return this.did; // CLOSE-1, DEAD-5
    else if (what === "Open") this.open(t);
    else if (what === "Arrive") this.arrive(t, { ...BLANK, ...message });
    else if (what === "Shut") this.close("CLOSE-1");
    this.work(t);
    this.wake = this.deadline();
    return this.did;
  }

  // IDLE-5: where a link was closed a new one opens, of which nothing is known.
  anew() {
    this.gateway.delete(this);
    return new Link(this.role, this.policy, this.gateway, this.user);
  }

  open(t) {
    const { links_per_user } = this.policy;
    const open = [...this.gateway].filter((one) => one.user === this.user && one.opened && !one.closed);
    if (links_per_user && open.length >= links_per_user) { // GATE-1
      this.closed = true;
      return this.did.push({ do: "Refuse", reason: "GATE-1" });
    }
    this.opened = true;
    this.negotiateBy = t + this.policy.negotiation_timeout; // EST-4: the server waits no longer than that
    this.touch(t);
    if (this.role === "client") this.start(t); // EST-4
  }

  offer(t, bytes) {
    const { direction, max_message, queue_limit, idle_trigger } = this.policy;
    const waiting = this.queue.reduce((sum, item) => sum + item.bytes, 0);
    const tooMuch = bytes > max_message || waiting + bytes > queue_limit;
    if (this.closed) this.did.push({ do: "Refuse", reason: "DEAD-5" });
    else if (tooMuch || direction === `to-${this.role}`) this.did.push({ do: "Refuse", reason: "LIM-1" });
    else this.queue.push({ bytes, idle: this.idle(t, idle_trigger) }); // IDLE-1: judged now, however long it waits
  }

  arrive(t, m) {
    const clear = this.policy.heartbeat_protection === "clear" && (m.kind === "heartbeat" || m.kind === "reply");
    if (m.sealed_by === "nobody" && !clear) return; // AUTH-1, HB-5
    if (m.channel !== this.channel(m.kind)) return; // CHAN-1
    const { first, last, overdue } = this.series ?? {};
    this.tooLate = t > overdue && last - first >= this.policy.retries; // DEAD-2: this answers nothing any more
    const ours = m.epoch === this.key.epoch && m.epoch > 0;
    const next = m.epoch === this.key.epoch + 1;
    const known = next && this.negotiation?.id === m.negotiation;
    switch (m.kind) {
      case "data": return m.epoch > 0 && this.receive(t, m); // AUTH-1: there is no key of epoch 0
      case "close": return this.close("CLOSE-1");
      case "start": return next && this.answer(t, m); // EST-3
      case "answer": return known && this.negotiation.mine && this.agrees(m) && this.renewed(t, m.session); // EST-3
      case "finish": return known && !this.negotiation.mine && this.renewed(t, this.negotiation.session); // EST-3
      case "notice": return ours && !this.counts && this.told(m);
      case "heartbeat": return ours && this.reply(t, m); // HB-3
      case "reply": return ours && this.replied(m); // HB-3
      case "request": return ours && !this.negotiation && this.decides() && this.obey(m); // REKEY-4
    }
  }

  // Data.

  receive(t, m) {
    const { transport, direction, on_spoof } = this.policy;
    const stream = transport === "stream";
    const current = m.epoch === this.key.epoch;
    const lingering = m.epoch === this.key.epoch - 1 && t <= this.lastKeyUntil;
    const awaited = m.epoch === this.key.epoch + 1 && this.negotiation && !this.negotiation.mine;
    if (awaited && stream) {
      this.early.push(m); // EARLY-1
    } else if (!current && !lingering) {
      this.did.push({ do: "Discard", message: m }); // EARLY-1, REKEY-2
    } else if (m.number <= this.seen.data || direction === `to-${this.peer}`) {
      this.did.push({ do: "Discard", message: m }); // ORDER-1, LIM-1
    } else if (current && (this.spoils(t) || this.trustUntil < Infinity)) {
      this.did.push({ do: "Reject", message: m }); // IDLE-3, DEAD-3
      if (on_spoof === "close") this.close("IDLE-4");
    } else if (stream && m.number > this.seen.data + 1) {
      this.close("ORDER-1"); // something was lost
    } else {
      this.did.push({ do: "Deliver", message: m });
      this.seen.data = m.number;
      this.alive(m);
      this.touch(t);
      if (!current) return;
      this.count(m.bytes); // BYTE-1
      this.key.toldBytes = false; // REKEY-6: the notice may be lost
      this.lastKeyUntil = -1; // REKEY-2: the data channel carries this key now
    }
  }

  sendNext(t) {
    const { bytes } = this.queue.shift();
    this.send("SendData", "data", { number: ++this.used.data, bytes });
    this.count(bytes); // BYTE-1
    this.key.overflowed = this.overflows();
    this.touch(t);
  }

  // BYTE-5: is it for the end whose message met the limit to renew the key now?
  overflows() {
    return this.full() && this.policy.byte_trigger === "at-once";
  }

  // REKEY-6: the end that does not count for itself adds nothing.
  count(bytes) {
    if (this.counts) this.key.bytes += bytes;
  }

  full() {
    const { bytes } = this.key;
    const reached = this.policy.byte_test === "reached" ? bytes >= this.byteLimit : bytes > this.byteLimit;
    return this.byteLimit > 0 && reached; // BYTE-3
  }

  // Must the first message of the queue wait for a new key?
  barred(t) {
    const { age_limit, idle_trigger } = this.policy;
    if (!this.queue.length) return false;
    if (this.full()) return true; // BYTE-3
    if (age_limit && t >= this.key.since + age_limit) return true; // AGE-1
    return this.queue[0].idle || (idle_trigger === "heartbeat" && this.key.marked); // IDLE-1
  }

  // Idleness and heartbeats.

  // Data was sent or delivered, or a negotiation started: HB-1, REKEY-3, DEAD-3.
  touch(t) {
    this.spoils(t);
    this.active = t;
    this.key.toldIdle = false;
    this.nextBeat = this.expected = t + this.policy.idle_period;
  }

  idle(t, trigger) {
    const rest = this.policy.rekey_idle;
    if (trigger === "period" && !this.counts) return this.key.toldIdle; // REKEY-6
    if (trigger === "any") return t > this.active;
    return trigger === "period" && rest > 0 && t - this.active >= rest;
  }

  // IDLE-3: what spoils a key spoils it for good.
  spoils(t) {
    return (this.key.spoilt ||= this.idle(t, this.policy.reject_trigger));
  }

  beat(t) {
    const number = ++this.used.heartbeat; // a repeat has a number of its own (DEAD-1)
    if (!this.series) {
      this.series = { first: number };
      this.nextBeat = t + this.policy.heartbeat_interval; // HB-2: from one first heartbeat to the next
    }
    this.series.last = number;
    this.series.overdue = t + this.policy.reply_timeout;
    this.key.marked = true;
    this.send("SendHeartbeat", "heartbeat", { number });
  }

  reply(t, m) {
    const { heartbeat_protection, heartbeat_interval, idle_period, reject_trigger } = this.policy;
    if (heartbeat_protection === "protected" && m.number <= this.seen.heartbeat) return; // HB-5: a replay
    this.seen.heartbeat = Math.max(this.seen.heartbeat, m.number);
    this.key.marked = true; // HB-3
    this.key.spoilt ||= reject_trigger === "heartbeat"; // IDLE-3
    this.expected = Math.max(t + heartbeat_interval, this.active + idle_period); // DEAD-3
    this.countControl(m);
    this.alive(m);
    this.send("SendReply", "reply", { number: m.number });
  }

  replied(m) {
    if (this.series && !this.tooLate && this.series.first <= m.number && m.number <= this.series.last) {
      this.countControl(m);
      this.series = null; // DEAD-1: a reply to any of the series ends it
    }
    this.alive(m);
  }

  // DEAD-4: with `any`, whatever authentic message is accepted under this key answers the series, a late reply too.
  alive(m) {
    if (this.policy.proof_of_life !== "any" || m.sealed_by === "nobody" || this.tooLate) return;
    if (m.epoch === this.key.epoch) this.series = null;
  }

  countControl(m) {
    if (this.policy.byte_counts === "data+control") this.count(m.bytes); // BYTE-2
  }

  // Accounting by one end (REKEY-6).

  // It goes on as if it had counted itself, and as if its own message had met the limit.
  told(m) {
    if (m.bytes) {
      this.key.bytes = Math.max(this.key.bytes, m.bytes);
      this.key.overflowed ||= this.overflows();
    } else {
      this.key.toldIdle = true;
    }
    this.alive(m);
  }

  // When is the other end to be told of idleness, on which it could act? Not while data waits here.
  rest() {
    const { direction, idle_trigger, reject_trigger, rekey_idle } = this.policy;
    const sends = idle_trigger === "period" && direction !== `to-${this.peer}`;
    const takes = reject_trigger === "period" && direction !== `to-${this.role}`;
    const silent = !this.tells || this.key.toldIdle || this.queue.length;
    return (sends || takes) && rekey_idle && !silent ? this.active + rekey_idle : Infinity;
  }

  notify(bytes) {
    if (bytes) this.key.toldBytes = true;
    else this.key.toldIdle = true;
    this.send("SendNotice", "notice", { bytes });
  }

  // Negotiation.

  // REKEY-4; the first negotiation is the client's (EST-4).
  mayStart(role) {
    if (this.key.epoch === 0) return role === "client";
    return this.policy.rekey_initiator === "sender" || this.policy.rekey_initiator === role;
  }

  // REKEY-4: is it this end that starts where no data decides?
  decides() {
    return (this.role === "server") === (this.policy.rekey_initiator === "server");
  }

  obey(m) {
    this.key.asked = true;
    this.alive(m);
  }

  start(t) {
    const first = this.key.epoch === 0 && this.policy.limit_from === "initiator";
    this.begin(t, this.role[0] + (this.key.epoch + 1), this.held(t), true);
    this.send("Start", "start", { ...this.next(), bytes: first ? this.byteLimit : 0 }); // BYTE-3
  }

  answer(t, m) {
    const givesWay = this.role === "server" && this.negotiation?.mine; // REKEY-5: the client's negotiation wins
    if (this.key.epoch && !this.mayStart(this.peer)) {
      this.did.push({ do: "RefuseStart", message: m }); // REKEY-4
    } else if (m.negotiation === this.peer[0] + m.epoch && (!this.negotiation || givesWay)) {
      if (m.epoch === 1 && this.policy.limit_from === "initiator") this.byteLimit = m.bytes; // BYTE-3
      const known = m.session !== "" && m.session === this.held(t); // CACHE-1
      this.begin(t, m.negotiation, known ? m.session : this.newSession(m.negotiation), false);
      this.send("Answer", "answer", this.next());
    }
  }

  // CACHE-1: the session that may be resumed now.
  held(t) {
    return t < this.session.since + this.policy.session_lifetime ? this.session.id : "";
  }

  // CACHE-1: the one that a full negotiation makes.
  newSession(negotiation) {
    return this.policy.session_cache === "on" ? negotiation : "";
  }

  // CACHE-1: does this answer make a session of its own, or resume the one that was offered?
  agrees({ session }) {
    const { id, session: offered } = this.negotiation;
    return session === this.newSession(id) || (offered !== "" && session === offered);
  }

  request(t) {
    this.requested = true;
    this.negotiateBy = t + this.policy.negotiation_timeout; // EST-4
    this.send("Request", "request");
  }

  begin(t, id, session, mine) {
    this.negotiation = { id, mine, session };
    this.requested = false;
    this.negotiateBy = Math.min(this.negotiateBy, t + this.policy.negotiation_timeout); // EST-4: never extended
    this.series = null; // DEAD-1
    this.touch(t); // REKEY-3
  }

  next() {
    const { id, session } = this.negotiation;
    return { epoch: this.key.epoch + 1, negotiation: id, session };
  }

  // The new key is in force; what was held against the old one is over.
  renewed(t, session) {
    const { channels, transport, negotiation_timeout } = this.policy;
    const trusted = this.key.epoch > 0 && !this.spoils(t) && this.trustUntil === Infinity;
    const lingers = trusted && channels === 2 && transport === "stream"; // REKEY-2; IDLE-3, DEAD-3
    this.lastKeyUntil = lingers ? t + negotiation_timeout : -1;
    const { id, mine } = this.negotiation;
    if (session && session === id) this.session = { id, since: t }; // CACHE-1: to resume one does not prolong it
    this.key = freshKey(this.key.epoch + 1, t);
    this.negotiation = null;
    this.negotiateBy = this.trustUntil = Infinity;
    this.expected = Math.max(this.expected, t); // DEAD-3
    for (const item of this.queue) item.idle = false; // IDLE-1: the renegotiation that it waited for
    if (mine) this.send("Finish", "finish", { negotiation: id, session });
    for (const m of this.early.splice(0)) if (!this.closed) this.receive(t, m); // EARLY-1
  }

  // What it does by itself.

  work(t) {
    while (!this.closed && this.doNext(t));
  }

  // Does the first thing that is due, and says whether there was any.
  doNext(t) {
    const { on_missed_reply, on_missed_heartbeat, retries, while_waiting } = this.policy;
    if (t >= this.negotiateBy) return this.close("EST-4");
    if (t >= this.trustUntil) return this.close("DEAD-3");
    if (!this.key.epoch || this.negotiation) return false; // EST-1, REKEY-1, HB-1

    const overdue = this.series !== null && t >= this.series.overdue;
    const repeat = overdue && this.series.last - this.series.first < retries;
    const held = this.series !== null && while_waiting === "hold"; // HB-6
    const reason = this.key.overflowed || this.key.asked || this.barred(t) || t >= this.expiry(); // NEED-1, IDLE-2
    const missing = t >= this.missing();
    const { overflowed, toldBytes, bytes } = this.key;
    if (this.tells && this.full() && !overflowed && !toldBytes) this.notify(bytes); // REKEY-6
    else if (t >= this.rest()) this.notify(0); // REKEY-6
    else if (repeat) this.beat(t); // DEAD-1
    else if (overdue && on_missed_reply === "close") this.close("DEAD-2");
    else if (missing && on_missed_heartbeat === "close") this.close("DEAD-3");
    else if (missing) this.suspect(t);
    else if (!this.requested && (overdue || (reason && !held))) this.renegotiate(t); // DEAD-2, even if held
    else if (this.queue.length && !held && !overdue && !this.barred(t)) this.sendNext(t); // FLOW-1
    else if (this.beats && !this.series && t >= this.nextBeat) this.beat(t); // HB-1, HB-2
    else return false;
    return true;
  }

  suspect(t) {
    this.trustUntil = t + this.policy.negotiation_timeout; // DEAD-3
    this.did.push({ do: "Suspect" });
  }

  renegotiate(t) {
    const dataDecides = this.queue.length > 0 || this.key.overflowed;
    if (this.mayStart(this.role) && (dataDecides || this.decides())) this.start(t);
    else this.request(t); // REKEY-4
  }

  // AGE-2: when is it for this end to renew the key for its age alone?
  expiry() {
    const { age_limit, age_trigger, idle_period } = this.policy;
    if (!age_limit || age_trigger === "data" || !this.decides()) return Infinity;
    const at = this.key.since + age_limit;
    return age_trigger === "timer" || !idle_period || at < this.active + idle_period ? at : Infinity;
  }

  // DEAD-3: when is the peer's heartbeat overdue by the grace?
  missing() {
    return this.watches && this.trustUntil === Infinity ? this.expected + this.policy.grace : Infinity;
  }

  // When it wants to be called though nothing happens.
  deadline() {
    const { retries, on_missed_reply, while_waiting } = this.policy;
    if (this.closed) return Infinity;
    let at = Math.min(this.negotiateBy, this.trustUntil);
    if (!this.key.epoch || this.negotiation) return at;
    at = Math.min(at, this.missing(), this.rest());
    const expiry = this.requested ? Infinity : this.expiry();
    if (!this.series) return Math.min(at, this.beats ? this.nextBeat : Infinity, expiry);
    const spent = this.series.last - this.series.first >= retries;
    if (!(this.requested && spent && on_missed_reply === "rekey")) at = Math.min(at, this.series.overdue);
    return while_waiting === "hold" ? at : Math.min(at, expiry);
  }

  // CLOSE-1: announced in whatever phase. DEAD-5: nothing is kept.
  close(reason) {
    this.send("Close", "close");
    this.did.at(-1).reason = reason;
    this.closed = true;
    this.queue = [];
    this.early = [];
    return true;
  }

  channel(kind) {
    return this.policy.channels === 1 ? "single" : kind === "data" ? "data" : "control"; // CHAN-1
  }

  send(what, kind, fields) {
    const message = { kind, epoch: this.key.epoch, channel: this.channel(kind), ...fields };
    const clear = this.policy.heartbeat_protection === "clear" && (kind === "heartbeat" || kind === "reply");
    if (clear) message.sealed_by = "nobody"; // HB-5; AUTH-1: all else is sealed
    this.did.push({ do: what, message });
  }
}

const links = new Map();

const gateways = new Map();

function opened({ id, end, policy, gateway, user }) {
  if (gateway !== undefined && !gateways.has(gateway)) gateways.set(gateway, new Set());
  links.set(id, new Link(end, policy, gateways.get(gateway), user));
  return { id };
}

function result(id, event) {
  if (event.do === "Open") links.set(id, links.get(id).anew());
  const link = links.get(id);
  const did = link.handle(event);
  return { did, deadline: link.wake === Infinity ? null : link.wake };
}

function respond(asked) {
  const { cmd, id, event, events } = asked;
  switch (cmd) {
    case "hello":
      return { protocol: 1, name: "link.mjs", version: "1", unsupported: UNSUPPORTED, features: ["gateway"] };
    case "open":
      return opened(asked);
    case "step":
      return { id, ...result(id, event) };
    case "run":
      return { id, replies: events.map((one) => result(id, one)) };
    case "close":
      links.get(id).gateway.delete(links.get(id));
      links.delete(id);
      return { id };
  }
}

createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(JSON.stringify(respond(JSON.parse(line))) + "\n");
});
