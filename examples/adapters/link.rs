//! One end of a link that changes its keys and proves its peer alive, and the adapter that lets `rekeyspec` judge it.
//!
//! `rustc -O --edition 2021 link.rs` builds it, from Rust 1.63 on, with the standard library alone; `rekeyspec check
//! exec:./link` judges it.
//!
//! It is written to be read. What is there because of a rule cites it; `rekeyspec rules HB-2` shows its words. There
//! are no sockets, threads or ciphers here, for the rules are not about them: events come in, each with its time; what
//! the end did, and its next deadline, go out.
//!
//! An end is driven by seven timers. Each is a function that says when it fires, or `None` while it does not run; the
//! table `TIMERS` says what each sets off:
//!
//! * `give_up`: a new key that was asked for, or is being negotiated, is not in force in time (EST-4);
//! * `end_of_suspicion`: a suspected peer has not brought the new key that alone would clear it (DEAD-3);
//! * `overdue`: the peer's heartbeat has not come (DEAD-3);
//! * `unanswered`: no reply came to the latest heartbeat: repeat it, or give the peer up (DEAD-1, DEAD-2);
//! * `next_heartbeat`: the link has been idle long enough for a heartbeat, or for one more (HB-1, HB-2);
//! * `idle_notice`: the peer, for which this end counts, must be told that the link is idle (REKEY-6);
//! * `too_old`: the key is so old that it is renewed though no data waits (AGE-2).
//!
//! Three lengths of time set off nothing, and are looked at when something happens: idle time, when data is offered or
//! arrives (IDLE-1, IDLE-3); the lifetime of a session (CACHE-1); and how long the key before the one in force is still
//! good for data that was under way (REKEY-2).
//!
//! The compiler keeps some rules:
//!
//! * an `End` holds a `Link` only while that is open: to close is to drop it, and all that it held (DEAD-5, IDLE-5);
//! * what closes a link returns `Closed`, and `?` hands it up to the `End`: no line after it is run (DEAD-5);
//! * a `Link` holds a `Key` only from the first negotiation on: what needs one must ask whether it is there (EST-1);
//! * what is said of one epoch is in its `Key` and goes with it: the count, the mark, the suspicion (BYTE-4, IDLE-3);
//! * a `Change` of keys is one thing at a time: who has answered a start has none of its own (REKEY-5).
//!
//! The order: JSON; the words of the protocol, messages and policies among them; the link; the end; the loop. It is
//! laid out by hand, a guard to a line.

#![cfg_attr(rustfmt, rustfmt_skip)]

use std::collections::{BTreeMap, VecDeque};
use std::fmt::{self, Display, Formatter};
use std::io::{self, BufRead, Read, Write};
use std::process::ExitCode;
use std::rc::Rc;

/// Why this adapter cannot go on: what was read, and what was expected.
type Bad = String;

// --- JSON -----------------------------------------------------------------------------------------------------------

enum Json {
    Word(String), // null, true, false, or a number as it is written
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

fn text(words: &str) -> Json { Json::Text(words.to_owned()) }

fn object<const N: usize>(fields: [(&str, Json); N]) -> Json {
    Json::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

impl Display for Json {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        let joined = |parts: Vec<String>| parts.join(",");
        match self {
            Json::Word(word) => write!(out, "{word}"),
            Json::Text(text) => {
                write!(out, "\"")?;
                text.chars().try_for_each(|c| match c {
                    '"' | '\\' => write!(out, "\\{c}"),
                    c if c < ' ' => write!(out, "\\u{:04x}", u32::from(c)),
                    c => write!(out, "{c}"),
                })?;
                write!(out, "\"")
            }
            Json::List(items) => write!(out, "[{}]", joined(items.iter().map(Json::to_string).collect())),
            Json::Object(fields) => {
                let field = |(name, value): &(String, Json)| format!("{}:{value}", text(name));
                write!(out, "{{{}}}", joined(fields.iter().map(field).collect()))
            }
        }
    }
}

/// What is left of a line that is being read.
struct Reader<'a>(&'a str);

impl Reader<'_> {
    fn line(line: &str) -> Result<Json, Bad> {
        let mut reader = Reader(line);
        let found = reader.value(32)?; // levels: the protocol needs six, and the stack is not endless
        reader.expect("")?;
        if reader.0.is_empty() { Ok(found) } else { reader.wrong("the end of the line") }
    }

    fn wrong<T>(&self, expected: &str) -> Result<T, Bad> {
        Err(format!("not JSON: expected {expected}, read {:?}", self.0.chars().take(20).collect::<String>()))
    }

    /// Whether `mark` comes next, blanks aside; then it is passed over.
    fn skip(&mut self, mark: &str) -> bool {
        self.0 = self.0.trim_start_matches([' ', '\t', '\r', '\n']);
        let after = self.0.strip_prefix(mark);
        self.0 = after.unwrap_or(self.0);
        after.is_some()
    }

    fn expect(&mut self, mark: &str) -> Result<(), Bad> { if self.skip(mark) { Ok(()) } else { self.wrong(mark) } }

    fn value(&mut self, levels: u8) -> Result<Json, Bad> {
        if levels == 0 { return self.wrong("fewer levels"); }
        if self.skip("[") { return Ok(Json::List(self.items("]", |reader| reader.value(levels - 1))?)); }
        if self.skip("{") {
            return Ok(Json::Object(self.items("}", |reader| {
                reader.expect("\"")?;
                let name = reader.string()?;
                reader.expect(":")?;
                Ok((name, reader.value(levels - 1)?))
            })?));
        }
        if self.skip("\"") { return self.string().map(Json::Text); }
        let end = self.0.find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c)).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        let number = word.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && word.parse::<f64>().is_ok();
        if !number && !["null", "true", "false"].contains(&word) { return self.wrong("a value"); }
        self.0 = rest;
        Ok(Json::Word(word.to_owned()))
    }

    fn items<T>(&mut self, end: &str, item: impl Fn(&mut Self) -> Result<T, Bad>) -> Result<Vec<T>, Bad> {
        let mut found = Vec::new();
        while !self.skip(end) {
            self.expect(if found.is_empty() { "" } else { "," })?;
            found.push(item(self)?);
        }
        Ok(found)
    }

    /// What follows an opening quote, up to the closing one. An escape may be half of a character, so halves are kept.
    fn string(&mut self) -> Result<String, Bad> {
        let (mut units, mut chars) = (Vec::new(), self.0.chars());
        loop {
            match chars.next() {
                Some('"') => break,
                Some('\\') => units.push(match chars.next() {
                    Some('u') => {
                        let digits = chars.as_str().get(..4).filter(|digits| !digits.starts_with('+'));
                        let unit = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok());
                        chars = chars.as_str().get(4..).unwrap_or("").chars();
                        unit.map_or_else(|| self.wrong("four digits in a text"), Ok)?
                    }
                    Some(c) => match "\"\\/bfnrt".find(c) {
                        Some(i) => u16::from(b"\"\\/\x08\x0c\n\r\t"[i]),
                        None => return self.wrong("a text with other escapes"),
                    },
                    None => return self.wrong("the end of a text"),
                }),
                Some(c) if c >= ' ' => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
                _ => return self.wrong("the end of a text"),
            }
        }
        let found = String::from_utf16(&units).or_else(|_| self.wrong("a text of whole characters"));
        self.0 = chars.as_str();
        found
    }
}

impl Json {
    fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(fields) => fields.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    fn with(mut self, name: &str, value: Json) -> Json {
        if let Json::Object(fields) = &mut self { fields.push((name.to_owned(), value)); }
        self
    }

    fn part(&self, name: &str) -> Result<&Json, Bad> {
        self.get(name).ok_or_else(|| format!("expected {name:?}, and there is none"))
    }

    fn optional<T: Field>(&self, name: &str) -> Result<Option<T>, Bad> {
        let read = |value| T::of(value).ok_or_else(|| format!("expected {} as {name:?}, read {value}", T::EXPECTED));
        self.get(name).map(read).transpose()
    }

    fn or_default<T: Field>(&self, name: &str) -> Result<T, Bad> { Ok(self.optional(name)?.unwrap_or_default()) }
    fn required<T: Field>(&self, name: &str) -> Result<T, Bad> { self.part(name).and_then(|_| self.or_default(name)) }
}

// --- The words of the protocol --------------------------------------------------------------------------------------

/// What a field of a request or an answer may hold.
trait Field: Default {
    const EXPECTED: &'static str;
    fn of(json: &Json) -> Option<Self>;
    fn json(&self) -> Json;
}

impl Field for u64 {
    const EXPECTED: &'static str = "a whole number from 0";
    fn of(json: &Json) -> Option<u64> {
        match json {
            Json::Word(word) => word.parse().ok().filter(|n: &u64| n.to_string() == *word),
            _ => None,
        }
    }
    fn json(&self) -> Json { Json::Word(self.to_string()) }
}

impl Field for String {
    const EXPECTED: &'static str = "a text";
    fn of(json: &Json) -> Option<String> {
        if let Json::Text(text) = json { Some(text.clone()) } else { None }
    }
    fn json(&self) -> Json { text(self) }
}

/// Enumerations whose cases are words. The first is the default.
macro_rules! words {
    ($($name:ident { $($case:ident = $word:literal),+ })+) => {$(
        #[derive(Clone, Copy, Debug, PartialEq)]
        enum $name { $($case),+ }

        impl Default for $name {
            fn default() -> $name { [$($name::$case),+][0] }
        }

        impl Field for $name {
            const EXPECTED: &'static str = concat!("one of" $(, " ", $word)+);
            fn of(json: &Json) -> Option<$name> {
                match json { $(Json::Text(word) if word == $word => Some($name::$case),)+ _ => None }
            }
            fn json(&self) -> Json { text(match self { $($name::$case => $word),+ }) }
        }
    )+};
}

words! {
    Role { Client = "client", Server = "server" }
    Kind { Request = "request", Start = "start", Answer = "answer", Finish = "finish", Data = "data",
        Heartbeat = "heartbeat", Reply = "reply", Notice = "notice", Close = "close" }
    Channel { Single = "single", Control = "control", Data = "data" }
    Seal { Peer = "peer", Nobody = "nobody" }
    Direction { Both = "both", ToServer = "to-server", ToClient = "to-client" }
    Transport { Stream = "stream", Datagram = "datagram" }
    ByteTest { Reached = "reached", Exceeded = "exceeded" }
    ByteTrigger { AtOnce = "at-once", NextData = "next-data" }
    ByteCounts { Data = "data", DataAndControl = "data+control" }
    LimitFrom { Own = "own", Initiator = "initiator" }
    Accounting { Each = "each", Client = "client", Server = "server" }
    AgeTrigger { Data = "data", Active = "active", Timer = "timer" }
    Senders { None = "none", Client = "client", Server = "server", Both = "both" }
    Protection { Protected = "protected", Clear = "clear" }
    Waiting { Send = "send", Hold = "hold" }
    Idleness { Never = "never", Any = "any", Period = "period", Heartbeat = "heartbeat" }
    OnSpoof { Close = "close", Discard = "discard" }
    OnMissedReply { Close = "close", Rekey = "rekey" }
    OnMissedHeartbeat { Ignore = "ignore", Close = "close", Rekey = "rekey" }
    Proof { Reply = "reply", Any = "any" }
    Initiator { Sender = "sender", Client = "client", Server = "server" }
    Switch { Off = "off", On = "on" }
}

impl Role {
    fn other(self) -> Role { if self == Role::Client { Role::Server } else { Role::Client } }
}

/// A structure that is read and written field by field, so that none is forgotten.
macro_rules! record {
    ($name:ident, $read:ident { $($field:ident: $kind:ty,)+ }) => {
        #[derive(Default)]
        struct $name { $($field: $kind),+ }

        impl $name {
            fn read(json: &Json) -> Result<$name, Bad> { Ok($name { $($field: json.$read(stringify!($field))?),+ }) }
        }

        impl From<&$name> for Json {
            fn from(record: &$name) -> Json { object([$((stringify!($field), record.$field.json())),+]) }
        }
    };
}

record! { Message, or_default {
    kind: Kind, epoch: u64, number: u64, negotiation: String, session: String, bytes: u64,
    channel: Channel, sealed_by: Seal,
}}

/// A point in time, or a length of time.
type Ms = u64;

// An end has nothing to do for `authentication`, which the report speaks of (EST-2), nor for `delay`, a promise about
// the network.
record! { Policy, required {
    direction: Direction, transport: Transport, channels: u64, max_message: u64, queue_limit: u64, links_per_user: u64,
    negotiation_timeout: Ms, rekey_initiator: Initiator, session_cache: Switch, session_lifetime: Ms,
    byte_limit: u64, byte_test: ByteTest, byte_trigger: ByteTrigger, byte_floor: u64, byte_counts: ByteCounts,
    limit_from: LimitFrom, accounting: Accounting, age_limit: Ms, age_trigger: AgeTrigger,
    idle_period: Ms, heartbeat_interval: Ms, heartbeat_sender: Senders, heartbeat_protection: Protection,
    reply_timeout: Ms, retries: u64, proof_of_life: Proof, on_missed_reply: OnMissedReply, while_waiting: Waiting,
    grace: Ms, on_missed_heartbeat: OnMissedHeartbeat,
    rekey_idle: Ms, idle_trigger: Idleness, reject_trigger: Idleness, on_spoof: OnSpoof,
}}

/// So long after a time; a length of 0 is never.
fn after(from: Ms, length: Ms) -> Option<Ms> { Some(from.saturating_add(length)).filter(|_| length > 0) }

/// What happens at an end.
enum Event { Open, Offer(u64), Arrive(Message), Tick, Shut }

impl Event {
    fn read(json: &Json) -> Result<Event, Bad> {
        Ok(match &json.required::<String>("do")?[..] {
            "Open" => Event::Open,
            "Offer" => Event::Offer(json.or_default("bytes")?),
            "Arrive" => Event::Arrive(Message::read(json.part("message")?)?),
            "Tick" => Event::Tick,
            "Shut" => Event::Shut,
            other => return Err(format!("expected Open, Offer, Arrive, Tick or Shut, read {other:?}")),
        })
    }
}

// --- The link -------------------------------------------------------------------------------------------------------

const CONTROL_BYTES: u64 = 16; // BYTE-2: the length of a heartbeat or a reply here, where that counts

/// The link has ended at this end, and nothing more is done on it (DEAD-5).
struct Closed;

type Live = Result<(), Closed>;

/// An epoch in force, and what is said of this epoch alone.
#[derive(Default)]
struct Key {
    epoch: u64,
    since: Ms,
    count: u64,            // BYTE-1
    reached: bool,         // BYTE-5: the limit is met, by what this end sent
    asked: bool,           // REKEY-4: the peer requests a new key
    marked: bool,          // HB-3: a heartbeat was sent or accepted
    spoilt: bool,          // IDLE-3: `reject_trigger` has held
    told_full: bool,       // REKEY-6: notice of that was given since the latest delivery, or is not needed
    told_idle: bool,       // REKEY-6: a notice of idleness has passed since the link was in use
    suspected: Option<Ms>, // DEAD-3: since when only a new key is trusted
}

/// A change of keys that is under way.
struct Change {
    since: Ms, // EST-4: the first of link opened, request sent, start sent, start accepted
    stage: Stage,
}

enum Stage {
    Awaited,          // the peer is to start: a request was sent, or the link has opened at a server
    Started(String),  // this end did; it offered this session and awaits the answer
    Answered(String), // the peer did; this session was agreed on and the finish is awaited
}

/// A heartbeat and its repeats, while nothing has answered them (DEAD-1).
struct Series {
    first: u64, last: u64, // their numbers
    repeats_left: u64,
    answer_by: Ms, // for the latest
    given_up: bool, // DEAD-2: only a new key will do now, and no further series begins
}

/// Data that waits to be sent.
struct Offered {
    bytes: u64,
    after_idleness: bool, // IDLE-1: judged when it was offered
}

/// What holds up to a time, or for ever.
struct Until<T>(T, Option<Ms>);

impl<T> Until<T> {
    fn at(&self, now: Ms) -> Option<&T> { Some(&self.0).filter(|_| self.1.map_or(true, |end| now <= end)) }
}

/// Why a new key is due: the peer has asked, data is (or was) to be sent, or neither.
#[derive(PartialEq)]
enum Reason { Asked, Data, NoData }

#[derive(Default)]
struct Link {
    role: Role,
    policy: Rc<Policy>,
    now: Ms,
    did: Vec<Json>,
    key: Option<Key>,
    change: Option<Change>,
    limit: u64,                     // BYTE-3; 0 is none
    queue: VecDeque<Offered>,
    early: Vec<Message>,            // EARLY-1: data that came before its key
    earlier: Option<Until<u64>>,    // REKEY-2: the epoch before this one, while its data may be under way
    session: Option<Until<String>>, // CACHE-1
    sent: u64,                      // LIM-3: the number of the latest data, and of the latest heartbeat
    heartbeats: u64,
    delivered: u64,                 // ORDER-1: the latest number
    heard: u64,                     // HB-5: the highest number of a heartbeat
    active: Ms,                     // HB-1: when the link was last in use
    heartbeat_at: Option<Ms>,       // HB-1, HB-2: when the next is due here
    expected: Option<Ms>,           // DEAD-3: when the peer's next is due
    series: Option<Series>,
}

/// The timers, in the order in which those fire that are due at one time, and what each sets off.
const TIMERS: [(fn(&Link) -> Option<Ms>, fn(&mut Link) -> Live); 7] = [
    (Link::give_up, |link| link.close("EST-4")),
    (Link::end_of_suspicion, |link| link.close("DEAD-3")),
    (Link::overdue, Link::miss_heartbeat),
    (Link::unanswered, Link::miss_reply),
    (Link::next_heartbeat, Link::begin_series),
    (Link::idle_notice, Link::tell_idle),
    (Link::too_old, |_| Ok(())), // it is a `reason` for a new key
];

impl Link {
    fn open(role: Role, policy: Rc<Policy>, now: Ms) -> Link {
        let limit = if policy.byte_limit > 0 { policy.byte_limit.max(policy.byte_floor) } else { 0 }; // BYTE-3
        let change = Some(Change { since: now, stage: Stage::Awaited });
        let mut link = Link { role, policy, now, change, limit, active: now, ..Link::default() };
        if role == Role::Client { link.start(); } // EST-4
        link
    }

    /// What was due before this time comes first; then what happens, what it allows, and the timers of this very time.
    fn step(&mut self, now: Ms, event: Event) -> Live {
        if let Some(at) = self.deadline().filter(|at| *at < now) {
            self.now = at;
            self.go_on()?;
        }
        self.now = now;
        match event {
            Event::Offer(bytes) => self.offer(bytes),
            Event::Arrive(m) => self.arrive(m)?,
            Event::Shut => return self.close("CLOSE-1"),
            Event::Open | Event::Tick => {}
        }
        self.go_on()
    }

    fn go_on(&mut self) -> Live {
        self.flow();
        for (timer, set_off) in TIMERS {
            if self.due(timer(self)) { set_off(self)?; }
        }
        self.tell_full();
        self.flow(); // a timer may have given a reason for a new key
        Ok(())
    }

    fn due(&self, timer: Option<Ms>) -> bool { timer.map_or(false, |at| at <= self.now) }

    /// When this end wants to be called though nothing happens.
    fn deadline(&self) -> Option<Ms> {
        TIMERS.iter().filter_map(|(timer, _)| timer(self)).filter(|at| *at > self.now).min()
    }

    // --- The seven timers

    fn give_up(&self) -> Option<Ms> {
        self.change.as_ref().and_then(|change| after(change.since, self.policy.negotiation_timeout)) // EST-4
    }

    fn next_heartbeat(&self) -> Option<Ms> {
        let sends = names(self.policy.heartbeat_sender, self.role) && self.key.is_some(); // EST-1
        let free = !self.negotiating() && self.series.is_none(); // HB-1, DEAD-1
        self.heartbeat_at.filter(|_| sends && free)
    }

    fn unanswered(&self) -> Option<Ms> {
        self.series.as_ref().filter(|series| !series.given_up).map(|series| series.answer_by) // DEAD-1
    }

    fn overdue(&self) -> Option<Ms> {
        let p = &self.policy;
        let heeds = p.on_missed_heartbeat != OnMissedHeartbeat::Ignore && self.key.as_ref()?.suspected.is_none();
        let expects = names(p.heartbeat_sender, self.role.other()) && !self.negotiating();
        self.expected.filter(|_| heeds && expects).map(|at| at.saturating_add(p.grace)) // DEAD-3
    }

    fn end_of_suspicion(&self) -> Option<Ms> {
        after(self.key.as_ref()?.suspected?, self.policy.negotiation_timeout) // DEAD-3: so long for a new key
    }

    fn too_old(&self) -> Option<Ms> {
        let (p, at) = (&self.policy, self.age_limit()?);
        // AGE-2: at the age if the link is in use then; or as soon as it is in use again, for that is after the age
        let in_use = p.idle_period == 0 || self.active.saturating_add(p.idle_period) > at;
        let alone = p.age_trigger == AgeTrigger::Timer || (p.age_trigger == AgeTrigger::Active && in_use);
        Some(at).filter(|_| alone && self.may_start(self.role, false)) // it binds the initiator only
    }

    fn age_limit(&self) -> Option<Ms> { after(self.key.as_ref()?.since, self.policy.age_limit) } // AGE-1

    fn idle_notice(&self) -> Option<Ms> {
        let p = &self.policy;
        let told = self.key.as_ref()?.told_idle; // REKEY-6: once, and only where the peer can act on it
        let of_use = (p.idle_trigger == Idleness::Period && flows_from(self.role.other(), p.direction))
            || (p.reject_trigger == Idleness::Period && flows_from(self.role, p.direction));
        let free = !self.negotiating() && self.queue.is_empty();
        after(self.active, p.rekey_idle).filter(|_| self.counts_for_both() && of_use && !told && free)
    }

    // --- Data to send

    fn offer(&mut self, bytes: u64) {
        let waiting: u64 = self.queue.iter().map(|offered| offered.bytes).sum();
        if !flows_from(self.role, self.policy.direction) {
            self.did.push(refusal("LIM-1: data does not flow this way"));
        } else if bytes > self.policy.max_message {
            self.did.push(refusal("LIM-1: too long"));
        } else if waiting.saturating_add(bytes) > self.policy.queue_limit {
            self.did.push(refusal("LIM-1: wait until something has left"));
        } else {
            self.queue.push_back(Offered { bytes, after_idleness: self.idle(self.policy.idle_trigger) });
        }
    }

    /// FLOW-1: what waits is sent, unless a rule wants a new key first or holds everything back.
    fn flow(&mut self) {
        let held = self.policy.while_waiting == Waiting::Hold && self.unanswered().is_some(); // HB-6
        while self.key.is_some() && !self.negotiating() && !held { // EST-1, REKEY-1
            if let Some(reason) = self.reason() {
                if self.change.is_none() { self.renew(reason); } // or the peer was asked already
                return;
            }
            let bytes = match self.queue.pop_front() { Some(offered) => offered.bytes, None => return };
            self.sent += 1;
            self.send(Message { number: self.sent, bytes, ..self.message(Kind::Data) });
            self.use_link();
            self.count_own(bytes);
        }
    }

    /// Why a new key is due, if one is. There is no other reason (NEED-1, IDLE-2).
    fn reason(&self) -> Option<Reason> {
        let key = self.key.as_ref()?;
        if key.asked { return Some(Reason::Asked); } // REKEY-4
        let given_up = matches!(&self.series, Some(series) if series.given_up); // DEAD-2
        if let Some(offered) = self.queue.front() {
            let marked = key.marked && self.policy.idle_trigger == Idleness::Heartbeat;
            if marked || offered.after_idleness || self.full() || self.due(self.age_limit()) || given_up {
                return Some(Reason::Data); // IDLE-1, BYTE-3, AGE-1
            }
        }
        if key.reached { return Some(Reason::Data); } // BYTE-5
        Some(Reason::NoData).filter(|_| given_up || self.due(self.too_old())) // AGE-2
    }

    // --- A change of keys

    /// REKEY-4: who may start does; who may not asks the peer.
    fn renew(&mut self, reason: Reason) {
        if reason == Reason::Asked || self.may_start(self.role, reason == Reason::Data) { return self.start(); }
        self.enter(Stage::Awaited);
        self.send(self.message(Kind::Request));
    }

    /// REKEY-4: where no data decides who the sender is, the client is.
    fn may_start(&self, role: Role, data_decides: bool) -> bool {
        match self.policy.rekey_initiator {
            Initiator::Sender => data_decides || role == Role::Client,
            Initiator::Client => role == Role::Client,
            Initiator::Server => role == Role::Server,
        }
    }

    fn enter(&mut self, stage: Stage) {
        if !matches!(stage, Stage::Awaited) {
            self.series = None; // DEAD-1: a negotiation ends it
            self.use_link(); // REKEY-3
        }
        let since = self.change.as_ref().map_or(self.now, |change| change.since); // EST-4: a later stage gets no more
        self.change = Some(Change { since, stage });
    }

    fn start(&mut self) {
        let session = self.held_session().cloned().unwrap_or_default();
        let carries = self.key.is_none() && self.policy.limit_from == LimitFrom::Initiator; // BYTE-3
        let bytes = if carries { self.limit } else { 0 };
        self.enter(Stage::Started(session.clone()));
        self.send(Message { negotiation: self.negotiation(self.role), session, bytes, ..self.message(Kind::Start) });
    }

    fn take_start(&mut self, m: Message) {
        let (peer, first) = (self.role.other(), self.key.is_none());
        if m.epoch != self.epoch() + 1 || (first && peer == Role::Server) { return; } // EST-3, EST-4
        if !first && !self.may_start(peer, true) { return self.report("RefuseStart", &m); } // REKEY-4
        let crossed = match self.change.as_ref().map(|change| &change.stage) {
            None | Some(Stage::Awaited) => false,
            Some(Stage::Started(_)) => self.role == Role::Client, // REKEY-5: the client's wins
            Some(Stage::Answered(_)) => true,
        };
        if crossed || m.negotiation != self.negotiation(peer) { return; } // EST-3
        if first && self.policy.limit_from == LimitFrom::Initiator { self.limit = m.bytes; } // BYTE-3
        let resumes = self.held_session() == Some(&m.session);
        let session = if resumes { m.session } else { self.new_session(&m.negotiation) };
        self.enter(Stage::Answered(session.clone()));
        self.send(Message { negotiation: m.negotiation, session, ..self.message(Kind::Answer) });
    }

    /// What puts a key in force: the answer to this end's start, or the finish of the peer's (EST-3).
    fn complete(&mut self, m: Message) -> Live {
        let (starter, session) = match (m.kind, self.change.as_ref().map(|change| &change.stage)) {
            (Kind::Answer, Some(Stage::Started(offered))) => {
                let resumes = m.session == *offered && !offered.is_empty();
                if !resumes && m.session != self.new_session(&m.negotiation) { return Ok(()); } // CACHE-1
                (self.role, m.session)
            }
            (Kind::Finish, Some(Stage::Answered(agreed))) => (self.role.other(), agreed.clone()),
            _ => return Ok(()),
        };
        let negotiation = m.negotiation;
        if m.epoch != self.epoch() + 1 || negotiation != self.negotiation(starter) { return Ok(()); } // EST-2, EST-3
        if starter == self.role {
            let (negotiation, session) = (negotiation.clone(), session.clone());
            self.send(Message { negotiation, session, ..self.message(Kind::Finish) });
        }
        self.note_idleness();
        let key = Key { epoch: m.epoch, since: self.now, ..Key::default() }; // BYTE-4
        let old = self.key.replace(key).filter(|old| !old.spoilt && old.suspected.is_none());
        let apart = self.policy.channels == 2 && self.policy.transport == Transport::Stream;
        let until = after(self.now, self.policy.negotiation_timeout);
        self.earlier = old.filter(|_| apart).map(|old| Until(old.epoch, until)); // REKEY-2
        if session == negotiation {
            self.session = Some(Until(session, after(self.now, self.policy.session_lifetime))); // CACHE-1
        }
        self.change = None;
        self.expected = self.expected.map(|at| at.max(self.now)); // DEAD-3
        self.queue.iter_mut().for_each(|offered| offered.after_idleness = false); // IDLE-1: this key came first
        std::mem::take(&mut self.early).into_iter().try_for_each(|m| self.take_data(m)) // EARLY-1
    }

    /// CACHE-1: the session that a full negotiation makes.
    fn new_session(&self, negotiation: &str) -> String {
        if self.policy.session_cache == Switch::On { negotiation.to_owned() } else { String::new() }
    }

    fn held_session(&self) -> Option<&String> {
        self.session.as_ref().and_then(|session| session.at(self.now)) // CACHE-1
    }

    // --- What arrives

    fn arrive(&mut self, m: Message) -> Live {
        if m.channel != self.channel(m.kind) || (m.sealed_by == Seal::Nobody && !self.clear(m.kind)) {
            return Ok(()); // CHAN-1, AUTH-1, HB-5
        }
        let in_force = m.epoch > 0 && m.epoch == self.epoch();
        match m.kind {
            Kind::Start => self.take_start(m),
            Kind::Answer | Kind::Finish => return self.complete(m),
            Kind::Data => return self.take_data(m),
            Kind::Heartbeat if in_force => self.take_heartbeat(m),
            Kind::Reply if in_force => self.take_reply(m),
            Kind::Request if in_force => self.take_request(),
            Kind::Notice if in_force => self.take_notice(m),
            Kind::Heartbeat | Kind::Reply | Kind::Request | Kind::Notice => {} // HB-3, REKEY-6
            Kind::Close => {
                self.did.push(object([("do", text("Close")), ("reason", text("CLOSE-1: the peer's"))]));
                return Err(Closed); // CLOSE-1: under whichever key it is sealed
            }
        }
        Ok(())
    }

    fn take_data(&mut self, m: Message) -> Live {
        let (stream, in_force) = (self.policy.transport == Transport::Stream, m.epoch == self.epoch());
        if m.epoch == 0 { return Ok(()); } // AUTH-1
        if m.epoch > self.epoch() {
            let answered = matches!(&self.change, Some(Change { stage: Stage::Answered(_), .. }));
            if stream && answered && m.epoch == self.epoch() + 1 {
                self.early.push(m);
            } else {
                self.report("Discard", &m);
            }
            return Ok(()); // EARLY-1
        }
        let good = in_force || self.earlier.as_ref().and_then(|old| old.at(self.now)) == Some(&m.epoch); // REKEY-2
        if m.number <= self.delivered || !good || !flows_from(self.role.other(), self.policy.direction) {
            self.report("Discard", &m); // ORDER-1, LIM-1
            return Ok(());
        }
        self.note_idleness();
        if in_force && matches!(&self.key, Some(key) if key.spoilt || key.suspected.is_some()) {
            self.report("Reject", &m); // IDLE-3, DEAD-3
            return if self.policy.on_spoof == OnSpoof::Close { self.close("IDLE-4") } else { Ok(()) };
        }
        if stream && m.number - 1 > self.delivered { return self.close("ORDER-1"); }
        self.delivered = m.number;
        self.report("Deliver", &m);
        self.use_link();
        if in_force {
            self.earlier = None; // REKEY-2: the data channel itself carries the new epoch
            self.prove_life();
            self.count(m.bytes);
            self.remember(|key| key.told_full = false); // REKEY-6: again after each delivery, for a notice may be lost
        }
        Ok(())
    }

    fn take_heartbeat(&mut self, m: Message) {
        if self.policy.heartbeat_protection == Protection::Protected && m.number <= self.heard {
            return; // HB-5: a replay
        }
        self.heard = self.heard.max(m.number);
        if let Some(key) = &mut self.key {
            key.marked = true; // HB-3
            key.spoilt |= self.policy.reject_trigger == Idleness::Heartbeat; // IDLE-3
        }
        let next = after(self.now, self.policy.heartbeat_interval);
        self.expected = next.max(after(self.active, self.policy.idle_period)); // DEAD-3: the later of the two
        if m.sealed_by == Seal::Peer { self.prove_life(); }
        let bytes = self.control_bytes(CONTROL_BYTES);
        self.send(Message { number: m.number, bytes, ..self.message(Kind::Reply) }); // HB-3
        self.count(self.control_bytes(m.bytes)); // BYTE-2
        self.count_own(bytes);
    }

    fn take_reply(&mut self, m: Message) {
        let answers = matches!(&self.series, Some(series) if (series.first..=series.last).contains(&m.number));
        if !answers && m.sealed_by == Seal::Peer { self.prove_life(); } // DEAD-4: a late one
        if answers && self.end_series() { self.count(self.control_bytes(m.bytes)); } // BYTE-2
    }

    fn take_request(&mut self) {
        if self.may_start(self.role, false) && !self.negotiating() {
            self.prove_life();
            self.remember(|key| key.asked = true); // REKEY-4
        }
    }

    fn take_notice(&mut self, m: Message) {
        if !self.counts() {
            self.prove_life();
            if let Some(key) = &mut self.key {
                key.told_idle |= m.bytes == 0;
                key.count = key.count.max(m.bytes); // REKEY-6: as if this end had counted itself
            }
            self.reach();
        }
    }

    // --- Heartbeats

    fn begin_series(&mut self) -> Live {
        self.heartbeat_at = after(self.now, self.policy.heartbeat_interval); // HB-2: from first to first
        self.beat(self.heartbeats + 1, self.policy.retries);
        Ok(())
    }

    /// A first heartbeat, or a repeat under a number of its own (DEAD-1).
    fn beat(&mut self, first: u64, repeats_left: u64) {
        self.heartbeats += 1; // LIM-3
        let (last, answer_by) = (self.heartbeats, self.now.saturating_add(self.policy.reply_timeout));
        self.series = Some(Series { first, last, repeats_left, answer_by, given_up: false });
        self.remember(|key| key.marked = true); // IDLE-1
        let bytes = self.control_bytes(CONTROL_BYTES);
        self.send(Message { number: last, bytes, ..self.message(Kind::Heartbeat) });
        self.count_own(bytes);
    }

    fn miss_reply(&mut self) -> Live {
        match &mut self.series {
            Some(Series { first, repeats_left: left @ 1.., .. }) => {
                let (first, left) = (*first, *left - 1);
                self.beat(first, left);
            }
            Some(_) if self.policy.on_missed_reply == OnMissedReply::Close => return self.close("DEAD-2"),
            Some(series) => series.given_up = true, // DEAD-2: now there is a `reason` for a new key
            None => {}
        }
        Ok(())
    }

    /// DEAD-1: an answer ends the series; but nothing does once its time is over (DEAD-2).
    fn end_series(&mut self) -> bool {
        let in_time = matches!(&self.series, Some(series) if self.now <= series.answer_by);
        self.series = self.series.take().filter(|_| !in_time);
        in_time
    }

    /// DEAD-4: with `any`, each authentic message that is accepted under the epoch in force is an answer.
    fn prove_life(&mut self) {
        if self.policy.proof_of_life == Proof::Any { self.end_series(); }
    }

    fn miss_heartbeat(&mut self) -> Live {
        if self.policy.on_missed_heartbeat == OnMissedHeartbeat::Close { return self.close("DEAD-3"); }
        let since = Some(self.now);
        self.remember(|key| key.suspected = since); // DEAD-3
        self.did.push(object([("do", text("Suspect"))]));
        Ok(())
    }

    // --- Bytes and idle time

    /// REKEY-6: whether this end keeps count and idle time.
    fn counts(&self) -> bool { self.policy.accounting == Accounting::Each || self.counts_for_both() }

    fn counts_for_both(&self) -> bool {
        let pair = (self.policy.accounting, self.role);
        matches!(pair, (Accounting::Client, Role::Client) | (Accounting::Server, Role::Server))
    }

    /// BYTE-2: what a heartbeat or a reply of this length adds.
    fn control_bytes(&self, bytes: u64) -> u64 {
        if self.policy.byte_counts == ByteCounts::DataAndControl { bytes } else { 0 }
    }

    /// BYTE-1: bytes under the epoch in force, sent or accepted.
    fn count(&mut self, bytes: u64) {
        let bytes = if self.counts() { bytes } else { 0 };
        self.remember(|key| key.count = key.count.saturating_add(bytes));
    }

    /// Those of data, heartbeats and replies of this end, after which BYTE-5 may want a new key, if it was not full before.
    fn count_own(&mut self, bytes: u64) {
        let was_full = self.full();
        self.count(bytes);
        if !was_full { self.reach(); }
    }

    /// BYTE-5.
    fn reach(&mut self) {
        let reached = self.full() && self.policy.byte_trigger == ByteTrigger::AtOnce;
        if let Some(key) = &mut self.key {
            key.reached |= reached;
            key.told_full |= reached; // REKEY-6: this end renews the key itself
        }
    }

    /// BYTE-3: whether the count meets the limit.
    fn full(&self) -> bool {
        let count = self.key.as_ref().map_or(0, |key| key.count);
        let met = match self.policy.byte_test {
            ByteTest::Reached => count >= self.limit,
            ByteTest::Exceeded => count > self.limit,
        };
        self.limit > 0 && met
    }

    /// REKEY-6: the notice of bytes, when the limit is met and after each delivery from then on.
    fn tell_full(&mut self) {
        let (bytes, told) = self.key.as_ref().map_or((0, true), |key| (key.count, key.told_full));
        if !told && self.full() && self.counts_for_both() && !self.negotiating() {
            self.remember(|key| key.told_full = true);
            self.send(Message { bytes, ..self.message(Kind::Notice) });
        }
    }

    /// REKEY-6: the notice of idleness, once until the link is in use again.
    fn tell_idle(&mut self) -> Live {
        self.remember(|key| key.told_idle = true);
        self.send(self.message(Kind::Notice));
        Ok(())
    }

    /// Whether the link is idle now as a trigger means it; of heartbeats the key knows.
    fn idle(&self, trigger: Idleness) -> bool {
        match trigger {
            Idleness::Never | Idleness::Heartbeat => false,
            Idleness::Any => self.now > self.active,
            Idleness::Period if self.counts() => self.due(after(self.active, self.policy.rekey_idle)),
            Idleness::Period => matches!(&self.key, Some(key) if key.told_idle), // REKEY-6
        }
    }

    /// IDLE-3: what has held once holds until the next epoch.
    fn note_idleness(&mut self) {
        let idle = self.idle(self.policy.reject_trigger);
        self.remember(|key| key.spoilt |= idle);
    }

    /// HB-1: data sent or delivered ends idleness, and so does a negotiation started or accepted.
    fn use_link(&mut self) {
        self.note_idleness();
        self.remember(|key| key.told_idle = false);
        self.active = self.now;
        self.heartbeat_at = after(self.now, self.policy.idle_period);
        self.expected = self.heartbeat_at; // DEAD-3
    }

    // --- What is sent and said

    /// Something about the epoch in force, if there is one.
    fn remember(&mut self, what: impl FnOnce(&mut Key)) { if let Some(key) = &mut self.key { what(key); } }
    fn epoch(&self) -> u64 { self.key.as_ref().map_or(0, |key| key.epoch) }
    fn negotiating(&self) -> bool { matches!(&self.change, Some(change) if !matches!(change.stage, Stage::Awaited)) }

    fn negotiation(&self, starter: Role) -> String {
        format!("{}{}", if starter == Role::Client { "c" } else { "s" }, self.epoch() + 1)
    }

    fn channel(&self, kind: Kind) -> Channel {
        match (self.policy.channels, kind) {
            (2, Kind::Data) => Channel::Data, // CHAN-1
            (2, _) => Channel::Control,
            _ => Channel::Single,
        }
    }

    fn clear(&self, kind: Kind) -> bool {
        self.policy.heartbeat_protection == Protection::Clear && matches!(kind, Kind::Heartbeat | Kind::Reply) // HB-5
    }

    fn message(&self, kind: Kind) -> Message {
        let negotiates = matches!(kind, Kind::Start | Kind::Answer | Kind::Finish); // EST-3: the epoch after this one
        let sealed_by = if self.clear(kind) { Seal::Nobody } else { Seal::Peer }; // AUTH-1
        let (epoch, channel) = (self.epoch() + u64::from(negotiates), self.channel(kind));
        Message { kind, epoch, channel, sealed_by, ..Message::default() }
    }

    fn send(&mut self, m: Message) {
        let send = matches!(m.kind, Kind::Data | Kind::Heartbeat | Kind::Reply | Kind::Notice);
        self.report(&format!("{}{:?}", if send { "Send" } else { "" }, m.kind), &m);
    }

    fn report(&mut self, action: &str, m: &Message) {
        self.did.push(object([("do", text(action)), ("message", m.into())]));
    }

    fn close(&mut self, reason: &str) -> Live {
        let m = self.message(Kind::Close); // CLOSE-1
        self.did.push(object([("do", text("Close")), ("message", (&m).into()), ("reason", text(reason))]));
        Err(Closed)
    }
}

fn refusal(reason: &str) -> Json { object([("do", text("Refuse")), ("reason", text(reason))]) }

fn names(senders: Senders, role: Role) -> bool {
    matches!((senders, role), (Senders::Both, _) | (Senders::Client, Role::Client) | (Senders::Server, Role::Server))
}

fn flows_from(role: Role, direction: Direction) -> bool {
    !matches!((role, direction), (Role::Client, Direction::ToClient) | (Role::Server, Direction::ToServer))
}

// --- The end, and its gateway ---------------------------------------------------------------------------------------

struct End {
    role: Role,
    policy: Rc<Policy>,
    place: Option<(u64, String)>, // GATE-1: on which gateway it stands, and whose link it is
    now: Ms,
    link: Option<Link>,
}

impl End {
    /// What was done, and the next deadline. `links`: how many others the user has on this gateway.
    fn step(&mut self, now: Ms, event: Event, links: u64) -> Result<Json, Bad> {
        if now < self.now { return Err(format!("expected a time from {} on, read {now}", self.now)); }
        self.now = now;
        let mut did = Vec::new();
        match (&mut self.link, event) {
            (_, Event::Open) if (1..=links).contains(&self.policy.links_per_user) => {
                self.link = None;
                did.push(refusal("GATE-1: the user has as many links as are allowed"));
            }
            (_, Event::Open) => {
                let link = self.link.insert(Link::open(self.role, Rc::clone(&self.policy), now)); // IDLE-5
                did.append(&mut link.did);
            }
            (Some(link), event) => {
                let live = link.step(now, event);
                did.append(&mut link.did);
                self.link = self.link.take().filter(|_| live.is_ok()); // DEAD-5
            }
            (None, Event::Offer(_)) => did.push(refusal("the link is closed")),
            (None, _) => {} // CLOSE-1: a closed end ignores what arrives
        }
        let deadline = self.link.as_ref().and_then(Link::deadline).map_or("null".to_owned(), |at| at.to_string());
        Ok(object([("did", Json::List(did)), ("deadline", Json::Word(deadline))]))
    }
}

// --- The loop -------------------------------------------------------------------------------------------------------

const UNSUPPORTED: [(&str, &str); 2] = [("IKE-1", "it does not speak ISAKMP"), ("IKE-2", "it does not speak ISAKMP")];
const LONGEST: u64 = 64 << 20; // bytes of a line: no request comes near

type Ends = BTreeMap<u64, End>;

fn answer(request: &Json, ends: &mut Ends) -> Result<Json, Bad> {
    let reply = match &request.required::<String>("cmd")?[..] {
        "hello" => return hello(request),
        "open" => open(request, ends)?,
        "step" => step(request, request.part("event")?, ends)?,
        "run" => match request.part("events")? {
            Json::List(events) => {
                let replies = events.iter().map(|event| step(request, event, ends)).collect::<Result<_, Bad>>()?;
                object([("replies", Json::List(replies))])
            }
            other => return Err(format!("expected a list of events, read {other}")),
        },
        "close" => {
            let id = request.required("id")?;
            ends.remove(&id).map(|_| object([])).ok_or_else(|| not_open(id))?
        }
        other => return Err(format!("expected hello, open, step, run or close, read {other:?}")),
    };
    Ok(reply.with("id", request.required::<u64>("id")?.json()))
}

fn hello(request: &Json) -> Result<Json, Bad> {
    let protocol: u64 = request.required("protocol")?;
    if protocol != 1 { return Err(format!("expected protocol 1, read {protocol}")); }
    let named = object([("protocol", protocol.json()), ("name", text("link.rs")), ("version", text("1"))]);
    let unsupported = object(UNSUPPORTED.map(|(rule, reason)| (rule, text(reason))));
    Ok(named.with("unsupported", unsupported).with("features", Json::List(vec![text("gateway")]))) // GATE-1
}

fn open(request: &Json, ends: &mut Ends) -> Result<Json, Bad> {
    let id: u64 = request.required("id")?;
    let gateway: Option<u64> = request.optional("gateway")?;
    let user: String = request.or_default("user")?;
    let policy = Rc::new(Policy::read(request.part("policy")?)?);
    let place = gateway.map(|gateway| (gateway, user));
    match ends.insert(id, End { role: request.required("end")?, policy, place, now: 0, link: None }) {
        None => Ok(object([])),
        Some(_) => Err(format!("expected a new id, read {id}")),
    }
}

fn step(request: &Json, event: &Json, ends: &mut Ends) -> Result<Json, Bad> {
    let id = request.required("id")?;
    let end = ends.get(&id).ok_or_else(|| not_open(id))?;
    let stands = |at: &End| at.place.is_some() && at.place == end.place && at.link.is_some(); // GATE-1
    let links = ends.iter().filter(|(other, at)| **other != id && stands(at)).count() as u64;
    let end = ends.get_mut(&id).ok_or_else(|| not_open(id))?;
    end.step(event.required("t")?, Event::read(event)?, links)
}

fn not_open(id: u64) -> Bad { format!("expected the id of an end that is open, read {id}") }

fn serve() -> Result<(), Bad> {
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let mut ends = Ends::new();
    loop {
        let mut line = Vec::new();
        let length = input.by_ref().take(LONGEST).read_until(b'\n', &mut line).map_err(|why| why.to_string())?;
        if length == 0 { return Ok(()); } // the end of input is the end of the adapter
        if length as u64 == LONGEST { return Err(format!("expected a line of less than {LONGEST} bytes")); }
        let line = String::from_utf8(line).map_err(|_| "expected a line of UTF-8")?;
        let answer = answer(&Reader::line(&line)?, &mut ends)?;
        writeln!(output, "{answer}").and_then(|()| output.flush()).map_err(|why| why.to_string())?;
    }
}

fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(io::stderr(), "link.rs: {why}"); // if that fails too, nobody is left to be told
            ExitCode::FAILURE
        }
    }
}
