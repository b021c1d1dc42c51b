//! Tries seeds of a program in the background, until one goes wrong. Nothing of it is drawn, so it has no recording; what
//! it finds is run again as a run of its own.
//!
//! The engine tries all seeds of a native program in one worker. Of a Python program each seed has a run of its own, with
//! its workers: what one leaves behind in an interpreter would be seen by the next.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use yew::Callback;

use interleave_protocol::explore::{Attempt, Plan, Step, explore};
use interleave_protocol::{EXPLORED_MS, EXPLORED_SEEDS, Finding, RunSpec, Wrong};

use crate::browser;
use crate::engine_client::{Ended, Phase, Run};
use crate::session::{Action, Exploration, Ticket, UnderWay};

/// The session hears of every so many seeds of a native program, and of each of a Python program.
const TELL_EVERY: u32 = 25;

/// The one exploration that is under way.
#[derive(Default)]
pub struct Explorer {
    live: Option<Live>,
}

struct Live {
    ticket: Ticket,
    by: By,
    told: u32,
}

enum By {
    /// One run tries them all.
    Engine(Run),
    Runs(Rc<RefCell<Runs>>),
}

/// Runs of a Python program, one after another.
struct Runs {
    spec: RunSpec,
    program: Rc<str>,
    wake: Callback<()>,
    run: Option<Run>,
    /// Who waits for the run.
    waker: Option<Waker>,
    began_ms: f64,
    /// When the last seed had been tried.
    tried_ms: f64,
    tried: u32,
    /// Whether a schedule was found and is being made shorter.
    is_found: bool,
    /// What the program prints when each lane goes on as long as it can.
    by_rule: String,
    over: Option<Exploration>,
}

impl Explorer {
    /// Starts what the session asks for.
    pub fn start(&mut self, wanted: UnderWay, program: Rc<str>, wake: Callback<()>) {
        let by = match wanted.spec.is_python() {
            true => By::Runs(Runs::start(wanted.spec, program, wake)),
            false => By::Engine(Run::explore(wanted.spec, program, wake)),
        };
        self.live = Some(Live { ticket: wanted.ticket, by, told: 0 });
    }

    /// Ends its workers at once.
    pub fn stop(&mut self) {
        match self.live.as_mut().map(|live| &mut live.by) {
            Some(By::Engine(run)) => run.stop(),
            Some(By::Runs(runs)) => {
                let tried = runs.borrow().tried;
                Runs::end(runs, Exploration::Stopped { tried });
            }
            None => {}
        }
    }

    /// Whether there is something to ask.
    pub fn is_running(&self) -> bool {
        self.live.is_some()
    }

    /// What the session should know.
    pub fn look(&mut self) -> Vec<Action> {
        let Some(live) = &mut self.live else { return Vec::new() };
        let (tried, over, every) = match &live.by {
            By::Engine(run) => (run.explored().tried, of_engine(run), TELL_EVERY),
            By::Runs(runs) => {
                Runs::look(runs);
                let runs = runs.borrow();
                (runs.tried, runs.over.clone(), 1)
            }
        };
        let ticket = live.ticket;
        let Some(outcome) = over else {
            if tried < live.told + every {
                return Vec::new();
            }
            live.told = tried;
            return vec![Action::SeedsTried(ticket, tried)];
        };
        self.live = None;
        announce(&outcome);
        vec![Action::Explored(ticket, outcome)]
    }
}

fn of_engine(run: &Run) -> Option<Exploration> {
    let Phase::Ended(ended) = run.phase() else { return None };
    let explored = run.explored();
    Some(match ended {
        Ended::Finished => match explored.found {
            Some(finding) => Exploration::Found(finding),
            None => Exploration::Nothing { tried: explored.tried },
        },
        // The instance went with the program. Which seed it was is known all the same: the next after the last.
        Ended::Failed { failure, .. } => {
            Exploration::Broke { seed: explored.tried + 1, sentence: failure.to_string(), advice: failure.advice() }
        }
        Ended::Stopped | Ended::Deadlocked(_) => Exploration::Stopped { tried: explored.tried },
    })
}

impl Runs {
    fn start(spec: RunSpec, program: Rc<str>, wake: Callback<()>) -> Rc<RefCell<Self>> {
        let now = browser::now_ms();
        let runs = Rc::new(RefCell::new(Self {
            spec,
            program,
            wake,
            run: None,
            waker: None,
            began_ms: now,
            tried_ms: now,
            tried: 0,
            is_found: false,
            by_rule: String::new(),
            over: None,
        }));
        let (goes_on, attempts) = (runs.clone(), runs.clone());
        spawn_local({
            let runs = runs.clone();
            async move {
                let in_order = attempt(&attempts, Plan::Switches(Vec::new())).await;
                if let Some((_, printed)) = in_order {
                    runs.borrow_mut().by_rule = printed;
                }
                let found = explore(
                    1..=EXPLORED_SEEDS,
                    |step| goes_on.borrow_mut().goes_on(step),
                    async |plan| {
                        let Some((attempt, printed)) = attempt(&attempts, plan).await else {
                            return Attempt::default();
                        };
                        let Attempt { switches, wrong } = attempt;
                        let wrong = wrong.or_else(|| attempts.borrow().differs(&printed));
                        Attempt { switches, wrong }
                    },
                )
                .await;
                let tried = runs.borrow().tried;
                Self::end(&runs, found.map_or(Exploration::Nothing { tried }, Exploration::Found));
            }
        });
        runs
    }

    /// Whether there is time for another. As long as seeds are tried a schedule may then be made shorter.
    fn goes_on(&mut self, step: Step) -> bool {
        let now = browser::now_ms();
        let since = match step {
            Step::Tried(tried) => {
                (self.tried, self.tried_ms) = (tried, now);
                self.began_ms
            }
            Step::Shortening => {
                self.is_found = true;
                self.tried_ms
            }
        };
        self.over.is_none() && now - since < f64::from(EXPLORED_MS)
    }

    /// A run that takes as long as all of them may is ended. What was found before stands.
    fn look(runs: &Rc<RefCell<Self>>) {
        let (late, found, tried) = {
            let runs = runs.borrow();
            let is_running = runs.run.as_ref().is_some_and(|run| run.phase() == Phase::Running);
            let late = is_running && browser::now_ms() - runs.tried_ms > 2.0 * f64::from(EXPLORED_MS);
            (late, runs.is_found, runs.tried)
        };
        if late && found {
            runs.borrow_mut().end_run();
        } else if late {
            let sentence = format!("it has not ended after {} s", 2 * EXPLORED_MS / 1000);
            let advice = "Explore tries many runs: give it a smaller task.";
            Self::end(runs, Exploration::Broke { seed: tried + 1, sentence, advice });
        }
    }

    /// It is over, and so is the run that is on. The first end counts.
    fn end(runs: &Rc<RefCell<Self>>, outcome: Exploration) {
        let wake = {
            let mut runs = runs.borrow_mut();
            runs.over.get_or_insert(outcome);
            runs.end_run();
            runs.wake.clone()
        };
        wake.emit(());
    }

    /// Ends the workers of the run that is on, and tells who waits for it.
    fn end_run(&mut self) {
        self.run = None;
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Whether a run printed other lines than by the rule, in whatever order, and what it says of that.
    fn differs(&self, printed: &str) -> Option<(Wrong, String)> {
        let (new, old) = (only_in(printed, &self.by_rule), only_in(&self.by_rule, printed));
        let quoted = |line: Option<&str>| line.map_or_else(|| "nothing".to_owned(), |line| format!("“{line}”"));
        let (is, was) = (quoted(new), quoted(old));
        (is != was).then(|| (Wrong::Differs, format!("it prints {is} where one lane after the other prints {was}")))
    }
}

/// The first line of one text that the other does not have, or not as often.
fn only_in<'a>(one: &'a str, other: &str) -> Option<&'a str> {
    let count = |text: &str, line: &str| text.lines().filter(|it| *it == line).count();
    one.lines().find(|line| count(one, line) > count(other, line))
}

/// One run: what went wrong as far as one run tells, and what it printed. Nothing if it was ended.
async fn attempt(runs: &Rc<RefCell<Runs>>, plan: Plan) -> Option<(Attempt, String)> {
    if runs.borrow().over.is_some() {
        return None;
    }
    let weak = Rc::downgrade(runs);
    let wake = Callback::from(move |()| {
        let waker = weak.upgrade().and_then(|runs| runs.try_borrow_mut().ok()?.waker.take());
        if let Some(waker) = waker {
            waker.wake();
        }
    });
    let (spec, program) = (runs.borrow().spec, runs.borrow().program.clone());
    let run = Run::attempt(spec, program, plan, wake);
    runs.borrow_mut().run = Some(run);
    let ended = poll_fn(|context| {
        let mut runs = runs.borrow_mut();
        match runs.run.as_ref().map(Run::phase) {
            None => Poll::Ready(Ended::Stopped),
            Some(Phase::Ended(ended)) => Poll::Ready(ended),
            Some(_) => {
                runs.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    })
    .await;
    let attempted = runs.borrow_mut().run.take().and_then(|run| run.attempted());
    if let Ended::Failed { failure, .. } = ended {
        let seed = runs.borrow().tried + 1;
        let (sentence, advice) = (failure.to_string(), failure.advice());
        Runs::end(runs, Exploration::Broke { seed, sentence, advice });
    }
    attempted.map(|attempted| (attempted.attempt, attempted.printed))
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
