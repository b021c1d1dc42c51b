//! Tries seeds of a program in the background, until one goes wrong: see the engine's `explore`.
//!
//! Nothing of it is drawn, so it has no recording; what it finds is run again as a run of its own.

use std::rc::Rc;

use wasm_bindgen::JsValue;
use yew::Callback;

use interleave_protocol::Finding;

use crate::browser;
use crate::engine_client::{Ended, Phase, Run};
use crate::session::{Action, Exploration, Ticket, UnderWay};

/// The session hears of every so many seeds.
const TELL_EVERY: u32 = 25;

/// The one exploration that is under way.
#[derive(Default)]
pub struct Explorer {
    live: Option<Live>,
}

struct Live {
    ticket: Ticket,
    run: Run,
    told: u32,
}

impl Explorer {
    /// Starts what the session asks for.
    pub fn start(&mut self, wanted: UnderWay, program: Rc<str>, wake: Callback<()>) {
        self.live = Some(Live { ticket: wanted.ticket, run: Run::explore(wanted.spec, program, wake), told: 0 });
    }

    /// Ends its workers at once.
    pub fn stop(&mut self) {
        if let Some(live) = &mut self.live {
            live.run.stop();
        }
    }

    /// Whether there is something to ask.
    pub fn is_running(&self) -> bool {
        self.live.is_some()
    }

    /// What the session should know.
    pub fn look(&mut self) -> Vec<Action> {
        let Some(live) = &mut self.live else { return Vec::new() };
        let (phase, explored, ticket) = (live.run.phase(), live.run.explored(), live.ticket);
        let Phase::Ended(ended) = phase else {
            if explored.tried < live.told + TELL_EVERY {
                return Vec::new();
            }
            live.told = explored.tried;
            return vec![Action::SeedsTried(ticket, explored.tried)];
        };
        self.live = None;
        let outcome = match ended {
            Ended::Finished => match explored.found {
                Some(finding) => Exploration::Found(finding),
                None => Exploration::Nothing { tried: explored.tried },
            },
            Ended::Failed { failure, .. } => {
                // The instance went with the program. Which seed it was is known all the same: the next after the last.
                let seed = explored.tried + 1;
                Exploration::Broke { seed, sentence: failure.to_string(), advice: failure.advice() }
            }
            Ended::Stopped | Ended::Deadlocked(_) => Exploration::Stopped { tried: explored.tried },
        };
        announce(&outcome);
        vec![Action::Explored(ticket, outcome)]
    }
}

/// For those who drive the page.
fn announce(outcome: &Exploration) {
    let text = JsValue::from_str;
    let number = |number: u32| JsValue::from_f64(number.into());
    let fields = match outcome {
        Exploration::Found(Finding { seed, tried, switches, switches_at_first, summary, .. }) => vec![
            ("outcome", text("found")),
            ("seed", number(*seed)),
            ("tried", number(*tried)),
            ("switches", number(switches.len() as u32)),
            ("switches_at_first", number(*switches_at_first)),
            ("summary", text(summary)),
        ],
        Exploration::Nothing { tried } => vec![("outcome", text("nothing")), ("tried", number(*tried))],
        Exploration::Stopped { tried } => vec![("outcome", text("stopped")), ("tried", number(*tried))],
        Exploration::Broke { seed, sentence, .. } => {
            vec![("outcome", text("broke")), ("seed", number(*seed)), ("summary", text(sentence))]
        }
    };
    browser::announce("interleave:explored", &browser::detail("{}", &fields));
}
