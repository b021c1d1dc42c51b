//! What happened in a run: event vocabulary, ids, clock, recorder and codec.
//!
//! A trace holds facts only ("this lane waits on that object", "this lane woke that one"). Whatever the
//! page draws or computes is derived from those facts by `interleave-timeline`, so a saved trace can be
//! opened without the engine that wrote it.
//!
//! ```text
//!  a thread of the engine                                the page
//!  record(event) -> its ring  --(memory or message)-->  decode(slots) -> Entry, Entry, ...
//! ```
//!
//! There is one ring per *thread of execution*, not per lane: a hundred thousand tasks on one event loop
//! are a hundred thousand lanes but one writer.

pub mod clock;
mod codec;
mod event;
mod id;
mod recorder;
pub mod ring;
pub mod segment;

pub use clock::TimeNs;
pub use codec::{Saved, SavedError, slot_from_bytes};
pub use event::{Entry, Event, Gauge, LONGEST_TEXT, LaneKind, Level, Mark, ObjectKind, Outcome, State, What, decode};
pub use id::{InstanceId, LaneId, MessageId, NO_NUMBER, NameId, ObjectId};
#[cfg(feature = "apart")]
pub use recorder::Apart;
pub use recorder::{
    attach, current_lane, detach, directory_address, drain_all, drain_thread, flush, fresh_lane, fresh_message,
    fresh_object, here, instance, intern, is_attached, is_recording, name_once, record, record_at, room,
    set_current_lane, set_flush, set_instance, set_recording, thread,
};
