//! The session as a component sees it.

use std::rc::Rc;

use yew::prelude::*;

use crate::browser;
use crate::engine_client;
use crate::link::Link;
use crate::session::{Action, Session, Surroundings};

/// The session: it reads as one, and takes actions.
pub type SessionHandle = UseReducerHandle<Session>;

impl Reducible for Session {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        Rc::new(Rc::unwrap_or_clone(self).after(action))
    }
}

/// The one session of the page, as its address says.
#[hook]
pub fn use_session() -> SessionHandle {
    use_reducer(|| {
        let surroundings = Surroundings {
            cores: engine_client::cores(),
            isolated: engine_client::is_isolated(),
            missing: engine_client::missing(),
        };
        Session::new(surroundings, Link::read(&browser::query(), surroundings.cores))
    })
}
