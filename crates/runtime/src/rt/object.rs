//! What lanes wait for or hand over, as the trace knows it.

use interleave_trace::{NO_NUMBER, NameId, ObjectId, ObjectKind, What, fresh_object, record};

use crate::span::Title;

/// An object with its identity. What it is and what it is called was recorded when it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object {
    id: ObjectId,
    kind: ObjectKind,
}

impl Object {
    /// A new one, made by the calling lane.
    pub fn new(kind: ObjectKind, title: Title) -> Self {
        let id = fresh_object();
        record(What::Made { on: id, kind, name: title.name(), number: title.number() });
        Self { id, kind }
    }

    /// One without a name.
    pub fn nameless(kind: ObjectKind) -> Self {
        let id = fresh_object();
        record(What::Made { on: id, kind, name: NameId::NONE, number: NO_NUMBER });
        Self { id, kind }
    }

    /// One that no trace knows: what a front end needs for itself. A wait for it is recorded as one for nothing in
    /// particular.
    pub fn unseen(kind: ObjectKind) -> Self {
        Self { id: ObjectId::NONE, kind }
    }

    /// Whether the trace knows it.
    pub fn is_seen(&self) -> bool {
        self.id != ObjectId::NONE
    }

    /// Its identity.
    pub fn id(&self) -> ObjectId {
        self.id
    }

    /// What it is.
    pub fn kind(&self) -> ObjectKind {
        self.kind
    }
}
