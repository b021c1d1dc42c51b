//! Processes: instances of their own that know nothing of each other but messages.
//!
//! ```text
//!  host                                   a process
//!  peer.send(bytes) ----- channel -----> mailbox.receive()
//!  mailbox.receive() <--- channel ------ peer.send(bytes)
//! ```
//! A message is copied out of the sender's memory once and into the receiver's once; between the two its buffer
//! is handed over, not copied. A message has a head, which says what it is, and a payload, which may be large and is
//! copied only to where it is wanted.

use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::StreamExt;
use interleave_trace::{LaneId, LaneKind, MessageId, NameId, State, What, fresh_message, is_recording, record};

use crate::instance::{end_lane, instance_of_process};
use crate::span::{self, Title};
use crate::sys;
use crate::threads::record_spawn;

/// A message that has arrived.
pub struct Packet {
    /// The number by which its sender's channel was connected.
    pub from: u32,
    pub(crate) message: MessageId,
    /// What it is.
    pub head: Vec<u8>,
    /// What it carries.
    pub payload: Payload,
}

/// What a message carries, where it arrived: it is copied into this memory when somebody says where to.
pub struct Payload(pub(crate) sys::Arrived);

impl Payload {
    /// How many bytes.
    #[expect(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Copies it to where it is wanted, which has to be as long as it is.
    pub fn copy_to(&self, target: &mut [u8]) {
        self.0.copy_to(target);
    }

    /// As bytes of their own.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

/// Where messages of any number of peers arrive, in the order of their coming.
pub struct Mailbox {
    arrived: UnboundedReceiver<Packet>,
    slot: UnboundedSender<Packet>,
}

impl Default for Mailbox {
    fn default() -> Self {
        let (slot, arrived) = unbounded();
        Self { arrived, slot }
    }
}

impl Mailbox {
    /// Connects one end of a channel; its messages arrive here as coming from `from`.
    pub fn connect(&self, port: sys::Port, from: u32) -> Peer {
        sys::deliver(&port, from, self.slot.clone());
        Peer { port }
    }

    /// Waits for the next message.
    pub async fn receive(&mut self) -> Packet {
        let packet = match self.arrived.try_recv() {
            Ok(packet) => packet,
            Err(_) => {
                span::waiting(State::Waiting, Title::new("message"));
                sys::flush();
                let Some(packet) = self.arrived.next().await else {
                    // This mailbox holds a sender itself, so its channel cannot be closed.
                    return std::future::pending().await;
                };
                span::resumed();
                packet
            }
        };
        if is_recording() {
            let bytes = packet.head.len() + packet.payload.len();
            record(What::Received { message: packet.message, bytes: bytes as u32 });
        }
        packet
    }
}

/// Whom messages can be sent to.
pub struct Peer {
    port: sys::Port,
}

impl Peer {
    /// Sends a message; `name` says what it carries.
    pub fn send(&self, name: NameId, head: &[u8], payload: &[u8]) {
        let message = self.record_sent(name, head, payload);
        sys::send(&self.port, message, head, payload);
    }

    /// Sends the calling lane's last message: the lane has ended, and all that it recorded is on its way, before
    /// the message goes out.
    pub fn send_last(&self, name: NameId, head: &[u8]) {
        let message = self.record_sent(name, head, &[]);
        end_lane();
        sys::flush();
        sys::send(&self.port, message, head, &[]);
    }

    fn record_sent(&self, name: NameId, head: &[u8], payload: &[u8]) -> MessageId {
        let message = fresh_message();
        if is_recording() {
            record(What::Sent { message, bytes: (head.len() + payload.len()) as u32, name });
        }
        message
    }
}

/// Makes buffers for so many messages with payloads of so many bytes, before they are needed.
pub fn make_room(messages: usize, bytes: usize) {
    sys::make_room(messages, bytes);
}

/// A process that was asked for.
pub struct Process {
    /// Its lane: the first of its instance.
    pub lane: LaneId,
    /// The way to it.
    pub peer: Peer,
}

/// Asks for the `n`-th process of the run, counted from zero. Its messages arrive in `mailbox` as from `n`.
pub fn spawn(n: u32, title: Title, mailbox: &Mailbox) -> Process {
    let instance = instance_of_process(n);
    let lane = LaneId::new(instance, 0);
    record_spawn(lane, LaneKind::Process, title, LaneId::NONE);
    let port = sys::spawn_process(instance, lane);
    Process { lane, peer: mailbox.connect(port, n) }
}

/// What a process runs: given its mailbox and the way to its parent.
pub type Main = fn(Mailbox, Peer) -> Pin<Box<dyn Future<Output = ()>>>;

static MAIN: OnceLock<Main> = OnceLock::new();

/// Says what the artifact's processes run. The first call counts.
pub fn set_main(main: Main) {
    let _already_set = MAIN.set(main);
}

/// What [`set_main`] was told.
pub fn main() -> Option<Main> {
    MAIN.get().copied()
}
